"""Waiting for servers that load their data from disk, with progress in the log.

Until it has finished, such a server answers nothing but INFO, which reports that there is no append-only file.
"""

from collections.abc import Mapping
from typing import Final

import anyio
import structlog

POLL_EVERY: Final = 0.2
"""Seconds between two checks of a loading server. The server does not announce the end."""
LOGGED_EVERY: Final = 10.0
"""Seconds after which the progress is logged again."""

_log = structlog.get_logger(__name__)


class LoadingWait:
    """One wait for servers to load, without a time limit."""

    def __init__(self) -> None:
        self._logged_at: float | None = None

    async def pause(self, loading: Mapping[str, str]) -> None:
        """Log the servers that are loading, with progress, first and after each `LOGGED_EVERY`; then sleep briefly."""
        now = anyio.current_time()
        if self._logged_at is None or now >= self._logged_at + LOGGED_EVERY:
            self._logged_at = now
            for name, progress in loading.items():
                # A warning, so that an operator on a terminal sees why nothing happens.
                _log.warning("server_load_awaited", node=name, progress=progress)
        await anyio.sleep(POLL_EVERY)

    def over(self) -> None:
        """Log the end of loading, if anything was logged before."""
        if self._logged_at is not None:
            _log.warning("server_loaded")
