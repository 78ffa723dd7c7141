"""Waiting for servers that read what they have on their disk, and saying so.

Until it is through, such a server answers nothing else, and says of its own file that there is none.
"""

from collections.abc import Mapping
from typing import Final

import anyio
import structlog

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at a server that is loading; it does not tell when it is through."""
TOLD_EVERY: Final = 10.0
"""Seconds after which it is said again how far it has come."""

_log = structlog.get_logger(__name__)


class LoadingWait:
    """One wait for servers to load, however long that takes."""

    def __init__(self) -> None:
        self._told_at: float | None = None

    async def pause(self, loading: Mapping[str, str]) -> None:
        """Say, at first and once in a while, which servers are loading and how far they are; then wait a little."""
        now = anyio.current_time()
        if self._told_at is None or now >= self._told_at + TOLD_EVERY:
            self._told_at = now
            for name, progress in loading.items():
                # A warning, so that a person on a terminal sees why nothing happens.
                _log.warning("server_load_awaited", node=name, progress=progress)
        await anyio.sleep(LOOK_EVERY)

    def over(self) -> None:
        """Say that it is over, where anything was said."""
        if self._told_at is not None:
            _log.warning("server_loaded")
