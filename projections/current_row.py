"""The row of a comment as the views have it, with the votes that the log has beyond them.

A vote is answered with it. The views take a vote in some milliseconds later, and to wait for them would cost more than
the vote: a commit of its own, a wake-up, and the questions whether it has come. So the row is asked for together with
what the vote is decided in view of. It holds everything that was acknowledged by then, and the vote itself is counted
on top. Where that cannot be told (staff sees more of a row, the thread is parked, something else happened to the
comment that the views do not have yet), the reader waits for the views instead.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import redis.exceptions

from core.envelope import Recorded, read
from core.events import VoteCast, VoteRetracted
from core.keys import Partition
from core.position import START, Position
from core.redis.calls import Begun, Calls
from core.redis.script import Script
from core.vote import Vote
from projections import parking, splicing
from projections.folding.votes import moved
from projections.pointer import Pointer
from projections.splicing import BEFORE_ANSWERS
from projections.walking import Onward

BEYOND: Final = 64
"""Most events of a partition, beyond its views, that are looked through for votes."""

_CURRENT_ROW: Final = Script("projections", "current_row")


class RowAsked(NamedTuple):
    """A row that is on its way."""

    site: str
    thread: str
    comment: str
    pointer: bytes
    begun: Begun


def ask(
    calls: Calls, partition: Partition, pointer: Pointer, site: str, thread: str, comment: str, voter: str
) -> RowAsked:
    """Ask for the row of a comment with what else is asked in this tick of the event loop."""
    given = str(pointer)
    arguments = (given, comment, parking.field(site, thread), voter, BEYOND)
    begun = calls.begin_script(_CURRENT_ROW, _keys(partition, pointer.generation, site, thread), arguments)
    return RowAsked(site, thread, comment, given.encode(), begun)


@lru_cache(maxsize=256)
def _keys(partition: Partition, generation: int, site: str, thread: str) -> tuple[str, ...]:
    # Votes come to a few threads at a time, and making these names takes as long as taking the answer apart.
    views = partition.thread_views(generation, site, thread)
    of_views = partition.generation, partition.cursor(generation), partition.parked(generation)
    return (*of_views, views.rows, views.votes, views.answers, views.names, partition.log, views.ballots)


async def voted(calls: Calls, asked: RowAsked, recorded: Recorded, earlier: Vote, since: Position) -> bytes | None:
    """The public row with one more vote counted, `recorded`; None where only the views can tell.

    `earlier` is the member's vote before it. The views must have the comment as it was at `since`, its last event.
    """
    try:
        served, *found = await calls.finish(asked.begun)
    except redis.exceptions.RedisError:
        return None  # the caller then asks the views, repeatedly and for a while
    if served != asked.pointer or not found[0]:
        return None
    cursor, upto, ballot, stored, tally, answers, name, *beyond = found
    if _number(cursor) < since.n:
        return None
    if ballot is not None:
        # Too much is beyond the views to be looked through: what is counted on top is counted upon what they have.
        before = int(ballot.partition(b" ")[0] or 0)
    elif earlier.position is not None and _number(upto) < earlier.position.n:
        return None
    else:
        before = earlier.value
    votes = splicing.tally(tally)
    for e, previous in zip(beyond[::2], beyond[1::2], strict=True):
        cast = read(START, e, b"")
        if (cast.envelope.site, cast.envelope.thread) != (asked.site, asked.thread):
            continue
        was, now = _value_of(read(START, previous, b"")) if previous else 0, _value_of(cast)
        if was is None or now is None:
            return None
        votes = moved(votes, was, now)
    up, down = moved(votes, before, _value_of(recorded) or 0)
    onward = None if answers is None else Onward(asked.site, asked.thread)(asked.comment, BEFORE_ANSWERS.decode())
    return splicing.alone(stored, name, (up, down), int(answers or 0), onward)


def _number(position: bytes) -> int:
    """The number of an event in its partition, by which positions there are in order."""
    return int(position[position.index(b"-") + 1 :])


def _value_of(recorded: Recorded) -> int | None:
    """The value that a vote has since this event of it; None for an event that this version cannot read."""
    match recorded.event:
        case VoteCast(value=value):
            return value
        case VoteRetracted():
            return 0
        case _:
            return None
