"""A case: one command as it came, and what it is decided in view of."""

from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.application import handlers
from core.application.aggregates import Folds, Look, Sight, blank, look, looks
from core.application.handlers import Needs
from core.caller import Caller
from core.domain.commands import AnyCommand, OpenThread, PostComment, Vote
from core.domain.context import Scene
from core.events.envelope import Recorded, UnreadableEntry, read
from core.log.port import NO_HEAD, Head, Log
from core.partitions import partition_of
from core.position import Position


class Case(Struct, frozen=True, kw_only=True):
    """Who asks for what, where, and what the log shall say about how it came."""

    command: AnyCommand
    needs: Needs
    site: str
    thread: str = ""
    """"" for what concerns the site itself."""
    caller: Caller
    key: str | None = None
    batch: str | None = None
    cause: str | None = None
    occurred_at: int | None = None
    """When it happened, in milliseconds since 1970, where that is not now: imports."""
    folds: Folds | None = None

    @property
    def home(self) -> str:
        """The thread in whose log it belongs; "" for the site's own."""
        return "" if handlers.is_site_wide(self.command) else self.thread


async def seen(log: Log, case: Case) -> tuple[Sight, Scene]:
    """What the case is decided in view of. Where its key is known, the sight has the first answer and nothing counts.

    Raises Unavailable, EventMissing.
    """
    needs = case.needs
    if case.home:
        sight, standing = await _both(log, case, needs)
    else:
        sight = standing = await look(
            log, case.site, "", folded=needs.folded, bare=needs.bare, key=case.key, folds=case.folds
        )
    if sight.answer is not None:
        return sight, Scene(caller=case.caller, now=sight.now)
    if (position := handlers.named(case.command)) is not None:
        # An event never changes, so that it need not be read in the same moment.
        sight = replace(sight, named=await event_at(log, case.site, case.thread, position))
    scene = _scene(case, sight, standing)
    while (above := handlers.missing(case.command, scene, sight)) is not None:
        # Where a comment hangs never changes, so that its ancestors need not be of the same moment.
        more = await look(log, case.site, case.thread, folded=(heads.comment(above),), folds=case.folds)
        sight = sight.joined(more)
    return sight, scene


async def recalled(log: Log, case: Case) -> tuple[Sight, Scene] | None:
    """The sight and the scene for deciding a post or a vote, from remembered folds; None where these do not suffice.

    The log of the thread is not asked. So only what is appended then is decided: the append compares every head with
    what is remembered here, and looks the key up. A refusal, or that a comment is there already, has to be found out
    anew. A vote that is not remembered is taken for the member's first, as most are. Policy and standing are those of
    now, as ever. Raises Unavailable, EventMissing.
    """
    command, folds = case.command, case.folds
    if not isinstance(command, PostComment | Vote) or case.key is None or folds is None:
        return None
    needs = case.needs
    new = heads.comment(command.comment) if isinstance(command, PostComment) else None
    found: dict[str, Head] = {}
    states = {} if new is None else {new: blank(new)}
    for field in needs.folded:
        fold = folds.get(case.site, case.thread, field)
        if (fold is None) != (field == new):
            return None  # something is not remembered, or the comment is there already
        if fold is not None:
            found[field], states[field] = NO_HEAD._replace(position=fold.position), fold.state
    for field in needs.bare:
        noted = folds.get(case.site, case.thread, field)
        if noted is not None:
            found[field] = NO_HEAD._replace(position=noted.position, note=noted.state)
    of_site = Look(site=case.site, thread="", folded=_own(case), glance=True)
    (standing,) = await looks(log, of_site, folds=folds)
    now = max(standing.now, *(head.position.ms for head in found.values() if head.position is not None))
    sight = Sight(now=now, answer=None, heads=found, states=states)
    scene = _scene(case, sight, standing)
    return None if handlers.missing(command, scene, sight) is not None else (sight, scene)


async def scene_of(log: Log, *, site: str, thread: str, caller: Caller, folds: Folds | None = None) -> Scene:
    """The scene in which a command of the caller in this thread would be decided now; neither need exist."""
    # Any command of a thread would do: opening one reads the thread and nothing else.
    command = OpenThread(url="", title="")
    needs = handlers.needs(command, caller.id)
    case = Case(command=command, needs=needs, site=site, thread=thread, caller=caller, folds=folds)
    return (await seen(log, case))[1]


async def _both(log: Log, case: Case, needs: Needs) -> tuple[Sight, Sight]:
    """The thread's part, and the site's (policy and standing), asked at the same time."""
    of_thread = Look(site=case.site, thread=case.thread, folded=needs.folded, bare=needs.bare, key=case.key)
    of_site = Look(site=case.site, thread="", folded=_own(case), glance=True)
    sight, standing = await looks(log, of_thread, of_site, folds=case.folds)
    return sight, standing


def _own(case: Case) -> tuple[str, str]:
    """What every decision needs of the site."""
    return heads.SITE, heads.member(case.caller.id)


async def event_at(log: Log, site: str, thread: str, position: Position) -> Recorded | None:
    """The event of the thread at this position; None where there is none, one of another thread or of nobody."""
    entry = await log.entry(partition_of(site, thread, log.partitions), position)
    if entry is None:
        return None
    try:
        recorded = read(*entry)
    except UnreadableEntry:
        return None
    there = recorded.envelope.site, recorded.envelope.thread
    return recorded if there == (site, thread) else None


def _scene(case: Case, sight: Sight, standing: Sight) -> Scene:
    now = sight.now if case.occurred_at is None else min(case.occurred_at, sight.now)
    scene = Scene(caller=case.caller, now=now, site=standing.site, member=standing.member(case.caller.id))
    return replace(scene, thread=sight.thread) if heads.THREAD in sight.states else scene
