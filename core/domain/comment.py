"""The comment aggregate: the shared state of a comment (`core.domain.moderated_comment`), as deciders need it.

`core.domain.authoring` decides the commands of authors, `core.domain.moderation` those of moderators. Only digests of
the texts are kept: decisions only compare texts for equality.
"""

from collections.abc import Mapping
from copy import copy
from hashlib import blake2b
from typing import Final

from msgspec import field
from msgspec.structs import replace

from core.caller import Caller
from core.domain.decision import Decision
from core.domain.moderated_comment import CommentAuthor, ModeratedComment, Revision, Written
from core.events.comment_events import (
    CommentApproved,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentScreened,
    CommentWithdrawn,
    DecisionReversed,
)
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import IMPORT
from core.events.screening import ScreeningTime, ScreeningVerdict
from core.position import START, Position
from core.refusals import StaleRevision


class DigestedRevision(Revision, frozen=True, kw_only=True, gc=False):
    """One text of a comment, by its digest."""

    digest: bytes
    """Digest of the body; empty if the body was destroyed."""
    screening: ScreeningTime | None = None
    """Set if the screener is to be asked about the text."""
    screened: Position | None = None
    """Position of the event that ended the screening of the text."""
    screener_said: ScreeningVerdict | None = None
    """Verdict of the screener; None if it was not asked, or gave none."""
    imported: bool = False
    """Set if an import brought the text."""

    @property
    def is_unscreened(self) -> bool:
        """True if the screener is to be asked about the text, and staff have not decided about it before."""
        if self.screening is None or self.screened is not None or self.redacted is not None or not self.digest:
            return False
        return self.decision is None or (self.decision.automated and self.decision.verdict != "reject")


class Comment(ModeratedComment, kw_only=True, gc=False):
    """A comment folded from its events. Never changed once folded: `evolve` returns a copy."""

    texts: dict[int, DigestedRevision]
    changed: dict[type[Event], Position] = field(default_factory=dict)
    """Position of the last event by type, without the posting."""
    reports_closed: Position | None = None
    """Position of the last approval or rejection that stands."""
    reports_closed_before: Position | None = None
    """`reports_closed` before the last decision."""
    origin: str | None = None
    """Id of the comment in the system from which an import brought it."""
    brought: Mapping[tuple[type[Event], int], Position] = field(default_factory=dict)
    """Positions of the events that imports brought, by type and time of occurrence in milliseconds since 1970."""
    author_acted: bool = False
    """Set if the author acted on the comment here after it was posted, and no import said so."""
    left: dict[int, Position] = field(default_factory=dict)
    """By revision, the position at which a text left the page last; without the text that is there now."""

    @property
    def exists(self) -> bool:
        """True if the comment was posted."""
        return bool(self.texts)

    @property
    def last(self) -> DigestedRevision:
        """The latest text. The comment must exist."""
        return self.texts[self.latest]

    @property
    def position(self) -> Position:
        """Position of the comment's last event."""
        return max(self.changed.values(), default=self.posted)

    @property
    def has_imported_status(self) -> bool:
        """True unless a decision, a withdrawal or a restoration that no import brought set the status."""
        last = max((self.changed[kind] for kind in _OF_STATUS if kind in self.changed), default=None)
        return last is None or last in self.brought.values()

    @property
    def seen(self) -> bool:
        """True if readers ever saw the comment: its existence is then no secret."""
        return any(text.seen for text in self.texts.values())

    @property
    def waiting(self) -> DigestedRevision | None:
        """The latest text, if it is waiting for a moderator."""
        last = self.last
        waits = last.verdict_status == "pending" and last.redacted is None and not self.withdrawn
        return last if waits else None

    @property
    def unscreened(self) -> tuple[int, ...]:
        """The standing and the latest revision, as far as the screener is to be asked about them."""
        if not self.exists or self.withdrawn:
            return ()
        current = sorted({self.latest, self.standing or self.latest})
        return tuple(number for number in current if self.texts[number].is_unscreened)

    @property
    def holds_edits(self) -> bool:
        """True if every edit is held: under review, or an edit might bring back a redacted text."""
        return self.under_review or any(text.redacted is not None for text in self.texts.values())

    @property
    def decided(self) -> Decision | None:
        """The last decision on any text of the comment, if there is one."""
        decisions = (text.decision for text in self.texts.values() if text.decision is not None)
        return max(decisions, key=lambda one: one.position, default=None)

    @property
    def on_display(self) -> int | None:
        """The revision that readers see now; None if the comment is not published."""
        return self.standing if self.published else None

    @property
    def closed_reports_at(self) -> Position:
        """Position of the last approval or rejection that was not reversed: reports before it are closed."""
        return self.reports_closed or self.posted

    def changed_at(self, *events: type[Event]) -> Position:
        """Position of the last event of these types, or else of the posting."""
        return max((self.changed[event] for event in events if event in self.changed), default=self.posted)

    def revision_meant(self, number: int | None) -> int:
        """The revision that a reader of the published comment refers to; by default the standing one.

        Raises StaleRevision if readers never saw it.
        """
        if number is None and self.standing is not None:
            return self.standing
        if number not in self.texts or not self.texts[number].seen:
            raise StaleRevision(current=self.standing)
        return number

    @classmethod
    def text_of(
        cls, recorded: Recorded, event: Written, *, name: str | None = None, guarded: bool = False, seen: bool = False
    ) -> DigestedRevision:
        """Build the text of an event, without its words."""
        del name
        return DigestedRevision(
            digest=b"" if event.body is None else digest(event.body),
            position=recorded.position,
            rule=event.rule,
            tells=event.tells,
            decision=cls.rejection_of(recorded, event),
            guarded=guarded,
            seen=seen,
            screening=event.screening,
            imported=recorded.envelope.cause == IMPORT,
        )

    def visible_to(self, caller: Caller) -> bool:
        """True if the comment exists for a caller acting on it. That readers once saw the comment is no secret."""
        return self.exists and (caller.sees_all or caller.id == self.author.id or self.seen)

    def readable_by(self, caller: Caller) -> bool:
        """True if the comment exists for a caller reading it."""
        return self.exists and (caller.sees_all or caller.id == self.author.id or self.published)


