"""The row of a comment as the views have it, plus the votes in the log beyond the views.

The response to a vote contains the row with the vote counted. The views apply a vote some milliseconds later. Waiting
for them would cost more than the vote: a commit of its own, a wake-up, and polling. So the row is read in the same
round trip as the context of the vote. The row holds everything acknowledged by then, and the vote itself is added.
Where the result cannot be computed (staff sees more of a row, the thread is parked, the comment has another event that
the views lack), the reader waits for the views instead.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import redis.exceptions

from core.domain.vote import Vote
from core.events.envelope import Recorded, read
from core.keys import Partition
from core.position import START, Position
from core.redis.router import PendingCommand, Router
from core.redis.script import Script
from projections.read import page_json
from projections.read.page_json import BEFORE_ANSWERS
from projections.read.row_cache import CachedRow
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


def ask(
    calls: Router, partition: Partition, pointer: Pointer, site: str, thread: str, comment: str, voter: str
) -> RowAsked:
    """Start reading the row of a comment, in the pipeline of this tick of the event loop."""
    arguments = (str(pointer), comment, parking.field(site, thread), voter, BEYOND)
    begun = calls.begin_script(_CURRENT_ROW, _keys(partition, pointer.generation, site, thread), arguments)
    return RowAsked(site, thread, comment, pointer, begun)


@lru_cache(maxsize=256)
def _keys(partition: Partition, generation: int, site: str, thread: str) -> tuple[str, ...]:
    # Votes concentrate on few threads at a time, and building these names costs as much as parsing the reply.
    views = partition.thread_views(generation, site, thread)
    of_views = partition.generation, partition.cursor(generation), partition.parked(generation)
    return (*of_views, views.rows, views.votes, views.answers, views.names, partition.log, views.ballots)


class RowRead(NamedTuple):
    """A row that includes the vote it was read for."""

    row: CachedRow
    upto: int | None
    """Number of the last event before the vote that the row includes; None if the row may lack events."""


async def voted(
    calls: Router, asked: RowAsked, recorded: Recorded | None, earlier: Vote, since: Position
) -> RowRead | None:
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
        before = earlier.value
    votes = page_json.tally(tally)
    for e, previous in zip(beyond[::2], beyond[1::2], strict=True):
        cast = read(START, e, b"")
        if (cast.envelope.site, cast.envelope.thread) != (asked.site, asked.thread):
            continue
        was, now = value_of(read(START, previous, b"").event) if previous else 0, value_of(cast.event)
        if was is None or now is None:
            return None
        votes = moved(votes, was, now)
    votes = moved(votes, before, earlier.value if recorded is None else value_of(recorded.event) or 0)
    row = CachedRow(stored, name, votes, None if answers is None else int(answers))
    return RowRead(row, _number(upto) if ballot is None else None)


def written(site: str, thread: str, comment: str, row: CachedRow) -> bytes:
    """The JSON of a row without its replies, with the cursor to them."""
    onward = None if row.answers is None else Onward(site, thread)(comment, BEFORE_ANSWERS.decode())
    return page_json.alone(row.stored, row.name, row.votes, row.answers or 0, onward)


def _number(position: bytes) -> int:
    """The event number within the partition, which orders positions."""
    return int(position[position.index(b"-") + 1 :])
