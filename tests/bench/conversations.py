"""Threads of one shape and different length, so that a page of one has the same rows as a page of the other.

A conversation is a top-level comment, three answers to it and one answer to an answer: five rows, three levels.
"""

from typing import Final

from core.commands import PostComment, Vote
from core.policy import Policy
from projections.queries import Sort
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


async def conversations(lengths: tuple[int, ...], *, partitions: int) -> Discussion:
    """A site with one thread for each of these numbers of comments."""
    discussion = Discussion(len(lengths), partitions=partitions)
    await discussion.open(Policy(own_votes=True))
    for thread, length in zip(discussion.threads, lengths, strict=True):
        for number in range(length // ROWS):
            await _converse(discussion, thread, number)
    return discussion


async def _converse(discussion: Discussion, thread: str, number: int) -> None:
    names = [f"{thread}-{number}-{row}" for row in range(ROWS)]
    for row, above in enumerate(ABOVE):
        parent = None if above is None else names[above]
        command = PostComment(comment=names[row], body=discussion.words(), parent=parent)
        await discussion.act(thread, command, MEMBERS[(number + row) % len(MEMBERS)])
    # Scores from 0 to 2, so that the order by score is not the order by age.
    for voter in MEMBERS[: number * 7 % 3]:
        await discussion.act(thread, Vote(comment=names[0], value=1), voter)
