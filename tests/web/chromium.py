"""The Chromium of this machine, driven by Playwright; tests are skipped where either is missing, or fail (`NEEDS`)."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from tests.support.needed import insist

if TYPE_CHECKING:
    from playwright.async_api import Browser

NAMED: Final = "HANSARD_CHROMIUM"
"""The environment variable that names the program."""
NEEDS: Final = "HANSARD_NEEDS_BROWSER"
"""The environment variable that, set to 1, makes a missing browser a failure."""
NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""The names that it is looked for by on the PATH; the first has no windows to make."""

_QUIET: Final = (
    "--disable-quic",
    "--disable-gpu",
    "--disable-features=OptimizationHints,MediaRouter",
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # a stranger whose name leads to this machine
)


def program() -> str | None:
    """Return the path of Chromium, or None where there is none."""
    named = os.environ.get(NAMED)
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str | None:
    """Say what is missing for tests in a browser and how to get it, or None where nothing is."""
    if program() is None:
        return f"tests/web: no Chromium found; apt-get install chromium, or name one in {NAMED}"
    if find_spec("playwright") is None:
        return "tests/web: no Playwright found; `make test` installs it where it finds a Chromium"
    return None


def require() -> None:
    """Skip where something is missing; fail where a browser is insisted upon."""
    insist(missing(), NEEDS)


@asynccontextmanager
async def launched() -> "AsyncIterator[Browser]":
    """A browser without a window and without a profile."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - an extra, which may not be here

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program(),
            chromium_sandbox=os.geteuid() != 0,  # root has no sandbox
            args=_QUIET,
        )
        yield browser
        await browser.close()
