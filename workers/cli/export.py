"""`hansard export`: a site's discussions, for another deployment or another system."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal

import anyio
from cyclopts import Parameter

from core.application.current_state import site_of
from core.ids import is_site
from core.log.redis import RedisLog
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Where
from workers.cli.since import start_of
from workers.cli.target import deployment
from workers.exporters.export_writer import ExportedSite
from workers.exporters.exporter import Exported
from workers.exporters.exporter import export as write
from workers.exporters.registry import EXPORT_FORMATS
from workers.exporters.source import SiteSource
from workers.runtime import private_file
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

NAMED: Final = 8
"""Most faults that the message names."""

ExportName = Literal["native", "wxr", "disqus"]


def export(
    site: Annotated[str, Parameter(help="The site.")],
    file: Annotated[
        Path | None, Parameter(help="File to write to. It must not exist yet. Default: standard output.")
    ] = None,
    /,
    *,
    format_: Annotated[
        ExportName, Parameter(name="--format", help="native has everything; wxr is for WordPress; disqus for others.")
    ] = "native",
    since: Annotated[
        str | None,
        Parameter(
            show_default=False, help="Only discussions in which something happened since this date; they come whole."
        ),
    ] = None,
    where: Where = NOWHERE,
) -> int:
    """Export the discussions of a site while readers and writers continue.

    native is Hansard's own format, with every text, decision and vote: `hansard import` brings it into another
    deployment, where the pages are the same. wxr is the export format of WordPress, disqus that of Disqus; both have
    the text that readers see, and nothing that they do not see is published by them. No format has addresses, keys, or
    a text that was redacted.

    The log is read, and not the views. What is written later than the start of the export is not in it. The file has
    what people wrote, also what staff alone may see: only its owner can read it, and it is there whole or not at all.

    If something cannot be read, the rest is exported, and the exit status is 1.

    For example:

        hansard export gazette gazette.jsonl

        hansard export gazette gazette.xml --format wxr --since 2026-10-03

        hansard export gazette | gzip > gazette.jsonl.gz
    """
    found = where.quietly()
    if not is_site(site):
        raise UsedWrongly(f"{site!r} is not a valid site id: 1 to 40 of a-z, 0-9 and -")
    begin = None if since is None else start_of(since)
    with _out(file) as out:
        done = anyio.run(_export, found, site, format_, begin, out)
    left_out = [f"{number} {what}" for what, number in sorted(done.left_out.items()) if number]
    comments = counted(done.written["comments"], "comment")
    output.note(f"hansard: {counted(done.written['discussions'], 'discussion')} with {comments}")
    if left_out:
        output.note(f"hansard: the format has no place for {', '.join(left_out)}")
    if done.faults:
        named = "; ".join(done.faults[:NAMED])
        more = f"; and {len(done.faults) - NAMED} more" if len(done.faults) > NAMED else ""
        raise Failed(f"the export is incomplete: it lacks {named}{more}")
    return 0


@contextmanager
def _out(file: Path | None) -> Iterator[BinaryIO]:
    """The file to write to, or standard output."""
    if file is not None:
        with private_file.written(file, "an export") as out:
            yield out
        return
    with output.binary() as out:
        yield out


async def _export(settings: Settings, name: str, format_: str, since: int | None, out: BinaryIO) -> Exported:
    async with deployment(settings) as opened:
        log = RedisLog(opened)
        found = await site_of(log, name)
        site = ExportedSite(
            id=name,
            name=found.name or name,
            origins=found.policy.origins,
            timezone=found.policy.timezone,
            made=time.time_ns() // 1_000_000,
        )
        source = SiteSource(log, name)
        with output.progress("read_log") as show:
            await source.find(show)
        with output.progress("export") as show:
            return await write(source, site, EXPORT_FORMATS[format_].writer(), out, since=since, progress=show)
