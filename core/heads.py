"""The fields of a heads hash: one an aggregate, named so that no two meet."""

from functools import lru_cache

from core.caller import Actor
from core.events.types import (
    FIRST,
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
"""Position of the last event of the thread, of whatever aggregate. Expected by nobody."""


MEMBER = "m"
"""Kind of the heads of members."""
COMMENT = "c"
"""Kind of the heads of comments."""
VOTE = "v"
"""Kind of the heads of votes."""


def kind(field: str) -> str:
    """The kind of aggregate that a head field belongs to: `SITE`, `THREAD`, `MEMBER`, `COMMENT`, `VOTE`."""
    return field.partition(":")[0]


def member(member: str) -> str:
    """The head of a member's standing."""
    return f"{MEMBER}:{member}"


def comment(comment: str) -> str:
    """The head of a comment."""
    return f"{COMMENT}:{comment}"


@lru_cache(maxsize=1024)
def vote(comment: str, voter: str) -> str:
    """The head of one member's vote on a comment. It names neither: a thread has more of these than of all others."""
    return f"{VOTE}:{vote_id(comment, voter)}"


def report(comment: str, reporter: str) -> str:
    """The head of one member's reports of a comment."""
    return f"r:{comment}:{reporter}"


def reported(comment: str) -> str:
    """Where the position of a comment's last report is kept."""
    return f"l:{comment}"


def mark(event: Event) -> str | None:
    """Another field whose position (only) is set to that of `event`."""
    return reported(event.comment) if isinstance(event, ReportFiled) else None


def note(event: Event) -> str:
    """What is kept beside the head of a vote: `<value> <revision>`, without the first; "" for other events."""
    if not isinstance(event, VoteCast | VoteRetracted):
        return ""
    value = event.value if isinstance(event, VoteCast) else 0
    return str(value) if event.revision == FIRST else f"{value} {event.revision}"


def skip(position: str) -> str:
    """The head that says that the event of the thread at this position was skipped."""
    return f"s:{position}"


def of(event: Event, actor: Actor) -> str:
    """The head that `event`, done by `actor`, advances."""
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
        case _:
            name = getattr(event, "comment", None)
            return THREAD if name is None else comment(name)
