"""`hansard upgrade`: raise the format of a deployment to the newest that this version writes."""

from collections.abc import Sequence
from typing import Any

import anyio

from core.formats import FORMATS, Formats
from core.redis import live_processes
from core.redis.errors import retry
from core.redis.live_processes import Gone, Held, LiveProcess, Outcome, Unchanged, Upgraded
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.runtime.process import Failed
from workers.runtime.settings import Settings


def upgrade(*, json: Json = False, where: Where = NOWHERE) -> int:
    """Raise the format of a deployment to the newest that this version of Hansard writes.

    A new version reads everything that older ones wrote, and writes as they did until this command is run. So update
    every process first, gateways and projectors in any order; until then you can go back to the version before. Then
    run this. It cannot be undone: versions that do not read the new format no longer work on the deployment.

    While a live process does not read the new format, the command changes nothing, names that process and has exit
    status 1. A killed process counts as alive for ten seconds.

    For example:

        hansard upgrade

        hansard upgrade --redis-url redis://127.0.0.1:6379 --json
    """
    return execute(where.quietly(), FORMATS, json=json)


def execute(settings: Settings, formats: Formats, *, json: bool) -> int:
    """Raise the format to the newest of `formats`, print the outcome and return the exit status. Raises Failed."""
    outcome = anyio.run(_upgraded, settings, formats)
    newest = formats.writes
    match outcome:
        case Upgraded(before=before):
            return _report(
                _document(newest, before, []), f"The deployment has format {newest} now; it had {before}", json
            )
        case Unchanged(format=recorded):
            text = (
                f"Nothing to do: the deployment has format {recorded}, the newest that this version of Hansard writes"
            )
            return _report(_document(recorded, recorded, []), text, json)
        case Held(format=recorded, by=held):
            if json:
                output.document(_document(recorded, recorded, held))
                return 1
            names = ", ".join(map(str, held))
            number, them = (
                ("1 live process does", "it") if len(held) == 1 else (f"{len(held)} live processes do", "them")
            )
            raise Failed(
                f"{number} not read format {newest}: {names}. Update or stop {them}, and run `hansard upgrade` again"
            )
        case Gone():
            raise Failed("The record of the deployment changed meanwhile: see `hansard doctor`")


async def _upgraded(settings: Settings, formats: Formats) -> Outcome:
    async with deployment(settings, formats=formats) as opened:
        name = opened.record.id
        if name is None:
            raise Failed("The Redis server takes no writes now: see `hansard doctor`")
        return await retry(lambda: live_processes.upgrade(opened.calls, name, formats), "upgrade")


def _report(document: dict[str, Any], text: str, json: bool) -> int:  # noqa: FBT001 - as the flag is called
    if json:
        output.document(document)
    else:
        output.line(text)
    return 0


def _document(recorded: int, before: int, held: Sequence[LiveProcess]) -> dict[str, Any]:
    return {"format": recorded, "before": before, "refused_by": list(held)}
