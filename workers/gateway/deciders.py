"""Moderators of each site by the time of their last decision: whether one decides alone there.

The record lies in the site's slot and is written after decisions, so it may lag behind them. It is no part of the log:
what it said is in the event that depends on it (`appeal.decided`). If it is lost it begins again, and for 30 days no
moderator counts as alone.
"""

from contextlib import suppress
from typing import Any, Final

from core.keys import Keys
from core.lru import Lru
from core.redis import errors
from core.redis.router import Router
from core.redis.script import Script
from core.refusals import Unavailable
from core.times import DAY_MS

ALONE_MS: Final = 30 * DAY_MS
"""Time without a decision of any other moderator after which a moderator decides alone, in milliseconds."""
MOST: Final = 1000
"""Moderators per site. Beyond them, those who decided longest ago give way."""
AGAIN: Final = 3600.0
"""Seconds after which a process notes a moderator again."""
PATIENCE: Final = 1.0
"""Seconds for which a failed call is retried."""
_NOTED: Final = 10_000
"""Moderators of whom a process remembers that it noted them."""

_NOTE: Final = Script("workers.gateway", "note_decider")
_ALONE: Final = Script("workers.gateway", "decides_alone")


class Deciders:
    """Notes who decided, and tells who decides alone."""

    def __init__(self, calls: Router, keys: Keys, *, patience: float = PATIENCE) -> None:
        self._calls = calls
        self._keys = keys
        self._patience = patience
        self._noted: Lru[tuple[str, str], float] = Lru(_NOTED)

    async def note(self, site: str, moderator: str, now: float) -> None:
        """Note that a moderator decided something at `now`, in seconds since 1970. A fault of the server is logged."""
        last = self._noted.get((site, moderator))
        if last is not None and last <= now < last + AGAIN:
            return
        key = self._keys.of(site).deciders(site)

        async def note() -> Any:
            return await self._calls.run(_NOTE, [key], [moderator, ALONE_MS, MOST])

        # The decision stands. The record lags until the next one.
        with suppress(Unavailable):
            await errors.retry(note, _NOTE.name, patience=self._patience)
            self._noted.put((site, moderator), now, 1)

    async def alone(self, site: str, moderator: str) -> bool:
        """True if no other moderator decided anything on the site for 30 days. Raises Unavailable."""
        key = self._keys.of(site).deciders(site)
        found: int = await errors.retry(
            lambda: self._calls.run(_ALONE, [key], [moderator, ALONE_MS]), _ALONE.name, patience=self._patience
        )
        return bool(found)
