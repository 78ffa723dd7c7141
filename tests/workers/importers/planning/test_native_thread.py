"""The native format: its page has examples that work, and what cannot be stays out with its reason."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from core.domain.import_fact import ImportedPerson, ImportedRule
from core.domain.import_facts import SITE_FACTS, AnyFact, ImportHeader
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
    for struct in (ImportHeader, ImportedPerson, ImportedRule):
        for name in struct.__struct_fields__:
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
        (fact("suspend", member="a", at="2999-01-01T00:00:00Z"), "suspensions", "future"),
        (fact("suspend", member="a", until="soon"), "suspensions", "no-time"),
        (fact("acknowledge", member="a", warned="then"), "warnings acknowledged", "no-time"),
        (fact("warn", member="a", code="No code!"), "warnings", "invalid-id"),
        (fact("mute", member="a"), "mutes", "no-author"),
        (fact("open", labels=["Not a slug!"]), "openings", "twice"),
        (fact("label", labels=["Not a slug!"]), "labels", "invalid-id"),
        (fact("retitle", url="mailto:a", title="A"), "titles", "no-address"),
        (fact("retitle", url="https://gazette.example/a", title="\u200b"), "titles", "empty"),
        (fact("override", policy={"banner": {"en": ""}}), "policies", "invalid-policy"),
        (fact("override", policy={"language": "de"}), "facts", "unreadable"),
        (fact("decide", comment="mine-0", verdict="hold", batch="a b"), "decisions", "invalid-id"),
        (fact("reverse", comment="mine-9", batch="b"), "reversals", "unknown-comment"),
        (fact("ask-removal", comment="mine-0", revision=2), "removal requests", "unknown-revision"),
        (fact("notice", comment="mine-0", reference="a b"), "notices", "invalid-id"),
        (fact("notice", comment="mine-0", reference="a" * 22, email="a@b.example"), "facts", "unreadable"),
        (fact("retract", comment="mine-0"), "votes taken back", "no-author"),
        (fact("void", comment="mine-0", voter="a b", batch="b"), "votes voided", "invalid-id"),
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


EVERY: list[dict[str, Any]] = [
    fact("label", labels=["news"]),
    fact("anchor", anchor="q1", exact="a passage"),
    fact("post", anchor="q1", rule={"name": "words", "list": "rude", "match": "Hello", "spans": [[0, 5]]}),
    fact("post", comment="mine-2", origin="2", parent="mine-1", anchor="q1", depth=1, by=BY, body="Two"),
    fact("edit", comment="mine-1", revision=2, body="Hi", grace=True, rule={"name": "links", "rejected": True}),
    fact("screen", comment="mine-1", revision=2, verdict="hold", shape="openai", failed="timeout", note="n"),
    fact(
        "decide", comment="mine-1", revision=2, verdict="reject", by=BY | {"kind": "staff"}, batch="b1", basis="report"
    ),
    fact("tell", comment="mine-1", revision=2, by=BY),
    fact("appeal", comment="mine-1", revision=2, by=BY, text="No!"),
    fact("decide", comment="mine-1", revision=2, verdict="approve", by={"id": "u-1", "kind": "system"}),
    fact("decide-appeal", comment="mine-1", revision=2, verdict="reverse", sole=True, reason="Yes."),
    fact("tell", comment="mine-1", revision=2, what="appeal", how="mail"),
    fact("ask-removal", comment="mine-1", by=BY),
    fact("end-removal", comment="mine-1", refused=True),
    fact("redact", comment="mine-1", reason="asked"),
    fact("notice", comment="mine-2", reference="r" * 22, filer="member", flagger=True, explanation="e", law="l"),
    fact("decide", comment="mine-2", verdict="reject", notice="r" * 22, ground="law", batch="b2"),
    fact("reverse", comment="mine-2", batch="b2"),
    fact("vote", comment="mine-2", value=-1, by=BY | {"id": "u-3"}),
    fact("void", comment="mine-2", voter="u-3", batch="b3", reason="bought"),
    fact("unvoid", comment="mine-2", voter="u-3", batch="b3"),
    fact("retract", comment="mine-2", by=BY | {"id": "u-3"}),
    fact("tally", comment="mine-2", up=3, down=1),
    fact("report", comment="mine-2", reason="insult", by=BY | {"id": "u-3"}),
    fact("feature", comment="mine-2"),
    fact("unfeature", comment="mine-2"),
    fact("pin", comment="mine-1"),
    fact("unpin", comment="mine-1"),
    fact("withdraw", comment="mine-1", by=BY),
    fact("restore", comment="mine-1", by=BY),
    fact("subscribe", address="ada@mail.example", what="comments"),
    fact("retitle", url="https://gazette.example/b", title="Another &amp; title"),
    fact("override", policy={"history": "author", "votes": False, "edit_window": None}),
    fact("close", status="archived"),
    fact("reopen", reason="More to say."),
]
MEMBERS: list[dict[str, Any]] = [
    fact("suspend", member="u-20", by_role="admin", code="insult", ground="terms", batch="b1"),
    fact("tell-suspension", member="u-20"),
    fact("appeal-suspension", member="u-20", text="Why?"),
    fact("decide-suspension-appeal", member="u-20", verdict="uphold", reason="That is why."),
    fact("reinstate", member="u-20", batch="b2"),
    fact("reverse-suspension", member="u-20", batch="b2"),
    fact("standing", member="u-20", standing="trusted"),
    fact("warn", member="u-20", code="insult", note="second"),
    fact("acknowledge", member="u-20", warned="2020-01-01T09:00:00.000Z"),
    fact("note", member="u-20", text="a friend of the house"),
    fact("mute", member="u-3", by=BY),
]


def test_every_kind_of_fact_comes_as_it_is(tmp_path: Path) -> None:
    stated = [fact("open", labels=["a", "b"], unverified=True), *EVERY, *MEMBERS]
    kinds = {kind.__struct_config__.tag for kind in get_args(AnyFact)}
    assert {one["do"] for one in stated} == kinds
    head = json.dumps(HEAD | {"ordered": True})
    found = planned(tmp_path, "native", "\n".join([head, *map(json.dumps, stated)]), pending=None)
    assert found.report.left_out == {}
    assert found.report.notes == {}
    members = {kind.__struct_config__.tag for kind in SITE_FACTS}
    for one in stated:
        one["at"] = "2020-01-01T09:00:00.000Z"
        if one["do"] in members:
            del one["thread"]
    assert found.facts == stated


def test_ordered_facts_keep_their_order_and_threads_without_comments_come(tmp_path: Path) -> None:
    late, early = "2020-01-01T10:00:00.000Z", "2020-01-01T09:00:00.000Z"
    facts = [
        fact("open", thread="quiet", url="https://other.example/quiet"),
        fact("open"),
        fact("post", at=late),
        fact("close", at=late),
        fact("post", comment="mine-2", origin="2", at=early),
    ]
    text = "\n".join(map(json.dumps, facts))
    kept = planned(tmp_path, "native", f"{json.dumps(HEAD | {'ordered': True})}\n{text}", pending=None)
    order = [("open",), ("post", "mine-1"), ("close",), ("post", "mine-2")]
    assert kept.brief() == [*order, ("open",)]
    again = planned(tmp_path, "native", (kept.folder / "facts.jsonl").read_bytes(), into="again", pending=None)
    assert again.facts == kept.facts
    sorted_ = planned(tmp_path, "native", f"{json.dumps(HEAD)}\n{text}", into="sorted", pending=None)
    assert sorted_.brief() == [("open",), ("post", "mine-2"), ("post", "mine-1"), ("close",), ("open",)]


def test_a_reply_has_the_question_of_the_comment_that_it_answers(tmp_path: Path) -> None:
    reply = fact("post", comment="mine-2", origin="2", parent="mine-1", parent_revision=5)
    found = plan(tmp_path, fact("anchor", anchor="q1", exact="x"), fact("post", anchor="q1"), reply)
    assert [post["anchor"] for post in found.of("post")] == ["q1", "q1"]
    assert "parent_revision" not in found.of("post")[1]


def test_the_same_comment_twice_comes_once(tmp_path: Path) -> None:
    found = plan(tmp_path, fact("post"), fact("post", body="Other."))
    assert found.report.left_out == {"comments": {"twice": 1}}


@pytest.mark.parametrize("content", ["", "{}", '{"hansard": "facts/2"}', json.dumps(HEAD | {"more": 1}), "\xff\xfe"])
def test_a_file_without_the_header_is_unfit(content: str, tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match="export-0 is unfit"):
        planned(tmp_path, "native", content)
