"""`hansard import apply`, `list`, `remap` and `undo` as people type them, beside a running `hansard up`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.domain.import_fact import Fact
from tests.support.facts_of_import import STORY, opened, post, write
from tests.support.program import Up, up

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("import") / "data", sample=True) as started:
        yield started


def plan(place: Path, *facts: Fact, name: str) -> Path:
    """A folder with facts for the sample site."""
    place.mkdir()
    write(place / "facts.jsonl", *facts, site="sample", id=name)
    return place


def test_a_plan_is_applied_listed_remapped_and_taken_back(running: Up, tmp_path: Path) -> None:
    folder = plan(tmp_path / "plan", *STORY, name="whole")
    done = running.ask("import", "apply", str(folder))
    assert done.status == 0, done.err
    total = len(STORY)
    assert done.out.splitlines() == [
        f"{total} facts in 1 discussion: {total} brought, 0 known, 0 left out.",
        "The pages have what was brought.",
        "The import is whole.",
    ]
    again = running.ask("import", "apply", str(folder))
    assert again.out.splitlines()[0] == f"{total} facts in 1 discussion: 0 brought, {total} known, 0 left out."
    listed = running.ask("import", "list")
    assert "whole  sample: wordpress, begun " in listed.out
    assert f"  {total} brought, 0 known" in listed.out
    remapped = running.ask("import", "remap", "whole", "--member", "u-{id}", "--plan", str(folder))
    assert remapped.out.splitlines()[0] == "7 comments and votes given to other members, 0 were theirs."
    undone = running.ask("import", "undo", "whole")
    assert undone.out.startswith("4 comments taken back; 1 were not on a page before. The batch is undo-")
    verified = running.ask("verify")
    assert verified.status == 0, verified.out
    back = running.ask("import", "apply", str(folder), "--json")
    (document,) = back.documents
    assert (back.status, document["applied"]["brought"], document["differing"]) == (0, 4, [])


def test_what_is_left_out_is_told_by_reason_and_never_by_words(running: Up, tmp_path: Path) -> None:
    facts = [replace(fact, thread="partly") for fact in (opened(), post(1), post(2, "Secret.", parent="c77"))]
    done = running.ask("import", "apply", str(plan(tmp_path / "plan", *facts, name="partly")))
    assert done.status == 0
    assert done.out.splitlines()[:3] == [
        "3 facts in 1 discussion: 2 brought, 0 known, 1 left out.",
        "  left out, unknown-parent: 1",
        "    post in partly/c2: the comment that this one answers is not there",
    ]
    assert "Secret" not in done.out + done.err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "facts.jsonl is unfit"),
        (['{"hansard": "facts/9"}'], "does not begin with the header of facts"),
        (['{"do": "open"}'], "does not begin with the header of facts"),
    ],
)
def test_a_folder_that_is_no_plan_is_one_line(running: Up, tmp_path: Path, lines: list[str], said: str) -> None:
    (tmp_path / "facts.jsonl").write_text("\n".join(lines))
    done = running.ask("import", "apply", str(tmp_path))
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    nothing = running.ask("import", "apply", str(tmp_path / "nowhere"))
    assert nothing.status == 1
    assert "has no plan" in nothing.err


def test_a_site_that_does_not_exist_is_refused(running: Up, tmp_path: Path) -> None:
    write(tmp_path / "facts.jsonl", opened(), site="nowhere")
    done = running.ask("import", "apply", str(tmp_path))
    assert (done.status, done.out) == (1, "")
    assert "there is no such site" in done.err


def test_what_the_server_has_no_room_for_is_not_begun(running: Up, tmp_path: Path) -> None:
    write(tmp_path / "facts.jsonl", opened(), site="sample", id="huge", counts={"comments": 10**12})
    done = running.ask("import", "apply", str(tmp_path))
    assert (done.status, done.out) == (1, "")
    assert "give it more, or plan less with --since or --votes tally" in done.err
    assert "huge" not in running.ask("import", "list").out


def test_an_import_that_there_is_not_is_neither_undone_nor_remapped(running: Up, tmp_path: Path) -> None:
    write(tmp_path / "facts.jsonl", opened(), site="sample", id="other")
    for arguments in (("undo", "nothing"), ("remap", "nothing", "--member", "{id}", "--plan", str(tmp_path))):
        done = running.ask("import", *arguments)
        assert (done.status, done.out) == (1, "")
        assert "there is no such import" in done.err or "no such import" in done.err
    bad = running.ask("import", "remap", "other", "--member", "{email}", "--plan", str(tmp_path))
    assert bad.status == 2
    assert "must name one of" in bad.err


def test_the_list_is_a_document_for_programs(running: Up) -> None:
    (listed,) = running.ask("import", "list", "--json").documents
    assert {one["site"] for one in listed} <= {"sample"}
    assert json.dumps(listed)
