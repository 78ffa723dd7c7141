"""Events that figures count, by position: those of comments, with their open codes and without words.

`<ms> <n> <thread> <comment> <kind> <revision> <verdict> <by> <rule> <code> <ground> <basis> <since> <flags> <notice>
<noticed>`: the fields of `projections.thread.state.FigureMark`, `*` for one that is not set.
"""

from typing import Final, NamedTuple

from projections.thread.state import CommentState, FigureMark
from projections.views.listings.listing import (
    BY_POSITION,
    CommentListing,
    Members,
    fourth_word,
    position_text,
    third_word,
)
from projections.views.listings.queue import NOBODY


class Figure(NamedTuple):
    """A member of the listing: an event that figures count."""

    ms: int
    thread: str
    comment: str
    kind: str
    revision: int | None = None
    verdict: str | None = None
    by: str | None = None
    rule: str | None = None
    code: str | None = None
    ground: str | None = None
    basis: str | None = None
    since: int | None = None
    flags: str = ""
    notice: str | None = None
    noticed: int | None = None


def _of_comment(comment: CommentState, thread: str) -> Members:
    if not comment.figures:
        return ()  # as nearly always
    return tuple((_member(mark, comment.id, thread), 0) for mark in comment.figures)


def _member(mark: FigureMark, comment: str, thread: str) -> str:
    words = (
        *(mark.kind, mark.revision, mark.verdict, mark.by, mark.rule, mark.code, mark.ground, mark.basis),
        *(mark.since, mark.flags or None, mark.notice, mark.noticed),
    )
    told = " ".join(NOBODY if word is None else str(word) for word in words)
    return f"{position_text(*mark.position)} {thread} {comment} {told}"


def figure_of(member: str) -> Figure:
    """Parse a member."""
    ms, _, thread, comment, kind, revision, verdict, by, rule, code, ground, basis, since, flags, notice, noticed = [
        None if word == NOBODY else word for word in member.split(" ")
    ]
    assert ms is not None
    assert thread is not None
    assert comment is not None
    assert kind is not None
    return Figure(
        ms=int(ms),
        thread=thread,
        comment=comment,
        kind=kind,
        revision=None if revision is None else int(revision),
        verdict=verdict,
        by=by,
        rule=rule,
        code=code,
        ground=ground,
        basis=basis,
        since=None if since is None else int(since),
        flags=flags or "",
        notice=notice,
        noticed=None if noticed is None else int(noticed),
    )


FIGURES: Final = CommentListing(
    "figures",
    version=2,
    personal=True,
    of_comment=_of_comment,
    thread_of=third_word,
    comment_of=fourth_word,
    order=BY_POSITION,
)
