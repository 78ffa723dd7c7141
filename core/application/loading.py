"""Loading of the aggregates and the context for a requested command."""

from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import AggregateQuery, Aggregates, blank, load_aggregates, load_all_aggregates
from core.application.handlers import handler_of
from core.application.list_loading import load_lists
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.context import LONGEST_NAME, Context
from core.domain.handler import Command, Handler, Needs
from core.domain.judging import NOTHING, Needed, needed
from core.domain.member import Member
from core.domain.names import KnownNames
from core.domain.site import Site
from core.domain.thread import OpenThread, Thread
from core.domain.vote import CastVote
from core.events.envelope import Recorded, UnreadableEntry, read
from core.log.port import NO_HEAD, Beside, Head, Log
from core.partitions import partition_of
from core.policy import Policy
from core.position import Position
from core.text.nickname import looks
from core.text.unicode import one_line


class _Guess(NamedTuple):
    """Facts that the judgement of a text probably needs, before the policy in force was read."""

    policy: Policy | None
    """The policy as it was last seen."""
    needed: Needed
    asked: Needed
    """The part of it that is asked for."""


class CommandRequest(Struct, frozen=True, kw_only=True):
    """A command with its caller, its place, and the metadata for its events."""

    command: Command
    needs: Needs
    site: str
    thread: str = ""
    """Empty for commands on the site itself."""
    caller: Caller
    key: str | None = None
    batch: str | None = None
    cause: str | None = None
    occurred_at: int | None = None
    """Time of occurrence, in milliseconds since 1970, if that is not now: for imports."""
    cache: AggregateCache | None = None

    @property
    def home(self) -> str:
        """Thread that owns the log of the command; "" for the site's own log."""
        return "" if self.handler.site_wide else self.thread

    @property
    def handler(self) -> Handler:
        """The handler of the command."""
        return handler_of(self.command)


async def load(log: Log, request: CommandRequest) -> tuple[Aggregates, Context]:
    """Load the aggregates and the context of a command. If its key was used before, only `answer` is set.

    Raises Unavailable, EventMissing.
    """
    needs, guess = request.needs, _guessed(request)
    if request.home:
        aggregates, standing = await _both(log, request, needs, guess)
    else:
        aggregates = standing = await load_aggregates(
            log,
            request.site,
            "",
            folded=needs.folded,
            heads_only=needs.heads_only,
            key=request.key,
            cache=request.cache,
        )
    if aggregates.answer is not None:
        return aggregates, Context(caller=request.caller, now=aggregates.now)
    handler = request.handler
    if handler.named is not None and (position := handler.named(request.command)) is not None:
        # An event never changes, so it need not be part of the same consistent read.
        aggregates = replace(aggregates, named=await event_at(log, request.site, request.thread, position))
    context = _context(request, aggregates, standing)
    while (above := _missing(request, context, aggregates)) is not None:
        # The parent of a comment never changes, so its ancestors need not be part of the same consistent read.
        more = await load_aggregates(
            log, request.site, request.thread, folded=(heads.comment(above),), cache=request.cache
        )
        aggregates = aggregates.joined(more)
    return aggregates, await _informed(log, request, context, standing, guess)


async def load_from_cache(log: Log, request: CommandRequest) -> tuple[Aggregates, Context] | None:
    """Load the aggregates and the context of a post or a vote from the cache; None if the cache lacks something.

    The log of the thread is not read, so only an append may be decided from the result: the append compares every head
    with the cached one, and looks the key up. For a refusal, or a comment that exists already, the caller must decide
    again from the log. A vote that is not cached is taken for the member's first, as most are. Policy and standing are
    always read. Raises Unavailable, EventMissing.
    """
    command, cache = request.command, request.cache
    if not isinstance(command, PostComment | CastVote) or request.key is None or cache is None:
        return None
    needs = request.needs
    new = heads.comment(command.comment) if isinstance(command, PostComment) else None
    cached: dict[str, Head] = {}
    states = {} if new is None else {new: blank(new)}
    for field in needs.folded:
        fold = cache.get(request.site, request.thread, field)
        if (fold is None) != (field == new):
            return None  # something is not cached, or the comment exists already
        if fold is not None:
            cached[field], states[field] = NO_HEAD._replace(position=fold.position), fold.state
    for field in needs.heads_only:
        vote = cache.get(request.site, request.thread, field)
        if vote is not None:
            cached[field] = NO_HEAD._replace(position=vote.position, note=vote.state)
    guess = _guessed(request)
    (standing,) = await load_all_aggregates(log, _of_site(request, guess.asked), cache=cache)
    now = max(standing.now, *(head.position.ms for head in cached.values() if head.position is not None))
    aggregates = Aggregates(now=now, answer=None, heads=cached, states=states)
    context = _context(request, aggregates, standing)
    if _missing(request, context, aggregates) is not None:
        return None
    return aggregates, await _informed(log, request, context, standing, guess)


async def load_context(
    log: Log, *, site: str, thread: str, caller: Caller, cache: AggregateCache | None = None
) -> Context:
    """Load the context in which the caller's commands in a thread are decided. Site and thread need not exist."""
    # Any thread command would do: opening a thread reads the thread and nothing else.
    command = OpenThread(url="", title="")
    needs = handler_of(command).needs(command, caller.id)
    request = CommandRequest(command=command, needs=needs, site=site, thread=thread, caller=caller, cache=cache)
    return (await load(log, request))[1]


def _missing(request: CommandRequest, context: Context, aggregates: Aggregates) -> str | None:
    """Return an ancestor that must be loaded too; None if all are loaded."""
    missing = request.handler.missing
    return None if missing is None else missing(request.command, context, aggregates)


