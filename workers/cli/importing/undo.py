"""`hansard import undo`: take an import back."""

from typing import Annotated

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from core.refusals import Refusal
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.importers.remapping import SYSTEM, Remapped
from workers.importers.undoing import Undone, found
from workers.importers.undoing import undo as undo_import
from workers.importers.undoing_remap import undo_remap
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings


def undo(
    imported: Annotated[str, Parameter(name="IMPORT", help="Id of the import, as `hansard import list` tells it.")],
    /,
    *,
    with_answers: Annotated[
        bool, Parameter(negative="", help="Also what people here answered, edited or decided on.")
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Take an import back: readers see none of its comments any more. The log keeps them, and the threads stay.

    Comments that people here answered, edited or decided on are listed, and stay. `hansard import apply` brings the
    others back. A remap is taken back in the same way: its comments and votes go to those who had them before.

    For example:

        hansard import undo 3f9c2b7a1d
    """
    undone = anyio.run(_undo, where.quietly(), imported, with_answers)
    if json:
        output.document(undone)
        return 0
    if isinstance(undone, Remapped):
        output.line(f"{undone.changed:,} comments and votes given back. The batch is {undone.batch}.")
        _list("on which the author acted here", undone.left)
        return 0
    output.line(
        f"{counted(undone.rejected, 'comment')} taken back; {undone.already:,} were not on a page before. "
        f"The batch is {undone.batch}."
    )
    _list("answered here", undone.answered)
    _list("edited or decided on here", undone.acted)
    return 0


def _list(what: str, names: list[str]) -> None:
    if names:
        output.line(f"{counted(len(names), 'comment')} {what}, and left:")
    for name in names:
        output.line(f"  {name}")


async def _undo(settings: Settings, imported: str, with_answers: bool) -> Undone | Remapped:  # noqa: FBT001 - of anyio.run
    async with deployment(settings) as opened:
        try:
            with output.progress("import_undo") as show:
                log = RedisLog(opened)
                line = await found(log, imported)
                if line.system == SYSTEM:
                    return await undo_remap(log, line, progress=show)
                return await undo_import(log, line, with_answers=with_answers, progress=show)
        except Refusal as refusal:
            raise Failed(f"{refusal.detail} ({refusal.code})") from refusal
