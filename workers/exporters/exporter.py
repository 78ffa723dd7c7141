"""The export of a site: its discussions, newest first, then what is about members."""

from collections import Counter
from collections.abc import Callable
from typing import BinaryIO

from msgspec import Struct

from workers.exporters.export_writer import ExportedSite, ExportWriter
from workers.exporters.source import SiteSource

Progress = Callable[[int, int], object]


class Exported(Struct, frozen=True, kw_only=True):
    """Counts of what was written and of what the format has no place for, and the parts that cannot be read."""

    written: Counter[str]
    left_out: Counter[str]
    faults: list[str]


async def export(
    source: SiteSource,
    site: ExportedSite,
    writer: ExportWriter,
    file: BinaryIO,
    *,
    since: int | None = None,
    progress: Progress = lambda _, __: None,
) -> Exported:
    """Write a site to a file. With `since`, only the discussions in which something happened since then, each whole.

    `since` is in milliseconds since 1970. Raises `Failed`, `core.refusals.Unavailable`.
    """
    threads = [thread for thread in source.threads if since is None or thread.last.ms >= since]
    total, done = sum(thread.events for thread in threads), 0
    file.write(writer.begin(site))
    for thread in threads:
        discussion = await source.discussion(thread)
        # What an import brought today may have happened years ago.
        if discussion is not None and (since is None or discussion.state.now >= since):
            async for piece in writer.discussion(discussion):
                file.write(piece)
        done += thread.events
        progress(done, total)
    members = writer.members(source.members())
    if members is not None:
        async for piece in members:
            file.write(piece)
    file.write(writer.end())
    return Exported(written=writer.written, left_out=writer.left_out, faults=source.faults)
