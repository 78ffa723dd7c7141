"""Facts of the events of one thread. What was redacted is in none of them, also where the log still has it."""

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from core.domain.import_comment_facts import (
    AppealDecidedFact,
    AppealedFact,
    DecidedFact,
    EditedFact,
    FeaturedFact,
    NoticedFact,
    PinnedFact,
    PostedFact,
    RedactedFact,
    RemovalAskedFact,
    RemovalEndedFact,
    ReportedFact,
    RestoredFact,
    RetractedFact,
    ReversedFact,
    ScreenedFact,
    TalliedFact,
    ToldFact,
    UnfeaturedFact,
    UnpinnedFact,
    UnvoidedFact,
    VoidedFact,
    VotedFact,
    WithdrawnFact,
)
from core.domain.import_fact import Fact, ImportedPerson, ImportedRule
from core.domain.import_thread_facts import (
    AnchoredFact,
    ClosedFact,
    LabelledFact,
    OpenedFact,
    OverriddenFact,
    ReopenedFact,
    RetitledFact,
)
from core.domain.moderated_comment import VERDICTS, Ruled, Written
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
from core.events.envelope import Recorded
from core.events.event import FIRST
from core.events.import_events import IMPORT, VotesBrought
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
from core.policy import Overrides
from projections.thread.state import ThreadState
from workers.exporters.fact_of_event import ExportedAs, Exports, person

AnchorEvent = AnchorOpened | AnchorReworded | AnchorClosed | AnchorReopened

_REVERSIBLE: Final = 2
"""First version of decisions that can be reversed."""


_BY_AUTHORS: Final = (
    CommentPosted,
    CommentEdited,
    CommentWithdrawn,
    CommentRestored,
    RemovalRequested,
    RemovalCancelled,
    StatementTold,
    AppealFiled,
)
"""Events of a comment that its author makes, also where an import named another one first."""


class FactsOfThread:
    """Facts of a thread, whose events are given in order. `state` is the thread after all of them."""

    def __init__(self, state: ThreadState) -> None:
        self._state = state
        self._redacted = frozenset(state.redacted)
        self._authors: dict[str, str] = {}
        self.anchors: dict[str, AnchoredFact] = {}
        """The inline questions as they are so far."""
        self.appeals: set[str] = set()
        """Positions of decisions on appeals."""

    def of(self, recorded: Recorded) -> Fact | None:
        """The fact of the next event; None if it is left out."""
        event = recorded.event
        if isinstance(event, CommentPosted):
            self._authors[event.comment] = recorded.envelope.actor.id
        if isinstance(event, AppealDecided):
            self.appeals.add(str(recorded.position))
        return THREAD_FACTS.fact(self, recorded, thread=self._state.id, by=self._who(recorded))

    def is_redacted(self, event: Written) -> bool:
        """True if the text of an event was destroyed."""
        return (event.comment, event.revision) in self._redacted

    def batch(self, recorded: Recorded) -> str | None:
        """The batch of a decision, where its reversal may name it."""
        return recorded.envelope.batch if recorded.envelope.v >= _REVERSIBLE else None

    def anchor(self, event: AnchorEvent) -> AnchoredFact:
        """The inline question after an event."""
        before = self.anchors.get(event.anchor) or AnchoredFact(at="", anchor=event.anchor)
        match event:
            case AnchorOpened() | AnchorReworded():
                words = {"exact": event.exact or "", "prefix": event.prefix, "suffix": event.suffix}
                is_closed = before.closed and not isinstance(event, AnchorOpened)
                after = replace(before, **words, prompt=event.prompt, closed=is_closed)
            case AnchorClosed() | AnchorReopened():
                after = replace(before, closed=isinstance(event, AnchorClosed))
        self.anchors[event.anchor] = after
        return after

    def _who(self, recorded: Recorded) -> ImportedPerson | None:
        """The person who acted: of an author, the one that the comment has now, and what the event says of them."""
        found, event = person(recorded.envelope.actor), recorded.event
        name = recorded.envelope.comment
        is_own = isinstance(event, _BY_AUTHORS)
        if found is not None and name is not None and is_own and found.id == self._authors.get(name):
            author = self._state.rows[name].author
            found = replace(found, id=author.id, kind=author.kind)
        if found is not None and isinstance(event, Written):
            found = replace(found, name=event.name)
            if isinstance(event, CommentPosted):
                found = replace(found, avatar=event.avatar, badges=event.badges)
        return found


def _posted(known: FactsOfThread, _: Recorded, event: CommentPosted) -> dict[str, Any]:
    is_cut = event.answered is not None and event.parent != event.answered
    return {
        "origin": event.comment,
        "parent": event.answered or event.parent,
        "parent_revision": event.answered_revision or FIRST,
        "depth": event.depth if is_cut else None,
        **_text(known, event),
    }


def _edited(known: FactsOfThread, _: Recorded, event: CommentEdited) -> dict[str, Any]:
    return {"reason": None if known.is_redacted(event) else event.reason, **_text(known, event)}


