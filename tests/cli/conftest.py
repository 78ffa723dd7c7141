import logging
import os
from collections.abc import Callable, Iterator

import pytest
import structlog

from tests.cli.program import Ended, Up, up
from workers.__main__ import main

Here = Callable[..., Ended]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Here]:
    """Runs a command in this process, which is quicker, and enough for what ends before anything begins."""
    for name in os.environ:
        if name.startswith("HANSARD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    handlers, level = logging.root.handlers, logging.root.level

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["hansard", *arguments])
        status = main()
        return Ended(status, *capfd.readouterr())

    yield run
    structlog.reset_defaults()
    logging.root.handlers, logging.root.level = handlers, level


@pytest.fixture(scope="session")
def night_train(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `hansard up --sample`, for tests that only read."""
    with up(tmp_path_factory.mktemp("up") / "data") as found:
        yield found
