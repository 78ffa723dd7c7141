"""A comment: its revisions, which of them stands, and what readers see of it.

The state machine of the contract ("Moderation, exactly"). What authors do is decided in `core.domain.authoring`, what
moderators do in `core.domain.moderation`. Withdrawal lies over the status: a withdrawn comment keeps the status that
its restoration brings back, and decisions go on changing it.
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
"""What a verdict makes of a text."""


class Ruling(Struct, frozen=True, kw_only=True, gc=False):
    """A moderator's verdict on one revision. `position` is its event's."""

    verdict: Verdict
    reason: str | None
    note: str | None
    position: Position


class Revision(Struct, frozen=True, kw_only=True, gc=False):
    """One text of a comment, of which only a digest is kept: decisions ask whether two texts are the same."""

    number: int
    text: bytes
    """Digest of the body; empty where the body was destroyed."""
    position: Position
    rule: str | None = None
    """What held it when it was written."""
    guarded: bool = False
    """Whether it was written where an edit waits, whatever it says."""
    seen: bool = False
    """Whether readers ever saw it."""
    ruling: Ruling | None = None
    """The last verdict of a moderator on it."""
    redacted_at: Position | None = None

    @property
    def status(self) -> Status:
        """What the last verdict on it, by rule or staff, made of it."""
        if self.ruling is None:
            return "published" if self.rule is None else "pending"
        return STATUS_BY[self.ruling.verdict]

    @property
    def turned_down(self) -> bool:
        """Whether a moderator held or rejected it, and none approved it since."""
        return self.ruling is not None and self.ruling.verdict != "approve"


class Comment(Struct, frozen=True, kw_only=True, gc=False):
    """A comment as its events tell it; one without revisions was never posted."""

    id: str = ""
    author: str = ""
    name: str | None = None
    """The author's name as it was on the token that posted it."""
    posted_at: int = 0
    """When it was posted, in milliseconds since 1970: that is where an edit window begins."""
    parent: str | None = None
    """Where it hangs."""
    depth: int = 0
    answered: str | None = None
    answered_revision: int | None = None
    anchor: str | None = None
    revisions: tuple[Revision, ...] = ()
    standing: int | None = None
    """The revision that readers see, or saw last; None where they never saw one."""
    status: Status = "pending"
    """Its status, withdrawn or not."""
    withdrawn: bool = False
    turned_at: Position = START
    """The last withdrawal or restoration, or the posting."""
    featured: bool = False
    featured_at: Position = START
    """What made it featured, or not."""
    closed_reports_at: Position = START
    """The last approval or rejection: reports before it are closed."""
    position: Position = START
    """Its last event."""

    @property
    def exists(self) -> bool:
        """Whether it was posted."""
        return bool(self.revisions)

    @property
    def latest(self) -> Revision:
        """Its last text. Of a comment that exists."""
        return self.revisions[-1]

    @property
    def published(self) -> bool:
        """Whether readers see it now."""
        return self.status == "published" and not self.withdrawn

    @property
    def shown_status(self) -> Literal["published", "pending", "rejected", "withdrawn"]:
        """Its status as rows give it."""
        return "withdrawn" if self.withdrawn else self.status

    @property
    def seen(self) -> bool:
        """Whether readers ever saw it: then it is no secret that it was there."""
        return any(revision.seen for revision in self.revisions)

    @property
    def waiting(self) -> Revision | None:
        """The latest text, where it waits for a moderator."""
        latest = self.latest
        waits = latest.status == "pending" and latest.redacted_at is None and not self.withdrawn
        return latest if waits else None

    @property
    def under_review(self) -> bool:
        """Whether moderators have not let the comment, or its last text, stand: an edit waits, whatever it says."""
        latest = self.latest
        return (
            self.status != "published"
            or latest.turned_down
            # Or an author would publish by editing twice: the first edit waits, the second replaces one that waits.
            or (latest.guarded and latest.status == "pending")
        )

    @property
    def holds_edits(self) -> bool:
        """Whether an edit waits, whatever it says: under review, and where it might bring a redacted text back."""
        return self.under_review or any(revision.redacted_at is not None for revision in self.revisions)

    def revision(self, number: int) -> Revision | None:
        """The revision of that number."""
        return self.revisions[number - 1] if 1 <= number <= len(self.revisions) else None

    def revision_meant(self, number: int | None) -> int:
        """The revision that a reader of the published comment means: the standing one, or `number` that they saw.

        Raises StaleRevision.
        """
        if number is None and self.standing is not None:
            return self.standing
        revision = None if number is None else self.revision(number)
        if revision is None or not revision.seen:
            raise StaleRevision(current=self.standing)
        return revision.number

    def status_after(self, verdict: Verdict, number: int) -> Status:
        """The status that a verdict on the standing or the latest revision gives, withdrawn or not.

        Taking the standing one down takes the comment down, with no fall-back to an older text; it is pending while
        a later text waits. A later one leaves a published comment on the page as it is.
        """
        if verdict == "approve":
            return "published"
        if number != self.standing:
            return self.status if self.status == "published" else STATUS_BY[verdict]
        waits = self.latest.number != number and self.latest.status == "pending"
        return "pending" if waits else STATUS_BY[verdict]

    def visible_to(self, caller: Caller) -> bool:
        """Whether the comment exists for this caller, who acts on it: that readers saw it once is no secret."""
        return self.exists and (caller.sees_all or caller.id == self.author or self.seen)

    def readable_by(self, caller: Caller) -> bool:
        """Whether the comment exists for this caller, who reads."""
        return self.exists and (caller.sees_all or caller.id == self.author or self.published)


def digest(body: str) -> bytes:
    """What two equal texts share, 16 bytes."""
    return blake2b(body.encode(), digest_size=16).digest()


def evolve(comment: Comment, recorded: Recorded, digest: Callable[[str], bytes] = digest) -> Comment:
    """The comment after one more of its events. Whoever will not compare texts may give a quicker `digest`."""
    event, position = recorded.event, recorded.position
    if isinstance(event, CommentPosted):
        return _posted(event, recorded, digest)
    comment = replace(comment, position=position)
    if not comment.exists:
        return comment  # about what was never posted: there is nothing that it could change
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
    """The comment with its standing revision marked as seen, where readers see it now."""
    if not comment.published or comment.standing is None:
        return comment
    revision = comment.revisions[comment.standing - 1]
    return comment if revision.seen else _with(comment, replace(revision, seen=True))


def _with(comment: Comment, revision: Revision) -> Comment:
    revisions = list(comment.revisions)
    revisions[revision.number - 1] = revision
    return replace(comment, revisions=tuple(revisions))
