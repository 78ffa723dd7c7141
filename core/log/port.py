"""What a log can do, whoever keeps it. `core.log.memory` and `core.log.redis` pass one contract suite.

A partition's log is one sequence of entries. Beside it the log keeps heads (how far each aggregate has come) and the
command keys of the last two windows; the append alone writes all three, at once or not at all.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from core.durability import MEMORY, Durability
from core.position import Position


class BrokenChain(Exception):
    """There is no event where a back pointer, a head or the caller said that there is one. Never skipped."""

    def __init__(self, why: str, position: Position | None = None) -> None:
        super().__init__(why)
        self.position = position
        """Where it should be."""


class LogDiverged(Exception):
    """The log has no longer, or has otherwise, the last entry that a follower took in: it went back to before it.

    What was read is not all in the record, and what would be read next may belong to something else.
    """

    def __init__(self, partition: int, position: Position) -> None:
        super().__init__(f"the log of partition {partition} has no event {position} as it was read")
        self.partition = partition
        self.position = position


class Entry(NamedTuple):
    """One event as it is stored; `core.events.envelope.decode(*entry)` or `read` reads it.

    Of an entry that has other fields than an event, `e` is `FOREIGN` and `c` is all that it has. No event has an empty
    `e`, so whoever reads it finds `core.events.envelope.UnreadableEntry` raised.
    """

    position: Position
    e: bytes
    c: bytes


FOREIGN: Final = b""
"""The `e` of an entry whose fields are not those of an event: nobody of ours appended it."""


class Head(NamedTuple):
    """How far an aggregate has come. An aggregate without events has version 0 and no position.

    A field that is only marked has version 0 and the position that it was marked with, and no events.
    """

    version: int
    position: Position | None
    note: str = ""
    """What the aggregate's last event left beside its head: of a vote what `core.heads.note` says."""


NO_HEAD = Head(0, None)


class Answer(Struct, frozen=True):
    """What a command key is remembered by: the positions of what it appended, or the one that already made it so."""

    positions: tuple[Position, ...]
    created: bool
    """Whether the first answer was that something new was made."""
    digest: str
    """A short hash of the decoded command."""


class HeadWanted(NamedTuple):
    """A head to load. With `events`, also the events of the aggregate after `known`, oldest first."""

    field: str
    events: bool = True
    known: Position | None = None


class Load(Struct, frozen=True, kw_only=True):
    """What a decision needs from the log of one thread, or with thread "" of the site."""

    site: str
    thread: str
    heads: tuple[HeadWanted, ...]
    key: str | None = None
    glance: bool = False
    """Whether the server's clock is time enough, also where it went back to before the last event of the log. Without a
    key, what is known already then costs next to nothing."""
    reads: bool = False
    """Whether nothing is decided with it: then a log that is not whole is read all the same."""


class Loaded(Struct, frozen=True, kw_only=True):
    """The answer to a load, of one moment.

    Where `answer` is given, the command was carried out before, and neither heads nor events were looked up.
    """

    now: int
    """The server's time in milliseconds, never before the last event of the log but where a glance was wanted."""
    answer: Answer | None
    heads: Mapping[str, Head]
    events: Mapping[str, list[Entry]]
    """By field of the heads wanted with events, oldest first.

    Where an aggregate's `known` position was not met, they start at its first: what was folded up to there is not
    of this log.
    """


class NewEvent(Struct, frozen=True, kw_only=True):
    """One event to append: the head that it advances, and its two fields (`e` without the closing brace)."""

    head: str
    e: bytes
    c: bytes
    note: str = ""
    """Kept beside the head, until its next event."""
    mark: str | None = None
    """Another head field whose position (only) is set to this event's."""


class Append(Struct, frozen=True, kw_only=True):
    """A decision to carry out at once or not at all.

    `expected` gives the position of every head that the decision was made in view of, None where it had none: by its
    version, a head of a branch that was lost in a failover could be mistaken for another. Without events, the key is
    recorded with `settled`, the position that already made it so.
    """

    site: str
    thread: str
    expected: Mapping[str, Position | None]
    events: tuple[NewEvent, ...]
    now: int
    """The time that `load` gave: it tells the window of command keys."""
    key: str | None = None
    digest: str = ""
    created: bool = False
    settled: Position | None = None


