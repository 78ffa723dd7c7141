"""Figures are what a naive reader of the log counts, however they are read, and whatever else counts it."""

from collections import Counter
from datetime import UTC, datetime
from math import ceil
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.moderated_comment import VERDICTS
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    DecisionReversed,
)
from core.events.envelope import Recorded
from core.events.report_events import NoticeFiled
from core.events.screening import SCREENING
from core.events.vote_events import VoteRestored, VoteVoided
from core.partitions import partition_of
from projections.figures import event_reader
from projections.figures.moderation import ModerationCount, begin_of, days_between
from projections.figures.moderation_report import ModerationFigures, csv_of, figures_of, tables
from projections.read.moderation_summary import summarize
from projections.views.listings.figures import Figure
from tests.support.discussions import BEGIN, SITE, THREADS, Move, events, moves, played
from tests.support.viewing import Stage, stage

FEW = settings(max_examples=12)
PARTITIONS = 4
END = BEGIN + 10 * 24 * 3600 * 1000
RULED = (CommentApproved, CommentHeld, CommentRejected)

discussions = moves(most=60, threads=3, imports=True)


async def recorded(there: Stage) -> list[Recorded]:
    return [one for name in THREADS for one in await events(there.log, name, partition_of(SITE, name, PARTITIONS))]


def day(one: Recorded) -> str:
    return datetime.fromtimestamp(one.position.ms / 1000, UTC).date().isoformat()


class Naive:
    """The counts of somebody who reads the events one by one and knows nothing of marks."""

    def __init__(self, log: list[Recorded]) -> None:
        own = [one for one in log if one.envelope.cause != "import"]
        turned_away: list[Any] = [
            one
            for one in own
            if isinstance(one.event, CommentPosted | CommentEdited) and one.event.rule not in (None, SCREENING)
        ]
        decided: list[Any] = [one for one in own if isinstance(one.event, RULED)]
        by_rule = [one for one in decided if one.envelope.actor.kind == "system"]
        by_staff = [one for one in decided if one.envelope.actor.kind != "system"]
        self.items = Counter(map(day, [*turned_away, *decided]))
        self.rules = Counter([one.event.rule for one in turned_away] + [one.envelope.actor.id for one in by_rule])
        self.moderators = Counter(one.envelope.actor.id for one in by_staff)
        self.reasons = Counter([one.event.code for one in decided] + [None] * len(turned_away))
        self.verdicts = Counter(
            [VERDICTS[type(one.event)] for one in decided]
            + ["reject" if one.event.rejected else "hold" for one in turned_away]
        )
        kinds = (*RULED, DecisionReversed, NoticeFiled, VoteVoided, VoteRestored)
        self.left_out = sum(
            one.envelope.cause == "import"
            and (isinstance(one.event, kinds) or getattr(one.event, "rule", None) not in (None, SCREENING))
            for one in log
        )
        self.notices = sum(isinstance(one.event, NoticeFiled) for one in own)
        self.voided = sum(isinstance(one.event, VoteVoided) for one in own)
        self.restored = sum(isinstance(one.event, VoteRestored) for one in own)
        self.undone = sum(isinstance(one.event, DecisionReversed) for one in own)


async def read(there: Stage, begin: int = 0, end: int = END, most: int = event_reader.MOST) -> list[Figure]:
    found: list[Figure] = []
    while begin < end:
        some, begin = await event_reader.read(there.served, SITE, begin, end, most=most)
        found += some
    return found


def counted(figures: list[Figure], zone: Any = UTC) -> ModerationFigures:
    count = ModerationCount(BEGIN - 1, END, zone)
    count.add(figures)
    return figures_of(count, str(zone))


@FEW
@given(some=discussions)
async def test_figures_are_what_a_naive_reader_of_the_log_counts(server: str, some: list[Move]) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        naive = Naive(await recorded(there))
        figures = counted(await read(there))
        total = figures.total
        assert {one.day: one.items for one in figures.days if one.items} == naive.items
        assert total.items == naive.items.total()
        assert {one.moderator: one.items for one in total.moderators} == naive.moderators
        assert {one.rule: one.items for one in total.rules} == naive.rules
        assert {one.reason: one.items for one in total.reasons} == naive.reasons
        assert {
            name: number for name, number in msgspec.structs.asdict(total.verdicts).items() if number
        } == naive.verdicts
        assert total.automated == naive.rules.total()
        assert total.items - total.automated == naive.moderators.total()
        assert figures.imported == naive.left_out
        kinds = {one.type: one.events for one in total.events}
        assert kinds.get("notice.filed", 0) == naive.notices
        assert kinds.get("decision.reversed", 0) == naive.undone
        assert total.reversals >= naive.undone
        assert (total.votes.voided, total.votes.restored) == (naive.voided, naive.restored)


