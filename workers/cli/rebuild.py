"""`hansard rebuild`: views rebuilt from the log while readers and writers continue."""

import os
from typing import Annotated

import anyio
from cyclopts import Parameter

from core.events.lost_content import WordsLost
from core.log.redis import RedisLog
from core.refusals import NotFound
from projections.rebuild.refold import refold
from projections.thread.fold import CannotApply
from projections.views.store import Store
from projections.views.versions import OWN
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.coordination.presence import present
from workers.rebuild.partition_rebuild import Flipped
from workers.rebuild.rebuilder import Rebuilder
from workers.rebuild.status import Standing, is_mixed, standings
from workers.runtime.amounts import counted
from workers.runtime.process import Failed, worker_name
from workers.runtime.settings import Settings

PACE = 0.03
"""Default share of the time that a rebuild works: readers hardly notice it."""
NICE = 19
"""Niceness of a rebuild on systems that have no SCHED_IDLE."""


def rebuild(
    *,
    thread: Annotated[
        tuple[str, str] | None,
        Parameter(negative="", show_default=False, help="Site and thread: rebuild only the views of this thread."),
    ] = None,
    back: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help="Serve the views again that were served before the last rebuild."
        ),
    ] = False,
    clean: Annotated[
        bool, Parameter(negative="", show_default=False, help="Delete all views that are not served.")
    ] = False,
    status: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="List the views that are served, being built and kept; change nothing.",
        ),
    ] = False,
    pace: Annotated[
        float, Parameter(help="Share of the time to work, above 0 to 1. With 1, other work is not spared.")
    ] = PACE,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Rebuild every view from the log beside the served views, and serve the new ones once they have caught up.

    Readers, writers and projectors continue; feed clients are told to read the page again. It needs room for a second
    copy of every view. Partition by partition, the views are folded from the log, compared with the served views at
    the same event, and served in their place. If they differ, the log decides: a thread that was served wrong is
    listed, and is right from then on (exit status 0). If the new views are wrong, they are not served (1).

    An interrupted rebuild continues when it is started again. Two rebuilds at the same time share the work.

    The views served before are kept and no longer updated: --back lets them catch up, serves them again, and ends an
    interrupted rebuild. The next rebuild deletes them, and so does --clean, which also ends and removes an interrupted
    rebuild.

    If a partition cannot be read, or not to the end of its log, the others are built all the same, and the exit status
    is 1.

    For example:

        hansard rebuild

        hansard rebuild --pace 1

        hansard rebuild --thread sample night-train

        hansard rebuild --status

        hansard rebuild --back && hansard rebuild --clean
    """
    chosen = [name for name, given in (("--thread", thread), ("--back", back), ("--clean", clean)) if given]
    chosen += ["--status"] if status else []
    if len(chosen) > 1:
        raise UsedWrongly(f"{' and '.join(chosen)} exclude each other: give only one of them")
    if not 0 < pace <= 1:
        raise UsedWrongly("--pace is a share of the time: above 0 and at most 1")
    found = where.quietly()
    reporter = _Reporter(json=json)
    if status:
        anyio.run(_status, found, reporter)
    elif thread is not None:
        anyio.run(_thread, found, reporter, *thread)
    else:
        try:
            anyio.run(_all, found, reporter, pace, back, clean)
        except KeyboardInterrupt:
            output.note("hansard: interrupted; what was built is kept, and the same command continues with it")
            raise
    if reporter.cut:
        raise Failed(f"Some logs cannot be read to their end, and are served up to there: {'; '.join(reporter.cut)}")
    return 0


class _Reporter:
    """The output of a rebuild, as text or JSON."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._partitions: list[Flipped] = []
        self.cut: list[str] = []
        """The faults that keep partitions from being built to the end of their log."""

    def flipped(self, one: Flipped) -> None:
        """Report a partition that now serves other views."""
        self._partitions.append(one)
        if one.cut is not None:
            self.cut.append(one.cut)
        if self._json:
            output.document(one)
            output.flush()
            return
        for differing in one.differing:
            thread = f"{differing.site}/{differing.thread}" if differing.thread else f"site {differing.site}"
            output.line(f"was wrong   {thread}  {' '.join(differing.views)}")

    def built(self) -> None:
        """Report that all built views are served."""
        events, threads = (sum(getattr(one, name) for one in self._partitions) for name in ("events", "threads"))
        wrong = sum(len(one.differing) for one in self._partitions)
        if not self._json:
            served = f"{counted(wrong, 'thread')} had been served wrong" if wrong else "no thread had been served wrong"
            output.line(
                f"{counted(events, 'event')} of {counted(threads, 'thread')} rebuilt and served in "
                f"{counted(len(self._partitions), 'partition')}: {served}"
            )
            output.line("The views served before are kept: --back serves them again, --clean deletes them")

    def returned(self) -> None:
        """Report that the earlier views are served again."""
        if self._json:
            return
        if self._partitions:
            output.line(f"The views served before are served again in {counted(len(self._partitions), 'partition')}")
        else:
            output.line("No views are kept that were served before")

    def cleaned(self, keys: int) -> None:
        """Report that all views that are not served were deleted."""
        if self._json:
            output.document({"keys": keys})
        else:
            output.line(f"{counted(keys, 'key')} deleted: only the served views are left")

    def refolded(self, site: str, thread: str, position: str) -> None:
        """Report that one thread was refolded from its log."""
        if self._json:
            output.document({"thread": f"{site}/{thread}", "position": position})
        else:
            output.line(f"{site}/{thread} is rebuilt and served, up to {position}")

    def standings(self, standings: list[Standing]) -> None:
        """Report the generations of every partition."""
        if self._json:
            for one in standings:
                output.document(one)
            return
        for what, found in _grouped(standings).items():
            output.line(f"{what}: {counted(len(found), 'partition')}, {counted(sum(found), 'event')}")
        if mixed := [one for one in standings if is_mixed(one.served)]:
            versions = sorted({version for one in mixed for version in one.served.versions})
            output.line(
                f"The views served in {counted(len(mixed), 'partition')} were written by versions "
                f"{' and '.join(versions)} of Hansard; this is {OWN}. All of them are served, and a rebuild rewrites "
                "them with this version"
            )


