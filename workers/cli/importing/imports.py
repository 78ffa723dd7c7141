"""`hansard import list`: the imports, and how their facts added up."""

import anyio

from core.log.redis import RedisLog
from core.times import rfc3339
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.importers.brought import ImportLine, all_imports
from workers.runtime.settings import Settings


def imports(*, json: Json = False, where: Where = NOWHERE) -> int:
    """List the imports of all sites: what was brought, and what was left out for which reason.

    For example:

        hansard import list
    """
    found = anyio.run(_imports, where.quietly())
    if json:
        output.document([_document(one) for one in found])
        return 0
    if not found:
        output.line("Nothing was imported.")
    for one in found:
        output.line(f"{one.imported}  {one.site}: {one.system}, begun {rfc3339(one.begun.ms)} by {one.by}")
        if one.ended is None:
            output.line("  it did not end: run `hansard import apply` again")
        else:
            parts = [f"{one.ended.brought:,} brought", f"{one.ended.known:,} known"]
            parts += [f"{number:,} left out ({reason})" for reason, number in sorted(one.ended.left_out.items())]
            output.line(f"  {', '.join(parts)}")
    return 0


async def _imports(settings: Settings) -> list[ImportLine]:
    async with deployment(settings) as opened:
        return await all_imports(RedisLog(opened))


def _document(one: ImportLine) -> dict[str, object]:
    ended = one.ended
    return {
        "import": one.imported,
        "site": one.site,
        "system": one.system,
        "source": one.source,
        "begun_at": rfc3339(one.begun.ms),
        "by": one.by,
        "ended": None
        if ended is None
        else {
            "brought": ended.brought,
            "known": ended.known,
            "left_out": dict(ended.left_out),
            "differs": ended.differs,
        },
    }
