"""The whole moderation queue: comments that wait or are reported, by the position of the first of both.

`<ms> <n> <thread> <comment> <author> <state> <holder> <revision> <status> <reports>`, and for what an import brought
` <import>`, which comes last (`projections.views.listings.imported`). The state is `p` (waits), `r` (is
reported) or `b` (both). The holder is the member of staff who held the waiting text, `*` if a rule did. The last words
change with what the queue shows of the comment, so that a change of the queue is a change of its members.
"""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.imported import queue_member, queued_import
from projections.views.listings.listing import BY_POSITION, CommentListing, Members, fourth_word, third_word

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
    words = (state, holder, revision, comment.status[0], len(comment.reports))
    return ((queue_member(since, thread, comment, queued_import(comment), *words), 0),)


QUEUE: Final = CommentListing(
    "queue",
    version=2,
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)


def state_of(member: str) -> str:
    """The letter of the state of a member: `p`, `r` or `b`."""
    return member.split(" ", 6)[5]