async def _both(log: Log, request: CommandRequest, needs: Needs, guess: _Guess) -> tuple[Aggregates, Aggregates]:
    """Load the aggregates of the thread and of the site (policy and standing) concurrently."""
    of_thread = AggregateQuery(
        site=request.site, thread=request.thread, folded=needs.folded, heads_only=needs.heads_only, key=request.key
    )
    of_site = _of_site(request, guess.asked)
    aggregates, standing = await load_all_aggregates(log, of_thread, of_site, cache=request.cache)
    return aggregates, standing


def _of_site(request: CommandRequest, wanted: Needed) -> AggregateQuery:
    """The query of policy and standing, and in the same packet of all else that the judgement of a text needs."""
    caller = request.caller
    beside = Beside(
        site=request.site,
        thread=request.thread,
        member=caller.id,
        record=wanted.record,
        look=_look(request) if wanted.names else "",
    )
    return AggregateQuery(
        site=request.site,
        thread="",
        folded=_own(request),
        heads_only=(heads.LISTS,) if wanted.lists else (),
        heads_first=True,
        beside=beside if wanted.record or wanted.names else None,
    )


def _guessed(request: CommandRequest) -> _Guess:
    """Facts that a judgement of the command's text needs under the policy as it was last seen."""
    cache = request.cache
    if not request.handler.judges or cache is None:
        return _NO_GUESS
    site = cache.get(request.site, "", heads.SITE)
    thread = cache.get(request.site, request.thread, heads.THREAD)
    if site is None:
        return _NO_GUESS
    policy: Policy = site.state.policy if thread is None else thread.state.policy(site.state.policy)
    wanted = needed(policy, request.caller)
    return _Guess(policy, wanted, _but_known_names(wanted, request))


def _but_known_names(wanted: Needed, request: CommandRequest) -> Needed:
    """The needed facts, without names if the caller's was found to be their own a moment ago."""
    cache = request.cache
    if wanted.names and cache is not None:
        caller = request.caller
        if cache.is_own_name(request.site, request.thread, caller.id, _look(request)):
            return replace(wanted, names=False)
    return wanted


def _look(request: CommandRequest) -> str:
    """The look of the caller's name as comments have it."""
    caller = request.caller
    return looks(one_line(caller.name, LONGEST_NAME) or caller.id)


async def _informed(
    log: Log, request: CommandRequest, context: Context, standing: Aggregates, guess: _Guess
) -> Context:
    """The context, with all that the judgement of the command's text needs. One more round trip if `guess` was wrong.

    Raises Unavailable, EventMissing.
    """
    if not request.handler.judges:
        return context
    asked = guess.asked
    if context.policy is not guess.policy or context.standing == "trusted":
        wanted = needed(context.policy, request.caller, is_trusted=context.standing == "trusted")
        asked = guess.asked if wanted == guess.needed else _but_known_names(wanted, request)
    if asked == NOTHING:
        return context
    if not guess.asked.covers(asked):
        (standing,) = await load_all_aggregates(log, _of_site(request, asked), cache=request.cache)
    lists = await load_lists(log, request.site, standing, asked.lists, request.cache) if asked.lists else {}
    beside, caller, cache = standing.beside, request.caller, request.cache
    known = KnownNames(staff=beside.staff, member=beside.member)
    if asked.names and cache is not None and {known.staff, known.member} <= {None, caller.id}:
        cache.put_own_name(request.site, request.thread, caller.id, _look(request))
    return replace(context, lists=lists, record=beside.record, known_names=known)


def _own(request: CommandRequest) -> tuple[str, str]:
    """Head fields of the site that every decision needs."""
    return heads.SITE, heads.member(request.caller.id)


async def event_at(log: Log, site: str, thread: str, position: Position) -> Recorded | None:
    """Return the event of the thread at this position.

    None if there is no such event, or if it belongs to another thread or has no readable envelope.
    """
    entry = await log.entry(partition_of(site, thread, log.partitions), position)
    if entry is None:
        return None
    try:
        recorded = read(*entry)
    except UnreadableEntry:
        return None
    place = recorded.envelope.site, recorded.envelope.thread
    return recorded if place == (site, thread) else None


def context_of(caller: Caller, now: int, *, site: Site, member: Member, thread: Thread, name: str = "") -> Context:
    """Build the context of a decision at `now` from the site, the standing of the caller, and the thread `name`."""
    opening = caller.opening
    return Context(
        caller=caller,
        now=now,
        site_opened_at=site.opened_at,
        policy=thread.policy(site.policy),
        policy_at=site.policy_at,
        suspension=member.suspension_at(now),
        standing=member.standing,
        standing_given_at=member.standing_at,
        warning=member.warnings[0] if member.warnings else None,
        standing_at=member.position,
        signed_opening=opening if opening is not None and opening.thread == name else None,
        thread_exists=thread.exists,
        thread_status=thread.status,
        thread_opened_at=thread.opened_time,
        site_name=site.name,
    )


def _context(request: CommandRequest, aggregates: Aggregates, standing: Aggregates) -> Context:
    now = aggregates.now if request.occurred_at is None else min(request.occurred_at, aggregates.now)
    thread = aggregates.thread if heads.THREAD in aggregates.states else _NO_THREAD
    member = standing.member(request.caller.id)
    context = context_of(request.caller, now, site=standing.site, member=member, thread=thread, name=request.thread)
    return context if request.cause is None else replace(context, cause=request.cause)


_NO_THREAD: Final = Thread()
_NO_GUESS: Final = _Guess(None, NOTHING, NOTHING)
