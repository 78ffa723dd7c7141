"""The port of the log. `core.log.memory` and `core.log.redis` pass the same contract suite.

The log of a partition is one sequence of entries. Beside it, the log keeps heads (the last event of each aggregate) and
the command keys of the last two windows. Only the append writes them, all three atomically.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from core.durability import MEMORY, Durability
from core.member_record import MemberRecord
from core.position import Position


class BrokenChain(Exception):
    """There is no event at a position named by a back pointer, a head or the caller. Never skipped."""

    def __init__(self, why: str, position: Position | None = None) -> None:
        super().__init__(why)
        self.position = position
        """Position of the missing event."""


class LogDiverged(Exception):
    """The log diverged: the follower's last entry is gone or has other content (after a failover).

    Part of what was read is no longer in the log, and the next entries may belong to another history.
    """

    def __init__(self, partition: int, position: Position) -> None:
        super().__init__(f"the log of partition {partition} no longer has event {position} as it was read")
        self.partition = partition
        self.position = position


class Entry(NamedTuple):
    """One event as stored. Decode it by `core.events.envelope.decode(*entry)` or `read`.

    If an entry has other fields than those of an event, `e` is `FOREIGN` and `c` holds all of its fields. No event has
    an empty `e`, so decoding such an entry raises `core.events.envelope.UnreadableEntry`.
    """

    position: Position
    e: bytes
    c: bytes


FOREIGN: Final = b""
"""The `e` of an entry that has other fields than an event: another program appended it."""


class Head(NamedTuple):
    """Version and position of an aggregate's last event. Without events: version 0 and no position.

    A field of the heads hash that an event of another aggregate marked (`core.heads.mark`) has version 0 and the
    position and the note of that event.
    """

    version: int
    position: Position | None
    note: str = ""
    """Note of the aggregate's last event, kept beside its head: for a vote, the value of `core.heads.note`."""


NO_HEAD = Head(0, None)


class Answer(Struct, frozen=True):
    """Result recorded under a command key: the positions of the appended events.

    For a command that changed nothing: the position of the event that had already set the state.
    """

    positions: tuple[Position, ...]
    created: bool
    """Set if the first response reported a creation."""
    digest: str
    """Short hash of the decoded command."""


class HeadWanted(NamedTuple):
    """A head to load. With `events`, also the events of the aggregate after `known`, oldest first."""

    field: str
    events: bool = True
    known: Position | None = None


class Beside(Struct, frozen=True, kw_only=True):
    """A query of what lies beside the log for rules: a member record, and others with a name like the member's."""

    site: str
    thread: str
    member: str
    record: bool = False
    """Set if the member record is wanted."""
    look: str = ""
    """Digest of the look of the member's name, if it is to be compared with those of others."""


class FoundBeside(Struct, frozen=True, kw_only=True):
    """Records and names found beside the log. They may lag what is in flight."""

    record: MemberRecord | None = None
    staff: str | None = None
    """Id of the member of staff who was last seen under such a name."""
    member: str | None = None
    """Id of the member who was first seen under such a name in the thread."""


NOTHING_BESIDE: Final = FoundBeside()


class Load(Struct, frozen=True, kw_only=True):
    """The data to load for one decision: from the log of a thread, or of the site if `thread` is ""."""

    site: str
    thread: str
    heads: tuple[HeadWanted, ...]
    key: str | None = None
    heads_first: bool = False
    """Set if the server's clock suffices, even if it went back to before the last event of the log. Without a key,
    aggregates that have not changed since `known` then cost next to nothing.
    """
    reads: bool = False
    """Set if no decision follows: a log that is not whole is then read nevertheless."""
    beside: Beside | None = None
    """Wanted from beside the log, in the same packet."""


class LoadResult(Struct, frozen=True, kw_only=True):
    """The result of a load, as of one moment.

    If `answer` is set, the command was executed before, and neither heads nor events were looked up.
    """

    now: int
    """The server's time in milliseconds; never before the last event of the log, unless the load is `heads_first`."""
    answer: Answer | None
    heads: Mapping[str, Head]
    beside: FoundBeside = NOTHING_BESIDE
    events: Mapping[str, list[Entry]]
    """By field of the heads wanted with events, oldest first.

    If an aggregate's `known` position was not met, its events start at the first: the cached aggregate is not of this
    log.
    """


class NewEvent(Struct, frozen=True, kw_only=True):
    """An event to append: the head that it advances, and its two fields (`e` without the closing brace)."""

    head: str
    e: bytes
    c: bytes
    note: str = ""
    """Kept beside the head until the head's next event."""
    mark: str | None = None
    """Another head field: its position and its note are set to those of this event."""


