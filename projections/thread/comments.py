"""Comments: which text stands and what status a comment has is asked of the state machine of `core.domain.comment`."""

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
    """A comment was written."""
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
    """Its author edited, withdrew or restored it, or it was featured or no longer."""
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
    """There is a verdict on one of its texts; but for a hold, that closes its reports."""
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
    """Note since when a comment waits that an event at `position` changed; it waited since `before`.

    Neither another edit nor another word of a moderator puts off what waits already, and neither does a withdrawal.
    """
    number = comment.undecided
    since = None if number is None else before or position
    comment.waits = None if number is None or since == comment.texts[number].judged else since


def redact(thread: ThreadState, recorded: Recorded, event: RevisionRedacted, watch: ChangeListener) -> Effects:
    """One of its texts is gone for good."""
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
    """A text without what its author wrote: that it was there stays known."""
    return replace(text, body=None, match=None, reason=None, redacted=redacted)


def _evolved(comment: machine.Comment, recorded: Recorded) -> machine.Comment:
    """What the state machine makes of an event. It is not asked about texts."""
    return machine.evolve(comment, recorded, digest=lambda _: b"")


def _machine(comment: CommentState) -> machine.Comment:
    """What the state machine needs to know of a comment."""
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
    """Take over what the state machine made of the comment."""
    comment.verdict = after.status
    comment.withdrawn = after.withdrawn
    comment.featured = after.featured
    comment.standing = after.standing
    comment.latest = after.latest.number
    for revision in after.revisions:
        text = comment.texts[revision.number]
        if (text.guarded, text.seen) != (revision.guarded, revision.seen):
            comment.texts[revision.number] = replace(text, guarded=revision.guarded, seen=revision.seen)
