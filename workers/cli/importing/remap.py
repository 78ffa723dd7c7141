"""`hansard import remap`: give what an import brought to the members whom another template names."""

from pathlib import Path
from typing import Annotated

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from core.refusals import Refusal
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where, typed
from workers.cli.target import deployment
from workers.importers.planning.author_ids import BadTemplate, checked_template
from workers.importers.planning.folder import FolderError, facts_of
from workers.importers.readers.registry import FORMATS
from workers.importers.remapping import Remapped
from workers.importers.remapping import remap as remap_import
from workers.importers.source_records import UnfitFile
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings


def remap(
    imported: Annotated[str, Parameter(name="IMPORT", help="Id of the import, as `hansard import list` tells it.")],
    /,
    *,
    member: Annotated[str, Parameter(help="Template of members' ids, such as '{id}': the sub of the tokens.")],
    plan: Annotated[Path, Parameter(help="Folder of the plan that was applied.")],
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Give the comments and votes of an import to the members whom a template names, where a wrong one was applied.

    Comments on which their authors acted here are listed, and stay. Again changes nothing.

    For example:

        hansard import remap 3f9c2b7a1d --member '{id}' --plan plan
    """
    fields = tuple(sorted({field for known in FORMATS.values() for field in known.fields}))
    try:
        template = checked_template(typed(member), fields)
    except BadTemplate as error:
        raise UsedWrongly(f"--member {error}") from error
    remapped = anyio.run(_remap, where.quietly(), plan, imported, template)
    if json:
        output.document(remapped)
        return 0
    output.line(f"{remapped.changed:,} comments and votes given to other members, {remapped.known:,} were theirs.")
    if remapped.unnamed:
        output.line(f"{remapped.unnamed:,} have no member by this template, and stay.")
    if remapped.left:
        output.line(f"{counted(len(remapped.left), 'comment')} left, because the author acted here:")
        for name in remapped.left:
            output.line(f"  {name}")
    return 0


async def _remap(settings: Settings, plan: Path, imported: str, template: str) -> Remapped:
    async with deployment(settings) as opened:
        try:
            facts = facts_of(plan)
            with output.progress("import_remap") as show:
                return await remap_import(RedisLog(opened), facts, imported, template, progress=show)
        except (FolderError, UnfitFile) as error:
            raise Failed(str(error)) from error
        except Refusal as refusal:
            raise Failed(f"{refusal.detail} ({refusal.code})") from refusal
