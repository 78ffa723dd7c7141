"""`hansard rehearse`: the texts that a policy would hold, and those that it would no longer hold. Changes nothing."""

from pathlib import Path
from typing import Annotated

import anyio
import msgspec
from cyclopts import Parameter

from core.application.current_state import site_of
from core.application.rehearsed_policy import rehearsed_policy
from core.caller import Caller
from core.log.redis import RedisLog
from core.moment import place_of
from core.policy import PolicyChanges
from core.throttle import Pace
from core.time_zones import zone_of
from projections.audit import merge
from projections.audit.rehearsals import Changed, Rehearsal, Rehearser
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.report_period import From, To, period_asked_for
from workers.cli.target import deployment
from workers.runtime.amounts import counted
from workers.runtime.settings import Settings

_CALLER = Caller(id="hansard", name="", roles=frozenset({"admin"}))
"""The caller as whom a change is checked. It is never made."""
_SHOWN = 70
"""Characters of a text that a line of the terminal shows."""


def rehearse(
    site: str,
    /,
    *,
    policy: Annotated[Path, Parameter(help="JSON with the fields of the policy to change, as `PATCH /policy` takes.")],
    from_: From = None,
    to: To = None,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Tell which past texts a policy would hold, and which it would no longer hold, with examples. Changes nothing.

    Each text is judged as it was when it was written, by the facts that its event recorded. A rule that needs a fact
    which was not recorded is left out for that text, and told as unknown. `reports_over` is applied to the reports of
    the period, as if the rule had been set at its beginning. Texts of staff and of imports are left out.

    For example:

        echo '{"rules": [{"kind": "links_over", "links": 1}]}' > policy.json

        hansard rehearse sample --policy policy.json --from 2026-10-01
    """
    try:
        changes = msgspec.json.decode(policy.read_bytes(), type=PolicyChanges)
    except OSError as error:
        raise UsedWrongly(f"--policy: {policy} cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsedWrongly(f"--policy: {error}") from error
    found = anyio.run(_rehearse, where.quietly(), site, changes, from_, to)
    if json:
        output.document(found)
        return 0
    reports = f" and {counted(found.reports, 'report')}" if found.reports else ""
    output.line(f"{counted(found.judged, 'text')}{reports} judged; nothing was changed.")
    _show("would be held", found.would_hold)
    _show("would no longer be held", found.would_not_hold)
    if found.otherwise:
        output.line(f"{found.otherwise:,} would be rejected instead of held, or held instead of rejected")
    for rule, texts in found.unknown.most_common():
        output.line(f"{rule} was left out for {counted(texts, 'text')}: what it needs was not recorded")
    return 0


async def _rehearse(
    settings: Settings, name: str, changes: PolicyChanges, from_: str | None, to: str | None
) -> Rehearsal:
    async with deployment(settings) as opened:
        log = RedisLog(opened)
        site = await site_of(log, name)
        begin, end = period_asked_for(from_, to, zone_of(site.policy.timezone))
        made = await rehearsed_policy(log, name, changes, {}, caller=_CALLER)
        rehearser = Rehearser(log, name, made.policy, made.lists, begin=begin, site_name=made.site_name)
        found, dry = Rehearsal(), False
        places = [merge.before(place_of(begin))] * log.partitions
        while not dry:
            places, dry = await rehearser.go_on(found, places, place_of(end), Pace())
        return found


def _show(what: str, changed: Changed) -> None:
    rules = ", ".join(f"{rule} {texts:,}" for rule, texts in changed.rules.most_common())
    output.line(f"{changed.texts:,} {what}{f': {rules}' if rules else ''}")
    for one in changed.examples:
        words = " ".join(one.body.split())
        output.line(f"  {one.thread}/{one.comment}:{one.revision}  {one.rule}")
        output.line(f"    {words[:_SHOWN]}{'…' if len(words) > _SHOWN else ''}")
