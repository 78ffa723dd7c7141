"""Concurrent awaits."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio

_Answer = TypeVar("_Answer")
_Other = TypeVar("_Other")


async def gathered(asks: Sequence[Callable[[], Awaitable[_Answer]]]) -> list[_Answer]:
    """Run all calls concurrently and return their results in order. The first failure is raised; it cancels others."""
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
            await one(0)  # in this task, which costs less than a new one
    if failures:
        raise failures[0]
    return [answers[number] for number in range(len(asks))]


async def both(one: Callable[[], Awaitable[_Answer]], other: Callable[[], Awaitable[_Other]]) -> tuple[_Answer, _Other]:
    """Run two calls with results of different types concurrently, as `gathered`."""
    asks: list[Callable[[], Awaitable[Any]]] = [one, other]
    first, second = await gathered(asks)
    return first, second
