"""`hansard doctor`: present and coming faults of a server, and how to fix them."""

from typing import Annotated, Final

import anyio
from cyclopts import Parameter

from workers.cli import accept_loss as losing
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import server
from workers.doctor import checkup, machine
from workers.doctor.finding import Finding
from workers.runtime import escaping
from workers.runtime.settings import Settings

INDENT: Final = 14
"""Columns that the finding and the advice are indented."""

NARROWEST: Final = 20
"""Minimum width of the text, in columns."""

_SIGNS: Final = {"good": ("✓", "green"), "advice": ("!", "yellow"), "wrong": ("✗", "red")}


def doctor(
    *,
    durability: Annotated[
        str | None,
        Parameter(help="Durability that the server must be able to keep. Default: HANSARD_DURABILITY, or fsynced."),
    ] = None,
    accept_loss: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="List what is gone from a log that lost entries, and resume writes there.",
        ),
    ] = False,
    id_: Annotated[
        str | None,
        Parameter(name="--id", help="With --accept-loss: the deployment's id. On a terminal you are asked for it."),
    ] = None,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Check the servers and the deployment on them, and say what to change.

    It checks version, role, persistence, eviction policy, memory, disk, replicas, the deployment's format, the live
    processes, whether writes are accepted, whether the log of each partition is complete, whether a process asks the
    screeners that sites have, how far the views lag behind the log, whether clients can be told apart by their
    addresses, and the limit of open files. Of a cluster it checks every primary, of sentinels whether they can agree.
    The exit status is 1 if something must change, 0 for advice alone.

    A log that lost its beginning or an entry, or whose server came back empty, accepts no writes. If the lost events
    cannot be put back, --accept-loss lists them, asks for the deployment's id, and lets writes resume. What depends on
    a lost event can still not be changed. From then on the loss is reported as accepted.

    For example:

        hansard doctor

        hansard doctor --accept-loss

        hansard doctor --redis-url redis://127.0.0.1:6379 --json
    """
    if accept_loss:
        return anyio.run(losing.accept_loss, where.quietly(), id_, json)
    if id_ is not None:
        raise UsedWrongly("--id needs --accept-loss")
    findings = anyio.run(_examined, where.quietly(durability=durability))
    for finding in findings:
        if json:
            output.document(finding)
        else:
            _show(finding)
    return 1 if any(finding.verdict == "wrong" for finding in findings) else 0


async def _examined(settings: Settings) -> list[Finding]:
    async with server(settings) as url:
        findings = await checkup.examine(url, settings)
    if settings.redis_url is None:
        findings.append(await machine.disk(settings.data))
    return [*findings, *machine.clients(settings)]


def _show(finding: Finding) -> None:
    from rich.text import Text

    sign, colour = _SIGNS[finding.verdict]
    console = output.console()
    # A narrow terminal gets a readable column, too.
    width = max(console.width - INDENT, NARROWEST)
    first, *more = Text(escaping.line(finding.found)).wrap(console, width) or [Text()]
    console.print(Text.assemble((f"{sign} {finding.about:<12}", colour), first), soft_wrap=True)
    for line in (*more, *Text(escaping.line(finding.change or ""), "bold").wrap(console, width)):
        if line:
            line.rstrip()
            console.print(" " * INDENT, line, sep="", soft_wrap=True)
