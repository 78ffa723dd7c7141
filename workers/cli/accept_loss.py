"""`hansard doctor --accept-loss`: an operator reviews and accepts the lost events, and writes resume."""

import sys
from typing import Any

from core.log.redis import RedisLog
from core.redis.deployment import Deployment
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.target import deployment
from workers.doctor import losses
from workers.doctor.losses import Gap, Loss
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

SHOWN = 20
"""Most gaps per partition in the text output; `--json` lists all."""


async def accept_loss(settings: Settings, given: str | None, json: bool) -> int:  # noqa: FBT001 - by anyio.run
    """List the lost events, and accept the loss once the deployment's id is given. Return the exit status."""
    async with deployment(settings) as opened:
        if not opened.integrity.id:
            raise Failed(
                "The partitions have no copies of the deployment's id yet, because the server takes no writes now"
            )
        states = [seen for seen in await losses.inspect_logs(opened) if seen.fault is not None]
        if not states:
            output.note("hansard: nothing is lost beyond what was accepted before")
            return 0
        ours = [seen for seen in states if losses.kind(seen, opened.integrity.id) in (losses.LOST, losses.EMPTY)]
        found = [loss async for loss in losses.losses(opened, RedisLog(opened), ours)]
        for loss in found:
            _show(loss, json=json)
        others = [seen for seen in states if seen not in ours]
        for seen in others:
            output.note(f"hansard: partition {seen.partition} at {seen.newest}: {seen.fault}: see `hansard doctor`")
        if found:
            _require_id(opened, given)
            for loss in found:
                await losses.accept(opened, loss)
            output.note(f"hansard: loss accepted in {counted(len(found), 'partition')}; writes resume there")
        return 1 if others else 0


def _require_id(opened: Deployment, given: str | None) -> None:
    """Require the deployment's id as confirmation by a person. Raises Failed, UsedWrongly."""
    if given is None and sys.stdin.isatty():
        output.note(
            f"The deployment is {opened.integrity.id}. Everything listed above is permanently gone from its record."
        )
        if output.ask("Type the deployment's id to accept this loss: ") != opened.integrity.id:
            raise Failed("That is not the deployment's id: nothing was accepted")
    elif given is None:
        raise UsedWrongly(
            "--accept-loss asks for confirmation on a terminal; elsewhere give the deployment's id with --id, as "
            "`hansard doctor` shows it. Nothing was accepted"
        )
    elif given != opened.integrity.id:
        raise UsedWrongly(f"--id is not the id of this deployment: {given}. Nothing was accepted")


def _show(loss: Loss, *, json: bool) -> None:
    if json:
        output.document(_document(loss))
        return
    if loss.gone is None:
        output.line(f"partition {loss.partition}  all of its events; their number is unknown")
        return
    of = loss.seen.newest.n or loss.gone
    output.line(f"partition {loss.partition}  {loss.gone} of {counted(of, 'event')}")
    for gap in loss.gaps[:SHOWN]:
        output.line(f"  {_numbers(gap)}{_around(gap)}")
    if len(loss.gaps) > SHOWN:
        output.line(f"  and {len(loss.gaps) - SHOWN} more gaps: see --json")


def _numbers(gap: Gap) -> str:
    return f"{gap.first}" if gap.first == gap.last else f"{gap.first} to {gap.last}"


def _around(gap: Gap) -> str:
    around = [f"{word} {at}" for word, at in (("after", gap.after), ("before", gap.before)) if at is not None]
    return f"  ({', '.join(around)})" if around else ""


def _document(loss: Loss) -> dict[str, Any]:
    return {
        "partition": loss.partition,
        "newest": str(loss.seen.newest),
        "gone": loss.gone,
        "accepted": loss.seen.accepted,
        "gaps": [
            {
                "first": gap.first,
                "last": gap.last,
                "after": None if gap.after is None else str(gap.after),
                "before": None if gap.before is None else str(gap.before),
            }
            for gap in loss.gaps
        ],
    }
