"""`hansard report`: figures of moderation as files, for editors and for transparency reports."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import anyio
import msgspec
from cyclopts import App, Parameter

from core.application.current_state import site_of
from core.domain.rules.registry import decoded
from core.domain.site import Site
from core.log.port import Log
from core.log.redis import RedisLog
from core.policy import Policy
from core.time_zones import zone_of
from projections.figures import event_reader
from projections.figures.dsa import DsaCount
from projections.figures.dsa_categories import Sort, parse, sort_of
from projections.figures.dsa_columns import DsaReport, hours
from projections.figures.dsa_report import notes, sections
from projections.figures.moderation import ModerationCount
from projections.figures.moderation_report import ModerationFigures, csv_of, figures_of, tables
from projections.figures.period import Period
from projections.read import progress
from projections.read.parked import all_parked
from projections.read.served_generation import Served
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.report_period import From, To, period_asked_for
from workers.cli.target import deployment
from workers.runtime.amounts import counted
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

report = App(name="report")

_EVERY: Final = 1 << 62
"""No bound on events: a command reads them all, in pieces."""


class _Asked(NamedTuple):
    """A site, and the period that is asked for."""

    site: Site
    zone: tzinfo
    period: Period


@report.default
def list_reports(*, where: Where = NOWHERE) -> int:
    """Write figures of a site's moderation to files: `moderation` for editors, `dsa` for transparency reports.

    What an import brought is in no figure; the first line says how many events were left out.

    For example:

        hansard report moderation sample --from 2026-10-01 figures

        hansard report dsa sample --from 2026-01-01 --to 2027-01-01 dsa-2026
    """
    del where
    raise UsedWrongly("which report: `hansard report moderation` or `hansard report dsa`?")


@report.command
def moderation(
    site: str, folder: Path, /, *, from_: From = None, to: To = None, json: Json = False, where: Where = NOWHERE
) -> int:
    """Write what was decided per day, by reason, rule and moderator, and how fast, as CSV and JSON.

    An item is one decision on a text: of a moderator, or of a rule that held or rejected it. Days are those of the
    site's time zone. Medians and 95th percentiles are exact. With --json, the figures are printed, too.

    For example:

        hansard report moderation sample figures

        hansard report moderation sample --from 2026-10-01 --to 2026-11-01 october
    """
    found = anyio.run(_moderation, where.quietly(), site, from_, to)
    first = f"{_left_out(found.imported)} Days are those of {found.timezone}."
    files = {table.file: csv_of(table, first) for table in tables(found)}
    files["figures.json"] = msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
    _write(folder, files)
    if json:
        output.document(found)
        return 0
    output.line(_left_out(found.imported))
    for line in _told(found):
        output.line(line)
    output.line(f"{counted(len(files), 'file')} in {folder}: {', '.join(files)}")
    return 0


@report.command
def dsa(
    site: str,
    folder: Path,
    /,
    *,
    from_: From = None,
    to: To = None,
    categories: Annotated[
        Path | None,
        Parameter(help='Categories of your own reasons: JSON, such as {"rude": "CYBER_VIOLENCE/CYBER_HARASSMENT"}.'),
    ] = None,
    bare: Annotated[
        bool, Parameter(negative="", show_default=False, help="Leave out line one of each file, as the templates do.")
    ] = False,
    where: Where = NOWHERE,
) -> int:
    """Write the figures of a transparency report under the Digital Services Act of the EU, as CSV.

    One file per section of the templates in Annex I of Implementing Regulation (EU) 2024/2835, and NOTES.md, which says
    how they are counted. What Hansard cannot know is blank. Whether you have to publish any of it is for counsel: a
    newspaper may be a provider of hosting services only.

    For example:

        hansard report dsa sample --from 2026-01-01 --to 2027-01-01 dsa-2026
    """
    own = {} if categories is None else _categories(categories)
    found = anyio.run(_dsa, where.quietly(), site, from_, to, own)
    made = list(sections(found))
    left_out = _left_out(found.count.left_out)
    files = {
        one.table.file: csv_of(one.table, None if bare else f"{one.articles} of Regulation (EU) 2022/2065. {left_out}")
        for one in made
    }
    files["NOTES.md"] = notes(found, made)
    _write(folder, files)
    output.line(left_out)
    for line in _told_of_dsa(found):
        output.line(line)
    output.line(f"{counted(len(made), 'section')} and NOTES.md in {folder}. Counsel decides whether to publish any.")
    return 0


async def _moderation(settings: Settings, name: str, from_: str | None, to: str | None) -> ModerationFigures:
    async with deployment(settings) as opened:
        log, served = RedisLog(opened), Served(opened)
        found = await _asked(log, served, name, from_, to)
        count = ModerationCount(*found.period, found.zone)
        await _fill(count, log, served, name, found.period)
        return figures_of(count, found.site.policy.timezone)


async def _dsa(settings: Settings, name: str, from_: str | None, to: str | None, own: Mapping[str, Sort]) -> DsaReport:
    async with deployment(settings) as opened:
        log, served = RedisLog(opened), Served(opened)
        found = await _asked(log, served, name, from_, to)
        policy = found.site.policy
        sorts = {one.code: sort_of(one.code, one.ground, None, own) for one in policy.reasons}
        count = DsaCount(categories={**sorts, **own})
        await _fill(count, log, served, name, found.period)
        begin, end = found.period
        first, last = (datetime.fromtimestamp(at / 1000, found.zone).date().isoformat() for at in (begin, end - 1))
        return DsaReport(service=found.site.name or name, first=first, last=last, rules=_rules(policy), count=count)


async def _fill(count: ModerationCount | DsaCount, log: Log, served: Served, name: str, period: Period) -> None:
    """Count all events of a period."""
    count.add(await event_reader.of_site(log, name, *period, most=_EVERY))
    async for some in event_reader.every(served, name, *period):
        count.add(some)


async def _asked(log: Log, served: Served, name: str, from_: str | None, to: str | None) -> _Asked:
    """The site and the period. Prints a note if the views lack something of it. Raises UsedWrongly, NotFound."""
    site = await site_of(log, name)
    zone = zone_of(site.policy.timezone)
    period = period_asked_for(from_, to, zone)
    partitions = list(served.keys)
    cursors = await progress.cursors(served, partitions)
    if any([at < await log.last(one.number) for one, at in zip(partitions, cursors, strict=True)]):
        output.note("hansard: the views are behind the log, so the last figures are missing: is a projector running?")
    if any(one.site == name for one in await all_parked(served)):
        output.note("hansard: some threads are parked, and their later events are missing: see `hansard parked`")
    return _Asked(site, zone, period)


def _rules(policy: Policy) -> list[str]:
    rules = [f"{one.__struct_config__.tag} ({one.action})" for one in decoded(policy.rules).rules]
    return rules if policy.premoderation == "none" else [f"premoderation of {policy.premoderation} (hold)", *rules]


def _categories(file: Path) -> dict[str, Sort]:
    try:
        given = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
        return {code: parse(text, code) for code, text in given.items()}
    except OSError as error:
        raise UsedWrongly(f"--categories: {file} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsedWrongly(f"--categories: {error}") from error


def _left_out(number: int) -> str:
    return f"{number:,} imported {'event was' if number == 1 else 'events were'} left out."


def _told(found: ModerationFigures) -> Iterable[str]:
    total, seconds = found.total, found.total.seconds
    days = len(found.days)
    yield f"{counted(total.items, 'item')} in {counted(days, 'day')}, {total.automated:,} of them by rules alone"
    yield f"  by moderators  {total.items - total.automated:,}"
    if seconds.median is not None and seconds.p95 is not None:
        yield f"  decided after  {_duration(seconds.median)} (median), {_duration(seconds.p95)} (95th percentile)"
    appeals = total.appeals
    yield f"  appeals        {appeals.filed:,}: {appeals.upheld:,} upheld, {appeals.reversed:,} reversed"
    yield f"  reversals      {total.reversals:,}"
    yield f"  votes          {total.votes.voided:,} voided, {total.votes.restored:,} restored"
    for name, listed in (
        ("reasons", [(one.reason or "none", one.items) for one in total.reasons]),
        ("rules", [(one.rule, one.items) for one in total.rules]),
        ("moderators", [(one.moderator, one.items) for one in total.moderators]),
    ):
        if listed:
            yield f"  {name:14} {', '.join(f'{of} {items:,}' for of, items in listed[:_TOLD])}"


def _told_of_dsa(found: DsaReport) -> Iterable[str]:
    count = found.count
    yield f"{found.service}, {found.first} to {found.last}"
    notices = list(count.notices.values())
    acted = [one for one in notices if one.action is not None]
    took = hours(one.took for one in acted if one.took is not None)
    by_flaggers = sum(one.received and one.flagger for one in notices)
    yield (
        f"  notices         {sum(one.received for one in notices):,}, {by_flaggers:,} of them by trusted flaggers; "
        f"{len(acted):,} acted on{_median(took)}"
    )
    own = [one for one in count.measures if not one.noticed]
    yield (
        f"  own initiative  {sum(one.by_law for one in own):,} on the ground of law, "
        f"{sum(not one.by_law for one in own):,} of the terms; {sum(one.by_rule for one in own):,} by rules alone"
    )
    every = list(count.complaints.values())
    yield (
        f"  complaints      {sum(one.filed for one in every):,}; {sum(one.upheld for one in every):,} upheld, "
        f"{sum(one.reversed for one in every):,} reversed{_median(hours(w for one in every for w in one.waits))}"
    )
    yield f"  suspensions     {len(count.members):,}"


def _median(found: float | None) -> str:
    return "" if found is None else f", median {found:g} h"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.1f} s"
    return f"{minutes} min" if minutes < _HOURS else f"{seconds / 3600:.1f} h"


_TOLD: Final = 4
"""Entries of a list that the terminal shows, those with the most."""
_HOURS: Final = 120
"""Minutes from which on a duration is told in hours."""


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text.encode())
    except OSError as error:
        raise Failed(f"{folder} cannot be written: {error.strerror}") from error
