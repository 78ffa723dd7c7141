"""What a client missed between the position that it names and the place where it joins the ring."""

from typing import Final

from core.log.port import Log
from core.partitions import partition_of
from core.position import Position
from projections.feedlog import FeedEntry, FeedLog
from projections.queries import ThreadHead
from workers.gateway.feed import frames
from workers.gateway.feed.follower import FrameRows
from workers.gateway.feed.frames import Rows
from workers.gateway.feed.ring import Frame

VOTES_BEFORE_MS: Final = 2000
"""A resume repeats the votes that changed so long before its position: they may have been held back then."""
_ROWS: Final = 200
"""Rows read at once."""


class Resuming:
    """Replays the feed stream for one client, with the rows as they are now."""

    def __init__(self, log: Log, views: FrameRows, feed: FeedLog) -> None:
        self._log = log
        self._views = views
        self._feed = feed

    async def missed(
        self, site: str, thread: str, head: ThreadHead, after: Position, upto: Position
    ) -> list[Frame] | None:
        """The frames after one position, up to and with another; None where that cannot be promised to be all."""
        partition = partition_of(site, thread, self._log.partitions)
        known = after == head.position or await self._log.entry(partition, after) is not None
        if known and after >= head.position:
            votes = await self._voted_before(partition, site, thread, after)
            return await self._votes(site, thread, votes, after)
        if not known or await self._too_old(partition, after):
            return None
        told = await self._replay(partition, site, thread, after, upto)
        # Looked at again, so that what was trimmed while it was read counts.
        return None if await self._too_old(partition, after) else told

    async def _too_old(self, partition: int, after: Position) -> bool:
        return await self._feed.trimmed(partition) > after

    async def _replay(self, partition: int, site: str, thread: str, after: Position, upto: Position) -> list[Frame]:
        told: list[Frame] = []
        votes = await self._voted_before(partition, site, thread, after)
        last = at = after
        while at < upto and (read := await self._feed.after(partition, at, upto=upto)):
            at = read[-1].position
            entries = _of_thread(read, site, thread)
            if not entries:
                continue
            last = entries[-1].position
            votes |= frames.voted(entries)
            now = await self._rows(site, thread, frames.comments(entries))
            if now is not None:
                told += [frame for entry in entries for frame in frames.of_entry(entry, now)]
        return told + await self._votes(site, thread, votes, last)

    async def _voted_before(self, partition: int, site: str, thread: str, after: Position) -> set[str]:
        at = Position(max(0, after.ms - VOTES_BEFORE_MS), 0)
        votes: set[str] = set()
        while read := await self._feed.after(partition, at, upto=after):
            at = read[-1].position
            votes |= frames.voted(_of_thread(read, site, thread))
        return votes

    async def _votes(self, site: str, thread: str, comments: set[str], position: Position) -> list[Frame]:
        if not comments:
            return []
        ordered = sorted(comments)
        now = await self._rows(site, thread, ordered)
        if now is None:
            return []
        told = (frames.of_votes(comment, position, now, always=True) for comment in ordered)
        return [frame for frame in told if frame is not None]

    async def _rows(self, site: str, thread: str, comments: list[str]) -> Rows | None:
        head: ThreadHead | None = None
        rows: dict[str, bytes] = {}
        for start in range(0, max(1, len(comments)), _ROWS):
            head, some = await self._views.frame_rows(site, thread, comments[start : start + _ROWS])
            rows |= some
        return None if head is None else Rows(head, rows)


def _of_thread(entries: list[FeedEntry], site: str, thread: str) -> list[FeedEntry]:
    return [entry for entry in entries if (entry.site, entry.thread) == (site, thread)]