_OF_STATUS: Final = (CommentApproved, CommentHeld, CommentRejected, DecisionReversed, CommentWithdrawn, CommentRestored)

UNPOSTED: Final = Comment(
    id="", posted=START, author=CommentAuthor(id=""), texts={}, standing=None, verdict_status="pending"
)
"""The comment before its first event."""


def digest(body: str) -> bytes:
    """Digest of a body for comparisons, 16 bytes."""
    return blake2b(body.encode(), digest_size=16).digest()


def evolve(comment: Comment, recorded: Recorded) -> Comment:
    """Return the comment after one more event."""
    event = recorded.event
    if isinstance(event, CommentPosted):
        return _posted(recorded, event)
    comment = copy(comment)
    if comment.exists:  # else the comment was never posted, so there is nothing to change
        shown = comment.on_display
        comment.apply(recorded)
        _note_leaving(comment, shown, recorded.position)
    match event:
        case CommentApproved() | CommentRejected():
            comment.reports_closed_before, comment.reports_closed = comment.reports_closed, recorded.position
        case CommentHeld():
            comment.reports_closed_before = comment.reports_closed
        case DecisionReversed():
            comment.reports_closed = comment.reports_closed_before
        case CommentScreened(revision=revision) if revision in comment.texts:
            said = None if event.failed is not None else event.verdict
            text = replace(comment.texts[revision], screened=recorded.position, screener_said=said)
            comment.texts = {**comment.texts, revision: text}
        case _:
            pass
    comment.changed = {**comment.changed, type(event): recorded.position}
    _note_source(comment, recorded)
    return comment


def _posted(recorded: Recorded, event: CommentPosted) -> Comment:
    comment = Comment.post(recorded, event)
    comment.origin = event.origin
    if recorded.envelope.cause == IMPORT:
        comment.brought = {(CommentPosted, recorded.occurred_at): recorded.position}
    return comment


def _note_source(comment: Comment, recorded: Recorded) -> None:
    """Note whether an import or the author here brought an event."""
    if recorded.envelope.cause == IMPORT:
        key = type(recorded.event), recorded.occurred_at
        comment.brought = {**comment.brought, key: recorded.position}
    elif recorded.envelope.actor.id == comment.author.id:
        comment.author_acted = True


def _note_leaving(comment: Comment, before: int | None, position: Position) -> None:
    """Note the text that left the page with an event, and forget when the one that came there had left it."""
    now = comment.on_display
    if now == before:
        return
    left = {number: at for number, at in comment.left.items() if number != now}
    comment.left = left if before is None else {**left, before: position}
