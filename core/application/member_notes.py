"""Notes that a gateway takes beside the log after an append: in the record of the author, and of names."""

from collections.abc import Iterator

from core.application.transact import Result
from core.caller import Caller
from core.domain.context import LONGEST_NAME
from core.domain.judging import keeps_names, keeps_texts
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentPosted,
    CommentRejected,
    CommentScreened,
    DecisionReversed,
)
from core.events.envelope import Recorded
from core.log.notes import NameNote, Note
from core.member_record import APPROVED, HELD, PUBLISHED, REJECTED, RecordNote, entry
from core.policy import Policy
from core.text.nickname import looks
from core.text.shingles import sketch
from core.text.unicode import one_line


def notes_of(result: Result, caller: Caller, site: str, thread: str) -> Iterator[Note]:
    """Yield the notes of what a command appended."""
    if not result.recorded or result.policy is None:
        return
    for recorded in result.recorded:
        yield from _of_event(recorded, result, site, result.policy, is_staff=caller.is_staff)
    yield from _of_name(result.recorded[-1], caller, site, thread, result.policy)


def _of_event(recorded: Recorded, result: Result, site: str, policy: Policy, *, is_staff: bool) -> Iterator[Note]:
    match recorded.event:
        case CommentPosted() | CommentEdited() as event:
            if is_staff:
                return  # rules do not judge staff
            body = event.body if keeps_texts(policy) else None
            outcome = REJECTED if event.rejected else HELD if event.rule is not None else PUBLISHED
            # The edit of a published comment does not count as one more.
            is_more = isinstance(event, CommentPosted) or event.rule is not None
            yield RecordNote(
                site=site,
                member=recorded.envelope.actor.id,
                counts=(outcome,) if is_more else (),
                last_at=recorded.position.ms if isinstance(event, CommentPosted) else None,
                text="" if body is None else entry(event.comment, sketch(body)),
            )
        case CommentApproved(revision=revision) if result.before is not None:
            # A comment that readers see for the first time is one more of its author's.
            counts = (APPROVED,) if result.before.seen else (APPROVED, PUBLISHED)
            forgiven = _rejected_at(result, revision)
            yield RecordNote(site=site, member=result.before.author.id, counts=counts, forgiven_at=forgiven)
        case CommentRejected() as event if result.before is not None:
            at = recorded.position.ms if event.rule is None else None
            yield RecordNote(site=site, member=result.before.author.id, counts=(REJECTED,), rejected_at=at)
        case CommentScreened() if result.before is not None and result.comment is not None:
            if result.comment.seen and not result.before.seen:
                yield RecordNote(site=site, member=result.before.author.id, counts=(PUBLISHED,))
        case DecisionReversed(revision=revision) if result.before is not None:
            forgiven = _rejected_at(result, revision)
            if forgiven is not None:
                yield RecordNote(site=site, member=result.before.author.id, forgiven_at=forgiven)
        case _:
            pass


def _rejected_at(result: Result, revision: int) -> int | None:
    """Time at which a moderator rejected a revision, if that was the last decision on it."""
    text = None if result.before is None else result.before.texts.get(revision)
    decision = None if text is None else text.decision
    if decision is None or decision.verdict != "reject" or decision.automated:
        return None
    return decision.position.ms


def _of_name(last: Recorded, caller: Caller, site: str, thread: str, policy: Policy) -> Iterator[Note]:
    name = one_line(caller.name, LONGEST_NAME)
    if not name or caller.is_guest or not keeps_names(policy):
        return
    if caller.is_staff or (isinstance(last.event, CommentPosted) and thread):
        place = "" if caller.is_staff else thread
        yield NameNote(site=site, thread=place, look=looks(name), owner=caller.id, at=last.position.ms)
