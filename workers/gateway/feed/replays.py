"""The replays of this process: a bounded number concurrently, each sent piece by piece."""

from typing import Final, Literal

import anyio
from starlette.types import Message, Send

from projections.read.feed import Trimmed
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.resume import Missed, Resume, TooLong
from workers.runtime import metrics

Cause = Literal["busy", "slow", "long", "position"]
"""The cause of a reset that ends a replay: no slot was free in time, the client took too long, the replay has too many
frames or bytes, or entries were trimmed meanwhile."""

_NOTHING: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": True}


class Replays:
    """Sends replays. A client holds a slot from its first pass over the entries to its last piece."""

    def __init__(self, resuming: Resume, limits: FeedLimits) -> None:
        self._resuming = resuming
        self._limits = limits
        self._places = anyio.Semaphore(limits.replays, max_value=limits.replays)

    async def send(self, missed: Missed, send: Send) -> Cause | None:
        """Send all missed frames, or return the cause of the reset that the client needs. Raises Unavailable."""
        if not await self._enter():
            return "busy"
        try:
            # However slowly a client reads, it frees its slot in time.
            with metrics.FEED_REPLAYS.track_inprogress(), anyio.move_on_after(self._limits.replay_within):
                await self._pieces(missed, send)
                return None
            return "slow"
        except TooLong:
            return "long"
        except Trimmed:
            return "position"
        finally:
            self._places.release()

    async def _enter(self) -> bool:
        with metrics.FEED_REPLAYS_WAITING.track_inprogress(), anyio.move_on_after(self._limits.replay_wait):
            await self._places.acquire()
            return True
        return False

    async def _pieces(self, missed: Missed, send: Send) -> None:
        pieces = self._resuming.pieces(missed)
        while True:
            # This returns once the client has taken what was sent before. Only then is the next piece read, so that
            # its rows are current when it is sent.
            await send(_NOTHING)
            piece = await anext(pieces, None)
            if piece is None:
                return
            metrics.FEED_DELIVERIES.inc(piece.frames)
            await send({"type": "http.response.body", "body": piece.data, "more_body": True})
