from collections.abc import Iterator

import pytest

from tests.support.program import Up, up


@pytest.fixture(scope="session")
def night_train(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `hansard up --sample`, for tests that only read."""
    with up(tmp_path_factory.mktemp("up") / "data") as found:
        yield found


@pytest.fixture(scope="session")
def scribbled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Another one, for tests that write: each finds what those before it left, and leaves views that are right.

    Nothing mends what they spoil.
    """
    with up(tmp_path_factory.mktemp("up") / "data", "--drift-budget", "0") as found:
        yield found
