"""`hansard backup` and `hansard restore`: the record of a deployment as one file, and back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import anyio
from cyclopts import Parameter

from core.redis.deployment import open_deployment
from workers.backup import take
from workers.backup.check import Checked, check
from workers.backup.file import Lacks
from workers.backup.restore import restore as write
from workers.backup.take import Taken
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.doctor import losses
from workers.embedded import server as embedded
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

NAMED: Final = 8
"""So many things that a backup lacks are named on the line for people; `--json` has all of them."""


def backup(
    file: Annotated[Path, Parameter(help="Where the backup goes. Nothing may be there yet.")],
    *,
    without_keys: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Leave out what signs the tokens of the sites; each has to be keyed anew after a restore.",
        ),
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Take a backup of a deployment, while everybody goes on reading and writing.

    It holds the log, the command keys of the last two windows and the keys of the sites, and so everything that was
    ever said: keep it as you keep the server. Only its owner can read the file, which is there whole or not at all.
    Views are not in it; a projector makes them from the log.

    Where a part of the log cannot be read, all that can be is taken, the file says what it lacks, and the exit status
    is 1.

    For example:

        hansard backup /srv/backups/hansard-monday

        hansard backup monday --redis-url redis://127.0.0.1:6379 --json
    """
    found = where.quietly()
    taken = anyio.run(_take, found, file, not without_keys)
    size = file.stat().st_size
    if json:
        told = {"events": taken.events, "commands": taken.commands, "sites": taken.sites}
        lacks = {"lacks": _documents(taken.lacks)} if taken.lacks else {}
        output.document({"file": str(file), **told, "bytes": size, "sha256": taken.checksum, **lacks})
    else:
        output.line(_held(taken.events, taken.commands, taken.sites))
        output.line(f"{file}: {size:,} bytes, sha256 {taken.checksum}")
    if taken.lacks:
        raise Failed(f"{file} is not whole: it lacks {_named(taken.lacks)}")
    return 0


def restore(
    file: Annotated[Path, Parameter(help="A backup.")],
    *,
    check_only: Annotated[
        bool,
        Parameter(
            name="--check", negative="", show_default=False, help="Only see whether the file is whole; restore nothing."
        ),
    ] = False,
    incomplete: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Also restore a backup that says it is not whole: what it lacks is gone for good there.",
        ),
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Make a deployment of a backup, on a server that holds none, or in a data directory that is new.

    The file is checked as a whole before anything is written. Until all of it is there, no process starts on that
    deployment; what was cut short goes on when it is run again with the same file. Then start `hansard up`, or a
    projector, which makes the views, and see with `hansard verify` that they are right.

    A backup that lacks something, because it could not be read when it was taken, is refused without --incomplete. With
    it, each partition is restored up to there, and goes on from there.

    For example:

        hansard restore /srv/backups/hansard-monday --data new

        hansard restore monday --redis-url redis://127.0.0.1:6379

        hansard restore monday --check
    """
    found = where.quietly()
    checked = check(file)
    if checked.lacks and not incomplete:
        raise Failed(
            f"{file} is not whole: it lacks {_named(checked.lacks)}. With --incomplete the rest of it is restored"
        )
    if not check_only:
        anyio.run(_restore, found, file, checked)
    end = checked.end
    if json:
        told = {"events": end.events, "commands": end.commands, "sites": end.sites}
        lacks = {"lacks": _documents(checked.lacks)} if checked.lacks else {}
        output.document({"file": str(file), **told, "sha256": checked.checksum, "restored": not check_only, **lacks})
    else:
        whole = f"the file lacks {_named(checked.lacks)}" if checked.lacks else "the file is whole"
        restored = f"restored, but for {_named(checked.lacks)}" if checked.lacks else "restored"
        output.line(f"{_held(end.events, end.commands, end.sites)}: {whole if check_only else restored}")
    return 0


async def _take(settings: Settings, file: Path, site_keys: bool) -> Taken:  # noqa: FBT001 - anyio.run takes no names
    async with deployment(settings) as opened:
        broken = {seen.partition: seen.fault for seen in await losses.looked(opened) if seen.fault is not None}
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
                        "hansard: it was cut short. No process starts on what is there: the same command goes on with "
                        "it, or empty the server"
                    )
                raise


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[str]:
    """URL of the server that was named; else of one over the data directory, which is made where there is none."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    if await embedded.find(settings.data) is not None:
        raise Failed(f"`hansard up` runs on {settings.data}: end it first, or name a new directory with --data")
    async with embedded.running(settings.data) as server:
        yield server.url


def _named(lacks: Sequence[Lacks]) -> str:
    """What is lacking, the first few of it."""
    first = "; ".join(map(str, lacks[:NAMED]))
    return first if len(lacks) <= NAMED else f"{first}; and {len(lacks) - NAMED} more"


def _documents(lacks: Sequence[Lacks]) -> list[dict[str, Any]]:
    return [{"partition": one.partition, "after": one.after.decode(errors="replace"), "why": one.why} for one in lacks]


def _held(events: int, commands: int, sites: int) -> str:
    counts = (output.counted(events, "event"), output.counted(commands, "command key"))
    return f"{', '.join(counts)}, the keys of {output.counted(sites, 'site')}"
