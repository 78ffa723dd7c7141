"""The comment aggregate: revisions, the standing revision, and visibility.

Implements the state machine of the contract ("Moderation, exactly"). `core.domain.authoring` decides the commands of
authors, `core.domain.moderation` those of moderators. Withdrawal is independent of the status: a withdrawn comment
keeps the status that applies after a restoration, and verdicts still change that status.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from core.caller import Caller
from core.events.envelope import Recorded
from core.events.types import (
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentUnfeatured,
    CommentWithdrawn,
    RevisionRedacted,
)
from core.position import START, Position
from core.refusals import StaleRevision

Status = Literal["published", "pending", "rejected"]
Verdict = Literal["approve", "hold", "reject"]

STATUS_BY: Final[dict[Verdict, Status]] = {"approve": "published", "hold": "pending", "reject": "rejected"}
"""Status of a text after a verdict."""


class Ruling(Struct, frozen=True, kw_only=True, gc=False):
    """A moderator's verdict on one revision. `position` is that of the verdict's event."""

    verdict: Verdict
    reason: str | None
    note: str | None
    position: Position


class Revision(Struct, frozen=True, kw_only=True, gc=False):
    """One text of a comment. Only a digest is kept: decisions only compare texts for equality."""

    number: int
    text: bytes
    """Digest of the body; empty if the body was destroyed."""
    position: Position
    rule: str | None = None
    """The rule that held the revision when it was written."""
    guarded: bool = False
    """Set if the revision was held while the comment was under review (every edit is then held)."""
    seen: bool = False
    """Set if readers ever saw the revision."""
    ruling: Ruling | None = None
    """The last verdict of a moderator on the revision."""
    redacted_at: Position | None = None

    @property
    def status(self) -> Status:
        """Status of the revision after its last verdict, by rule or staff."""
        if self.ruling is None:
            return "published" if self.rule is None else "pending"
        return STATUS_BY[self.ruling.verdict]

    @property
    def turned_down(self) -> bool:
        """True if a moderator held or rejected the revision and none has approved it since."""
        return self.ruling is not None and self.ruling.verdict != "approve"


class Comment(Struct, frozen=True, kw_only=True, gc=False):
    """A comment folded from its events. Without revisions it was never posted."""

    id: str = ""
    author: str = ""
    name: str | None = None
    """The author's name from the token that posted the comment."""
    posted_at: int = 0
    """Time of posting in milliseconds since 1970. The edit window begins then."""
    parent: str | None = None
    """The parent in the tree."""
    depth: int = 0
    answered: str | None = None
    answered_revision: int | None = None
    anchor: str | None = None
    revisions: tuple[Revision, ...] = ()
    standing: int | None = None
    """The revision that readers see, or saw last; None if they never saw one."""
    status: Status = "pending"
    """The status, independent of a withdrawal."""
    withdrawn: bool = False
    turned_at: Position = START
    """Position of the last withdrawal or restoration, or else of the posting."""
    featured: bool = False
    featured_at: Position = START
    """Position of the event that last set `featured`."""
    closed_reports_at: Position = START
    """Position of the last approval or rejection: reports before it are closed."""
    position: Position = START
    """Position of the comment's last event."""

    @property
    def exists(self) -> bool:
        """True if the comment was posted."""
        return bool(self.revisions)

    @property
    def latest(self) -> Revision:
        """The last revision. The comment must exist."""
        return self.revisions[-1]

    @property
    def published(self) -> bool:
        """True if readers see the comment now."""
        return self.status == "published" and not self.withdrawn

    @property
    def shown_status(self) -> Literal["published", "pending", "rejected", "withdrawn"]:
        """The status as given in rows."""
        return "withdrawn" if self.withdrawn else self.status

    @property
    def seen(self) -> bool:
        """True if readers ever saw the comment: its existence is then no secret."""
        return any(revision.seen for revision in self.revisions)

    @property
    def waiting(self) -> Revision | None:
        """The latest revision, if it is waiting for a moderator."""
        latest = self.latest
        waits = latest.status == "pending" and latest.redacted_at is None and not self.withdrawn
        return latest if waits else None

    @property
    def under_review(self) -> bool:
        """True if moderators have not approved the comment or its latest text. Every edit is then held."""
        latest = self.latest
        return (
            self.status != "published"
            or latest.turned_down
            # Otherwise an author could publish by editing twice: the second edit replaces the first, held one.
            or (latest.guarded and latest.status == "pending")
        )

    @property
    def holds_edits(self) -> bool:
        """True if every edit is held: under review, or an edit might bring back a redacted text."""
        return self.under_review or any(revision.redacted_at is not None for revision in self.revisions)

    def revision(self, number: int) -> Revision | None:
        """The revision with this number."""
        return self.revisions[number - 1] if 1 <= number <= len(self.revisions) else None

    def revision_meant(self, number: int | None) -> int:
        """The revision that a reader of the published comment refers to; by default the standing one.

        Raises StaleRevision if readers never saw it.
        """
        if number is None and self.standing is not None:
            return self.standing
        revision = None if number is None else self.revision(number)
        if revision is None or not revision.seen:
            raise StaleRevision(current=self.standing)
        return revision.number

    def status_after(self, verdict: Verdict, number: int) -> Status:
        """The status after a verdict on the standing or the latest revision, independent of a withdrawal.

        If the standing revision is taken down, so is the comment, without a fall-back to an older text. The comment is
        pending while a later text waits. Holding or rejecting a later revision leaves a published comment published.
        """
        if verdict == "approve":
            return "published"
        if number != self.standing:
            return self.status if self.status == "published" else STATUS_BY[verdict]
        waits = self.latest.number != number and self.latest.status == "pending"
        return "pending" if waits else STATUS_BY[verdict]

    def visible_to(self, caller: Caller) -> bool:
        """True if the comment exists for a caller acting on it. That readers once saw the comment is no secret."""
        return self.exists and (caller.sees_all or caller.id == self.author or self.seen)

    def readable_by(self, caller: Caller) -> bool:
        """True if the comment exists for a caller reading it."""
        return self.exists and (caller.sees_all or caller.id == self.author or self.published)


