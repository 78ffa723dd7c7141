"""`hansard backup` and `hansard restore`: a deployment's log and keys to one file, and back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import anyio
from cyclopts import Parameter

from core.redis.deployment import open_deployment
from workers.backup import take
from workers.backup.file import Lacks
from workers.backup.file_check import Checked, check
from workers.backup.restore import restore as write
from workers.backup.take import Taken
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.doctor import losses
from workers.embedded import server as embedded
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

NAMED: Final = 8
"""Most missing parts of a backup that the text output names; `--json` has all of them."""


def backup(
    file: Annotated[Path, Parameter(help="File to write the backup to. It must not exist yet.")],
    *,
    without_keys: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Leave out the keys that sign the sites' tokens; each site needs new keys after a restore.",
        ),
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Back up a deployment while readers and writers continue.

    The file holds the log, the command keys of the last two windows and the keys of the sites. So it has
    everything that was ever written: protect it as you protect the server. Only its owner can read it, and it is there
    whole or not at all. It has no views; a projector builds them from the log.

    If part of the log cannot be read, the rest is backed up, the file records what it lacks, and the exit status is 1.

    For example:

        hansard backup /srv/backups/hansard-monday

        hansard backup monday --redis-url redis://127.0.0.1:6379 --json
    """
    found = where.quietly()
    taken = anyio.run(_take, found, file, not without_keys)
    size = file.stat().st_size
    if json:
        document = {"events": taken.events, "commands": taken.commands, "sites": taken.sites}
        lacks = {"lacks": _documents(taken.lacks)} if taken.lacks else {}
        output.document({"file": str(file), **document, "bytes": size, "sha256": taken.checksum, **lacks})
    else:
        output.line(_held(taken.events, taken.commands, taken.sites))
        output.line(f"{file}: {size:,} bytes, sha256 {taken.checksum}")
    if taken.lacks:
        raise Failed(f"{file} is incomplete: it lacks {_named(taken.lacks)}")
    return 0


def restore(
    file: Annotated[Path, Parameter(help="A backup.")],
    *,
    check_only: Annotated[
        bool,
        Parameter(
            name="--check",
            negative="",
            show_default=False,
            help="Only check whether the file is intact; restore nothing.",
        ),
    ] = False,
    incomplete: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Also restore a backup that says it is incomplete: what it lacks is permanently gone there.",
        ),
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Restore a deployment from a backup, to a server that holds none or to a new data directory.

    The whole file is checked before anything is written. No process starts on the deployment until the restore is
    complete; an interrupted restore continues when it is run again with the same file. Then start `hansard up` or a
    projector, which builds the views, and check them with `hansard verify`.

    A backup that lacks part of a log, because that part could not be read when it was taken, is refused without
    --incomplete. With it, each partition is restored up to the missing part and continues from there.

    Events whose content does not match its commitment are counted, and restored as they are.

    For example:

        hansard restore /srv/backups/hansard-monday --data new

        hansard restore monday --redis-url redis://127.0.0.1:6379

        hansard restore monday --check
    """
    found = where.quietly()
    checked = check(file)
    if checked.lacks and not incomplete:
        raise Failed(
            f"{file} is incomplete: it lacks {_named(checked.lacks)}. Use --incomplete to restore the rest of it"
        )
    if not check_only:
        anyio.run(_restore, found, file, checked)
    end = checked.end
    if json:
        document = {"events": end.events, "commands": end.commands, "sites": end.sites}
        lacks = {"lacks": _documents(checked.lacks)} if checked.lacks else {}
        altered = {"altered": checked.altered} if checked.altered else {}
        output.document(
            {"file": str(file), **document, "sha256": checked.checksum, "restored": not check_only, **lacks, **altered}
        )
    else:
        summary = f"the file lacks {_named(checked.lacks)}" if checked.lacks else "the file is intact"
        restored = f"restored, except {_named(checked.lacks)}" if checked.lacks else "restored"
        output.line(f"{_held(end.events, end.commands, end.sites)}: {summary if check_only else restored}")
        if checked.altered:
            what = counted(checked.altered, "event")
            output.note(f"hansard: the content of {what} does not match its commitment: see `hansard verify`")
    return 0


async def _take(settings: Settings, file: Path, site_keys: bool) -> Taken:  # noqa: FBT001 - by anyio.run
    async with deployment(settings) as opened:
        broken = {seen.partition: seen.fault for seen in await losses.inspect_logs(opened) if seen.fault is not None}
        with output.progress("backup") as show:
            return await take.take(opened, file, site_keys=site_keys, broken=broken, progress=show)


async def _restore(settings: Settings, file: Path, checked: Checked) -> None:
    async with _server(settings) as url:
        partitions, mark = checked.header.partitions, checked.checksum.encode()
        layout = checked.header.layout
        async with open_deployment(url, partitions=partitions, restoring=mark, new_format=layout) as opened:
            cut_short = anyio.Event()
            try:
                with output.progress("restore") as show:
                    await write(opened, file, checked, show, begun=cut_short.set)
            except BaseException:
                if cut_short.is_set():
                    output.note(
                        "hansard: the restore was interrupted, and no process starts on what is there: run the same "
                        "command again to continue, or empty the server"
                    )
                raise


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[str]:
    """URL of the given server, else of a server started over the data directory, which is created if missing."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    if await embedded.find(settings.data) is not None:
        raise Failed(f"`hansard up` runs on {settings.data}: stop it first, or name a new directory with --data")
    async with embedded.running(settings.data) as server:
        yield server.url


def _named(lacks: Sequence[Lacks]) -> str:
    """The missing parts as text, the first few named."""
    first = "; ".join(map(str, lacks[:NAMED]))
    return first if len(lacks) <= NAMED else f"{first}; and {len(lacks) - NAMED} more"


def _documents(lacks: Sequence[Lacks]) -> list[dict[str, Any]]:
    return [{"partition": one.partition, "after": one.after.decode(errors="replace"), "why": one.why} for one in lacks]


def _held(events: int, commands: int, sites: int) -> str:
    counts = (counted(events, "event"), counted(commands, "command key"))
    return f"{', '.join(counts)}, the keys of {counted(sites, 'site')}"
