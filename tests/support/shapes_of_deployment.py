"""Servers for modules whose tests run on a cluster and behind sentinels: import both fixtures."""

from collections.abc import Iterator

import pytest

from tests.support.logs import CLUSTER, SENTINEL, empty, serving


@pytest.fixture(scope="module", params=[CLUSTER, SENTINEL])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(request.param) as url:
        assert url is not None
        yield url


@pytest.fixture
async def fresh(server: str) -> str:
    return await empty(server)
