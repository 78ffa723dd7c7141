"""Fixtures of tests that call a running gateway. A conftest imports those that its folder takes."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.support.following import Station, station
from tests.support.house import House, built


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """A line a request is of no use here: what fails is worth reading."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    yield
    structlog.configure(**before)


@pytest.fixture
async def house(fresh: str) -> AsyncIterator[House]:
    """A house with a site and a thread."""
    async with built(fresh) as house:
        await house.open_site()
        await house.open_thread()
        yield house


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Station]:
    """The gateway of `house` on a socket."""
    async with station(house) as found:
        yield found
