"""Rounds as `make faults` plays them, with processes of their own; small, and few."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.events.comment_events import CommentScreened
from tests.faults import book as books
from tests.faults import catalogue, cutting, engines, rounds
from tests.faults.__main__ import main
from tests.faults.book import Book
from tests.faults.catalogue import Fault
from tests.faults.clients import Client
from tests.faults.findings import Finding
from tests.faults.judged import faults_of_screening
from tests.faults.readers import FeedClient, fresh_page
from tests.faults.rounds import Outcome, Sizes, play
from tests.faults.stage import staged
from tests.faults.table import rows, table, write
from tests.support.screener_host import Received

SMALL = Sizes(threads=2, clients=4, rate=80, feeds=2, readers=1, before=10, after=10)
CUTS = 4


def fault(name: str) -> Fault:
    return next(one for one in catalogue.FAULTS if one.name == name)


async def test_gateway_projector_and_server_die_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged("single", gateways=2, projectors=1) as stage:
        for name in ("gateway killed", "primary killed", "connections killed"):
            outcome = await play(stage, fault(name), 0, "ci", SMALL)
            assert outcome.findings == []
            assert outcome.acknowledged > SMALL.before
            assert outcome.back is not None
        # A client that missed a frame, had it not come: the same oracle finds it.
        thread = f"{fault('gateway killed').slug}-ci-0-0"
        reader = FeedClient(thread, stage.addresses, 0)
        monkeypatch.setattr(rounds, "FEEDS_WITHIN", 0.5)
        page = await fresh_page(Client(stage.addresses, stage.tokens), thread)
        assert page is not None
        reader.page = page
        assert await rounds.of_feed(stage, reader) == []
        page.rows.popitem()
        assert [one.what for one in await rounds.of_feed(stage, reader)] == ["feed"]


async def test_an_older_version_beside_todays_leaves_nothing_blank_and_passes_nothing_over() -> None:
    async with staged("single", gateways=2, projectors=2, mixed=True) as stage:
        outcome = await play(stage, fault("format raised beside an older version"), 0, "ci", SMALL)
        assert outcome.findings == []
        assert outcome.acknowledged > SMALL.before


async def test_each_text_that_waits_for_a_screener_is_judged_once_whatever_dies() -> None:
    async with staged("single", gateways=1, projectors=1, screened=True) as stage:
        for name in ("screener killed", "primary killed while texts wait for a screener"):
            outcome = await play(stage, fault(name), 0, "ci", SMALL)
            assert outcome.findings == []
            assert outcome.judged is not None
            assert outcome.judged.texts > SMALL.before
        assert stage.host is not None
        book, requests = await books.read(stage.log), list(stage.host.requests)
    assert list(faults_of_screening(book, requests)) == []
    # A request under another id, a text that nobody asked about, answers that are missing, one that is there twice.
    # Of those that were judged: a text that its author replaced before the answer was asked about, too.
    answers = [one for events in book.partitions for one in events if isinstance(one.event, CommentScreened)]
    judged = {one.envelope.comment for one in answers}
    written = (one for one in requests if one.json["type"] == "text.written")
    asked = next(one for one in written if one.json["comment"]["id"] in judged)
    renamed = asked._replace(headers={**asked.headers, "webhook-id": "scr_other"})
    assert "under 2 ids" in told(book, [*requests, renamed])
    about = asked.json["comment"]["id"]
    assert "nobody asked" in told(book, [one for one in requests if one.json["comment"]["id"] != about])
    unanswered = Book([[one for one in events if one not in answers] for events in book.partitions])
    assert "never judged" in told(unanswered, requests)
    assert "judged 2 times" in told(Book([*book.partitions, answers[:1]]), requests)


def told(book: Book, requests: Sequence[Received]) -> str:
    """What the oracle finds in what a screener was asked."""
    return "\n".join(map(str, faults_of_screening(book, requests)))


async def test_whatever_a_file_of_writes_lost_at_its_end_what_is_left_is_whole() -> None:
    program = engines.programs()[engines.OURS]
    async with cutting.original(program, "ci") as there:
        last = there.tail.stat().st_size
        for number in range(CUTS):
            # The file is cut at places that no run before had: a byte more or less is another place.
            missing = 1 + number * min(last, 3000) // CUTS
            assert await cutting.cut(there, missing, program) == [], missing


def outcome(number: int, *found: Finding, back: float | None = None) -> Outcome:
    return Outcome(
        fault="a fault",
        round=number,
        acknowledged=1000,
        events=2000,
        findings=list(found),
        back=back,
        level=None,
        resets=0,
        zombies=0,
    )


def test_the_table_counts_rounds_and_findings_and_tells_median_and_worst() -> None:
    lost = Finding(what="lost", detail="a post", fault="a fault", seed="s", round=1)
    feed = Finding(what="feed", detail="a page")
    told = [outcome(0, back=1.0), outcome(1, lost, feed, back=5.0), outcome(2, back=2.0)]
    _, _, row, every = table(rows(("single", "Valkey 9", one) for one in told)).splitlines()
    assert row == "| a fault | single | Valkey 9 | 3 | 3,000 | 1 | 0 | 1 | 0 | 2.00 (5.00) |  |"
    assert every.startswith("| all |  |  | 3 | 3,000 | 1 |")
    assert str(lost) == "lost: a post (--fault 'a fault' --seed s, round 1)"


def test_a_table_goes_between_its_markers_and_touches_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- soak: written by the run -->\nold\n<!-- soak: end -->\nafter\n")
    write(page, "soak", "new")
    assert page.read_text() == ("before\n<!-- soak: written by the run -->\n\nnew\n\n<!-- soak: end -->\nafter\n")
    with pytest.raises(ValueError, match="no place for faults"):
        write(page, "faults", "new")


def test_a_fault_that_there_is_not_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fault", "rain"]) == 2
    assert "there are: " in capsys.readouterr().err
