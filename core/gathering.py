"""Asking several things at the same time."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

_Answer = TypeVar("_Answer")
_Other = TypeVar("_Other")


async def gathered(asks: Sequence[Callable[[], Awaitable[_Answer]]]) -> list[_Answer]:
    """The answers of all, asked at the same time, in order. The first failure is raised and ends the others."""
    answers: dict[int, _Answer] = {}
    failures: list[Exception] = []

    async def one(number: int, ask: Callable[[], Awaitable[_Answer]]) -> None:
        try:
            answers[number] = await ask()
        except Exception as failure:  # noqa: BLE001 - the caller raises it, without a group around it
            failures.append(failure)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for number, ask in enumerate(asks):
            tasks.start_soon(one, number, ask)
    if failures:
        raise failures[0]
    return [answers[number] for number in range(len(asks))]


async def both(one: Callable[[], Awaitable[_Answer]], other: Callable[[], Awaitable[_Other]]) -> tuple[_Answer, _Other]:
    """Two answers of different kinds, as `gathered`; the first is asked for where this is called, which costs less."""
    answers: list[_Other] = []
    failures: list[Exception] = []

    async def beside() -> None:
        try:
            answers.append(await other())
        except Exception as failure:  # noqa: BLE001 - as in `gathered`
            failures.append(failure)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beside)
        try:
            first = await one()
        except Exception as failure:  # noqa: BLE001 - as in `gathered`
            failures.append(failure)
            tasks.cancel_scope.cancel()
    if failures:
        raise failures[0]
    return first, answers[0]
