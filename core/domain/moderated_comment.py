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
from core.events.envelope import Recorded
from core.events.types import (
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    RevisionRedacted,
)
from core.position import Position

VerdictStatus = Literal["published", "pending", "rejected"]
Status = Literal["published", "pending", "rejected", "withdrawn"]
Verdict = Literal["approve", "hold", "reject"]
Ruled = CommentApproved | CommentHeld | CommentRejected
Written = CommentPosted | CommentEdited

STATUS_BY: Final[dict[Verdict, VerdictStatus]] = {"approve": "published", "hold": "pending", "reject": "rejected"}
"""Status of a text after a verdict."""

_VERDICTS: Final[dict[type[Ruled], Verdict]] = {
    CommentApproved: "approve",
    CommentHeld: "hold",
    CommentRejected: "reject",
}


class CommentAuthor(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Author of a comment, as stated by the token of the posting request."""

    id: str
    kind: ActorKind = "member"
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A verdict on a text after the text was written. `reason` is for author and staff, `note` for staff only."""

    verdict: Verdict
    by: str
    kind: ActorKind = "staff"
    """Kind of the deciding actor: `staff`, or `system` for a rule."""
    reason: str | None = None
    note: str | None = None
    at: int
    """Time of the decision, in milliseconds since 1970."""
    position: Position


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
    """The rule that held the text when it was written; kept after a decision."""
    match: str | None = None
    guarded: bool = False
    """Set if the comment was under review when the text was written, so that any edit waits."""
    seen: bool = True
    """Set if readers ever saw the text."""
    decision: Decision | None = None
    """The last verdict on the text, if any was given after it was written."""
    redacted: Position | None = None
    """Position of the redaction."""

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
        """True if a moderator held or rejected the text and none has approved it since."""
        return self.decision is not None and self.decision.verdict != "approve"

    @property
    def judged(self) -> Position:
        """Position of the event that set the status; a waiting text has waited since then."""
        return self.position if self.decision is None else self.decision.position

    def without_words(self, redacted: Position) -> Self:
        """Copy of the text without the author's words. The text's existence stays visible."""
        return replace(self, body=None, match=None, reason=None, redacted=redacted)


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
        latest = self.texts[self.latest]
        return (
            self.verdict_status != "published"
            or latest.turned_down
            # Otherwise an author could publish by editing twice: the second edit replaces the first, held one.
            or (latest.guarded and latest.verdict_status == "pending")
        )

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
            case RevisionRedacted():
                self._put(event.revision, self.texts[event.revision].without_words(recorded.position))
            case CommentFeatured():
                self.featured = True
            case CommentUnfeatured():
                self.featured = False
            case CommentPinned():
                self.pinned = True
            case CommentUnpinned():
                self.pinned = False
            case _:
                pass

    def _edit(self, event: CommentEdited, recorded: Recorded) -> None:
        name = None if event.name == self.author.name else event.name
        guarded = event.rule is not None and self.under_review
        self._put(event.revision, self.text_of(recorded, event, name=name, guarded=guarded))
        self.latest = event.revision
        if event.rule is None:
            self.verdict_status, self.standing = "published", event.revision
        elif self.verdict_status == "rejected":
            self.verdict_status = "pending"
        self._show()

    def _rule(self, event: Ruled, recorded: Recorded) -> None:
        verdict, actor = _VERDICTS[type(event)], recorded.envelope.actor
        self.verdict_status = self.status_after(verdict, event.revision)
        decision = Decision(
            verdict=verdict,
            by=actor.id,
            kind=actor.kind,
            reason=event.reason,
            note=event.note,
            at=recorded.occurred_at,
            position=recorded.position,
        )
        self._put(event.revision, replace(self.texts[event.revision], decision=decision))

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
