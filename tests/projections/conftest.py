from collections.abc import AsyncIterator

import pytest

from core.log.memory import MemoryLog
from core.policy import Policy
from tests.support.discussions import BEGIN, Play
from tests.support.viewing import Stage, stage


class Clock:
    """A second passes whenever somebody asks for the time."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> int:
        self.now += 1000
        return self.now


@pytest.fixture
async def there(server: str) -> AsyncIterator[Stage]:
    """An open site with three open threads in four partitions, and its views."""
    log = MemoryLog(4, clock=Clock())
    await Play(log).open(threads=3, policy=Policy(grace=0))
    async with stage(server, log) as made:
        yield made
