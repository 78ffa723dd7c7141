"""A case: one command as it came, and what it is decided in view of."""

from msgspec import Struct
from msgspec.structs import replace

from core import heads, plan
from core.caller import Caller
from core.commands import AnyCommand, OpenThread
from core.envelope import Recorded, read
from core.log.port import Log
from core.partitions import partition_of
from core.plan import Needs
from core.position import Position
from core.scene import Scene
from core.sight import Folds, Look, Sight, look, looks


class Case(Struct, frozen=True, kw_only=True):
    """Who asks for what, where, and what the log shall say about how it came."""

    command: AnyCommand
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
        return "" if plan.is_site_wide(self.command) else self.thread


async def seen(log: Log, case: Case) -> tuple[Sight, Scene]:
    """What the case is decided in view of. Where its key is known, the sight has the first answer and nothing counts.

    Raises Unavailable, BrokenChain.
    """
    needs = plan.needs(case.command, case.caller.id)
    if case.home:
        sight, standing = await _both(log, case, needs)
    else:
        sight = standing = await look(
            log, case.site, "", folded=needs.folded, bare=needs.bare, key=case.key, folds=case.folds
        )
    if sight.answer is not None:
        return sight, Scene(caller=case.caller, now=sight.now)
    if (position := plan.named(case.command)) is not None:
        # An event never changes, so that it need not be read in the same moment.
        sight = replace(sight, named=await _event(log, case, position))
    scene = _scene(case, sight, standing)
    while (above := plan.missing(case.command, scene, sight)) is not None:
        # Where a comment hangs never changes, so that its ancestors need not be of the same moment.
        more = await look(log, case.site, case.thread, folded=(heads.comment(above),), folds=case.folds)
        sight = sight.joined(more)
    return sight, scene


async def scene_of(log: Log, *, site: str, thread: str, caller: Caller, folds: Folds | None = None) -> Scene:
    """The scene in which a command of the caller in this thread would be decided now; neither need exist."""
    # Any command of a thread would do: opening one reads the thread and nothing else.
    command = OpenThread(url="", title="")
    case = Case(command=command, site=site, thread=thread, caller=caller, folds=folds)
    return (await seen(log, case))[1]


async def _both(log: Log, case: Case, needs: Needs) -> tuple[Sight, Sight]:
    """The thread's part, and the site's (policy and standing), asked at the same time."""
    own = (heads.SITE, heads.member(case.caller.id))
    of_thread = Look(site=case.site, thread=case.thread, folded=needs.folded, bare=needs.bare, key=case.key)
    of_site = Look(site=case.site, thread="", folded=own, timed=False)
    sight, standing = await looks(log, of_thread, of_site, folds=case.folds)
    return sight, standing


async def _event(log: Log, case: Case, position: Position) -> Recorded | None:
    """The event of the thread at this position; None where there is none, or one of another thread."""
    entry = await log.entry(partition_of(case.site, case.thread, log.partitions), position)
    if entry is None:
        return None
    recorded = read(*entry)
    there = recorded.envelope.site, recorded.envelope.thread
    return recorded if there == (case.site, case.thread) else None


def _scene(case: Case, sight: Sight, standing: Sight) -> Scene:
    now = sight.now if case.occurred_at is None else min(case.occurred_at, sight.now)
    scene = Scene(caller=case.caller, now=now, site=standing.site, member=standing.member(case.caller.id))
    return replace(scene, thread=sight.thread) if heads.THREAD in sight.states else scene
