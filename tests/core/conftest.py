from collections.abc import AsyncIterator, Iterator

import pytest

from core.log.port import Log
from tests.support.logs import KINDS, Place, opened, serving


@pytest.fixture(scope="session", params=KINDS)
def where(request: pytest.FixtureRequest) -> Iterator[str | None]:
    with serving(request.param) as url:
        yield url


@pytest.fixture
async def place(where: str | None) -> AsyncIterator[Place]:
    async with opened(where) as place:
        yield place


@pytest.fixture
def log(place: Place) -> Log:
    return place.log
