"""All comments of a site by the position of posting: `<ms> <n> <thread> <comment> <letter of status> <rule>`.

The rule is the one that held the latest text, otherwise the standing one; `*` if no rule held either.
"""

from typing import Final

from projections.thread.state import CommentState
from projections.views.listings.authors import LETTERS
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Members,
    fourth_word,
    position_text,
    third_word,
)
from projections.views.listings.queue import NOBODY


def _of_comment(comment: CommentState, thread: str) -> Members:
    posted = comment.posted
    words = f"{thread} {comment.id} {LETTERS[comment.status]} {rule_of(comment) or NOBODY}"
    return ((f"{position_text(posted.ms, posted.n)} {words}", 0),)


def rule_of(comment: CommentState) -> str | None:
    """The rule that held the latest text of a comment, otherwise the standing one; None if no rule held either."""
    rule = comment.texts[comment.latest].held_by_rule
    if rule is None and comment.standing is not None:
        rule = comment.texts[comment.standing].held_by_rule
    return rule


POSTED: Final = CommentListing(
    "posted",
    personal=False,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
