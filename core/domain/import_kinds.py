"""The table of facts: how each kind is decided, and which events it makes."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from core.domain import import_decisions, import_members, import_texts, import_threads, import_votes
from core.domain.import_comment_facts import (
    AppealDecidedFact,
    AppealedFact,
    DecidedFact,
    EditedFact,
    FeaturedFact,
    NoticedFact,
    PinnedFact,
    PostedFact,
    ReassignedFact,
    RedactedFact,
    RemovalAskedFact,
    RemovalEndedFact,
    ReportedFact,
    RestoredFact,
    RetractedFact,
    ReversedFact,
    ScreenedFact,
    SubscribedFact,
    TalliedFact,
    ToldFact,
    UnfeaturedFact,
    UnpinnedFact,
    UnvoidedFact,
    VoidedFact,
    VotedFact,
    WithdrawnFact,
)
from core.domain.import_fact import Fact
from core.domain.import_member_facts import (
    AcknowledgedFact,
    MemberNotedFact,
    MutedFact,
    ReinstatedFact,
    StandingFact,
    SuspendedFact,
    SuspensionAppealDecidedFact,
    SuspensionAppealedFact,
    SuspensionReversedFact,
    SuspensionToldFact,
    WarnedFact,
)
from core.domain.import_state import ImportState
from core.domain.import_thread_facts import (
    AnchoredFact,
    ClosedFact,
    LabelledFact,
    OpenedFact,
    OverriddenFact,
    ReopenedFact,
    RetitledFact,
)
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
from core.events.import_events import VotesBrought
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    NoteAdded,
    StandingChanged,
    SuspensionReversed,
    WarningAcknowledged,
    WarningGiven,
)
from core.events.report_events import NoticeFiled, ReportFiled
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


class FactKind(NamedTuple):
    """A kind of fact: its decider, and the types of the events that the decider makes."""

    decide: Callable[[Any, ImportState], list[Event]]
    makes: tuple[type[Event], ...]


OF_THREADS: Final[Mapping[type[Fact], FactKind]] = {
    OpenedFact: FactKind(import_threads.open_thread, (ThreadOpened,)),
    RetitledFact: FactKind(import_threads.retitle, (ThreadRetitled,)),
    LabelledFact: FactKind(import_threads.label, (ThreadLabelled,)),
    ClosedFact: FactKind(import_threads.close, (ThreadClosed, ThreadArchived)),
    ReopenedFact: FactKind(import_threads.reopen, (ThreadReopened,)),
    OverriddenFact: FactKind(import_threads.override, (PolicyOverridden,)),
    AnchoredFact: FactKind(import_threads.anchor, (AnchorOpened, AnchorReworded, AnchorClosed, AnchorReopened)),
    PinnedFact: FactKind(import_threads.pin, (CommentPinned,)),
    UnpinnedFact: FactKind(import_threads.unpin, (CommentUnpinned,)),
}
"""Facts that the thread itself has."""

OF_TEXTS: Final[Mapping[type[Fact], FactKind]] = {
    EditedFact: FactKind(import_texts.edit, (CommentEdited,)),
    WithdrawnFact: FactKind(import_texts.withdraw, (CommentWithdrawn,)),
    RestoredFact: FactKind(import_texts.restore, (CommentRestored,)),
    DecidedFact: FactKind(import_decisions.decide, (CommentApproved, CommentHeld, CommentRejected)),
    ReversedFact: FactKind(import_decisions.reverse, (DecisionReversed,)),
    ScreenedFact: FactKind(import_decisions.screen, (CommentScreened,)),
    RedactedFact: FactKind(import_decisions.redact, (RevisionRedacted,)),
}
"""Facts that set the text or the status of a comment. Each makes one event at most."""

OF_MARKS: Final[Mapping[type[Fact], FactKind]] = {
    RemovalAskedFact: FactKind(import_decisions.ask_removal, (RemovalRequested,)),
    RemovalEndedFact: FactKind(import_decisions.end_removal, (RemovalCancelled, RemovalRefused)),
    ToldFact: FactKind(import_decisions.tell, (StatementTold,)),
    AppealedFact: FactKind(import_decisions.appeal, (AppealFiled,)),
    AppealDecidedFact: FactKind(import_decisions.decide_appeal, (AppealDecided,)),
    NoticedFact: FactKind(import_decisions.notice, (NoticeFiled,)),
    FeaturedFact: FactKind(import_decisions.feature, (CommentFeatured,)),
    UnfeaturedFact: FactKind(import_decisions.unfeature, (CommentUnfeatured,)),
    TalliedFact: FactKind(import_votes.tally, (VotesBrought,)),
    ReassignedFact: FactKind(import_texts.reassign, ()),
}
"""Other facts about a comment. An owner is compared with the one that there is."""

OF_PERSONS: Final[Mapping[type[Fact], FactKind]] = {
    VotedFact: FactKind(import_votes.cast, (VoteCast,)),
    RetractedFact: FactKind(import_votes.retract, (VoteRetracted,)),
    VoidedFact: FactKind(import_votes.void, (VoteVoided,)),
    UnvoidedFact: FactKind(import_votes.unvoid, (VoteRestored,)),
    ReportedFact: FactKind(import_votes.report, (ReportFiled,)),
    SuspendedFact: FactKind(import_members.suspend, (MemberSuspended,)),
    ReinstatedFact: FactKind(import_members.reinstate, (MemberReinstated,)),
    SuspensionReversedFact: FactKind(import_members.reverse_suspension, (SuspensionReversed,)),
    SuspensionToldFact: FactKind(import_members.tell_suspension, (StatementTold,)),
    SuspensionAppealedFact: FactKind(import_members.appeal_suspension, (AppealFiled,)),
    SuspensionAppealDecidedFact: FactKind(import_members.decide_suspension_appeal, (AppealDecided,)),
    StandingFact: FactKind(import_members.set_standing, (StandingChanged,)),
    WarnedFact: FactKind(import_members.warn, (WarningGiven,)),
    AcknowledgedFact: FactKind(import_members.acknowledge, (WarningAcknowledged,)),
    MemberNotedFact: FactKind(import_members.note, (NoteAdded,)),
}
"""Facts of which one person has an aggregate."""

DECIDED: Final[Mapping[type[Fact], FactKind]] = {
    PostedFact: FactKind(import_texts.post, (CommentPosted,)),
    **OF_THREADS,
    **OF_TEXTS,
    **OF_MARKS,
    **OF_PERSONS,
}
WITHOUT_EVENTS: Final[tuple[type[Fact], ...]] = (MutedFact, SubscribedFact)
"""Facts for which there are no events yet: they are left out."""
