"""The native format: its page has examples that work, and what cannot be stays out with its reason."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from core.domain.import_facts import AnyFact, ImportHeader
from tests.support.exports import Planned, planned, wp_comment, wp_item, wxr
from workers.importers.source_records import UnfitFile

PAGE = (Path(__file__).parents[4] / "docs" / "native-format.md").read_text()
HEAD = {
    "hansard": "facts/1",
    "id": "i1",
    "site": "gazette",
    "system": "mine",
    "source": "mine",
    "made": "2026-10-01T12:00:00Z",
}
BY = {"id": "u-20", "name": "Ada"}


def fact(do: str, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"do": do, "thread": "a", "at": "2020-01-01T09:00:00Z"}
    given |= {"open": {"url": "https://gazette.example/a", "title": "An article"}}.get(do, {})
    given |= {"post": {"by": BY, "comment": "mine-1", "origin": "1", "body": "Hello."}}.get(do, {})
    return given | fields


def plan(folder: Path, *facts: Any, **options: Any) -> Planned:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in (HEAD, fact("open"), *facts)]
    return planned(folder, "native", "\n".join(lines), pending=None, **options)


def test_the_example_of_the_page_comes_whole_and_in_order(tmp_path: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    found = planned(tmp_path, "native", example, pending=None)
    written = [json.loads(line) for line in example.splitlines()[1:]]
    assert [one["do"] for one in found.facts] == [one["do"] for one in written]
    assert [one.get("body") for one in found.facts] == [one.get("body") for one in written]
    assert found.report.left_out == {}
    assert found.header["source"] == "mine"


def test_the_page_has_every_kind_and_every_field() -> None:
    common = {"thread", "at", "by"}
    for kind in get_args(AnyFact):
        row = next(
            line
            for line in PAGE.splitlines()
            if line.startswith("| `") and f"`{kind.__struct_config__.tag}`" in line.split("|")[1]
        )
        assert {*re.findall(r"`(\w+)`", row.split("|")[2])} == set(kind.__struct_fields__) - common, kind
    for name in ImportHeader.__struct_fields__:
        assert f"`{name}`" in PAGE


def test_what_a_plan_writes_can_be_planned_again(tmp_path: Path) -> None:
    comments = (wp_comment(7), wp_comment(8, "<b>Two</b>", parent="7"), wp_comment(9, approved="spam"))
    first = planned(tmp_path, "wxr", wxr(wp_item(*comments, comment_status="closed")))
    again = planned(tmp_path, "native", (first.folder / "facts.jsonl").read_bytes(), into="again", pending=None)
    assert again.facts == first.facts
    assert again.report.left_out == {}


def test_facts_are_put_in_order(tmp_path: Path) -> None:
    early = fact("post", comment="mine-2", origin="2", parent="mine-1", at="2019-01-01T00:00:00Z")
    vote = fact("vote", comment="mine-2", value=1, by=BY, at="2019-01-02T00:00:00Z")
    found = plan(tmp_path, vote, early, fact("close", at="2019-06-01T00:00:00Z"), fact("post"))
    assert found.brief() == [("open",), ("post", "mine-1"), ("post", "mine-2"), ("vote", "mine-2"), ("close",)]


@pytest.mark.parametrize(
    ("wrong", "what", "why"),
    [
        (fact("post", at="2999-01-01T00:00:00Z"), "comments", "future"),
        (fact("post", at="yesterday"), "comments", "no-time"),
        (fact("post", comment="a/b"), "comments", "invalid-id"),
        (fact("post", by={"id": "a b"}), "comments", "invalid-id"),
        (fact("post", by=None), "comments", "no-author"),
        (fact("post", body="\u200b"), "comments", "empty"),
        (fact("post", body="x" * 65_537), "comments", "too-long"),
        (fact("edit", comment="mine-9", revision=2, body="x"), "edits", "unknown-comment"),
        (fact("edit", comment="mine-0", revision=3, body="x"), "edits", "unknown-revision"),
        (fact("edit", comment="mine-0", revision=1, body="x"), "edits", "unknown-revision"),
        (fact("vote", comment="mine-0", value=1, revision=2, by=BY), "votes", "unknown-revision"),
        (fact("vote", comment="mine-0", value=1), "votes", "no-author"),
        (fact("tally", comment="mine-0", up=-1), "tallied votes", "no-vote"),
        (fact("report", comment="mine-0", reason="Not a slug!", by=BY), "reports", "invalid-id"),
        (fact("anchor", anchor=".."), "inline questions", "invalid-id"),
        (fact("open"), "openings", "twice"),
        (fact("suspend", member="a b"), "suspensions", "invalid-id"),
        (fact("vote", comment="mine-0", value=2, by=BY), "facts", "unreadable"),
        (fact("post", ip="203.0.113.7"), "facts", "unreadable"),
        (fact("sing"), "facts", "unreadable"),
        ("{", "facts", "unreadable"),
        ("\0", "facts", "unreadable"),
        ("[" * 5_000, "facts", "unreadable"),
    ],
)
def test_what_cannot_be_stays_out_and_ends_nothing(wrong: Any, what: str, why: str, tmp_path: Path) -> None:
    good = fact("post", comment="mine-0", origin="0")
    found = plan(tmp_path, good, wrong, fact("post", comment="mine-5", origin="5", parent="mine-1"))
    assert found.report.left_out == {what: {why: 1}}
    assert {post["comment"] for post in found.of("post")} == {"mine-0", "mine-5"}
    assert "parent" not in found.of("post")[1]
    assert "203.0.113.7" not in "\n".join(map(str, found.facts))


def test_the_same_comment_twice_comes_once(tmp_path: Path) -> None:
    found = plan(tmp_path, fact("post"), fact("post", body="Other."))
    assert found.report.left_out == {"comments": {"twice": 1}}


@pytest.mark.parametrize("content", ["", "{}", '{"hansard": "facts/2"}', json.dumps(HEAD | {"more": 1}), "\xff\xfe"])
def test_a_file_without_the_header_is_unfit(content: str, tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match="export-0 is unfit"):
        planned(tmp_path, "native", content)
