"""Asking several things at the same time."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio

_Answer = TypeVar("_Answer")
_Other = TypeVar("_Other")


async def gathered(asks: Sequence[Callable[[], Awaitable[_Answer]]]) -> list[_Answer]:
    """The answers of all, asked at the same time, in order. The first failure is raised and ends the others."""
    answers: dict[int, _Answer] = {}
    failures: list[Exception] = []

    async def one(number: int) -> None:
        try:
            answers[number] = await asks[number]()
        except Exception as failure:  # noqa: BLE001 - the caller raises it, without a group around it
            failures.append(failure)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for number in range(1, len(asks)):
            tasks.start_soon(one, number)
        if asks:
            await one(0)  # here, which costs less than a task
    if failures:
        raise failures[0]
    return [answers[number] for number in range(len(asks))]


async def both(one: Callable[[], Awaitable[_Answer]], other: Callable[[], Awaitable[_Other]]) -> tuple[_Answer, _Other]:
    """Two answers of different kinds, as `gathered`."""
    asks: list[Callable[[], Awaitable[Any]]] = [one, other]
    first, second = await gathered(asks)
    return first, second
