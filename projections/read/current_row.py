"""The row of a comment as the views have it, plus the votes in the log beyond the views.

The response to a vote contains the row with the vote counted. The views apply a vote some milliseconds later. Waiting
for them would cost more than the vote: a commit of its own, a wake-up, and polling. So the row is read in the same
round trip as the context of the vote. The row holds everything acknowledged by then, and the vote itself is added.
Where the result cannot be computed (staff sees more of a row, the thread is parked, the comment has another event that
the views lack), the reader waits for the views instead.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import redis.exceptions

from core.domain.vote import Vote, evolve
from core.events.envelope import Recorded, read
from core.keys import Partition
from core.position import START, Position
from core.redis.router import PendingCommand, Router
from core.redis.script import Script
from projections.read import page_json
from projections.read.page_json import BEFORE_ANSWERS
from projections.read.row_cache import CachedRow, RowMemory
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.thread.votes import moved, value_of
from projections.views import parking
from projections.views.pointer import Pointer

BEYOND: Final = 64
"""Maximum number of events of a partition, beyond its views, that are searched for votes."""

_CURRENT_ROW: Final = Script(
    "projections.read", "read_current_row", behind=("core.redis:stream", "core.log:back_pointers")
)


class RowAsked(NamedTuple):
    """A pending read of a row."""

    site: str
    thread: str
    comment: str
    pointer: Pointer
    begun: PendingCommand


class CurrentRows:
    """Rows of comments for the responses to votes. A row that this process has cached is not read."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._memory = RowMemory(served.keys.partitions)

    def ask(self, site: str, thread: str, comment: str, voter: str) -> RowAsked | None:
        """Start reading the public row of a comment on which `voter` votes, for `voted`, in this tick's pipeline.

        None if this process has the row cached.
        """
        partition = self._served.keys.of(site, thread)
        pointer = self._served.pointer(partition)
        if self._memory.get(partition.number, site, thread, comment, pointer) is not None:
            return None
        return _ask(self._served.calls, partition, pointer, site, thread, comment, voter)

    def appended(self, recorded: Sequence[Recorded], after: Position, earlier: Vote | None) -> None:
        """Apply what one command of this process just appended; `earlier` is the vote that a new vote replaces.

        `after` is the position of the partition's last event before.
        """
        if recorded:
            envelope = recorded[0].envelope
            before = None if earlier is None else earlier.counted
            partition = self._served.keys.of(envelope.site, envelope.thread).number
            self._memory.appended(partition, recorded, after, before)

    async def voted(
        self,
        site: str,
        thread: str,
        comment: str,
        asked: RowAsked | None,
        recorded: Recorded | None,
        earlier: Vote,
        since: Position,
    ) -> bytes | None:
        """The row of the views and the log when `asked` was sent, with the vote `recorded` added.

        `earlier` is the member's previous vote, and stands if `recorded` is None; `since` is the last event of the
        comment. None if only the views can tell, once they include the vote.
        """
        calls, partition = self._served.calls, self._served.keys.of(site, thread)
        pointer = self._served.pointer(partition)
        row: CachedRow | None = None
        if asked is None:
            row = self._memory.get(partition.number, site, thread, comment, pointer)
        elif (read := await _voted(calls, asked, recorded, earlier, since)) is not None:
            row = read.row
            if read.upto is not None and recorded is not None:
                without = row._replace(votes=read.before)
                self._memory.put(partition.number, site, thread, comment, asked.pointer, read.upto, without)
        if row is None and recorded is not None:
            # A row read or cached before the append may be stale. A row read now includes the vote.
            asked = _ask(calls, partition, pointer, site, thread, comment, recorded.envelope.actor.id)
            standing = evolve(earlier, recorded)
            read = await _voted(calls, asked, None, standing, since)
            row = None if read is None else read.row
        return None if row is None else _written(site, thread, comment, row)


def _ask(
    calls: Router, partition: Partition, pointer: Pointer, site: str, thread: str, comment: str, voter: str
) -> RowAsked:
    arguments = (str(pointer), comment, parking.field(site, thread), voter, BEYOND)
    begun = calls.begin_script(_CURRENT_ROW, _keys(partition, pointer.generation, site, thread), arguments)
    return RowAsked(site, thread, comment, pointer, begun)


@lru_cache(maxsize=256)
def _keys(partition: Partition, generation: int, site: str, thread: str) -> tuple[str, ...]:
    # Votes concentrate on few threads at a time, and building these names costs as much as parsing the reply.
    views = partition.thread_views(generation, site, thread)
    of_views = partition.generation, partition.cursor(generation), partition.parked(generation)
    return (*of_views, views.rows, views.votes, views.answers, views.names, partition.log, views.ballots)


class _RowRead(NamedTuple):
    """A row that includes the vote it was read for."""

    row: CachedRow
    before: tuple[int, int]
    """The tally without that vote."""
    upto: Position | None
    """Position of the last event before the vote that the row includes; None if the row may lack events."""


async def _voted(
    calls: Router, asked: RowAsked, recorded: Recorded | None, earlier: Vote, since: Position
) -> _RowRead | None:
    """The public row with the vote `recorded` added; None if only the views can tell.

    `earlier` is the member's vote before `recorded`, and stands if `recorded` is None. The views must include `since`,
    the last event of the comment.
    """
    try:
        served, *found = await calls.finish(asked.begun)
    except redis.exceptions.RedisError:
        return None  # the caller falls back to the views, with retries
    if served != str(asked.pointer).encode() or not found[0]:
        return None
    cursor, upto, ballot, stored, tally, answers, name, *beyond = found
    if _number(cursor) < since.n:
        return None
    if ballot is not None:
        # Too many events beyond the views to search: the vote is added to the tally of the views.
        before = int(ballot.partition(b" ")[0] or 0)
    elif earlier.position is not None and _number(upto) < earlier.position.n:
        return None
    else:
        before = earlier.counted
    votes = page_json.tally(tally)
    for e, previous in zip(beyond[::2], beyond[1::2], strict=True):
        cast = read(START, e, b"")
        if (cast.envelope.site, cast.envelope.thread) != (asked.site, asked.thread):
            continue
        was, now = value_of(read(START, previous, b"").event) if previous else 0, value_of(cast.event)
        if was is None or now is None:
            return None
        votes = moved(votes, was, now)
    with_vote = moved(votes, before, earlier.counted if recorded is None else value_of(recorded.event) or 0)
    row = CachedRow(stored, name, with_vote, None if answers is None else int(answers))
    return _RowRead(row, votes, Position.decode(upto) if ballot is None else None)


def _written(site: str, thread: str, comment: str, row: CachedRow) -> bytes:
    """The JSON of a row without its replies, with the cursor to them."""
    onward = None if row.answers is None else Onward(site, thread)(comment, BEFORE_ANSWERS.decode())
    return page_json.alone(row.stored, row.name, row.votes, row.answers or 0, onward)


def _number(position: bytes) -> int:
    """The event number within the partition, which orders positions."""
    return int(position[position.index(b"-") + 1 :])
