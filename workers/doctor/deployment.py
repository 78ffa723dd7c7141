"""Findings of `hansard doctor` on the deployment: its format, its processes, its log and its views."""

from collections.abc import Iterator
from typing import Final

from core.formats import Formats
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import Deployment
from core.redis.errors import Lack, lack, lack_text
from core.redis.live_processes import LiveProcess, live_processes
from projections.read.lag import lags, other_logs
from projections.read.parked import all_parked
from projections.read.served_generation import Served
from projections.views.versions import OWN
from workers.doctor import damage, losses, screening
from workers.doctor.finding import Finding
from workers.rebuild.status import is_mixed, standings
from workers.runtime.amounts import counted
from workers.runtime.settings import Settings


async def findings(opened: Deployment, now: int, settings: Settings) -> list[Finding]:
    """The findings, at the server's time `now` in milliseconds since 1970. Raises `core.refusals.Unavailable`."""
    log = RedisLog(opened)
    live = await live_processes(opened.calls)
    results = [Finding(verdict="good", about="deployment", found=opened.record.id or "without an id yet")]
    results += [_format(log.format, opened.record.formats, live), *_processes(log.format, live)]
    events = latest = 0
    served = Served(opened)
    damages = await damage.damages(served, log)
    unreadable = {one.partition for one in damages if one.position is None}
    for partition in set(range(log.partitions)) - unreadable:
        last = await log.last(partition)
        if last != START:
            events, latest = events + last.n, max(latest, last.ms)
    results.append(Finding(verdict="good", about="log", found=f"{events} events in {log.partitions} partitions"))
    results += damage.findings(damages, opened.keys)
    results.append(_writes(await log.refusal()))
    results += losses.findings(await losses.inspect_logs(opened), opened.record.id or "", opened.keys)
    if latest > now:
        found = f"the log is {(latest - now) / 1000:.1f} s ahead of the server's clock"
        change = "Set the server's clock: until it has caught up, the recorded times of events are too late"
        results.append(Finding(verdict="advice", about="clock", found=found, change=change))
    if unreadable:
        return results  # the views as a whole cannot be judged, nor what waits for screeners
    results += await screening.findings(opened, log, live, now)
    if parked := await all_parked(served):
        found = f"{counted(len(parked), 'thread')} shown as before an event that cannot be applied"
        change = (
            "List them with `hansard parked`, and see the event with `hansard parked show`. Requeue them once the "
            "program is fixed, or skip the event with a reason that is recorded"
        )
        results.append(Finding(verdict="wrong", about="parked", found=found, change=change))
    if others := await other_logs(served, log):
        first, found = others[0], f"in {len(others)} of {log.partitions} partitions not made from the log beside them"
        change = (
            f"In partition {first.partition} the views have event {first.cursor}; the log lacks it, and ends at "
            f"{first.last}. An older log was put there, or another one. Restore the backup that both log and views "
            "come from; or, if this log is the right one, run `hansard rebuild`. Then start the projectors again"
        )
        return [*results, Finding(verdict="wrong", about="views", found=found, change=change)]
    if mixed := [one.served for one in await standings(opened) if is_mixed(one.served)]:
        versions = sorted({version for views in mixed for version in views.versions})
        found = f"in {len(mixed)} of {log.partitions} partitions written by versions {' and '.join(versions)}"
        change = (
            f"This is version {OWN}. Everything is served as it is. `hansard verify` and the drift checks leave out "
            "what those versions write differently, until `hansard rebuild` rewrites the views with one version"
        )
        results.append(Finding(verdict="advice", about="versions", found=found, change=change))
    behind = await lags(served, log)
    if not behind:
        return [*results, Finding(verdict="good", about="views", found="up to date with the log")]
    seconds = max(0, now - min(lag.since for lag in behind)) / 1000
    found = f"{sum(lag.events for lag in behind)} events behind in {len(behind)} partitions, the oldest {seconds:.1f} s"
    if seconds <= settings.lag_bound:
        return [*results, Finding(verdict="good", about="views", found=found)]
    change = "Start a projector (`hansard up` includes one); if one is running, its log says what stopped it"
    return [*results, Finding(verdict="wrong", about="views", found=found, change=change)]


def _format(recorded: int, formats: Formats, live: list[LiveProcess]) -> Finding:
    """Report the format of the deployment, and what keeps it from the newest one."""
    if recorded >= formats.writes:
        return Finding(verdict="good", about="format", found=f"{recorded}, the newest")
    found = f"{recorded}; this version of Hansard writes {formats.writes}"
    behind = [one for one in live if formats.writes not in one.reads]
    change = (
        f"Update or stop {', '.join(map(str, behind))}; then run `hansard upgrade`"
        if behind
        else "Run `hansard upgrade` once every process is updated: until then the processes write the old format"
    )
    return Finding(verdict="advice", about="format", found=found, change=change)


def _processes(recorded: int, live: list[LiveProcess]) -> Iterator[Finding]:
    """Report the live processes. One that does not read the format of the deployment is wrong."""
    if not live:
        yield Finding(verdict="good", about="processes", found="none alive")
    for one in live:
        if recorded in one.reads:
            yield Finding(verdict="good", about="processes", found=str(one))
        else:
            change = f"Update or stop it: it does not read format {recorded}, takes no writes and commits nothing"
            yield Finding(verdict="wrong", about="processes", found=str(one), change=change)


def _writes(refusal: str | None) -> Finding:
    if refusal is None:
        return Finding(verdict="good", about="writes", found="taken")
    found = f"refused by the server: {lack_text(refusal)}"
    return Finding(verdict="wrong", about="writes", found=found, change=_FULL[lack(refusal)])


_FULL: Final[dict[Lack, str]] = {
    "memory": "Give the server more memory: it then takes writes again by itself",
    "disk": "Make room on the disk of its append-only file: it then takes writes again by itself",
    "replicas": "Bring its replicas back, or lower min-replicas-to-write",
}
