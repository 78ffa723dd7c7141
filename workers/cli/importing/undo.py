"""`hansard import undo`: take an import back."""

from typing import Annotated

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from core.refusals import Refusal
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.importers.undoing import Undone
from workers.importers.undoing import undo as undo_import
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
    others back.

    For example:

        hansard import undo 3f9c2b7a1d
    """
    undone = anyio.run(_undo, where.quietly(), imported, with_answers)
    if json:
        output.document(undone)
        return 0
    output.line(
        f"{counted(undone.rejected, 'comment')} taken back; {undone.already:,} were not on a page before. "
        f"The batch is {undone.batch}."
    )
    for words, names in (("answered here", undone.answered), ("edited or decided on here", undone.acted)):
        if names:
            output.line(f"{counted(len(names), 'comment')} {words}, and left:")
            for name in names:
                output.line(f"  {name}")
    return 0


async def _undo(settings: Settings, imported: str, with_answers: bool) -> Undone:  # noqa: FBT001 - of anyio.run
    async with deployment(settings) as opened:
        try:
            with output.progress("import_undo") as show:
                return await undo_import(RedisLog(opened), imported, with_answers=with_answers, progress=show)
        except Refusal as refusal:
            raise Failed(f"{refusal.detail} ({refusal.code})") from refusal
