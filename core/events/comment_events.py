"""Events of a comment: its texts, decisions on them, removal, pick and pin."""

from typing import Any, ClassVar, Literal

from core.events.event import FIRST, Event
from core.events.facts import Facts
from core.events.screening import ScreeningTime, ScreeningVerdict
from core.policy import Ground

Span = tuple[int, int]
"""A run of numbers, the end exclusive: of code points in a text, or of revisions."""


Basis = Literal["rule", "report", "notice", "own"]
"""Basis of a decision: a rule that held or rejected the text, open reports, the notice that the decision names, or none
of these."""


class CommentPosted(Event, frozen=True, kw_only=True, tag="comment.posted", omit_defaults=True):
    """A comment was posted. `rule` is the rule that held the comment at once; None means that readers see it.

    If it is `rejected`, the rule rejected the comment. `tells` are the words for the author, `match` and `spans` the
    part of the text that matched, in code points, and `list` is the word list that had it. `facts` are those beyond the
    text that the rules asked for. `screening` says that the screener is to be asked about the text.

    `parent` is the comment that this one is placed under, `answered` the comment that it replies to. They differ where
    the depth was limited. `entitlement` is the one that allowed the comment, if the policy requires one.

    `origin` is the id of the comment in the system from which an import brought it. `original` is the text as that
    system had it, where Markdown does not have its formatting. With `unknown`, only the
    existence of the text is known.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset(
        {"body", "name", "avatar", "badges", "match", "spans", "tells", "original"}
    )
    PROFILE: ClassVar[frozenset[str]] = frozenset({"name", "avatar", "badges"})
    comment: str
    revision: int = FIRST
    parent: str | None = None
    depth: int = 0
    answered: str | None = None
    answered_revision: int | None = None
    anchor: str | None = None
    entitlement: str | None = None
    rule: str | None = None
    rejected: bool = False
    list: str | None = None
    facts: Facts | None = None
    screening: ScreeningTime | None = None
    origin: str | None = None
    unknown: bool = False
    body: str | None = None
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    match: str | None = None
    spans: tuple[Span, ...] = ()
    tells: str | None = None
    original: str | None = None

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored: the content says that the text is unknown, so that none is missing."""
        return super().stored(_with_unknown_body(facts))


class CommentEdited(Event, frozen=True, kw_only=True, tag="comment.edited", omit_defaults=True):
    """The author wrote a new revision. `rule` is the rule that held the revision at once; None means that it stands.

    `name` is left out if it is the one at posting. `grace` says that the edit was within the policy's grace: the text
    that it replaces is in no public history, unless the comment was acted on before. The other fields are as of
    `CommentPosted`.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"body", "name", "reason", "match", "spans", "tells", "original"})
    PROFILE: ClassVar[frozenset[str]] = frozenset({"name"})
    comment: str
    revision: int
    entitlement: str | None = None
    rule: str | None = None
    grace: bool = False
    rejected: bool = False
    list: str | None = None
    facts: Facts | None = None
    screening: ScreeningTime | None = None
    unknown: bool = False
    body: str | None = None
    name: str | None = None
    reason: str | None = None
    match: str | None = None
    spans: tuple[Span, ...] = ()
    tells: str | None = None
    original: str | None = None

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored, as of `CommentPosted`."""
        return super().stored(_with_unknown_body(facts))


class CommentWithdrawn(Event, frozen=True, kw_only=True, tag="comment.withdrawn", omit_defaults=True):
    """The author withdrew the comment."""

    comment: str


class CommentRestored(Event, frozen=True, kw_only=True, tag="comment.restored", omit_defaults=True):
    """The author undid the withdrawal: the comment has the status again that it would have had."""

    comment: str


class CommentHeld(Event, frozen=True, kw_only=True, tag="comment.held", omit_defaults=True):
    """A moderator held a revision: it waits. `code` is one of the policy's reasons at that time.

    `rule` is the rule that held it instead of a moderator, for what others did, such as reports. Earlier versions have
    no `basis`, and are read as if it were `own`.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    rule: str | None = None
    reason: str | None = None
    note: str | None = None


class CommentApproved(Event, frozen=True, kw_only=True, tag="comment.approved", omit_defaults=True):
    """A moderator approved a revision: it stands and the comment is published. Open reports are dismissed.

    `code` is one of the policy's reasons at that time. `notice` is the reference of the notice that this closes.
    `basis` is as of `CommentHeld`.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    notice: str | None = None
    reason: str | None = None
    note: str | None = None


class CommentRejected(Event, frozen=True, kw_only=True, tag="comment.rejected", omit_defaults=True):
    """A moderator rejected a revision. Open reports are upheld.

    `code` is one of the policy's reasons at that time. With `spam` there is no reason, and the author is told none.
    `rule` and `basis` are as of `CommentHeld`. `notice` is the reference of the notice that this closes.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    spam: bool = False
    rule: str | None = None
    notice: str | None = None
    reason: str | None = None
    note: str | None = None


class CommentScreened(Event, frozen=True, kw_only=True, tag="comment.screened", omit_defaults=True):
    """The screener was asked about a revision, and gave this verdict; or it `failed`, and the policy gives it.

    An approval publishes a revision that waits for the screener alone. A hold or a rejection that changes something is
    an event of its own beside this one. `shape` is the protocol that the screener was asked by. `note` is for staff.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"note"})
    comment: str
    revision: int = FIRST
    verdict: ScreeningVerdict
    shape: str | None = None
    failed: str | None = None
    note: str | None = None


class DecisionReversed(Event, frozen=True, kw_only=True, tag="decision.reversed", omit_defaults=True):
    """The last decision on the comment was undone exactly: what it replaced is so again, open reports included.

    `revision` is the one that it was about, `reverses` the id of its batch.
    """

    comment: str
    revision: int
    reverses: str


class RevisionRedacted(Event, frozen=True, kw_only=True, tag="revision.redacted", omit_defaults=True):
    """The text of a revision was destroyed. The fact that it existed remains."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str
    revision: int
    reason: str | None = None


class RemovalRequested(Event, frozen=True, kw_only=True, tag="removal.requested", omit_defaults=True):
    """The author asked that a superseded text be removed: until that ends, only the author and staff find it."""

    comment: str
    revision: int


class RemovalCancelled(Event, frozen=True, kw_only=True, tag="removal.cancelled", omit_defaults=True):
    """The author took the removal request back."""

    comment: str
    revision: int


class RemovalRefused(Event, frozen=True, kw_only=True, tag="removal.refused", omit_defaults=True):
    """A moderator refused the removal: the text is found again. A redaction grants it."""

    comment: str
    revision: int


class CommentFeatured(Event, frozen=True, kw_only=True, tag="comment.featured", omit_defaults=True):
    """The comment became an editors' pick."""

    comment: str


class CommentUnfeatured(Event, frozen=True, kw_only=True, tag="comment.unfeatured", omit_defaults=True):
    """The comment is no longer an editors' pick."""

    comment: str


class CommentPinned(Event, frozen=True, kw_only=True, tag="comment.pinned", omit_defaults=True):
    """The top-level comment became the thread's pinned one: it comes first on the page. Advances the thread's head."""

    comment: str


class CommentUnpinned(Event, frozen=True, kw_only=True, tag="comment.unpinned", omit_defaults=True):
    """The comment is no longer the thread's pinned one. Advances the thread's head."""

    comment: str


def _with_unknown_body(facts: dict[str, Any]) -> dict[str, Any]:
    # A text that nobody knows is said to be null. Otherwise its absence would be taken for a loss
    # (`core.events.lost_content`).
    return facts | {"body": None} if facts.get("unknown") else facts
