"""The state of a comment that decider and projection share: texts, verdicts, withdrawal and flags.

Implements the state machine of the contract ("Moderation, exactly"). Withdrawal is independent of the verdicts: a
withdrawn comment keeps the status that applies after a restoration, and verdicts still change that status.

The decider extends the state in `core.domain.comment`, the projection in `projections.thread.state`. The projection
stores it: the order of the fields and their defaults are a storage format.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, Literal, Self

from msgspec import Struct, field
from msgspec.structs import replace

from core.caller import ActorKind
from core.domain.decision import STATUS_BY, BatchItem, Decision, Replaced, Verdict, VerdictStatus, with_item
from core.domain.filed_notice import FiledNotice, NoticeOutcome
from core.domain.rules.premoderation import UNDER_REVIEW
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
    Span,
)
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import AuthorReassigned, VotesBrought
from core.events.report_events import NoticeFiled
from core.events.screening import SCREENING, SCREENING_FAILED
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.position import Position

Status = Literal["published", "pending", "rejected", "withdrawn"]
Ruled = CommentApproved | CommentHeld | CommentRejected
Written = CommentPosted | CommentEdited

ScreeningHold = Literal["unanswered", "held", "failed"]
"""A text that waits for the screener's answer; one that the screener held; one that it gave no answer about."""

_SCREENING_HOLDS: Final[dict[str, ScreeningHold]] = {SCREENING: "held", SCREENING_FAILED: "failed"}

VERDICTS: Final[dict[type[Ruled], Verdict]] = {
    CommentApproved: "approve",
    CommentHeld: "hold",
    CommentRejected: "reject",
}
"""Verdict by the type of its event."""


_REVERSIBLE: Final = 2
"""First version of decisions of which is kept what they replaced: so rows that were stored before stay right."""

_ACTS: Final = (
    CommentEdited,
    CommentWithdrawn,
    CommentRestored,
    *VERDICTS,
    DecisionReversed,
    RevisionRedacted,
    CommentFeatured,
    CommentUnfeatured,
)
"""Events after which the decision before them is not reversed. A pin is not one: it is a fact of the thread."""


