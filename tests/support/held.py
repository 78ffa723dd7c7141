"""Calls that do not answer before a test lets them."""

from collections.abc import Awaitable, Callable
from typing import Any

from anyio import Event


class Held:
    """A call that does not answer before it may."""

    def __init__(self, inner: Callable[..., Awaitable[Any]]) -> None:
        self._inner = inner
        self.free = Event()
        self.asked = 0

    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.asked += 1
        await self.free.wait()
        return await self._inner(*arguments, **named)
