"""Replay: the frames between the position that a client names and the place where it joins the ring.

A replay reads the feed entries twice. The first pass keeps the position of each comment's last vote and counts frames.
The second pass makes the frames from the current rows and yields them piece by piece: the next piece is read when the
caller asks for it. Votes of a comment are sent once, at the position of its last vote, so no id covers a vote that is
still to come.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from core.events.envelope import UnreadableEntry, read
from core.events.import_events import IMPORT
from core.events.types import VOTE_EVENTS
from core.log.port import BrokenChain, Log
from core.partitions import partition_of
from core.position import Position
from projections.read.comments import frame_rows
from projections.read.feed import FeedEntry, FeedLog, Trimmed
from projections.read.queries import ThreadSummary
from projections.read.served_generation import Served
from workers.gateway.feed import frames
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.frames import Rows
from workers.gateway.http.refusals import BadRequest

VOTES_BEFORE_MS: Final = 2000
"""Milliseconds before a resume position from which on vote changes are repeated: they may have been held back."""
_CHAIN: Final = (8, 256)
"""Events read back from a position: few at first, then as many as one call of the log reads."""
_ROWS: Final = 16
"""Rows per read. Their sizes are not known in advance, and a policy may allow texts of 50,000 characters."""


class Start:
    """The position from which a client wants to follow.

    `after` is None for "from now". `doubtful` asks for a reset. `is_frame` is set if `after` is the id of a frame.
    """

    __slots__ = ("after", "doubtful", "is_frame")

    def __init__(self, last_event_id: str | None, after: str | None) -> None:
        """`Last-Event-ID` overrides `?after=`, because EventSource repeats its original URL.

        Raises BadRequest for an `after` that is no position. A bad `Last-Event-ID` leads to a reset instead: after a
        problem response a browser would not reconnect.
        """
        self.after: Position | None = None
        self.doubtful = False
        self.is_frame = bool(last_event_id)
        if last_event_id:
            try:
                self.after = Position.parse(last_event_id)
            except ValueError:
                self.doubtful = True
        elif after is not None:
            try:
                self.after = Position.parse(after)
            except ValueError:
                raise BadRequest.at("/after", "a position must be <ms>-<n>") from None


class Missed(NamedTuple):
    """The range of positions that a client lacks, and the comments whose earlier votes are repeated."""

    site: str
    thread: str
    partition: int
    after: Position
    upto: Position
    repeats: frozenset[str]

    def __bool__(self) -> bool:
        return self.after < self.upto or bool(self.repeats)


class Piece(NamedTuple):
    """Encoded frames of a replay, and their number."""

    frames: int
    data: bytes


class TooLong(Exception):
    """The replay has more frames or bytes than allowed."""


class _Step(NamedTuple):
    """The kinds to send at one position. Without a position their frames carry no id."""

    position: Position | None
    kinds: Sequence[tuple[str, str | None]]

    @property
    def comments(self) -> list[str]:
        return [comment for _, comment in self.kinds if comment is not None]


class _ReplayPlan(NamedTuple):
    """The result of the first pass."""

    votes: dict[str, Position]
    """Position of the last vote per comment."""
    entries: int


class Resume:
    """Makes replays from the feed stream and the current rows."""

    def __init__(self, log: Log, served: Served, feed: FeedLog, limits: FeedLimits) -> None:
        self._log = log
        self._served = served
        self._feed = feed
        self._limits = limits

    async def missed(
        self, site: str, thread: str, head: ThreadSummary, after: Position, upto: Position, *, is_frame: bool
    ) -> Missed | None:
        """Find the range that a client at `after` lacks up to `upto`. None if no replay is sure to be complete.

        `head` was read after `upto`. With `is_frame`, `after` is the id of a frame, otherwise the position of a page.
        Raises Unavailable.
        """
        partition = partition_of(site, thread, self._log.partitions)
        # A position of an event that readers could not notice counts as unknown: a client that probes positions
        # would otherwise learn when something hidden happened.
        if after != head.position and not await self._feed.has(partition, after):
            return None
        live = after >= head.position
        if not live and await self._feed.trimmed(partition) > after:
            return None
        repeats = await self._held_votes(site, thread, after, is_frame=is_frame)
        if repeats is None:
            return None
        return Missed(site, thread, partition, after, after if live else upto, frozenset(repeats))

    async def is_recorded(self, site: str, thread: str, position: Position) -> bool:
        """True if the log has this thread (the views do not have it yet), and this position in its partition."""
        if await self._log.thread_last(site, thread) is None:
            return False
        return await self._log.entry(partition_of(site, thread, self._log.partitions), position) is not None

    async def pieces(self, missed: Missed) -> AsyncIterator[Piece]:
        """Read the frames of a replay, in order. Raises TooLong, `Trimmed`, Unavailable."""
        plan = await self._plan(missed)
        held: list[bytes] = []
        size = total = 0
        async for steps in self._steps(missed, plan):
            made = await self._frames(missed, steps)
            held += made
            size += sum(map(len, made))
            if total + size > self._limits.replay_bytes:
                raise TooLong
            if size >= self._limits.replay_piece:
                yield Piece(len(held), b"".join(held))
                total += size
                held, size = [], 0
        if held:
            yield Piece(len(held), b"".join(held))

    async def _plan(self, missed: Missed) -> _ReplayPlan:
        votes: dict[str, Position] = {}
        entries = others = 0
        async for some in self._entries(missed):
            entries += len(some)
            for entry in some:
                for kind, comment in entry.kinds:
                    if kind == frames.VOTES and comment is not None:
                        votes[comment] = entry.position
                    else:
                        others += 1
            if others + len(votes) > self._limits.replay_rows:
                raise TooLong
        if others + len(votes.keys() | missed.repeats) > self._limits.replay_rows:
            raise TooLong
        return _ReplayPlan(votes, entries)

    async def _steps(self, missed: Missed, plan: _ReplayPlan) -> AsyncIterator[list[_Step]]:
        """Second pass: yield the steps of the replay, some rows at a time. The rows of a position are never split."""
        repeats = sorted(missed.repeats - plan.votes.keys())
        for start in range(0, len(repeats), _ROWS):
            # If entries follow, the next id is theirs and covers these votes, too.
            ends = start + _ROWS >= len(repeats) and not plan.entries
            kinds = [(frames.VOTES, comment) for comment in repeats[start : start + _ROWS]]
            yield [_Step(missed.after if ends else None, kinds)]
        steps: list[_Step] = []
        rows = 0
        async for entries in self._entries(missed):
            for entry in entries:
                steps.append(_Step(entry.position, [kind for kind in entry.kinds if _is_sent(plan, entry, *kind)]))
                rows += len(steps[-1].kinds)
                if rows >= _ROWS:
                    yield steps
                    steps, rows = [], 0
        if steps:
            yield steps

    def _entries(self, missed: Missed) -> AsyncIterator[list[FeedEntry]]:
        return self._feed.of_thread(missed.partition, missed.site, missed.thread, missed.after, missed.upto)

    async def _frames(self, missed: Missed, steps: list[_Step]) -> list[bytes]:
        comments = list(dict.fromkeys(comment for step in steps for comment in step.comments))
        head, rows = await frame_rows(self._served, missed.site, missed.thread, comments)
        if head is None:
            raise Trimmed  # the thread is gone, so the replay cannot be complete
        now = Rows(head, rows)
        return [frame.data for step in steps for frame in frames.of_kinds(step.kinds, step.position, now)]

    async def _held_votes(self, site: str, thread: str, after: Position, *, is_frame: bool) -> set[str] | None:
        """Return the comments whose votes may have been held back at the frame `after`. None if unknown."""
        partition = partition_of(site, thread, self._log.partitions)
        start = Position(max(0, after.ms - VOTES_BEFORE_MS), 0)
        votes: set[str] = set()
        try:
            async for entries in self._feed.of_thread(partition, site, thread, start, after):
                # A vote at `after` itself was sent there, or is on the page.
                votes |= frames.voted([entry for entry in entries if entry.position < after])
        except Trimmed:
            return await self._recorded_votes(site, thread, start, after) if is_frame else set()
        return votes

    async def _recorded_votes(self, site: str, thread: str, start: Position, after: Position) -> set[str] | None:
        """Return the same comments from the log, which is kept for longer than the feed."""
        for limit in _CHAIN:
            try:
                chain = await self._log.chain(site, thread, after, limit=limit)
                events = [read(*entry) for entry in chain]
            except (BrokenChain, UnreadableEntry):
                return None
            if (events[0].envelope.site, events[0].envelope.thread) != (site, thread):
                return set()  # the id of a reset, after which the page was read
            near = [one for one in events if one.position > start]
            if len(near) < limit:
                return {
                    one.envelope.comment
                    for one in near[1:]
                    if isinstance(one.event, VOTE_EVENTS)
                    and one.envelope.comment is not None
                    and one.envelope.cause != IMPORT
                }
        return None


def _is_sent(plan: _ReplayPlan, entry: FeedEntry, kind: str, comment: str | None) -> bool:
    """True if a kind is sent at this entry. Votes are sent only at the last vote of their comment."""
    return kind != frames.VOTES or comment is None or plan.votes.get(comment) == entry.position
