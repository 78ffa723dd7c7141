"""Field names of a heads hash: one per aggregate, without collisions."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from core.caller import Actor
from core.events.comment_events import CommentPinned, CommentUnpinned
from core.events.event import FIRST, Event
from core.events.import_events import ImportBegun, ImportEnded
from core.events.member_events import (
    NoteAdded,
    VotesInspected,
)
from core.events.report_events import ReportFiled
from core.events.site_events import (
    ListChanged,
    PolicyChanged,
    ScreenerConfigured,
    ScreenerRemoved,
    SiteOpened,
    SiteRekeyed,
)
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.ids import vote_id

SITE = "site"
THREAD = "thread"
LAST = "last"
"""Position of the last event of the thread, of any aggregate. No append expects it."""


LISTS = "lists"
"""Field of the word lists of a site. Its note has all of them: no event need be read."""
ENDED = "ended"
"""Note of an import that ended."""
MEMBER = "m"
"""Kind of the heads of members."""
COMMENT = "c"
"""Kind of the heads of comments."""
VOTE = "v"
"""Kind of the heads of votes."""
APPEAL = "a"
"""Kind of the heads of members' appeals against suspensions."""


def kind(field: str) -> str:
    """Return the kind of aggregate of a head field: `SITE`, `THREAD`, `MEMBER`, `COMMENT`, `VOTE`, `APPEAL`."""
    return field.partition(":")[0]


def name(field: str) -> str:
    """Return the name in a head field of a comment or a member."""
    return field.partition(":")[2]


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


def notes(member: str) -> str:
    """Head field of the notes about a member."""
    return f"n:{member}"


def report(comment: str, reporter: str) -> str:
    """Head field of a member's reports of a comment."""
    return f"r:{comment}:{reporter}"


def reported(comment: str) -> str:
    """Field that holds the position of a comment's last report."""
    return f"l:{comment}"


def appeal(member: str) -> str:
    """Head field of what a member was told of their suspension, and of the appeal against it."""
    return f"{APPEAL}:{member}"


def brought(imported: str) -> str:
    """Head field of an import."""
    return f"b:{imported}"


def inspection(auditor: str, member: str) -> str:
    """Head field of the times at which an auditor looked at how a member voted."""
    return f"i:{auditor} {member}"


def mark(event: Event) -> str | None:
    """Return another field whose position and note are set to those of `event`, or None."""
    return reported(event.comment) if isinstance(event, ReportFiled) else None


def counts(event: Event) -> str | None:
    """Return the field whose note an event counts on, or None: the append expects it to be unmoved."""
    return reported(event.comment) if isinstance(event, ReportFiled) and event.open else None


def note(event: Event, batch: str | None = None) -> str:
    """Return the note of a vote's head: `<value> <revision>`, or `<value>` for revision 1.

    Of a vote that was voided, `<value> <revision> <cast> <batch>`: the position of the event that cast it, `-` if it
    was retracted since, and the `batch` of the event. Of one that was restored, `<value> <revision> <cast>`.

    Of an import that ended, `ENDED`.

    Of word lists, JSON: `[[list, position, count, digest], …]`, the position of the list that the event is about left
    empty. Of a counted report, the count. "" for other events.
    """
    if isinstance(event, ListChanged):
        others = [[one.list, one.at, one.count, one.digest] for one in event.others]
        own = [] if event.removed else [[event.list, "", event.count, event.digest]]
        return msgspec.json.encode([*own, *others]).decode()
    if isinstance(event, ReportFiled):
        return str(event.open) if event.open else ""
    match event:
        case ImportEnded():
            return ENDED
        case VoteCast(value=value, revision=revision):
            return _vote(value, revision)
        case VoteRetracted(revision=revision, voided=None):
            return _vote(0, revision)
        case VoteRetracted(revision=revision, voided=str() as voided):
            return f"0 {revision} - {voided}"
        case VoteVoided(value=value, revision=revision, cast=cast):
            return f"{value} {revision} {cast} {batch}"
        case VoteRestored(value=value, revision=revision, cast=str() as cast):
            return f"{value} {revision} {cast}"
        case VoteRestored(value=value, revision=revision):
            return _vote(value, revision)
        case _:
            return ""


def _vote(value: int, revision: int) -> str:
    return str(value) if revision == FIRST else f"{value} {revision}"


def skip(position: str) -> str:
    """Head field that records that the event of the thread at this position was skipped."""
    return f"s:{position}"


def of(event: Event, actor: Actor) -> str:
    """Return the head field that `event` by `actor` advances."""
    known = _ALONE.get(type(event))
    if known is not None:
        return known
    match event:
        case NoteAdded():
            return notes(event.member)
        case StatementTold() | AppealFiled() | AppealDecided() if event.member is not None:
            return appeal(event.member)
        case VoteCast() | VoteRetracted():
            return vote(event.comment, actor.id)
        case VoteVoided() | VoteRestored():
            return vote(event.comment, event.voter)
        case VotesInspected():
            return inspection(actor.id, event.member)
        case ReportFiled():
            return report(event.comment, actor.id)
        case EventSkipped():
            return skip(event.position)
        case ImportBegun() | ImportEnded():
            return brought(event.imported)
        case _:
            return _of_what_it_names(event)


def _of_what_it_names(event: Event) -> str:
    """Return the head of the comment or the member that an event names; of the thread, if it names neither."""
    of_comment: str | None = getattr(event, "comment", None)
    if of_comment is not None:
        return comment(of_comment)
    of_member: str | None = getattr(event, "member", None)
    return THREAD if of_member is None else member(of_member)


_ALONE: Final[Mapping[type[Event], str]] = {
    **dict.fromkeys((SiteOpened, SiteRekeyed, PolicyChanged, ScreenerConfigured, ScreenerRemoved), SITE),
    ListChanged: LISTS,
    # One comment of a thread is pinned: which one is a fact of the thread.
    **dict.fromkeys((CommentPinned, CommentUnpinned), THREAD),
}
"""The head of events of which a site or a thread has one aggregate, whatever they name."""
