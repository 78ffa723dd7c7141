"""Threads of one shape and different length, so that a page of one has the same rows as a page of the other.

A conversation is a top-level comment, three answers to it and one answer to an answer: five rows, three levels. Its
events are put into the log as a decision would have them, because deciding them would take most of the time.
"""

from typing import Final

from core.caller import Caller
from core.events.comment_events import CommentPosted
from core.events.event import Event
from core.events.vote_events import VoteCast
from core.policy import Policy
from projections.read.queries import Sort
from tests.bench.mix import Discussion
from tests.bench.people import MEMBERS

ROWS: Final = 5
"""Comments of a conversation."""
PAGE: Final = 50
"""Comments of a page."""
LIMIT: Final = PAGE // ROWS
SORTS: Final[tuple[Sort, ...]] = ("newest", "oldest", "top")

ABOVE: Final = (None, 0, 0, 1, 0)
"""What each comment of a conversation answers."""


async def conversations(lengths: tuple[int, ...], *, partitions: int, votes: int | None = None) -> Discussion:
    """A site with one thread for each of these numbers of comments.

    The first of each conversation has so many votes, by default 0 to 2: the order by score is not the order by age.
    """
    discussion = Discussion(len(lengths), partitions=partitions)
    await discussion.open(Policy(own_votes=True))
    for thread, length in zip(discussion.threads, lengths, strict=True):
        for number in range(length // ROWS):
            await _converse(discussion, thread, number, number * 7 % 3 if votes is None else votes)
    return discussion


async def _converse(discussion: Discussion, thread: str, number: int, votes: int) -> None:
    names = [f"{thread}-{number}-{row}" for row in range(ROWS)]
    depths: list[int] = []
    events: list[tuple[Caller, Event]] = []
    for row, above in enumerate(ABOVE):
        depths.append(0 if above is None else depths[above] + 1)
        parent = None if above is None else names[above]
        member = MEMBERS[(number + row) % len(MEMBERS)]
        posted = CommentPosted(
            comment=names[row],
            revision=1,
            parent=parent,
            depth=depths[row],
            answered=parent,
            answered_revision=None if parent is None else 1,
            body=discussion.words(),
            name=member.name,
        )
        events.append((member, posted))
    voters = MEMBERS[:votes]
    events += ((voter, VoteCast(comment=names[0], revision=1, value=1)) for voter in voters)
    await discussion.record(thread, events)
