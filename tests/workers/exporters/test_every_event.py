"""Everything that can happen is exported, or left out for a reason that the page has."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings

from core.events.event import Event, tag_of
from core.events.types import EVENTS
from core.text.unicode import one_line
from tests.support.discussions import Move, moves, played
from tests.support.eventful import SECRETS, eventful
from tests.support.exporting import EventLog, MadeExport, exported
from tests.support.exports import planned
from workers.exporters.left_out import LEFT_OUT
from workers.exporters.member_facts import MEMBER_FACTS
from workers.exporters.thread_facts import THREAD_FACTS

TOP = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
SHOWN = ("Two, at last", "Three", "Under it")
HIDDEN = ("Withdrawn words", "Waiting words", "Four", "Brought")


async def _eventful(format_: str) -> tuple[EventLog, MadeExport]:
    made = await eventful()
    return made, await exported(made.log, format_)


def _become(event: type[Event]) -> str:
    facts = [table.table[event].fact for table in (THREAD_FACTS, MEMBER_FACTS) if event in table.table]
    tags = [f"`{fact.__struct_config__.tag}`" for fact in facts]
    assert bool(tags) != (event in LEFT_OUT), event
    return ", ".join(tags) or f"left out: {LEFT_OUT[event]}"


def test_every_type_of_event_is_exported_or_left_out_for_a_reason() -> None:
    rows = [f"| `{tag_of(event)}` | {_become(event)} |" for event in EVENTS]
    page = (TOP / "docs" / "export.md").read_text().splitlines()
    assert page[page.index("| event | fact |") + 2 :] == rows


@pytest.mark.parametrize(("format_", "suffix"), [("native", "jsonl"), ("wxr", "xml"), ("disqus", "xml")])
def test_an_export_of_everything_is_as_it_was(format_: str, suffix: str) -> None:
    made, export = anyio.run(_eventful, format_)
    assert made.kinds == set(EVENTS)
    assert export.said.faults == []
    golden = GOLDEN / f"{format_}.{suffix}"
    assert export.text == golden.read_text(), f"to accept: write the export to {golden}"


@pytest.mark.parametrize("format_", ["native", "wxr", "disqus"])
def test_what_was_redacted_is_in_no_export(format_: str) -> None:
    _, export = anyio.run(_eventful, format_)
    assert all(shown in export.text for shown in SHOWN)
    assert [secret for secret in SECRETS if secret in export.text] == []


def test_no_text_that_readers_do_not_see_is_in_an_export_for_disqus() -> None:
    _, export = anyio.run(_eventful, "disqus")
    assert [hidden for hidden in HIDDEN if hidden in export.text] == []
    assert export.text.count("<isDeleted>true</isDeleted>") == 1


def test_a_plan_keeps_every_fact_as_it_was_exported(tmp_path: Path) -> None:
    _, export = anyio.run(_eventful, "native")
    found = planned(tmp_path, "native", export.content, pending=None)
    assert found.report.left_out == {}
    assert found.facts == export.facts


def test_facts_say_who_decided_but_not_that_an_import_did() -> None:
    _, export = anyio.run(_eventful, "native")
    decisions = [fact for fact in export.facts if fact["do"] == "decide"]
    assert [fact.get("by") for fact in decisions if fact["comment"] == "wp-8"] == [None]
    rule = next(fact for fact in decisions if fact.get("rule"))
    assert rule["by"] == {"id": "reports", "kind": "system"}
    assert {fact["by"]["id"] for fact in decisions if "by" in fact} == {"mod", "mia", "reports"}


def test_what_an_import_brought_is_exported_with_the_owner_that_it_has_now() -> None:
    _, export = anyio.run(_eventful, "native")
    brought = [fact for fact in export.facts if fact.get("comment") == "wp-9"]
    assert [fact["by"]["id"] for fact in brought if "by" in fact] == ["zoe", "zoe"]
    assert [fact.get("body") for fact in brought] == [None, "Known words", None]
    tallies = [fact for fact in export.facts if fact["do"] == "tally"]
    assert [(fact.get("up"), fact.get("down"), fact.get("score")) for fact in tallies] == [
        (14, 2, None),
        (None, None, -3),
    ]


async def _played(some: list[Move]) -> MadeExport:
    log = await played(some, threads=2, partitions=2)
    export = await exported(log)
    assert export.said.faults == []
    return export


@settings(max_examples=30)
@given(moves(most=80, threads=2, imports=True))
def test_a_plan_keeps_what_any_discussion_was_exported_as(
    tmp_path_factory: pytest.TempPathFactory, some: list[Move]
) -> None:
    export = anyio.run(_played, some)
    found = planned(tmp_path_factory.mktemp("plan"), "native", export.content, pending=None)
    assert found.report.left_out == {}
    stated = [_with_name(fact) for fact in export.facts]
    for thread in {fact["thread"] for fact in stated}:
        kept = [fact for fact in found.facts if fact["thread"] == thread]
        assert kept == [fact for fact in stated if fact["thread"] == thread]
    assert len(found.facts) == len(stated)


def _with_name(fact: dict[str, Any]) -> dict[str, Any]:
    """A fact whose author's name is one line, as all names are that a decider took."""
    by = fact.get("by", {})
    return fact | {"by": by | {"name": one_line(by["name"], 100)}} if "name" in by else fact


def test_what_an_operator_skipped_is_in_no_export() -> None:
    _, export = anyio.run(_eventful, "native")
    assert "nothing" not in {fact.get("comment") for fact in export.facts}
