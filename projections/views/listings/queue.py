"""The whole moderation queue: comments that wait or are reported, by the position of the first of both.

`<ms> <n> <thread> <comment> <author> <state> <holder> <revision> <status> <reports>`: the state is `p` (waits), `r` (is
reported) or `b` (both). The holder is the member of staff who held the waiting text, `*` if a rule did. The last words
change with what the queue shows of the comment, so that a change of the queue is a change of its members.
"""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Members,
    fourth_word,
    position_text,
    third_word,
)

NOBODY: Final = "*"
"""Stands for an id that there is none of. No id has this character."""


def _of_comment(comment: CommentState, thread: str) -> Members:
    since, waiting = comment.queued_since, comment.waiting
    if since is None:
        return ()
    state = "r" if waiting is None else "b" if comment.reports else "p"
    revision = waiting or comment.standing or comment.latest
    decision = comment.texts[revision].decision
    is_held = waiting is not None and decision is not None and not decision.automated
    holder = decision.by if is_held and decision is not None else NOBODY
    words = (comment.author.id, state, holder, revision, comment.status[0], len(comment.reports))
    return ((f"{position_text(since.ms, since.n)} {thread} {comment.id} {' '.join(map(str, words))}", 0),)


QUEUE: Final = CommentListing(
    "queue",
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)


def state_of(member: str) -> str:
    """The letter of the state of a member: `p`, `r` or `b`."""
    return member.split(" ", 6)[5]
