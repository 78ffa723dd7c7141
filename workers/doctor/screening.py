"""Findings of `hansard doctor` on external screening: whether a process asks the screeners, and what waits."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, NamedTuple

from core.application.current_state import site_of
from core.concurrency import gathered
from core.domain.site import Site
from core.keys import Partition
from core.log.port import Log
from core.redis.deployment import Deployment
from core.redis.errors import PATIENCE
from core.redis.live_processes import LiveProcess
from core.refusals import CannotFold, NotFound
from projections.read.lag import lag_of
from workers.doctor.finding import Finding
from workers.gateway.auth.site_names import SiteNames
from workers.runtime.amounts import counted
from workers.screener.due_store import DueStore

ROLES: Final = frozenset({"screener", "up"})
"""Roles of the processes that ask screeners."""
BEHIND_S: Final = 300
"""Age in seconds from which what waits is reported. The alert `HansardScreeningWaits` has the same number."""
NAMED: Final = 3
"""Most sites that one finding names."""
_ABOUT: Final = "screening"


class Unscreened(NamedTuple):
    """Texts and events that wait for the processes that screen, of one partition or of all."""

    texts: int = 0
    """Comments about whose texts a screener is to be asked."""
    events: int = 0
    """Events of the log that were not looked at yet."""
    since: int | None = None
    """Recording time of the oldest of these, in milliseconds since 1970; None if there is none."""

    def __str__(self) -> str:
        return f"{counted(self.texts, 'text')} to be asked about, {counted(self.events, 'event')} not looked at"


async def findings(deployment: Deployment, log: Log, live: Sequence[LiveProcess], now: int) -> list[Finding]:
    """Report on the sites that have texts screened. Raises `core.refusals.Unavailable`.

    `now` is the server's time, in milliseconds since 1970.
    """
    sites = await _sites(deployment, log)
    screening = {name: site for name, site in sites.items() if site.policy.screening is not None}
    results = [_unset(name) for name, site in screening.items() if not site.has_screener]
    asked = [name for name, site in screening.items() if site.has_screener]
    found = await waiting(deployment, log)
    if not asked and not found.texts:
        return results
    working = [one for one in live if one.role in ROLES]
    return [*results, judge(asked, working, found, now)]


def judge(asked: Sequence[str], working: Collection[LiveProcess], found: Unscreened, now: int) -> Finding:
    """Report on the sites whose screeners are asked: who asks them, and what waits."""
    of = f"the screener of {_named(asked)}" if asked else "a screener that texts wait for"
    age = "" if found.since is None else f", the oldest {max(0, now - found.since) / 1000:.1f} s"
    if not working:
        change = (
            "Start `hansard screener` (`hansard up` includes one): until then texts that are screened before they are "
            "published wait for a moderator, and others stay published unscreened"
        )
        told = f"no process asks {of}: {found}{age}"
        return Finding(verdict="wrong", about=_ABOUT, found=told, change=change)
    workers = counted(len(working), "worker")
    if found.since is not None and now - found.since > BEHIND_S * 1000:
        change = (
            "`screening_retried` and `screening_postponed` in the log of the process say why; if it has neither, start "
            "another `hansard screener`. One that was started just now goes through the log first"
        )
        return Finding(verdict="wrong", about=_ABOUT, found=f"{workers} behind: {found}{age}", change=change)
    return Finding(verdict="good", about=_ABOUT, found=f"{of} is asked by {workers}")


async def waiting(deployment: Deployment, log: Log) -> Unscreened:
    """Return what waits in all partitions. Raises `core.refusals.Unavailable`."""
    store = DueStore(deployment.calls, deployment.keys)
    found = await gathered([partial(_waiting, store, log, keys) for keys in deployment.keys])
    times = [one.since for one in found if one.since is not None]
    return Unscreened(sum(one.texts for one in found), sum(one.events for one in found), min(times, default=None))


async def _waiting(store: DueStore, log: Log, keys: Partition) -> Unscreened:
    # Read the cursor first: an append in between can make it look late, never falsely at the end.
    at = await store.cursor(keys.number)
    lag = await lag_of(log, keys.number, at, await log.last(keys.number))
    asked = [position.ms for item, position in (await store.due(keys.number)).items() if item.what == "ask"]
    times = [*asked, *([lag.since] if lag.events > 0 else [])]
    return Unscreened(len(asked), max(0, lag.events), min(times, default=None))


async def _sites(deployment: Deployment, log: Log) -> dict[str, Site]:
    """The sites that are opened and readable, by name: damage of the log has a finding of its own."""
    listed = SiteNames(deployment.calls, deployment.keys, patience=PATIENCE, read_only=True)
    names = sorted(await listed.all())
    sites = await gathered([partial(_site, log, name) for name in names])
    return {name: site for name, site in zip(names, sites, strict=True) if site is not None}


async def _site(log: Log, name: str) -> Site | None:
    try:
        return await site_of(log, name)
    except (NotFound, CannotFold):
        return None


def _unset(name: str) -> Finding:
    change = "Set it by `PUT /screening`, or take `screening` out of the policy: `on_failure` decides about each text"
    found = f"the policy of {name} asks a screener, and none is set"
    return Finding(verdict="advice", about=_ABOUT, found=found, change=change)


def _named(names: Sequence[str]) -> str:
    more = f" and {counted(len(names) - NAMED, 'site')} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
