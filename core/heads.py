"""Field names of a heads hash: one per aggregate, without collisions."""

from functools import lru_cache

from core.caller import Actor
from core.events.types import (
    FIRST,
    CommentPinned,
    CommentUnpinned,
    Event,
    EventSkipped,
    MemberReinstated,
    MemberSuspended,
    PolicyChanged,
    ReportFiled,
    SiteOpened,
    SiteRekeyed,
    VoteCast,
    VoteRetracted,
)
from core.ids import vote_id

SITE = "site"
THREAD = "thread"
LAST = "last"
"""Position of the last event of the thread, of any aggregate. No append expects it."""


MEMBER = "m"
"""Kind of the heads of members."""
COMMENT = "c"
"""Kind of the heads of comments."""
VOTE = "v"
"""Kind of the heads of votes."""


def kind(field: str) -> str:
    """Return the kind of aggregate of a head field: `SITE`, `THREAD`, `MEMBER`, `COMMENT`, `VOTE`."""
    return field.partition(":")[0]


def member(member: str) -> str:
    """Head field of a member's standing."""
    return f"{MEMBER}:{member}"


def comment(comment: str) -> str:
    """Head field of a comment."""
    return f"{COMMENT}:{comment}"


@lru_cache(maxsize=1024)
def vote(comment: str, voter: str) -> str:
    """Head field of a member's vote on a comment.

    A hash of the two names, because a thread has more votes than all other aggregates.
    """
    return f"{VOTE}:{vote_id(comment, voter)}"


def report(comment: str, reporter: str) -> str:
    """Head field of a member's reports of a comment."""
    return f"r:{comment}:{reporter}"


def reported(comment: str) -> str:
    """Field that holds the position of a comment's last report."""
    return f"l:{comment}"


def mark(event: Event) -> str | None:
    """Return another field whose position (only) is set to that of `event`, or None."""
    return reported(event.comment) if isinstance(event, ReportFiled) else None


def note(event: Event) -> str:
    """Return the note of a vote's head: `<value> <revision>`, or `<value>` for revision 1. "" for other events."""
    if not isinstance(event, VoteCast | VoteRetracted):
        return ""
    value = event.value if isinstance(event, VoteCast) else 0
    return str(value) if event.revision == FIRST else f"{value} {event.revision}"


def skip(position: str) -> str:
    """Head field that records that the event of the thread at this position was skipped."""
    return f"s:{position}"


def of(event: Event, actor: Actor) -> str:
    """Return the head field that `event` by `actor` advances."""
    match event:
        case MemberSuspended() | MemberReinstated():
            return member(event.member)
        case VoteCast() | VoteRetracted():
            return vote(event.comment, actor.id)
        case ReportFiled():
            return report(event.comment, actor.id)
        case EventSkipped():
            return skip(event.position)
        case SiteOpened() | SiteRekeyed() | PolicyChanged():
            return SITE
        case CommentPinned() | CommentUnpinned():
            return THREAD  # one comment of a thread is pinned: which one is a fact of the thread
        case _:
            name = getattr(event, "comment", None)
            return THREAD if name is None else comment(name)
