"""Registry of event types, which are in a module per aggregate, and of the formats that allow each.

The structs are a storage format: a tag never changes its meaning, a field never its type.

An event holds only its own facts; actor, place and time are in the envelope (`core.events.envelope`). The fields that a
class names in `CONTENT` are free text or profile data; those of the profile are named in `PROFILE`, too. Both parts are
stored apart from the open facts (`core.events.content`), so that either can be destroyed while the fact and its proof
remain. They are therefore optional when read back.

New fields need a default. A field that has its default is not stored, and is read as that default for ever: no default
may change. `comment` and `revision` are also part of the envelope.
"""

from collections.abc import Mapping
from typing import Final

from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentScreened,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    DecisionReversed,
    RemovalCancelled,
    RemovalRefused,
    RemovalRequested,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.import_events import AuthorReassigned, ImportBegun, ImportEnded, VotesBrought
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    NoteAdded,
    StandingChanged,
    SuspensionReversed,
    VotesInspected,
    WarningAcknowledged,
    WarningGiven,
)
from core.events.report_events import NoticeFiled, ReportFiled
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
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadLabelled,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided

SITE_EVENTS: Final = (SiteOpened, SiteRekeyed, PolicyChanged, ScreenerConfigured, ScreenerRemoved)
LIST_EVENTS: Final = (ListChanged,)
IMPORT_EVENTS: Final = (ImportBegun, ImportEnded)
MEMBER_EVENTS: Final = (
    MemberSuspended,
    MemberReinstated,
    SuspensionReversed,
    StandingChanged,
    WarningGiven,
    WarningAcknowledged,
    NoteAdded,
    VotesInspected,
)
THREAD_EVENTS: Final = (
    ThreadOpened,
    ThreadRetitled,
    ThreadLabelled,
    ThreadClosed,
    ThreadReopened,
    ThreadArchived,
    PolicyOverridden,
    AnchorOpened,
    AnchorReworded,
    AnchorClosed,
    AnchorReopened,
)
STATEMENT_EVENTS: Final = (StatementTold, AppealFiled, AppealDecided)
"""Events about a decision: in a thread's log about a comment, in the site's own log about a member."""
COMMENT_EVENTS: Final = (
    CommentPosted,
    CommentEdited,
    CommentWithdrawn,
    CommentRestored,
    CommentHeld,
    CommentApproved,
    CommentRejected,
    CommentScreened,
    DecisionReversed,
    RevisionRedacted,
    RemovalRequested,
    RemovalCancelled,
    RemovalRefused,
    *STATEMENT_EVENTS,
    NoticeFiled,
    CommentFeatured,
    CommentUnfeatured,
    CommentPinned,
    CommentUnpinned,
    VotesBrought,
    AuthorReassigned,
)
VOTE_EVENTS: Final = (VoteCast, VoteRetracted, VoteVoided, VoteRestored)
REPORT_EVENTS: Final = (ReportFiled,)
SKIP_EVENTS: Final = (EventSkipped,)
EVENTS: Final[tuple[type[Event], ...]] = (
    *SITE_EVENTS,
    *LIST_EVENTS,
    *IMPORT_EVENTS,
    *MEMBER_EVENTS,
    *THREAD_EVENTS,
    *COMMENT_EVENTS,
    *VOTE_EVENTS,
    *REPORT_EVENTS,
    *SKIP_EVENTS,
)
"""Every type that is written."""
INTRODUCED: Final[Mapping[tuple[str, int], int]] = {
    ("site.opened", 2): 2,
    ("policy.changed", 2): 2,
    ("policy.overridden", 2): 2,
    ("site.opened", 3): 3,
    ("policy.changed", 3): 3,
    ("policy.overridden", 3): 3,
    ("comment.pinned", 1): 3,
    ("comment.unpinned", 1): 3,
    ("decision.reversed", 1): 3,
    ("comment.held", 2): 3,
    ("comment.approved", 2): 3,
    ("comment.rejected", 2): 3,
    ("thread.opened", 2): 4,
    ("comment.edited", 2): 4,
    ("thread.labelled", 1): 4,
    ("member.suspended", 2): 4,
    ("standing.changed", 1): 4,
    ("warning.given", 1): 4,
    ("warning.acknowledged", 1): 4,
    ("note.added", 1): 4,
    ("removal.requested", 1): 4,
    ("removal.cancelled", 1): 4,
    ("removal.refused", 1): 4,
    ("statement.told", 1): 4,
    ("appeal.filed", 1): 4,
    ("appeal.decided", 1): 4,
    ("vote.cast", 2): 4,
    ("site.opened", 4): 4,
    ("policy.changed", 4): 4,
    ("policy.overridden", 4): 4,
    ("list.changed", 1): 4,
    ("comment.posted", 2): 4,
    ("comment.held", 3): 4,
    ("comment.rejected", 3): 4,
    ("report.filed", 2): 4,
    ("comment.approved", 3): 4,
    ("notice.filed", 1): 4,
    ("comment.posted", 3): 4,
    ("comment.edited", 3): 4,
    ("comment.screened", 1): 4,
    ("member.suspended", 3): 4,
    ("comment.held", 4): 4,
    ("comment.approved", 4): 4,
    ("comment.rejected", 4): 4,
    ("screener.configured", 1): 4,
    ("screener.removed", 1): 4,
    ("vote.retracted", 2): 4,
    ("vote.voided", 1): 4,
    ("vote.restored", 1): 4,
    ("votes.inspected", 1): 4,
    ("suspension.reversed", 1): 4,
    ("comment.posted", 4): 4,
    ("comment.edited", 4): 4,
    ("import.begun", 1): 4,
    ("import.ended", 1): 4,
    ("votes.brought", 1): 4,
    ("author.reassigned", 1): 4,
}
"""First format (`core.formats`) that allows each (event type, version) to be appended; 1 for those not listed."""
