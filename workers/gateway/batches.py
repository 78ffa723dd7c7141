"""Batches that their caller may continue: who began each, for an hour after the last request of it.

The record lies in the site's slot beside the log. It only tells whose a batch is: the items of a batch are in the log.
If the record is lost, the batch cannot be continued, and is reversed as any other.
"""

from contextlib import suppress
from typing import Final

from core.keys import Keys
from core.redis import errors
from core.redis.router import Router
from core.refusals import Unavailable

OPEN_MS: Final = 3600 * 1000
"""Time for which a batch can be continued after its last request, in milliseconds."""
PATIENCE: Final = 1.0
"""Seconds for which a failed call is retried."""


class OpenBatches:
    """Notes whose a batch is, and tells it."""

    def __init__(self, calls: Router, keys: Keys, *, open_ms: int = OPEN_MS, patience: float = PATIENCE) -> None:
        self._calls = calls
        self._keys = keys
        self._open_ms = open_ms
        self._patience = patience

    async def note(self, site: str, batch: str, caller: str) -> None:
        """Note that a caller begins or continues a batch. A fault of the server is logged."""
        key = self._keys.of(site).batch(site, batch)
        # The request goes on: it can be done without being continued.
        with suppress(Unavailable):
            await errors.retry(
                lambda: self._calls.call("SET", key, caller, "PX", self._open_ms), "note_batch", patience=self._patience
            )

    async def is_of(self, site: str, batch: str, caller: str) -> bool:
        """True if the batch is one that this caller may continue. Raises Unavailable."""
        key = self._keys.of(site).batch(site, batch)
        found: bytes | None = await errors.retry(
            lambda: self._calls.call("GET", key), "read_batch", patience=self._patience
        )
        return found == caller.encode()
