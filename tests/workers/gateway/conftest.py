from collections.abc import AsyncIterator

import pytest

from tests.support.house import House, built
from tests.support.servers import client
from tests.support.serving import _quiet

__all__ = ["_quiet"]


@pytest.fixture(scope="module")
async def standing(server: str) -> AsyncIterator[House]:
    """A house with a site and a thread, shared by the tests of a module that change nothing in it."""
    with client(server) as connection:
        connection.flushall()
    async with built(server) as house:
        await house.open_site()
        await house.open_thread()
        yield house


@pytest.fixture
async def empty(fresh: str) -> AsyncIterator[House]:
    """A house without a site."""
    async with built(fresh) as house:
        yield house


@pytest.fixture
async def house(empty: House) -> House:
    """A house with a site and a thread."""
    await empty.open_site()
    await empty.open_thread()
    return empty
