"""Fold of comment events. The state machine of `core.domain.comment` decides standing text and status."""

from typing import Final

from msgspec.structs import replace

from core.domain import comment as machine
from core.domain.comment import Verdict
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
from core.position import Position
from projections.thread.effects import UNSEEN, ChangeListener, Effects
from projections.thread.state import AuthorState, CommentState, Decision, Text, ThreadState
from projections.thread.visibility import NOWHERE, Visibility, update_visibility

Ruled = CommentHeld | CommentApproved | CommentRejected

_UNPOSTED: Final = machine.Comment()
_VERDICTS: Final[dict[type[Ruled], Verdict]] = {
    CommentApproved: "approve",
    CommentHeld: "hold",
    CommentRejected: "reject",
}


def post(thread: ThreadState, recorded: Recorded, event: CommentPosted, watch: ChangeListener) -> Effects:
    """Add a new comment to the thread."""
    if event.comment in thread.rows:
        raise ValueError("the comment exists")
    if event.revision != 1:
        raise ValueError("the first revision is 1")
    if event.parent is not None and event.parent not in thread.rows:
        raise ValueError("there is no such parent")
    after = _evolved(_UNPOSTED, recorded)
    actor, first = recorded.envelope.actor, after.latest
    text = Text(
        body=event.body,
        occurred=recorded.envelope.at,
        position=recorded.position,
        rule=event.rule,
        match=event.match,
        guarded=first.guarded,
        seen=first.seen,
    )
    comment = CommentState(
        id=event.comment,
        posted=recorded.position,
        at=recorded.envelope.at,
        parent=event.parent,
        depth=event.depth,
        answered=event.answered,
        answered_revision=event.answered_revision,
        anchor=event.anchor,
        author=AuthorState(id=actor.id, kind=actor.kind, name=event.name, avatar=event.avatar, badges=event.badges),
        entitlement=event.entitlement,
        texts={1: text},
        standing=after.standing,
        verdict=after.status,
        seen=False,
    )
    watch.comment(comment)
    thread.rows[comment.id] = comment
    return update_visibility(thread, comment, NOWHERE, watch)


def change(
    thread: ThreadState,
    recorded: Recorded,
    event: CommentEdited | CommentWithdrawn | CommentRestored | CommentFeatured | CommentUnfeatured,
    watch: ChangeListener,
) -> Effects:
    """Apply an edit, withdrawal or restoration by the author, or a change of the featured flag."""
    comment = thread.rows[event.comment]
    watch.comment(comment)
    before, since = Visibility.of(comment), comment.waits_since
    if isinstance(event, CommentEdited):
        if event.revision != comment.latest + 1:
            raise ValueError(f"revision {event.revision} after {comment.latest}")
        after = _evolved(_machine(comment), recorded)
        comment.texts[event.revision] = Text(
            body=event.body,
            occurred=recorded.envelope.at,
            position=recorded.position,
            name=None if event.name == comment.author.name else event.name,
            reason=event.reason,
            rule=event.rule,
            match=event.match,
            guarded=after.latest.guarded,
            seen=after.latest.seen,
        )
    else:
        after = _evolved(_machine(comment), recorded)
    _take(comment, after)
    _wait(comment, since, recorded.position)
    return update_visibility(thread, comment, before, watch)


def decide(thread: ThreadState, recorded: Recorded, event: Ruled, watch: ChangeListener) -> Effects:
    """Apply a verdict on one text of a comment. Any verdict but a hold closes the reports of the comment."""
    comment = thread.rows[event.comment]
    text = comment.texts[event.revision]
    watch.comment(comment)
    before, since = Visibility.of(comment), comment.waits_since
    after = _evolved(_machine(comment), recorded)
    actor = recorded.envelope.actor
    comment.texts[event.revision] = replace(
        text,
        decision=Decision(
            verdict=_VERDICTS[type(event)],
            by=actor.id,
            kind=actor.kind,
            reason=event.reason,
            note=event.note,
            at=recorded.occurred_at,
            position=recorded.position,
        ),
    )
    if not isinstance(event, CommentHeld):
        comment.reports = []
    _take(comment, after)
    _wait(comment, since, recorded.position)
    return update_visibility(thread, comment, before, watch)


def _wait(comment: CommentState, before: Position | None, position: Position) -> None:
    """Update the start of waiting of a comment that an event at `position` changed; `before` is the former start.

    A comment that already waits keeps its start through another edit, another hold or a withdrawal.
    """
    number = comment.undecided
    since = None if number is None else before or position
    comment.waits = None if number is None or since == comment.texts[number].judged else since


def redact(thread: ThreadState, recorded: Recorded, event: RevisionRedacted, watch: ChangeListener) -> Effects:
    """Remove one text of a comment permanently."""
    comment = thread.rows[event.comment]
    text = comment.texts[event.revision]
    if comment.published and comment.standing == event.revision:
        raise ValueError("readers see that text")
    watch.comment(comment)
    since = comment.waits_since
    comment.texts[event.revision] = without_words(text, recorded.position)
    _wait(comment, since, recorded.position)
    thread.redacted.append((comment.id, event.revision))
    return UNSEEN


def without_words(text: Text, redacted: Position) -> Text:
    """Copy of a text without the author's words. The text's existence stays visible."""
    return replace(text, body=None, match=None, reason=None, redacted=redacted)


def _evolved(comment: machine.Comment, recorded: Recorded) -> machine.Comment:
    """Apply an event in the state machine. Its text digests are left empty."""
    return machine.evolve(comment, recorded, digest=lambda _: b"")


def _machine(comment: CommentState) -> machine.Comment:
    """Build the state machine's view of a comment."""
    revisions = tuple(
        machine.Revision(
            number=number,
            text=b"",
            position=text.position,
            rule=text.rule,
            guarded=text.guarded,
            seen=text.seen,
            ruling=None if text.decision is None else _ruling(text.decision),
            redacted_at=text.redacted,
        )
        for number, text in comment.texts.items()
    )
    return machine.Comment(
        id=comment.id,
        author=comment.author.id,
        revisions=revisions,
        standing=comment.standing,
        status=comment.verdict,
        withdrawn=comment.withdrawn,
        featured=comment.featured,
    )


def _ruling(decision: Decision) -> machine.Ruling:
    return machine.Ruling(
        verdict=decision.verdict, reason=decision.reason, note=decision.note, position=decision.position
    )


def _take(comment: CommentState, after: machine.Comment) -> None:
    """Copy the state machine's result into the comment."""
    comment.verdict = after.status
    comment.withdrawn = after.withdrawn
    comment.featured = after.featured
    comment.standing = after.standing
    comment.latest = after.latest.number
    for revision in after.revisions:
        text = comment.texts[revision.number]
        if (text.guarded, text.seen) != (revision.guarded, revision.seen):
            comment.texts[revision.number] = replace(text, guarded=revision.guarded, seen=revision.seen)
