"""Replay: the frames between the position that a client names and the place where it joins the ring.

A replay reads the feed entries twice. The first pass keeps the position of each comment's last vote and counts frames.
The second makes the frames, with the rows as they are now, and hands them over piece by piece: the next piece is read
when the caller asks for it. Votes of a comment are told once, at the position of its last vote, so no id promises a
vote that is still to come.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from core.events.envelope import UnreadableEntry, read
from core.events.types import VoteCast, VoteRetracted
from core.log.port import BrokenChain, Log
from core.partitions import partition_of
from core.position import Position
from projections.read.feed import FeedEntry, FeedLog, Trimmed
from projections.read.queries import ThreadHead
from workers.gateway.feed import frames
from workers.gateway.feed.follower import FrameRows
from workers.gateway.feed.frames import Rows
from workers.gateway.feed.limits import FeedLimits
from workers.gateway.http.refusals import BadRequest

VOTES_BEFORE_MS: Final = 2000
"""A resume repeats the votes of comments that changed so long before its position: they may have been held back."""
_CHAIN: Final = (8, 256)
"""Events read back from a position, first few, then as many as one call of the log reads."""
_ROWS: Final = 16
"""Rows per read. Their sizes are not known before, and a policy may allow texts of 50,000 characters."""


class Start:
    """The position from which a client wants to follow.

    `after` is None for "from now"; `doubtful` asks for a reset; `told` says that `after` is the id of a frame.
    """

    __slots__ = ("after", "doubtful", "told")

    def __init__(self, last_event_id: str | None, after: str | None) -> None:
        """`Last-Event-ID` wins over `?after=`, because EventSource repeats its old address.

        Raises BadRequest for an `after` that is no position. A bad `Last-Event-ID` is answered by a reset instead: a
        browser would take any problem for the end.
        """
        self.after: Position | None = None
        self.doubtful = False
        self.told = bool(last_event_id)
        if last_event_id:
            try:
                self.after = Position.parse(last_event_id)
            except ValueError:
                self.doubtful = True
        elif after is not None:
            try:
                self.after = Position.parse(after)
            except ValueError:
                raise BadRequest.at("/after", "a position is <ms>-<n>") from None


class Missed(NamedTuple):
    """The range of positions that a client lacks, and the votes from before it that are to be repeated."""

    site: str
    thread: str
    partition: int
    after: Position
    upto: Position
    repeats: frozenset[str]

    def __bool__(self) -> bool:
        return self.after < self.upto or bool(self.repeats)


class Piece(NamedTuple):
    """Some frames of a replay, encoded."""

    frames: int
    data: bytes


class TooLong(Exception):
    """The replay has more frames or bytes than a replay may have."""


class _Step(NamedTuple):
    """The kinds to tell at one position; without a position their frames carry no id."""

    position: Position | None
    kinds: Sequence[tuple[str, str | None]]

    @property
    def comments(self) -> list[str]:
        return [comment for _, comment in self.kinds if comment is not None]


class _Plan(NamedTuple):
    """The result of the first pass."""

    votes: dict[str, Position]
    """Position of the last vote, by comment."""
    entries: int


class Resume:
    """Makes replays from the feed stream and from rows as they are now."""

    def __init__(self, log: Log, views: FrameRows, feed: FeedLog, limits: FeedLimits) -> None:
        self._log = log
        self._views = views
        self._feed = feed
        self._limits = limits

    async def missed(
        self, site: str, thread: str, head: ThreadHead, after: Position, upto: Position, *, told: bool
    ) -> Missed | None:
        """Find what a client at `after` lacks up to `upto`; None where a replay cannot be promised to be all.

        `head` was read after `upto`. With `told` the position is the id of a frame, otherwise that of a page. Raises
        Unavailable.
        """
        partition = partition_of(site, thread, self._log.partitions)
        # A position of an event that readers could not notice is as unknown as one of none: who tries one after the
        # other would learn when something hidden happened.
        if after != head.position and not await self._feed.has(partition, after):
            return None
        live = after >= head.position
        if not live and await self._feed.trimmed(partition) > after:
            return None
        repeats = await self._held_votes(site, thread, after, told=told)
        if repeats is None:
            return None
        return Missed(site, thread, partition, after, after if live else upto, frozenset(repeats))

    async def is_recorded(self, site: str, thread: str, position: Position) -> bool:
        """True where the log has a thread that the views do not have yet, and this position in its partition."""
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

    async def _plan(self, missed: Missed) -> _Plan:
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
        return _Plan(votes, entries)

    async def _steps(self, missed: Missed, plan: _Plan) -> AsyncIterator[list[_Step]]:
        """The second pass: the steps of the replay, some rows at a time, and never a part of a position."""
        repeats = sorted(missed.repeats - plan.votes.keys())
        for start in range(0, len(repeats), _ROWS):
            # Where entries follow, the next id is theirs: it promises these votes, too.
            ends = start + _ROWS >= len(repeats) and not plan.entries
            kinds = [(frames.VOTES, comment) for comment in repeats[start : start + _ROWS]]
            yield [_Step(missed.after if ends else None, kinds)]
        steps: list[_Step] = []
        rows = 0
        async for entries in self._entries(missed):
            for entry in entries:
                steps.append(_Step(entry.position, [kind for kind in entry.kinds if _tells(plan, entry, *kind)]))
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
        head, rows = await self._views.frame_rows(missed.site, missed.thread, comments)
        if head is None:
            raise Trimmed  # the thread is gone, and with it what could be promised
        now = Rows(head, rows)
        return [frame.data for step in steps for frame in frames.of_kinds(step.kinds, step.position, now)]

    async def _held_votes(self, site: str, thread: str, after: Position, *, told: bool) -> set[str] | None:
        """The comments with votes that may have been held back when the frame at `after` was sent; None: too many."""
        partition = partition_of(site, thread, self._log.partitions)
        start = Position(max(0, after.ms - VOTES_BEFORE_MS), 0)
        votes: set[str] = set()
        try:
            async for entries in self._feed.of_thread(partition, site, thread, start, after):
                # A vote at `after` itself was told there, or is on the page.
                votes |= frames.voted([entry for entry in entries if entry.position < after])
        except Trimmed:
            return await self._recorded_votes(site, thread, start, after) if told else set()
        return votes

    async def _recorded_votes(self, site: str, thread: str, start: Position, after: Position) -> set[str] | None:
        """The same by the record, which is kept for longer than the feed."""
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
                    if isinstance(one.event, VoteCast | VoteRetracted) and one.envelope.comment is not None
                }
        return None


def _tells(plan: _Plan, entry: FeedEntry, kind: str, comment: str | None) -> bool:
    """True for a kind that is told at this entry: votes only at the last one of their comment."""
    return kind != frames.VOTES or comment is None or plan.votes.get(comment) == entry.position