def _grouped(standings: list[Standing]) -> dict[str, list[int]]:
    """Events per partition, by generation and its state."""
    found: dict[str, list[int]] = {}
    for one in standings:
        for what, views in (("served", (one.served,)), ("being built", one.building), ("kept", one.kept)):
            for each in views:
                found.setdefault(f"generation {each.generation}, {what}", []).append(each.events)
    return dict(sorted(found.items()))


# FBT001: `anyio.run` passes arguments by position.
async def _all(settings: Settings, reporter: _Reporter, pace: float, back: bool, clean: bool) -> None:  # noqa: FBT001
    async with deployment(settings) as opened:
        if pace < 1:
            _step_back()
        with output.progress("rebuild") as show:
            name = worker_name()
            one = Rebuilder(opened, RedisLog(opened), worker=name, share=pace, progress=show, flipped=reporter.flipped)
            async with present(opened, name=name, role="rebuild"):
                try:
                    if clean:
                        keys = await one.clean()
                    elif back:
                        await one.back()
                    else:
                        await one.rebuild()
                except CannotApply as error:
                    raise Failed(f"The log cannot be folded: {error}; the served views stay as they are") from error
    if clean:
        reporter.cleaned(keys)
    elif back:
        reporter.returned()
    else:
        reporter.built()


async def _thread(settings: Settings, reporter: _Reporter, site: str, thread: str) -> None:
    async with deployment(settings) as opened:
        store = Store(opened.calls, opened.reads, opened.keys)
        try:
            position = await refold(RedisLog(opened), store, site, thread)
        except WordsLost as error:
            raise Failed(str(error)) from error
        except CannotApply as error:
            raise Failed(f"The log cannot be folded: {error}; the served views stay as they are") from error
    if position is None:
        raise NotFound("there is no such thread")
    reporter.refolded(site, thread, str(position))


async def _status(settings: Settings, reporter: _Reporter) -> None:
    async with deployment(settings) as opened:
        reporter.standings(await standings(opened))


def _step_back() -> None:
    """Yield the CPU to every other process of this machine. A server started for this command keeps its priority.

    With `nice` alone, the others wait for the end of a time slice, some milliseconds.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif hasattr(os, "nice"):
        os.nice(NICE)
