"""Watches the moderation queue of one site for all staff feeds of this process."""

from collections.abc import Callable
from typing import Final, NamedTuple

import anyio
import structlog

from core.error_summary import fault
from core.refusals import Unavailable
from projections.read.moderation_queue import Hands
from projections.read.queue_digest import digest
from projections.read.served_generation import Served
from workers.gateway.feed import frames
from workers.gateway.feed.channel import Channel
from workers.gateway.feed.ring import Frame
from workers.gateway.hands import HandStore

EVERY: Final = 1.0
"""Minimum seconds between two reads, and so between two frames."""
CHANGED: Final = Frame(None, frames.encode("queue.changed", b"{}", None))

_log = structlog.get_logger(__name__)


class _Seen(NamedTuple):
    """The queue as last read: a digest of its members, and the hands."""

    queue: tuple[bytes, ...]
    hands: Hands


class QueueWatch:
    """Reads a digest of the queue and its hands after each commit of views and each change of hands, and tells changes.

    However many listeners there are, it reads at most once in `every` seconds, and only after a notification, at the
    end of a hand, or once in a while.
    """

    def __init__(
        self, site: str, served: Served, hands: HandStore, grown: Callable[[Channel], object], *, every: float = EVERY
    ) -> None:
        """`grown` is called with the channel whenever its ring has something to send."""
        self.channel = Channel(grown)
        self.ready = anyio.Event()
        """Set once the queue was read: from then on, no change is missed."""
        self.reads = 0
        """Number of reads begun."""
        self._site = site
        self._served = served
        self._hands = hands
        self._every = every
        self._seen: _Seen | None = None
        self._left: float | None = None

    async def run(self) -> None:
        """Watch until cancelled. While the server does not respond, listeners wait."""
        logged: str | None = None
        channels = [one.view_channel for one in self._served.keys]
        with self._served.pubsub.on(*channels, self._served.keys.of(self._site).hands_channel(self._site)) as changes:
            while True:
                try:
                    changes.clear()
                    await self._read()
                    logged = None
                except Unavailable:
                    _log.warning("queue_not_read", site=self._site)
                except Exception as error:  # noqa: BLE001 - an unreadable queue must not end the other feeds
                    why = fault(error)
                    where = error if why != logged else None
                    logged = why
                    _log.error("queue_refused", site=self._site, fault=why, exc_info=where)
                await anyio.sleep(self._every)
                await changes.wait(min(changes.patience, changes.patience if self._left is None else self._left))

    async def _read(self) -> None:
        self.reads += 1
        queue = await digest(self._served, self._site)
        live = await self._hands.read(self._site)
        seen, self._left = _Seen(queue, live.hands), live.left
        if self._seen is not None and seen != self._seen:
            self.channel.ring.append([CHANGED])
        self._seen = seen
        self.ready.set()