class Append(Struct, frozen=True, kw_only=True):
    """A decision to append atomically.

    `expected` holds the position of every head that the decision depends on; None: the head did not exist. Versions are
    not compared, because a head on a branch lost in a failover may have the same version. Without events, the key is
    recorded with `settled`, the position that already set the state.
    """

    site: str
    thread: str
    expected: Mapping[str, Position | None]
    events: tuple[NewEvent, ...]
    now: int
    """The time returned by `load`: it determines the window of command keys."""
    key: str | None = None
    digest: str = ""
    created: bool = False
    settled: Position | None = None


class Appended(Struct, frozen=True):
    """The decision is in the log. If there was nothing to append, `positions` holds the settled position."""

    positions: tuple[Position, ...]
    after: Position
    """Position of the partition's last event before the decision; `START` if there was none."""
    durability: Durability = MEMORY


class Repeated(Struct, frozen=True):
    """The key was used before for the same command; `answer` is the recorded result."""

    answer: Answer
    durability: Durability = MEMORY
    """Durability of the recorded result by now."""


class KeyReused(Struct, frozen=True):
    """The key was used before for another command. Nothing was written."""


class Conflict(Struct, frozen=True):
    """A concurrent append won: this head is now at that position. Nothing was written."""

    field: str
    position: Position | None


class Skew(Struct, frozen=True):
    """`now` was in another window of command keys than the server's time. Nothing was written."""

    now: int


Outcome = Appended | Repeated | KeyReused | Conflict | Skew


class Log(Protocol):
    """The events of a deployment, in `partitions` partitions.

    Every method may raise `core.refusals.Unavailable`, except `follow`, which waits until the log is available again.
    `load` and `append` raise `core.refusals.LogBroken`, and write nothing, if the log lost its beginning or entries in
    between, has entries of another program, or lies on a server that is empty or belongs to another deployment. A log
    that only lost its end still works; a load with `reads` ignores these faults. If a partition's key is of another
    type, every method on that partition, including `follow`, raises `core.refusals.UnreadablePartition`, a kind of
    `Unavailable`. A foreign entry is read like any other (see `Entry`).
    """

    @property
    def partitions(self) -> int:
        """Number of partitions; fixed when the deployment was created."""

    @property
    def format(self) -> int:
        """The format of the deployment, as last read: it bounds the shapes of events to append (`core.formats`)."""

    async def load(self, load: Load) -> LoadResult:
        """Load the data for one decision, as of one moment."""

    async def load_all(self, *loads: Load) -> list[LoadResult]:
        """Load from several threads or sites concurrently. The result of each is of one moment."""

    async def append(self, append: Append) -> Outcome:
        """Append the events of a decision.

        With a key, repeating the same append takes effect once: the second call returns `Repeated`. Without a key,
        `core.refusals.Unavailable` means that the append may or may not have taken effect.
        """

    async def refusal(self) -> str | None:
        """The reason why appends are refused now (`OOM`, `MISCONF`, `NOREPLICAS`); None if they are accepted.

        A server that refuses appends still serves reads.
        """

    async def confirm(self, site: str, thread: str, key: str) -> Durability | None:
        """Durability by now of a result just found under a key; None if the key has been lost since.

        A failover may have lost key and events; the command must then be executed.
        """

    async def last(self, partition: int) -> Position:
        """Position of the last event of a partition; `START` if there is none."""

    async def lasts(self, partitions: Sequence[int]) -> list[Position]:
        """`last` of several partitions, read together: each is of its own moment."""

    async def entry(self, partition: int, position: Position) -> Entry | None:
        """The entry at exactly this position."""

    async def entries(self, partition: int, positions: Sequence[Position]) -> list[Entry]:
        """The entries at exactly these positions, in their order; positions without an entry are left out."""

    async def read(self, partition: int, after: Position, *, limit: int, upto: Position | None = None) -> list[Entry]:
        """Read at most `limit` entries after a position, up to `upto` inclusive, in order.

        `Position(ms, 0)` is before all entries recorded at `ms` or later.
        """

    async def thread_last(self, site: str, thread: str) -> Position | None:
        """Position of the last event of a thread."""

    async def chain(
        self,
        site: str,
        thread: str,
        start: Position,
        *,
        aggregate: bool = False,
        until: Position | None = None,
        limit: int | None = None,
    ) -> list[Entry]:
        """The events of a thread (or of one aggregate) from `start` back to `until` exclusive, newest first.

        If `until` is not met, they go back to the first. Raises `BrokenChain` if there is no event at `start`.
        """

    def follow(
        self, partition: int, after: Position, *, limit: int = 256, spacing: float = 0.0
    ) -> AsyncIterator[list[Entry]]:
        """Yield entries after a position as they arrive, without end; never empty lists.

        Under load, lists are `spacing` seconds apart, so that each holds more entries. A full list is followed by the
        next at once, and a single entry is yielded as it arrives. `after` is `START` or the position of an entry. Every
        read verifies that the last entry yielded, and at first the one at `after`, is unchanged. Otherwise it raises
        `LogDiverged`.
        """
