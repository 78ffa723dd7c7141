"""Fold of comment events.

The shared state (`core.domain.moderated_comment`) decides texts and status of a comment; waiting and public effects are
decided here.
"""

from typing import Final

from msgspec.structs import replace

from core.domain.moderated_comment import VERDICTS, Ruled
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentUnpinned,
    DecisionReversed,
    RemovalCancelled,
    RemovalRefused,
    RemovalRequested,
    RevisionRedacted,
)
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import IMPORT, VotesBrought
from core.events.report_events import NoticeFiled
from core.position import Position
from projections.thread.effects import NOTHING_PUBLIC, ChangeListener, Effects
from projections.thread.reports import decide_reports, reopen_reports
from projections.thread.state import CommentState, DecisionMark, NoticeWords, ThreadState, import_of
from projections.thread.visibility import NOWHERE, Visibility, update_visibility

NO_TALLY: Final = (0, 0)
"""Votes without known voters, of a comment that has none."""


def apply(thread: ThreadState, recorded: Recorded, event: Event, listener: ChangeListener) -> Effects:
    """Apply an event of a comment. An approval or rejection closes its reports, and a reversal opens them again."""
    if isinstance(event, CommentPosted):
        return _post(thread, recorded, event, listener)
    comment = thread.rows[recorded.envelope.comment or ""]
    _check(comment, event)
    listener.comment(comment)
    if isinstance(event, VotesBrought):
        listener.tally(comment)
    before, since, queued = Visibility.of(comment), comment.waits_since, comment.queued_since
    tally = comment.tally or NO_TALLY
    by_import = comment.texts[event.revision].imported if isinstance(event, Ruled) else None
    if isinstance(event, CommentEdited):
        _replace(thread, comment, event)
    comment.apply(recorded)
    if isinstance(event, Ruled):
        _mark(comment, recorded, event, queued)
    match event:
        case CommentApproved() | CommentRejected():
            comment.closed, comment.waited, comment.waited_by_import = comment.reports, since, by_import
            decide_reports(
                comment, "dismissed" if isinstance(event, CommentApproved) else "upheld", recorded.occurred_at
            )
        case CommentHeld():
            comment.closed, comment.waited, comment.waited_by_import = [], since, by_import
            held = comment.texts[event.revision]
            comment.texts[event.revision] = replace(held, imported=import_of(recorded))
        case DecisionReversed():
            reopen_reports(comment)
            since = comment.waited
            text = comment.texts[event.revision]
            comment.texts[event.revision] = replace(text, imported=comment.waited_by_import)
            undone = comment.batches[event.reverses].decided
            comment.decisions = [
                replace(mark, undone=True) if mark.position == undone else mark for mark in comment.decisions
            ]
        case _:
            _note(thread, comment, event, recorded.position)
    if comment.replaced is None:
        comment.closed, comment.waited, comment.waited_by_import = [], None, None
    if comment.notice_words:
        _forget_closed_notices(comment)
    _wait(comment, since, recorded.position)
    if isinstance(event, VotesBrought):
        return _count(comment, event, tally)
    return update_visibility(thread, comment, before, listener)


def _count(comment: CommentState, event: VotesBrought, before: tuple[int, int]) -> Effects:
    """Count votes without known voters in place of those that an earlier import brought."""
    comment.up += event.up - before[0]
    comment.down += event.down - before[1]
    return Effects((("votes.changed", comment.id),)) if comment.published else NOTHING_PUBLIC


def _post(thread: ThreadState, recorded: Recorded, event: CommentPosted, listener: ChangeListener) -> Effects:
    if event.comment in thread.rows:
        raise ValueError("the comment exists")
    if event.revision != 1:
        raise ValueError("the first revision is 1")
    if event.parent is not None and event.parent not in thread.rows:
        raise ValueError("there is no such parent")
    comment = CommentState.post(recorded, event)
    comment.seen = False
    listener.comment(comment)
    thread.rows[comment.id] = comment
    return update_visibility(thread, comment, NOWHERE, listener)


def _note(thread: ThreadState, comment: CommentState, event: Event, position: Position) -> None:
    """Note what the thread keeps of an event of a comment, and the removals asked for."""
    match event:
        case RevisionRedacted():
            thread.redacted.append((comment.id, event.revision))
            comment.removals = _except(comment.removals, event.revision)
        case NoticeFiled():
            words = NoticeWords(explanation=event.explanation, law=event.law)
            comment.notice_words = {**comment.notice_words, event.reference: words}
        case RemovalRequested():
            comment.removals = {**comment.removals, event.revision: position}
        case RemovalCancelled() | RemovalRefused():
            comment.removals = _except(comment.removals, event.revision)
        case CommentPinned():
            thread.pinned = comment.id
        case CommentUnpinned() if thread.pinned == comment.id:
            thread.pinned = None
        case _:
            pass


def _except(removals: dict[int, Position], revision: int) -> dict[int, Position]:
    return {number: asked for number, asked in removals.items() if number != revision}


def _forget_closed_notices(comment: CommentState) -> None:
    """Forget the words of the notices whose closing cannot be reversed."""
    last = None if comment.replaced is None else comment.replaced.notice
    comment.notice_words = {
        reference: words
        for reference, words in comment.notice_words.items()
        if reference == last or comment.notices[reference].outcome is None
    }


def _replace(thread: ThreadState, comment: CommentState, event: CommentEdited) -> None:
    """Take the texts that an edit within grace is about to replace out of public histories."""
    if not event.grace or _touched(thread, comment):
        return
    for number in {comment.latest, comment.standing or comment.latest}:
        comment.texts[number] = replace(comment.texts[number], graced=True)
    if comment.latest == max(comment.graced, 1):
        comment.graced = event.revision


def _touched(thread: ThreadState, comment: CommentState) -> bool:
    """True if the comment was voted on, replied to, reported or decided on."""
    if comment.ballots or comment.unvoted or comment.voids or comment.tally is not None:
        return True
    # Snapshots have no `decisions` but all texts; views have all `decisions` but two texts.
    decided = any(text.decision is not None and not text.decision.automated for text in comment.texts.values())
    if decided or comment.decisions or comment.batches:
        return True
    if comment.reports or comment.closed or comment.decided_reports:
        return True
    return any(other.answered == comment.id for other in thread.rows.values())


def _mark(comment: CommentState, recorded: Recorded, event: Ruled, since: Position | None) -> None:
    """Add a moderator's decision to the comment. Decisions of rules and of imports are no moderator's."""
    actor = recorded.envelope.actor
    if actor.kind == "system" or recorded.envelope.cause == IMPORT:
        return
    mark = DecisionMark(
        position=recorded.position, revision=event.revision, verdict=VERDICTS[type(event)], by=actor.id, since=since
    )
    comment.decisions = [*comment.decisions, mark]


def _check(comment: CommentState, event: Event) -> None:
    """Raise ValueError if the event does not follow on the texts of the comment."""
    match event:
        case CommentEdited(revision=revision) if revision != comment.latest + 1:
            raise ValueError(f"revision {revision} after {comment.latest}")
        case RevisionRedacted(revision=revision) if comment.published and comment.standing == revision:
            raise ValueError("readers see that text")
        case _:
            pass


def _wait(comment: CommentState, before: Position | None, position: Position) -> None:
    """Update the start of waiting of a comment that an event at `position` changed; `before` is the former start.

    A comment that already waits keeps its start through another edit, another hold or a withdrawal.
    """
    number = comment.undecided
    since = None if number is None else before or position
    comment.waits = None if number is None or since == comment.texts[number].judged else since
