import signal

import pytest
from hypothesis import settings

from projections.verify import thread_check
from tests.support.memories import forget
from tests.support.servers import fresh, server

__all__ = ["anyio_backend", "fresh", "server"]

# A law holds or not, however slow the machine is; on a build server the examples are the same every time.
settings.register_profile("hansard", settings.get_profile("default"), deadline=None)
settings.load_profile("hansard")

# A shell has what it starts in the background ignore SIGINT, and so all that tests start, which some then interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """No test finds what one before it left in the memory of this process."""
    forget()


@pytest.fixture(params=["whole", "in steps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How verification reads threads: whole, or in steps of a few fields."""
    if request.param == "in steps":
        monkeypatch.setattr(thread_check, "WHOLE", 0)
        monkeypatch.setattr(thread_check, "STEP", 7)
    return str(request.param)
