"""`hansard import apply`: bring what a plan says, and say how it added up."""

from pathlib import Path
from typing import Annotated, Final

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from core.refusals import Refusal
from projections.read.served_generation import Served
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.importers.applying import Applied, Applier
from workers.importers.brought import imports_of
from workers.importers.planning.folder import FolderError, facts_of
from workers.importers.reconciling import differences
from workers.importers.room import TooLarge, require_room
from workers.importers.source_records import UnfitFile
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

_SHOWN: Final = 5
"""Threads that are named where the pages differ."""


def apply(
    plan: Annotated[Path, Parameter(help="Folder of a plan.")],
    /,
    *,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Bring what a plan says, newest article first. What was brought before is known, and is not brought again.

    Facts that are impossible are left out, with a reason each. A comment that people here edited or decided on since
    stays as it is. An apply that was cut off is continued by another one. While the server refuses writes, it waits.

    At the end the pages are compared with what was brought: the exit status is 1 if they have less.

    For example:

        hansard import apply plan

        hansard import apply plan --data scratch
    """
    applied, differing = anyio.run(_apply, where.quietly(), plan)
    if json:
        output.document({"applied": applied, "differing": differing})
    else:
        _show(applied, differing)
    return 1 if differing else 0


async def _apply(settings: Settings, plan: Path) -> tuple[Applied, list[str] | None]:
    async with deployment(settings) as opened:
        try:
            with output.progress("import_apply") as show:
                applier = Applier(RedisLog(opened), facts_of(plan), progress=show)
                known = await imports_of(applier.log, applier.header.site)
                if all(one.imported != applier.header.id for one in known):
                    await require_room(opened.topology, applier.header)
                applied = await applier.run()
        except (FolderError, UnfitFile, TooLarge) as error:
            raise Failed(str(error)) from error
        except Refusal as refusal:
            raise Failed(f"{refusal.detail} ({refusal.code})") from refusal
        return applied, await differences(Served(opened), applied)


def _show(applied: Applied, differing: list[str] | None) -> None:
    parts = f"{applied.brought:,} brought, {applied.known:,} known, {sum(applied.left_out.values()):,} left out"
    output.line(f"{counted(applied.facts, 'fact')} in {counted(applied.threads, 'discussion')}: {parts}.")
    for reason, number in sorted(applied.left_out.items(), key=lambda one: -one[1]):
        output.line(f"  left out, {reason}: {number:,}")
        for example in applied.examples.get(reason, ()):
            place = example.thread if example.comment is None else f"{example.thread}/{example.comment}"
            output.line(f"    {example.do} in {place}: {example.why}")
    if applied.differing:
        output.line(f"{counted(applied.differing, 'comment')} changed here since, and left as they are:")
        for name in applied.differing_examples:
            output.line(f"  {name}")
    if differing is None:
        output.line("The views do not have all of it yet: run `hansard verify` when they do.")
    elif differing:
        output.line(f"{counted(len(differing), 'page')} have fewer comments than were brought, such as:")
        for name in differing[:_SHOWN]:
            output.line(f"  {name}")
    elif applied.published:
        output.line("The pages have what was brought.")
    output.line(f"The import is {applied.imported}.")
