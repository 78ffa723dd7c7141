"""Execute a command: load, fold, decide, append. Retries when a concurrent append won.

All writes to the log go through here. The state that a decision depends on is read when it is made, or for a post or a
vote may come from the cache. The append succeeds only if none of that state has changed.
"""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from hashlib import blake2b
from typing import Final, assert_never

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.application.aggregate_cache import AggregateCache, CachedAggregate
from core.application.aggregates import Aggregates, evolve
from core.application.handlers import handler_of, unchanged_since
from core.application.loading import CommandRequest, load, load_from_cache
from core.application.new_event import new_event
from core.caller import Actor, Caller
from core.domain.authoring import PostComment
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command
from core.domain.vote import CastVote, Vote
from core.durability import MEMORY, Durability
from core.events.comment_events import CommentHeld, CommentPosted, CommentRejected
from core.events.envelope import TODAY, Codec, Recorded, Stamp, stamped
from core.events.event import Event
from core.events.member_events import NoteAdded, WarningGiven
from core.events.report_events import ReportFiled
from core.events.site_events import SiteOpened
from core.events.statement_events import AppealFiled
from core.events.thread_events import AnchorOpened, ThreadOpened
from core.log.port import Answer, Append, Appended, Conflict, KeyReused, Log, Repeated, Skew
from core.policy import Policy
from core.position import Position
from core.refusals import IdempotencyKeyReused, Refusal, Unavailable

ATTEMPTS: Final = 8
"""Attempts to decide and append, when concurrent appends win."""

_NEW: Final = (SiteOpened, ThreadOpened, AnchorOpened, CommentPosted, ReportFiled, WarningGiven, NoteAdded, AppealFiled)


class Result(Struct, frozen=True, kw_only=True):
    """The result of a command that was not refused."""

    positions: tuple[Position, ...]
    """Positions of the appended events. If the command changed nothing, the position of the event that made it so
    already."""
    created: bool
    """Set if the response reports a creation. A repeat reports the same as the first time."""
    repeated: bool = False
    """Set if the command was executed before."""
    recorded: tuple[Recorded, ...] = ()
    """The events appended now, without their back pointers."""
    after: Position | None = None
    """Position of the partition's last event before those appended now; None if the result came from the key alone."""
    comment: Comment | None = None
    """The comment of the command, as it is now; None if the result came from the key alone."""
    before: Comment | None = None
    """The comment of the command, as it was before; None if it was not posted, or the result came from the key."""
    policy: Policy | None = None
    """The policy in force; None if the result came from the key alone."""
    answered: Comment | None = None
    """The comment that a new comment replies to."""
    earlier: Vote | None = None
    """For a vote, the member's previous vote."""
    durability: Durability = MEMORY
    """Durability of the write."""

    @property
    def position(self) -> Position:
        """Position to report in the response."""
        return self.positions[-1]


async def transact(  # noqa: PLR0913 # a command, and by keyword where and how it came
    log: Log,
    command: Command,
    *,
    site: str,
    thread: str = "",
    caller: Caller,
    key: str | None = None,
    batch: str | None = None,
    cause: str | None = None,
    occurred_at: int | None = None,
    cache: AggregateCache | None = None,
    confirm: Callable[[], Awaitable[object]] | None = None,
    admit: Callable[[Context], Awaitable[object]] | None = None,
    codec: Codec = TODAY,
) -> Result:
    """Execute a command exactly once per `key`, however often it is requested.

    `thread` is ignored for commands on the site itself. `occurred_at` (imports) is the time of occurrence, in
    milliseconds since 1970. It is the time of the decision, and is limited to the server's time. `cache` saves folding
    hot aggregates again. `confirm` is called after each load, before the decision. It raises a Refusal if the caller's
    identity does not hold. `admit` is called before each decision, with its context, unless the key was used before.
    It raises a Refusal if something outside the log, such as a rate, is against the command.

    Raises a Refusal, and then nothing was written: IdempotencyKeyReused if the key belongs to another command,
    Unavailable if concurrent appends kept winning, FormatTooOld if the deployment's format does not allow an event of
    the command yet, LogBroken and EventMissing if the log is not whole.
    """
    request = CommandRequest(
        command=command,
        needs=handler_of(command).needs(command, caller.id),
        site=site,
        thread=thread,
        caller=caller,
        key=key,
        batch=batch,
        cause=cause,
        occurred_at=occurred_at,
        cache=cache,
    )
    digest = _digest(command)
    for attempt in range(ATTEMPTS):
        guess = None if attempt else await load_from_cache(log, request)
        aggregates, context = guess or await load(log, request)
        if confirm is not None:
            await confirm()
        if aggregates.answer is not None:
            assert key is not None
            durability = await log.confirm(site, request.home, key)
            if durability is None:
                continue  # a failover lost the key and its events
            return _first_answer(aggregates.answer, digest, durability)
        if admit is not None:
            await admit(context)
        try:
            events = request.handler.decide(command, context, aggregates)
        except Refusal:
            if guess is None:
                raise
            continue
        stamp = _stamp(request, context)
        # A repeated post whose key has expired finds its own comment: the first answer is given again here too.
        again = not events and isinstance(command, PostComment)
        created = again or any(isinstance(event, _NEW) for event in events)
        append = Append(
            site=site,
            thread=request.home,
            expected={field: aggregates.position(field) for field in (*request.needs.expected, *_counted(events))},
            events=tuple(new_event(event, _of(event, stamp), log.format, codec) for event in events),
            now=aggregates.now,
            key=key,
            digest=digest,
            created=created,
            settled=None if events else unchanged_since(command, context, aggregates),
        )
        match outcome := await log.append(append):
            case Appended(positions, after, durability):
                # If there was nothing to append, the position is that of another event.
                written = zip(positions, events, strict=False)
                recorded = tuple(
                    Recorded(position, stamped(event, _of(event, stamp), codec.version(event, log.format)), event)
                    for position, event in written
                )
                comment, answered = _after(request, aggregates, recorded)
                return Result(
                    positions=positions,
                    created=created,
                    repeated=again,
                    recorded=recorded,
                    after=after,
                    comment=comment,
                    before=_before(request, aggregates),
                    policy=context.policy,
                    answered=answered,
                    earlier=aggregates.vote(command.comment, caller.id) if isinstance(command, CastVote) else None,
                    durability=durability,
                )
            case Repeated(answer, durability):
                return _first_answer(answer, digest, durability)
            case KeyReused():
                raise IdempotencyKeyReused
            case Conflict() | Skew():
                continue
            case _:
                assert_never(outcome)
    raise Unavailable("concurrent writes to the same thread or site kept winning")


