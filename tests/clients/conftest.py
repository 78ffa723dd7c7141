from collections.abc import Iterator

import pytest

from tests.support.servers import engines, started
from tests.support.serving import _quiet, gateway, house

__all__ = ["_quiet", "gateway", "house"]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server: a client sees nothing of which engine it is."""
    with started(engines()["embedded"]) as url:
        yield url
