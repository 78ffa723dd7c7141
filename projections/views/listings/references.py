"""Every notice by its reference: `<reference> <thread> <comment> <filed> <verdict> <ground> <decided>`.

Times are in milliseconds since 1970. The last three words are `*` while the notice is open.
"""

from typing import Final, NamedTuple, get_args

from core.domain.filed_notice import NoticeVerdict
from core.policy import Ground
from projections.thread.state import CommentState
from projections.views.listings.listing import CommentListing, Members

_NONE: Final = "*"
_WORDS: Final = 7


class NoticeStatus(NamedTuple):
    """A notice and what became of it. The last three fields are None while it is open."""

    reference: str
    filed: int
    verdict: NoticeVerdict | None
    ground: Ground | None
    decided: int | None


def _of_comment(comment: CommentState, thread: str) -> Members:
    if not comment.notices:
        return ()  # as nearly always
    found = []
    for reference, notice in comment.notices.items():
        outcome = notice.outcome
        end = (_NONE,) * 3 if outcome is None else (outcome.verdict, outcome.ground or _NONE, outcome.at)
        found.append((" ".join(map(str, (reference, thread, comment.id, notice.at, *end))), 0))
    return tuple(found)


def _thread_of(member: str) -> str:
    words = member.split(" ")
    return words[1] if len(words) == _WORDS else ""


def _comment_of(member: str) -> str:
    return member.split(" ")[2]


REFERENCES: Final = CommentListing(
    "references", personal=True, of_comment=_of_comment, thread_of=_thread_of, comment_of=_comment_of
)


def read(member: str) -> NoticeStatus:
    """Read a member."""
    reference, _, _, filed, verdict, ground, decided = member.split(" ")
    known: NoticeVerdict | None = next((one for one in get_args(NoticeVerdict) if one == verdict), None)
    reason: Ground | None = next((one for one in get_args(Ground) if one == ground), None)
    return NoticeStatus(reference, int(filed), known, reason, None if known is None else int(decided))
