"""`hansard up`: everything in one process."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from workers.cli import output
from workers.cli.options import AS_SET, Json, Serving
from workers.gateway.web.desk import ROLES
from workers.importers.sample import SITE, THREAD
from workers.roles import up as everything
from workers.roles.up import Up
from workers.runtime import process
from workers.runtime.settings import Settings

TOKENS: Final = {
    role.access: (
        *("--sub", role.sub, "--name", role.name),
        *(word for one in role.entitlements for word in ("--entitlement", one)),
        *(word for one in role.roles for word in ("--role", one)),
    )
    for role in ROLES.values()
}
"""Sample users, by access: the arguments of `hansard token` for each."""


def up(
    *,
    sample: Annotated[
        bool, Parameter(negative="", show_default=False, help="Load the sample discussion, once.")
    ] = False,
    json: Json = False,
    serving: Serving = AS_SET,
) -> int:
    """Run everything in one process: log, projector and gateway, on a server of its own.

    Nothing else is needed. The data and the generated secrets stay in the directory of --data after a stop. With
    --redis-url it uses a server of yours instead. Ctrl-C stops it after the running work is finished, a second Ctrl-C
    at once.

    For example:

        hansard up --sample

        hansard up --data /srv/hansard --host 0.0.0.0 --port 80

        hansard up --redis-url redis://127.0.0.1:6379
    """
    found = serving.settings(for_people=not json)
    is_json = json or (found.log_format == "json" and not sys.stdout.isatty())
    report = output.document if is_json else _print_up

    async def work(own: process.Process) -> None:
        await everything.run(own, found, with_sample=sample, on_ready=lambda up: _now(report, up))

    return process.run(work, drain=found.drain)


def _now(report: Callable[[Up], object], up: Up) -> None:
    report(up)
    output.flush()


def _print_up(up: Up) -> None:
    output.line(f"Hansard listens on {up.url}, its data is in {up.data}")
    output.line()
    page = f"{up.url}/v1/sites/{SITE}/threads/{THREAD}"
    if up.sample:
        output.line(f"  read      curl {page}")
        output.line(f"  follow    curl -N {page}/feed")
    output.line(f"  look up   {up.url}/docs")
    output.line()
    output.line("Tokens, valid for a day:")
    output.line()
    given = [] if up.data == str(Settings().data) else ["--data", up.data]
    width = max(map(len, TOKENS))
    if up.sample:
        for who, claims in TOKENS.items():
            output.line(f"  {who:{width}}  {_command('--site', SITE, *claims, *given)}")
    output.line(f"  {'an operator':{width}}  {_command('--operator', *given)}")
    if not up.own_server:
        output.line()
        output.line("(set HANSARD_REDIS_URL for these commands, as for this process)")
    output.line()
    output.line(f"open {up.page}")


def _command(*arguments: str) -> str:
    return shlex.join([*_program(), "token", *arguments])


def _program() -> list[str]:
    """The words of a command line that calls this program again, the way it was called this time."""
    called = Path(sys.argv[0])
    if called.name != "hansard":
        return [sys.executable, "-m", "workers"]
    found = shutil.which("hansard")
    if found is not None and Path(found).samefile(called):
        return ["hansard"]
    return [os.path.relpath(called)]