def _text(known: FactsOfThread, event: Written) -> dict[str, Any]:
    """The text of an event, and the rule that judged it."""
    is_gone = known.is_redacted(event)
    waits = event.rule == IMPORT
    rule = None
    if event.rule is not None and not waits:
        # What the rule tells the author is no word of theirs.
        rule = ImportedRule(name=event.rule, rejected=event.rejected, list=event.list, tells=event.tells)
        if not is_gone:
            rule = replace(rule, match=event.match, spans=event.spans)
    fields: dict[str, Any] = {"waits": waits, "rule": rule}
    return fields | {"body": None, "original": None} if is_gone else fields


def _decided(known: FactsOfThread, recorded: Recorded, event: Ruled) -> dict[str, Any]:
    return {"verdict": VERDICTS[type(event)], "batch": known.batch(recorded)}


def _told(known: FactsOfThread, _: Recorded, event: StatementTold) -> dict[str, Any]:
    return {"what": "appeal" if event.decision in known.appeals else "decision", "how": event.by, **_revision(event)}


def _on_revision(_: FactsOfThread, __: Recorded, event: AppealFiled | AppealDecided) -> dict[str, Any]:
    return _revision(event)


def _revision(event: StatementTold | AppealFiled | AppealDecided) -> dict[str, Any]:
    return {"revision": event.revision or FIRST}


def _anchored(known: FactsOfThread, _: Recorded, event: AnchorEvent) -> dict[str, Any]:
    after = known.anchor(event)
    fields = ("exact", "prefix", "suffix", "prompt", "closed")
    return {name: getattr(after, name) for name in fields}


def _titled(_: FactsOfThread, __: Recorded, event: ThreadOpened | ThreadRetitled) -> dict[str, Any]:
    return {"url": event.url or "", "title": event.title or ""}


def _overridden(_: FactsOfThread, __: Recorded, event: PolicyOverridden) -> dict[str, Any]:
    given: dict[str, Any] = event.overrides.given()
    return {"policy": Overrides(**{name: given[name] for name in Overrides.__struct_fields__ if name in given})}


def _tallied(_: FactsOfThread, __: Recorded, event: VotesBrought) -> dict[str, Any]:
    return {"up": None, "down": None, "score": event.up - event.down} if event.score else {"score": None}


def _stated(**fields: Any) -> Callable[[FactsOfThread, Recorded, Any], dict[str, Any]]:
    """Fields that are the same in each fact of this kind."""
    return lambda _, __, ___: fields


def _reversed(_: FactsOfThread, __: Recorded, event: DecisionReversed | VoteRestored) -> dict[str, Any]:
    return {"batch": event.reverses}


THREAD_FACTS: Final = Exports(
    {
        ThreadOpened: ExportedAs(OpenedFact, _titled),
        ThreadRetitled: ExportedAs(RetitledFact, _titled),
        ThreadLabelled: ExportedAs(LabelledFact),
        ThreadClosed: ExportedAs(ClosedFact, _stated(status="closed")),
        ThreadArchived: ExportedAs(ClosedFact, _stated(status="archived")),
        ThreadReopened: ExportedAs(ReopenedFact),
        PolicyOverridden: ExportedAs(OverriddenFact, _overridden),
        **dict.fromkeys(
            (AnchorOpened, AnchorReworded, AnchorClosed, AnchorReopened), ExportedAs(AnchoredFact, _anchored)
        ),
        CommentPosted: ExportedAs(PostedFact, _posted),
        CommentEdited: ExportedAs(EditedFact, _edited),
        CommentWithdrawn: ExportedAs(WithdrawnFact),
        CommentRestored: ExportedAs(RestoredFact),
        **dict.fromkeys((CommentHeld, CommentApproved, CommentRejected), ExportedAs(DecidedFact, _decided)),
        CommentScreened: ExportedAs(ScreenedFact),
        DecisionReversed: ExportedAs(ReversedFact, _reversed),
        RevisionRedacted: ExportedAs(RedactedFact),
        RemovalRequested: ExportedAs(RemovalAskedFact),
        RemovalCancelled: ExportedAs(RemovalEndedFact),
        RemovalRefused: ExportedAs(RemovalEndedFact, _stated(refused=True)),
        StatementTold: ExportedAs(ToldFact, _told),
        AppealFiled: ExportedAs(AppealedFact, _on_revision),
        AppealDecided: ExportedAs(AppealDecidedFact, _on_revision),
        NoticeFiled: ExportedAs(NoticedFact, lambda _, __, event: {"filer": event.by}),
        CommentFeatured: ExportedAs(FeaturedFact),
        CommentUnfeatured: ExportedAs(UnfeaturedFact),
        CommentPinned: ExportedAs(PinnedFact),
        CommentUnpinned: ExportedAs(UnpinnedFact),
        VoteCast: ExportedAs(VotedFact),
        VoteRetracted: ExportedAs(RetractedFact),
        VoteVoided: ExportedAs(VoidedFact, lambda _, recorded, __: {"batch": recorded.envelope.batch or ""}),
        VoteRestored: ExportedAs(UnvoidedFact, _reversed),
        VotesBrought: ExportedAs(TalliedFact, _tallied),
        ReportFiled: ExportedAs(ReportedFact),
    }
)
"""Events of a thread, each with its kind of fact."""