class Appended(Struct, frozen=True):
    """It is in the log; where there was nothing to append, `positions` is the settled one."""

    positions: tuple[Position, ...]
    durability: Durability = MEMORY


class Repeated(Struct, frozen=True):
    """The key was used before, for the same command: this was the answer."""

    answer: Answer
    durability: Durability = MEMORY
    """How safe it is by now."""


class KeyReused(Struct, frozen=True):
    """The key was used before, for another command. Nothing was written."""


class Conflict(Struct, frozen=True):
    """Another event was faster: this head is now at that position. Nothing was written."""

    field: str
    position: Position | None


class Skew(Struct, frozen=True):
    """`now` was in another window of command keys than the server's. Nothing was written."""

    now: int


Outcome = Appended | Repeated | KeyReused | Conflict | Skew


class Log(Protocol):
    """The events of a deployment, in `partitions` partitions.

    Every call may raise `core.refusals.Unavailable`, except `follow`, which waits until the log is there again. `load`
    and `append` raise `core.refusals.LogBroken` where the log lost its beginning or entries in between, has entries of
    somebody else, or lies on a server that is empty or another deployment's; nothing is written then. A log that lost
    its end goes on, and so does a load that only reads. Where what a partition is kept in is none of ours, every call
    about it raises `core.refusals.UnreadablePartition`, which is a kind of that, `follow` too. An entry that is none of
    ours is read as any other (see `Entry`).
    """

    @property
    def partitions(self) -> int:
        """How many partitions there are; fixed when the deployment was created."""

    @property
    def format(self) -> int:
        """The format of the deployment, as last read: which shapes of events may be appended (`core.formats`)."""

    async def load(self, load: Load) -> Loaded:
        """What a decision needs, of one moment."""

    async def load_all(self, *loads: Load) -> list[Loaded]:
        """What a decision needs of several places, asked at the same time; what is of one place is of one moment."""

    async def append(self, append: Append) -> Outcome:
        """Carry a decision out.

        With a key, calling again with the same append takes effect once: the second call gets `Repeated`. Without
        one, `core.refusals.Unavailable` leaves open whether it was carried out.
        """

    async def refusal(self) -> str | None:
        """Why appends are not taken now (`OOM`, `MISCONF`, `NOREPLICAS`); None where they are.

        A server that takes none goes on answering questions.
        """

    async def confirm(self, site: str, thread: str, key: str) -> Durability | None:
        """How safe that is by now which was just found under a key; None where the key is forgotten since.

        A failover may have taken key and events; then the command is to be carried out.
        """

    async def last(self, partition: int) -> Position:
        """Position of the last event of a partition; `START` where there is none."""

    async def lasts(self, partitions: Sequence[int]) -> list[Position]:
        """`last` of several partitions, asked together: each is of its own moment."""

    async def entry(self, partition: int, position: Position) -> Entry | None:
        """The entry at exactly this position."""

    async def read(self, partition: int, after: Position, *, limit: int, upto: Position | None = None) -> list[Entry]:
        """At most `limit` entries after a position, up to and with `upto`, in order.

        `Position(ms, 0)` is before everything recorded at `ms` or later.
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
        """The events of a thread (or of one aggregate) from `start` back to but without `until`, newest first.

        Where `until` is not met, they go back to the first. Raises `BrokenChain` where there is no event at `start`.
        """

    def follow(
        self, partition: int, after: Position, *, limit: int = 256, spacing: float = 0.0
    ) -> AsyncIterator[list[Entry]]:
        """Entries after a position, for ever, as they come; never empty lists.

        Where they come fast, `spacing` seconds lie between one list and the next, which then holds more of them; a
        list that is full is followed by the next at once, and an entry that comes alone is given as it comes.
        `after` is `START` or the position of an entry. Every read proves that the last entry given, and at first the
        one at `after`, is still what it was. Raises `LogDiverged` where it is not.
        """
