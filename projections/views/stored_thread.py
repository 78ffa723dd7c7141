"""Reading of a thread's state back from its views: exactly the state that wrote them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from core.keys import Partition
from core.position import Position, kept
from core.redis.command import Argument, RedisCommand
from projections.thread.state import CommentState, NoticeWords, ReportState, Text, ThreadState, picks_of
from projections.views import ballots, filed_reports, layout, stored_row
from projections.views.layout import THREAD_HASHES, THREAD_SETS


class StoredViews(NamedTuple):
    """A consistent read of the stored views of one thread, with their cursor."""

    cursor: Position
    hashes: dict[str, dict[bytes, bytes]]
    """Contents of the hashes by view name."""
    sets: dict[str, dict[bytes, float]]
    """Members and scores of the sorted sets by view name."""


NEEDED: Final = ("meta", "rows", "votes", "revisions", "reports", "ballots", "filed")
"""Views that a state is read from; the other views are derived from these."""


class Reads(Protocol):
    """Interface for reads from Redis (`core.redis.router.Router`)."""

    async def call(self, *command: Argument) -> Any:
        """Send one command and return its reply."""

    async def all(self, calls: list[RedisCommand]) -> list[Any]:
        """Send several commands in one pipeline and return their replies."""


class PartialCommit(Exception):
    """A commit of this thread was interrupted half-way: its views are ahead of the cursor, up to `last`."""

    def __init__(self, last: Position) -> None:
        super().__init__(f"the views of a thread are at {last}, ahead of the cursor")
        self.last = last


async def read_views(
    reads: Reads,
    keys: Partition,
    generation: int,
    site: str,
    thread: str,
    names: tuple[str, ...] = THREAD_HASHES + THREAD_SETS,
) -> StoredViews:
    """Read the stored views of a thread; retried if a commit interferes. Raises `redis.exceptions.RedisError`."""
    views = keys.thread_views(generation, site, thread)
    cursor = keys.cursor(generation)
    commands: list[tuple[str | int, ...]] = [("GET", cursor)]
    for name in names:
        key: str = getattr(views, name)
        commands.append(("HGETALL", key) if name in THREAD_HASHES else ("ZRANGE", key, 0, -1, "WITHSCORES"))
    while True:
        first, *found = await together(reads, commands)
        # A separate read after all replies: while a slot migrates, a redirected command is answered after the rest.
        if await reads.call("GET", cursor) == first:
            break
    pairs = dict(zip(names, found, strict=True))
    return StoredViews(
        kept(first),
        {name: dict(_pairs(pairs[name])) for name in names if name in THREAD_HASHES},
        {name: {m: float(score) for m, score in _pairs(pairs[name])} for name in names if name in THREAD_SETS},
    )


async def together(reads: Reads, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
    """Send commands in this order in one pipeline and return their replies. Raises the first error among them."""
    return await reads.all([RedisCommand(command) for command in commands])


async def load_thread(reads: Reads, keys: Partition, generation: int, site: str, thread: str) -> ThreadState:
    """The state of a thread read from its views; a state without events if there are none.

    Raises `PartialCommit` if the views are ahead of the cursor, `redis.exceptions.RedisError`.
    """
    views = await read_views(reads, keys, generation, site, thread, NEEDED)
    # A commit writes `meta` before anything else, and partly written views may not even be readable.
    source = views.hashes["meta"].get(b"source")
    if source is not None and (last := _THREAD.decode(source).last) > views.cursor:
        raise PartialCommit(last)
    return from_views(views, site, thread)


def from_views(views: StoredViews, site: str, thread: str) -> ThreadState:
    """Build the state of a thread from its stored views. Pure."""
    meta = views.hashes["meta"]
    if b"source" not in meta:
        return ThreadState(site=site, id=thread)
    state = _THREAD.decode(meta[b"source"])
    stored = {name: stored_row.split(row) for name, row in views.hashes["rows"].items()}
    state.rows = dict(sorted(_comments(views.hashes, stored), key=lambda item: item[1].posted.n))
    for name, row in state.rows.items():
        if row.parent is not None and stored[name.encode()].kind != b"-":
            state.rows[row.parent].answers.append(name)
    state.picks = picks_of(state.rows)
    for listed in views.sets["ballots"]:
        voter, comment, (cast, void) = ballots.decode(listed.decode())
        if cast is not None:
            state.rows[comment].ballots[voter] = cast
        if void is not None:
            state.rows[comment].voids[voter] = void
    _read_decided_reports(state, views.sets.get("filed", {}))
    return state


def _read_decided_reports(state: ThreadState, members: Iterable[bytes]) -> None:
    """Read the decided reports of every comment, oldest first. Views of an earlier layout have none."""
    for filed in sorted((filed_reports.read(member.decode()) for member in members), key=attrgetter("age")):
        decided = filed_reports.decided_report(filed)
        if decided is not None:
            state.rows[filed.comment].decided_reports.append(decided)


def _comments(
    hashes: Mapping[str, dict[bytes, bytes]], stored: Mapping[bytes, stored_row.Stored]
) -> Iterator[tuple[str, CommentState]]:
    for name, row in stored.items():
        comment = stored_row.decode(row.public, row.source)
        tally = hashes["votes"].get(name)
        if tally is not None:
            up, down = tally.split()
            comment.up, comment.down = int(up), int(down)
        if comment.latest > 1:
            earlier = hashes["revisions"]
            comment.texts = {
                number: comment.texts.get(number) or _TEXT.decode(earlier[b"%b:%d" % (name, number)])
                for number in range(1, comment.latest + 1)
            }
        if name in hashes["reports"]:
            comment.reports = _REPORTS.decode(hashes["reports"][name])
        kept_back = hashes["reports"].get(layout.closed(comment.id).encode())
        if kept_back is not None:
            comment.closed = _REPORTS.decode(kept_back)
        words = hashes["reports"].get(layout.notices(comment.id).encode())
        if words is not None:
            comment.notice_words = _NOTICES.decode(words)
        yield comment.id, comment


def _pairs(flat: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


_THREAD: Final = msgspec.json.Decoder(ThreadState)
_TEXT: Final = msgspec.json.Decoder(Text)
_NOTICES: Final = msgspec.json.Decoder(dict[str, NoticeWords])
_REPORTS: Final = msgspec.json.Decoder(list[ReportState])