class CommentAuthor(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Author of a comment, as stated by the token of the posting request."""

    id: str
    kind: ActorKind = "member"
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()


class Revision(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One text of a comment."""

    body: str | None = None
    """None if redacted, or if only `digest` is kept; `match` and `reason` are then None too."""
    occurred: int | None = None
    """Time of writing, in milliseconds since 1970; set only if it differs from the recording time. See `at`."""
    position: Position
    """Position of the event that added the text."""
    name: str | None = None
    """The author's name at that time; set only if it differs from the name at posting."""
    reason: str | None = None
    """Reason of the edit, in the author's words."""
    rule: str | None = None
    """The rule that held or rejected the text when it was written; kept after a decision."""
    match: str | None = None
    spans: tuple[Span, ...] = ()
    """Places of the match in the text; empty if they are to be found by the match."""
    tells: str | None = None
    """Words of the rule for the author."""
    guarded: bool = False
    """Set if the comment was under review when the text was written, so that any edit waits."""
    seen: bool = True
    """Set if readers ever saw the text."""
    decision: Decision | None = None
    """The last verdict on the text, if any was given after it was written."""
    redacted: Position | None = None
    """Position of the redaction."""
    removal: Position | None = None
    """Position of the author's request that the text be removed, while it is open."""

    @property
    def at(self) -> int:
        """Time of writing, in milliseconds since 1970 (original time if imported)."""
        return self.position.ms if self.occurred is None else self.occurred

    @property
    def verdict_status(self) -> VerdictStatus:
        """Status by the last verdict, of a rule or of staff. A superseded or redacted text keeps it."""
        if self.decision is None:
            return "published" if self.rule is None else "pending"
        return STATUS_BY[self.decision.verdict]

    @property
    def turned_down(self) -> bool:
        """True if a moderator held or rejected the text and none has approved it since.

        A rejection as the text was written is that of a rule.
        """
        decision = self.decision
        return decision is not None and decision.verdict != "approve" and decision.position != self.position

    @property
    def awaits_screening(self) -> bool:
        """True if nothing but the screener's answer holds the text."""
        return self.rule == SCREENING and self.decision is None

    @property
    def held_by_screening(self) -> ScreeningHold | None:
        """The state of a hold by the screener; None if something else holds the text."""
        if self.awaits_screening:
            return "unanswered"
        rule = None if self.decision is None else self.decision.rule
        return _SCREENING_HOLDS.get(rule or "")

    @property
    def held_by_rule(self) -> str | None:
        """The rule that holds the text, or held it: when it was written, or since then for what others did."""
        decision = self.decision
        if decision is not None and decision.automated and decision.rule is not None:
            return decision.rule
        return self.rule

    @property
    def judged(self) -> Position:
        """Position of the event that set the status; a waiting text has waited since then."""
        return self.position if self.decision is None else self.decision.position

    def without_words(self, redacted: Position) -> Self:
        """Copy of the text without the author's words. The text's existence stays visible."""
        return replace(self, body=None, match=None, spans=(), tells=None, reason=None, redacted=redacted, removal=None)


class ModeratedComment(Struct, kw_only=True, omit_defaults=True, gc=False):
    """A posted comment. A comment published as posted has the defaults, which are not stored."""

    id: str
    posted: Position
    """Position of posting; comments are ordered by `posted.n`."""
    at: int | None = None
    """Original time, in milliseconds since 1970; set only if it differs from the recording time. See `posted_at`."""
    parent: str | None = None
    """The comment above this one in the tree."""
    depth: int = 0
    answered: str | None = None
    """The comment that this one replies to; differs from `parent` if the depth was cut."""
    answered_revision: int | None = None
    anchor: str | None = None
    author: CommentAuthor
    entitlement: str | None = None
    """The entitlement that permitted the comment, if the policy required one."""
    texts: Mapping[int, Revision]
    """Texts by revision, oldest first."""
    latest: int = 1
    batches: Mapping[str, BatchItem] = {}
    """The decisions of the last batches on the comment, by batch, oldest first."""
    replaced: Replaced | None = None
    """The part that the last decision replaced; None after the next act on the comment, and if it had no batch."""
    notices: Mapping[str, FiledNotice] = {}
    """The notices about the comment by reference, oldest first."""
    tally: tuple[int, int] | None = None
    """Up and down votes that an import brought without their voters; None if there are none."""
    standing: int | None = 1
    """The revision that readers saw last, kept through a take-down; None if none ever stood."""
    verdict_status: VerdictStatus = field(default="published", name="verdict")
    """The status while the comment is not withdrawn."""
    withdrawn: bool = False
    featured: bool = False
    pinned: bool = False
    """Set if the comment is the thread's pinned one. Unknown to deciders: they read `core.domain.thread.Thread`."""

    @property
    def posted_at(self) -> int:
        """Time of posting, in milliseconds since 1970 (original time if imported)."""
        return self.posted.ms if self.at is None else self.at

    @property
    def status(self) -> Status:
        """The status as served."""
        return "withdrawn" if self.withdrawn else self.verdict_status

    @property
    def published(self) -> bool:
        """True if readers see the comment."""
        return self.verdict_status == "published" and not self.withdrawn

    @property
    def under_review(self) -> bool:
        """True if moderators have not approved the comment or its latest text. Every edit is then held."""
        if self.awaits_screening:
            return False  # the edit is screened in place of the text that waits
        latest = self.texts[self.latest]
        return (
            self.verdict_status != "published"
            or latest.turned_down
            # Otherwise an author could publish by editing twice: the second edit replaces the first, held one.
            or (latest.guarded and latest.verdict_status == "pending")
        )

    @property
    def awaits_screening(self) -> bool:
        """True if nothing but the screener's answer about the latest text is missing until that is published."""
        stands = self.standing is None or self.texts[self.standing].verdict_status == "published"
        return stands and self.texts[self.latest].awaits_screening

    @property
    def open_notices(self) -> int:
        """Number of notices that no decision has closed."""
        return sum(notice.outcome is None for notice in self.notices.values())

    def status_after(self, verdict: Verdict, number: int) -> VerdictStatus:
        """The status after a verdict on the standing or the latest revision, independent of a withdrawal.

        If the standing revision is taken down, so is the comment, without a fall-back to an older text. The comment is
        pending while a later text waits. Holding or rejecting a later revision leaves a published comment published.
        """
        if verdict == "approve":
            return "published"
        if number != self.standing:
            return self.verdict_status if self.verdict_status == "published" else STATUS_BY[verdict]
        waits = self.latest != number and self.texts[self.latest].verdict_status == "pending"
        return "pending" if waits else STATUS_BY[verdict]

    @staticmethod
    def rejection_of(recorded: Recorded, event: Written) -> Decision | None:
        """The rejection of a text by a rule as it was written; None if no rule rejected it."""
        if not event.rejected or event.rule is None:
            return None
        return Decision(
            verdict="reject",
            by=event.rule,
            kind="system",
            reason=event.tells,
            rule=event.rule,
            at=recorded.occurred_at,
            position=recorded.position,
        )

    @classmethod
    def text_of(
        cls, recorded: Recorded, event: Written, *, name: str | None = None, guarded: bool = False, seen: bool = False
    ) -> Revision:
        """Build the text that an event adds, in the form that this class keeps."""
        raise NotImplementedError

    @classmethod
    def post(cls, recorded: Recorded, event: CommentPosted) -> Self:
        """Build the comment of a posting event."""
        text = cls.text_of(recorded, event, seen=event.rule is None)
        actor = recorded.envelope.actor
        return cls(
            id=event.comment,
            posted=recorded.position,
            at=recorded.envelope.at,
            parent=event.parent,
            depth=event.depth,
            answered=event.answered,
            answered_revision=event.answered_revision,
            anchor=event.anchor,
            author=CommentAuthor(
                id=actor.id, kind=actor.kind, name=event.name, avatar=event.avatar, badges=event.badges
            ),
            entitlement=event.entitlement,
            texts={event.revision: text},
            standing=event.revision if text.seen else None,
            verdict_status=text.verdict_status,
        )

    def apply(self, recorded: Recorded) -> None:
        """Apply a later event of the comment in place. An event of another kind changes nothing."""
        event = recorded.event
        replaced = self.replaced
        if isinstance(event, _ACTS):
            self.replaced = None
        match event:
            case CommentEdited():
                self._edit(event, recorded)
            case CommentWithdrawn():
                self.withdrawn = True
            case CommentRestored():
                self.withdrawn = False
                self._show()
            case CommentApproved():
                self._rule(event, recorded)
                self.standing = event.revision
                self._show()
            case CommentHeld() | CommentRejected():
                self._rule(event, recorded)
            case CommentScreened(verdict="approve"):
                self._pass(event.revision)
            case DecisionReversed():
                self._reverse(event, replaced, recorded.position)
            case RevisionRedacted():
                self._put(event.revision, self.texts[event.revision].without_words(recorded.position))
            case RemovalRequested() | RemovalCancelled() | RemovalRefused():
                asked = recorded.position if isinstance(event, RemovalRequested) else None
                self._put(event.revision, replace(self.texts[event.revision], removal=asked))
            case StatementTold() | AppealFiled() | AppealDecided():
                self._state(event, recorded)
            case _:
                self._mark(event, recorded)

    def _mark(self, event: Event, recorded: Recorded) -> None:
        match event:
            case NoticeFiled():
                notice = FiledNotice(
                    filed=recorded.position,
                    at=recorded.occurred_at,
                    revision=event.revision,
                    flagger=event.flagger,
                    own=event.by == "staff",
                )
                self.notices = {**self.notices, event.reference: notice}
            case CommentFeatured() | CommentUnfeatured():
                self.featured = isinstance(event, CommentFeatured)
            case CommentPinned() | CommentUnpinned():
                self.pinned = isinstance(event, CommentPinned)
            case VotesBrought():
                self.tally = event.up, event.down
            case AuthorReassigned():
                self.author = replace(self.author, id=event.author, kind=event.kind)
            case _:
                pass

    def _state(self, event: StatementTold | AppealFiled | AppealDecided, recorded: Recorded) -> None:
        revision = event.revision or 0
        decision = self.texts[revision].decision
        if decision is None:
            raise ValueError("there is no such decision")
        self._put(revision, replace(self.texts[revision], decision=decision.with_statement(recorded, event)))

    def _edit(self, event: CommentEdited, recorded: Recorded) -> None:
        name = None if event.name == self.author.name else event.name
        guarded = event.rule is not None and self.under_review
        self._put(event.revision, self.text_of(recorded, event, name=name, guarded=guarded))
        self.latest = event.revision
        if event.rule is None:
            self.verdict_status, self.standing = "published", event.revision
        elif event.rejected:
            self.verdict_status = self.status_after("reject", event.revision)
        elif self.verdict_status == "rejected":
            self.verdict_status = "pending"
        self._show()

    def _pass(self, revision: int) -> None:
        """Publish a revision that waits for the screener alone. Under review, it waits for a moderator."""
        if revision != self.latest or not self.texts[revision].awaits_screening:
            return
        text = self.texts[revision]
        if not self.awaits_screening:
            self._put(revision, replace(text, rule=UNDER_REVIEW))
            return
        # As if nothing had held it: what it waited for is over.
        self._put(revision, replace(text, rule=None))
        self.replaced = None
        self.verdict_status, self.standing = "published", revision
        self._show()

    def _rule(self, event: Ruled, recorded: Recorded) -> None:
        verdict, actor = VERDICTS[type(event)], recorded.envelope.actor
        batch = recorded.envelope.batch
        notice = None if isinstance(event, CommentHeld) else event.notice
        if batch is not None and recorded.envelope.v >= _REVERSIBLE:
            self._keep(event.revision, batch, recorded.position, notice)
        if notice is not None and verdict != "hold":
            self._set_outcome(notice, NoticeOutcome(verdict=verdict, ground=event.ground, at=recorded.occurred_at))
        self.verdict_status = self.status_after(verdict, event.revision)
        before = self.texts[event.revision].decision
        appeal = None if before is None else before.appeal
        decision = Decision(
            verdict=verdict,
            by=actor.id,
            kind=actor.kind,
            reason=event.reason,
            note=event.note,
            code=event.code,
            ground=event.ground,
            spam=isinstance(event, CommentRejected) and event.spam,
            rule=None if isinstance(event, CommentApproved) else event.rule,
            at=recorded.occurred_at,
            position=recorded.position,
            # A decision by the first moderator does not end an appeal.
            appeal=appeal if appeal is not None and appeal.is_open else None,
        )
        self._put(event.revision, replace(self.texts[event.revision], decision=decision))

    def _set_outcome(self, reference: str, outcome: NoticeOutcome | None) -> None:
        self.notices = {**self.notices, reference: replace(self.notices[reference], outcome=outcome)}

    def _keep(self, revision: int, batch: str, position: Position, notice: str | None) -> None:
        """Keep what a decision at `position` is about to replace."""
        self.replaced = Replaced(
            batch=batch,
            revision=revision,
            standing=self.standing,
            verdict_status=self.verdict_status,
            decision=self.texts[revision].decision,
            notice=notice,
        )
        self.batches = with_item(self.batches, batch, position)

    def _reverse(self, event: DecisionReversed, replaced: Replaced | None, position: Position) -> None:
        if replaced is None or (replaced.batch, replaced.revision) != (event.reverses, event.revision):
            raise ValueError("there is no such decision to reverse")
        self.verdict_status, self.standing = replaced.verdict_status, replaced.standing
        self._put(event.revision, replace(self.texts[event.revision], decision=replaced.decision))
        if replaced.notice is not None:
            self._set_outcome(replaced.notice, None)
        item = replace(self.batches[event.reverses], reversed=position)
        self.batches = {**self.batches, event.reverses: item}
        self._show()

    def _show(self) -> None:
        """Mark the standing text as seen if readers see the comment now."""
        if self.published and self.standing is not None and not self.texts[self.standing].seen:
            self._put(self.standing, replace(self.texts[self.standing], seen=True))

    def _put(self, number: int, text: Revision) -> None:
        # A new mapping: a copy of the comment shares the one before.
        self.texts = {**self.texts, number: text}


_READ: Final = ModeratedComment.__struct_fields__[ModeratedComment.__struct_fields__.index("standing") :]

shown: Final[Callable[[ModeratedComment], Any]] = attrgetter(*_READ)
"""The fields of a published comment whose change readers see: `standing` and all that follow it, as a tuple."""