@FEW
@given(some=discussions)
async def test_they_add_up_and_agree_with_the_summary_of_the_console(server: str, some: list[Move]) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        figures = counted(await read(there))
        for one in (*figures.days, figures.total):
            assert one.items == sum(of.items for of in one.reasons)
            assert one.automated == sum(of.items for of in one.rules)
            assert one.items - one.automated == sum(of.items for of in one.moderators)
            assert one.items == sum(msgspec.structs.astuple(one.verdicts))
        for name in ("items", "automated", "reversals"):
            assert getattr(figures.total, name) == sum(getattr(one, name) for one in figures.days)
        summary = await summarize(there.served, SITE, 0)
        assert {one.moderator: one.items for one in figures.total.moderators} == summary.decided
        wait = figures.total.seconds.median
        assert summary.median_wait == (None if wait is None else int(wait * 1000))


@FEW
@given(some=discussions, most=st.sampled_from((1, 3, 10)), cut=st.integers(0, 60_000))
async def test_figures_read_in_pieces_are_the_whole(server: str, some: list[Move], most: int, cut: int) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        whole = sorted(await read(there), key=str)
        assert sorted(await read(there, most=most), key=str) == whole
        parts = [*await read(there, end=BEGIN + cut), *await read(there, begin=BEGIN + cut)]
        assert sorted(parts, key=str) == whole


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_median_and_percentile_are_exact(waits: list[int]) -> None:
    decided = [Figure(BEGIN + wait, "t", "c", "comment.held", by="mod", since=BEGIN) for wait in waits]
    seconds = counted(decided).total.seconds
    assert seconds.of == len(waits)
    assert seconds.median == median(waits) / 1000
    assert seconds.p95 == sorted(waits)[ceil(0.95 * len(waits)) - 1] / 1000
    assert sum(wait / 1000 <= seconds.p95 for wait in waits) >= 0.95 * len(waits)


def test_a_day_is_one_of_the_zone_whatever_its_length() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin, end = (
        begin_of(datetime(2026, 3, 28, tzinfo=UTC).date(), berlin),
        begin_of(datetime(2026, 3, 31, tzinfo=UTC).date(), berlin),
    )
    days = days_between(begin, end, berlin)
    assert [one.name for one in days] == ["2026-03-28", "2026-03-29", "2026-03-30"]
    hours = [
        (after - one.begin) / 3_600_000
        for one, after in zip(days, [*(one.begin for one in days[1:]), end], strict=True)
    ]
    assert hours == [24, 23, 24]
    late = Figure(days[1].begin - 1, "t", "c", "comment.posted", verdict="hold", rule="links")
    count = ModerationCount(begin, end, berlin)
    count.add([late, late._replace(ms=days[1].begin)])
    assert [one.items for one in figures_of(count, "Europe/Berlin").days] == [1, 1, 0]


def test_a_type_that_this_version_does_not_know_is_counted_by_its_name() -> None:
    total = counted([Figure(BEGIN, "t", "c", "votes.weighed", by="mod")]).total
    assert (total.items, [(one.type, one.events) for one in total.events]) == (0, [("votes.weighed", 1)])


def test_tables_say_what_the_document_says_and_run_nothing_in_a_spreadsheet() -> None:
    figures = counted([
        Figure(BEGIN, "t", "c", "comment.rejected", verdict="reject", by="-1+cmd", code="insult", since=BEGIN - 1500),
        Figure(BEGIN, "t", "c", "comment.posted", verdict="hold", rule="links"),
    ])  # fmt: skip
    files = {table.file: csv_of(table, "no events of imports").split("\r\n") for table in tables(figures)}
    assert files["days.csv"][0] == "no events of imports"
    heads, first = files["days.csv"][1].split(","), files["days.csv"][2].split(",")
    assert dict(zip(heads, first, strict=True)) == {
        "day": "2023-11-14",
        "items": "2",
        "automated": "1",
        "automated_share": "0.5",
        "approve": "0",
        "hold": "1",
        "reject": "1",
        "decided_by_moderators": "1",
        "median_seconds": "1.5",
        "p95_seconds": "1.5",
        "appeals_filed": "0",
        "appeals_upheld": "0",
        "appeals_reversed": "0",
        "appeals_median_seconds": "",
        "reversals": "0",
        "votes_voided": "0",
        "votes_restored": "0",
    }
    assert files["moderators.csv"][2] == "2023-11-14,'-1+cmd,1"
    assert files["reasons.csv"][2:4] == ["2023-11-14,,1", "2023-11-14,insult,1"]
