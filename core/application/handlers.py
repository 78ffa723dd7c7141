"""What each command needs to be decided, which heads it expects unmoved, and who decides it.

    post                        expects the comment (not there), the thread, what is answered
    edit, decision, withdrawal  expect the comment and the thread
    vote, report                expect the voter's (reporter's) own head, the comment and the thread
    thread, site, standing      expect themselves
    skip                        expects itself, and reads the event that it is about

Only the command's own head advances, so neither voters nor posts are in each other's way.
"""

from typing import Final, assert_never

from msgspec import Struct

from core import heads
from core.application.aggregates import Aggregates
from core.domain import authoring, member, moderation, report, site, skip, thread, vote
from core.domain.commands import (
    AnyCommand,
    ChangePolicy,
    Decide,
    EditComment,
    FeatureComment,
    OpenSite,
    OpenThread,
    OverridePolicy,
    PostComment,
    PutAnchor,
    RedactRevision,
    ReinstateMember,
    RekeySite,
    Report,
    RestoreComment,
    SetThreadStatus,
    SkipEvent,
    SuspendMember,
    Vote,
    WithdrawComment,
)
from core.domain.comment import Comment
from core.domain.context import Context
from core.events.types import Event
from core.position import Position

_SITE_WIDE: Final = (OpenSite, RekeySite, ChangePolicy, SuspendMember, ReinstateMember)


class Needs(Struct, frozen=True):
    """What to load from the partition of the command: aggregates to fold, heads without events, heads expected."""

    folded: tuple[str, ...]
    bare: tuple[str, ...]
    expected: tuple[str, ...]


def is_site_wide(command: AnyCommand) -> bool:
    """Whether the command is about the site's own log, not about a thread."""
    return isinstance(command, _SITE_WIDE)


def needs(command: AnyCommand, caller: str) -> Needs:
    """What a command of this caller needs. The site and the caller's standing are needed by all."""
    match command:
        case OpenSite() | RekeySite() | ChangePolicy():
            return Needs((heads.SITE, heads.member(caller)), (), (heads.SITE,))
        case SuspendMember() | ReinstateMember():
            own = heads.member(command.member)
            # Once each: the caller may be the member named.
            folded = tuple(dict.fromkeys((heads.SITE, heads.member(caller), own)))
            return Needs(folded, (), (own,))
        case OpenThread() | SetThreadStatus() | OverridePolicy() | PutAnchor():
            return Needs((heads.THREAD,), (), (heads.THREAD,))
        case PostComment():
            names = (command.comment,) if command.parent is None else (command.comment, command.parent)
            fields = (heads.THREAD, *dict.fromkeys(map(heads.comment, names)))
            return Needs(fields, (), fields)
        case Decide():
            fields = (heads.THREAD, heads.comment(command.comment))
            return Needs(fields, (heads.reported(command.comment),), fields)
        case EditComment() | WithdrawComment() | RestoreComment() | RedactRevision() | FeatureComment():
            fields = (heads.THREAD, heads.comment(command.comment))
            return Needs(fields, (), fields)
        case Vote():
            return _ballot(command.comment, heads.vote(command.comment, caller))
        case Report():
            return _ballot(command.comment, heads.report(command.comment, caller))
        case SkipEvent():
            own = heads.skip(command.position)
            return Needs((), (own,), (own,))
        case _:
            assert_never(command)


def named(command: AnyCommand) -> Position | None:
    """The event that has to be read because the command is about it; None where it is about none."""
    if not isinstance(command, SkipEvent):
        return None
    try:
        return Position.parse(command.position)
    except ValueError:
        return None


def missing(command: AnyCommand, context: Context, aggregates: Aggregates) -> str | None:
    """An ancestor that has to be loaded, too, before it is known where a reply hangs; None when all is there."""
    if not isinstance(command, PostComment) or command.parent is None:
        return None
    last = _line(command.parent, aggregates)[-1]
    return last.parent if last.depth > context.policy.max_depth > 0 else None


def decide(command: AnyCommand, context: Context, aggregates: Aggregates) -> list[Event]:
    """What follows from a command: no events where it changes nothing. Raises a Refusal."""
    match command:
        case OpenSite() | RekeySite() | ChangePolicy():
            return site.decide(command, aggregates.site, context)
        case SuspendMember() | ReinstateMember():
            return member.decide(command, aggregates.member(command.member), context)
        case OpenThread() | SetThreadStatus() | OverridePolicy() | PutAnchor():
            return thread.decide(command, aggregates.thread, context)
        case PostComment():
            line = [] if command.parent is None else _line(command.parent, aggregates)
            return authoring.post(command, aggregates.comment(command.comment), aggregates.thread, context, line)
        case EditComment() | WithdrawComment() | RestoreComment():
            return authoring.decide(command, aggregates.comment(command.comment), context)
        case Decide() | RedactRevision() | FeatureComment():
            reported_at = aggregates.head(heads.reported(command.comment)).position
            return moderation.decide(command, aggregates.comment(command.comment), context, reported_at)
        case Vote():
            own = aggregates.vote(command.comment, context.caller.id)
            return vote.decide(command, own, context, aggregates.comment(command.comment))
        case Report():
            filed = aggregates.report(command.comment, context.caller.id)
            return report.decide(command, filed, context, aggregates.comment(command.comment))
        case SkipEvent():
            return skip.decide(command, aggregates.skip(command.position), context, aggregates.named)
        case _:
            assert_never(command)


def unchanged_since(command: AnyCommand, context: Context, aggregates: Aggregates) -> Position:
    """What made it so already, where a command changes nothing."""
    position: Position | None
    match command:
        case OpenSite() | RekeySite() | ChangePolicy():
            position = site.settled(command, aggregates.site)
        case SuspendMember() | ReinstateMember():
            position = member.settled(command, aggregates.member(command.member))
        case OpenThread() | SetThreadStatus() | OverridePolicy() | PutAnchor():
            position = thread.settled(command, aggregates.thread)
        case PostComment() | EditComment() | WithdrawComment() | RestoreComment():
            position = authoring.settled(command, aggregates.comment(command.comment))
        case Decide() | RedactRevision() | FeatureComment():
            position = moderation.settled(command, aggregates.comment(command.comment))
        case Vote():
            # Who takes back a vote that was never cast has nothing but the comment to be answered with.
            own = aggregates.vote(command.comment, context.caller.id)
            position = own.position or aggregates.comment(command.comment).revisions[0].position
        case Report():
            position = aggregates.report(command.comment, context.caller.id).position
        case SkipEvent():
            position = aggregates.skip(command.position).position
        case _:
            assert_never(command)
    position = position or context.site_opened_at
    assert position is not None, "what changes nothing was made so by something"
    return position


def _ballot(comment: str, own: str) -> Needs:
    fields = (heads.THREAD, heads.comment(comment))
    return Needs(fields, (own,), (own, *fields))


def _line(parent: str, aggregates: Aggregates) -> list[Comment]:
    """What is answered, and its ancestors upwards as far as they were loaded."""
    line = [aggregates.comment(parent)]
    while (above := line[-1].parent) is not None and aggregates.has_comment(above):
        line.append(aggregates.comment(above))
    return line