def digest(body: str) -> bytes:
    """Digest of a body for comparisons, 16 bytes."""
    return blake2b(body.encode(), digest_size=16).digest()


def evolve(comment: Comment, recorded: Recorded, digest: Callable[[str], bytes] = digest) -> Comment:
    """Apply one event to the comment. A caller that compares no texts may pass a faster `digest`."""
    event, position = recorded.event, recorded.position
    if isinstance(event, CommentPosted):
        return _posted(event, recorded, digest)
    comment = replace(comment, position=position)
    if not comment.exists:
        return comment  # the comment was never posted, so there is nothing to change
    match event:
        case CommentEdited():
            return _edited(comment, event, position, digest)
        case CommentWithdrawn():
            return replace(comment, withdrawn=True, turned_at=position)
        case CommentRestored():
            return _shown(replace(comment, withdrawn=False, turned_at=position))
        case CommentApproved():
            ruled = replace(_ruled(comment, event, "approve"), standing=event.revision)
            return _shown(replace(ruled, closed_reports_at=position))
        case CommentHeld():
            return _ruled(comment, event, "hold")
        case CommentRejected():
            return replace(_ruled(comment, event, "reject"), closed_reports_at=position)
        case RevisionRedacted():
            return _with(comment, replace(comment.revisions[event.revision - 1], redacted_at=position))
        case CommentFeatured():
            return replace(comment, featured=True, featured_at=position)
        case CommentUnfeatured():
            return replace(comment, featured=False, featured_at=position)
        case _:
            return comment


def _posted(event: CommentPosted, recorded: Recorded, digest: Callable[[str], bytes]) -> Comment:
    position = recorded.position
    revision = Revision(
        number=event.revision,
        text=b"" if event.body is None else digest(event.body),
        position=position,
        rule=event.rule,
        seen=event.rule is None,
    )
    return Comment(
        id=event.comment,
        author=recorded.envelope.actor.id,
        name=event.name,
        posted_at=recorded.occurred_at,
        parent=event.parent,
        depth=event.depth,
        answered=event.answered,
        answered_revision=event.answered_revision,
        anchor=event.anchor,
        revisions=(revision,),
        standing=event.revision if event.rule is None else None,
        status=revision.status,
        turned_at=position,
        featured_at=position,
        position=position,
    )


def _edited(comment: Comment, event: CommentEdited, position: Position, digest: Callable[[str], bytes]) -> Comment:
    stands = event.rule is None
    revision = Revision(
        number=event.revision,
        text=b"" if event.body is None else digest(event.body),
        position=position,
        rule=event.rule,
        guarded=not stands and comment.under_review,
    )
    status, standing = comment.status, comment.standing
    if stands:
        status, standing = "published", event.revision
    elif status == "rejected":
        status = "pending"
    return _shown(replace(comment, revisions=(*comment.revisions, revision), status=status, standing=standing))


def _ruled(comment: Comment, event: CommentApproved | CommentHeld | CommentRejected, verdict: Verdict) -> Comment:
    status = comment.status_after(verdict, event.revision)
    ruling = Ruling(verdict=verdict, reason=event.reason, note=event.note, position=comment.position)
    revision = replace(comment.revisions[event.revision - 1], ruling=ruling)
    return replace(_with(comment, revision), status=status)


def _shown(comment: Comment) -> Comment:
    """Mark the standing revision as seen if readers see the comment now."""
    if not comment.published or comment.standing is None:
        return comment
    revision = comment.revisions[comment.standing - 1]
    return comment if revision.seen else _with(comment, replace(revision, seen=True))


def _with(comment: Comment, revision: Revision) -> Comment:
    revisions = list(comment.revisions)
    revisions[revision.number - 1] = revision
    return replace(comment, revisions=tuple(revisions))