async def would_refuse(
    log: Log, command: Command, *, site: str, thread: str = "", caller: Caller, cache: AggregateCache | None = None
) -> Refusal | None:
    """Return the refusal that a command would meet now; None if it would be executed. Writes nothing."""
    needs = handler_of(command).needs(command, caller.id)
    request = CommandRequest(command=command, needs=needs, site=site, thread=thread, caller=caller, cache=cache)
    aggregates, context = await load(log, request)
    try:
        request.handler.decide(command, context, aggregates)
    except Refusal as refusal:
        return refusal
    return None


def _first_answer(answer: Answer, digest: str, durability: Durability) -> Result:
    if answer.digest != digest:
        raise IdempotencyKeyReused
    return Result(positions=answer.positions, created=answer.created, repeated=True, durability=durability)


def _stamp(request: CommandRequest, context: Context) -> Stamp:
    return Stamp(
        actor=request.caller.actor,
        site=request.site,
        thread=request.home,
        key=request.key,
        cause=request.cause,
        batch=request.batch,
        by_policy=context.policy_at,
        by_standing=context.standing_at,
        at=None if request.occurred_at is None else context.now,
    )


def actor_of(event: Event, actor: Actor) -> Actor:
    """The actor of an event of a command by `actor`: of what a rule decided for it, the rule."""
    if isinstance(event, CommentHeld | CommentRejected) and event.rule is not None:
        return Actor(kind="system", id=event.rule)
    return actor


def _of(event: Event, stamp: Stamp) -> Stamp:
    """The stamp of an event of a command."""
    actor = actor_of(event, stamp.actor)
    return stamp if actor is stamp.actor else replace(stamp, actor=actor)


def _counted(events: list[Event]) -> Iterator[str]:
    """The heads on which events count, which therefore have to be unmoved."""
    return (field for event in events if (field := heads.counts(event)) is not None)


def _before(request: CommandRequest, aggregates: Aggregates) -> Comment | None:
    name: str | None = getattr(request.command, "comment", None)
    state = None if name is None else aggregates.states.get(heads.comment(name))
    return state if isinstance(state, Comment) and state.exists else None


def _after(
    request: CommandRequest, aggregates: Aggregates, recorded: tuple[Recorded, ...]
) -> tuple[Comment | None, Comment | None]:
    """Return the current comment of the command and the comment that it replies to. Caches the new folds."""
    states = dict(aggregates.states)
    for one in recorded:
        field = heads.of(one.event, one.envelope.actor)
        fold: CachedAggregate | None = None
        if field in states:
            states[field] = evolve(field, states[field], one)
            fold = CachedAggregate(one.position, states[field])
        elif heads.kind(field) == heads.VOTE:
            # The head's note is the whole state of a vote.
            fold = CachedAggregate(one.position, heads.note(one.event, one.envelope.batch))
        if fold is not None and request.cache is not None:
            request.cache.put(request.site, request.home, field, fold)
    name: str | None = getattr(request.command, "comment", None)
    answered = request.command.parent if isinstance(request.command, PostComment) else None
    return (
        None if name is None else states[heads.comment(name)],
        None if answered is None else states[heads.comment(answered)],
    )


def _digest(command: Command) -> str:
    # Eight characters are enough: a key reused for another command is a client's mistake, not an attack.
    asked = msgspec.json.encode(command)
    if command.FACTS:
        fields = msgspec.to_builtins(command)
        asked = msgspec.json.encode({name: fields[name] for name in fields if name not in command.FACTS})
    return urlsafe_b64encode(blake2b(asked, digest_size=6).digest()).decode()
