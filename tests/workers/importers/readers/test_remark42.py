import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.exports import Planned, planned
from workers.importers.source_records import UnfitFile

URL = "https://gazette.example/a"
HEAD: dict[str, Any] = {
    "version": 1,
    "users": [
        {"id": "bo", "blocked": {"status": True, "until": "2999-01-01T00:00:00Z"}, "verified": False},
        {"id": "cy", "blocked": {"status": True, "until": "2018-12-23T02:55:22.472041-06:00"}},
        {"id": "ada", "blocked": {"status": False, "until": "0001-01-01T00:00:00Z"}},
    ],
    "posts": [{"url": URL, "read_only": True}],
}


def comment(number: int, **fields: Any) -> dict[str, Any]:
    user = {"name": "Ada", "id": "github_ada", "picture": "https://x/ada", "ip": "203-0-113-7-hashed", "admin": False}
    given: dict[str, Any] = {
        "id": f"c{number}",
        "pid": "",
        "orig": "Hello *you*.",
        "text": "<p>Hello <em>you</em>.</p>",
        "user": user,
    }
    given |= {"locator": {"site": "s", "url": URL}, "score": 0, "votes": {}, "time": "2017-12-20T15:18:22-06:00"}
    return given | fields


def backup(*documents: Any) -> str:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in (HEAD, *documents))


def plan(folder: Path, *documents: Any, **options: Any) -> Planned:
    return planned(folder, "remark42", backup(*documents), **options)


def test_comments_come_with_their_votes_edits_and_pins(tmp_path: Path) -> None:
    voted = comment(1, votes={"bo": True, "cy": False, "di": True}, score=1, pin=True)
    edit = comment(2, pid="c1", edit={"time": "2017-12-20T15:20:00-06:00", "summary": ""}, orig="", text="<b>x</b>")
    found = plan(tmp_path, voted, edit)
    post, reply = found.of("post")
    assert (post["body"], post["at"], post["by"]["id"]) == (
        "Hello *you*.",
        "2017-12-20T21:18:22.000Z",
        "r42:github_ada",
    )
    assert reply["parent"] == "r42-c1"
    assert found.of("edit")[0]["body"] == "**x**"
    assert {(vote["by"]["id"], vote["value"]) for vote in found.of("vote")} == {
        ("r42:bo", 1),
        ("r42:cy", -1),
        ("r42:di", 1),
    }
    assert found.of("tally") == []
    assert [fact["comment"] for fact in found.of("pin")] == ["r42-c1"]
    assert found.facts[-2]["do"] == "close"
    assert (found.facts[-1]["do"], found.facts[-1]["member"]) == ("suspend", "r42:bo")
    assert "203-0-113-7" not in found.text


def test_a_score_without_voters_is_a_tally(tmp_path: Path) -> None:
    found = plan(tmp_path, comment(1, score=-3, votes=None), comment(2, score=5, votes={"bo": True}))
    assert [(tally["comment"], tally["score"]) for tally in found.of("tally")] == [("r42-c1", -3), ("r42-c2", 4)]


def test_the_text_of_a_deleted_comment_stays_out(tmp_path: Path) -> None:
    found = plan(tmp_path, comment(1, delete=True, orig="A secret."), comment(2, pid="c1"), comment(3, delete=True))
    assert found.brief()[1:5] == [("post", "r42-c1"), ("decide", "r42-c1"), ("redact", "r42-c1"), ("post", "r42-c2")]
    assert "secret" not in found.text
    assert found.report.left_out["comments"] == {"deleted": 1}


@pytest.mark.parametrize(
    "line", ["{", "\0", '{"id": "c9"}', '{"id": 9, "locator": {"url": "x"}}', "[" * 5_000, '{"a": "\0"}']
)
def test_an_unreadable_line_is_counted_and_named(line: str, tmp_path: Path) -> None:
    found = plan(tmp_path, comment(1), line, comment(2))
    assert found.report.left_out["comments"] == {"unreadable": 1}
    assert found.report.examples["left-out-unreadable"][0].startswith("export-0, line 3: ")
    assert found.report.comments.found == 3


def test_a_nul_in_a_text_is_gone(tmp_path: Path) -> None:
    assert plan(tmp_path, comment(1, orig="a\0b")).of("post")[0]["body"] == "ab"


@pytest.mark.parametrize("head", ["", "{}", '{"version": 2}', "<xml/>", "\xff\xfe"])
def test_what_does_not_begin_as_a_backup_is_refused(head: str, tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match="export-0 is unfit"):
        planned(tmp_path, "remark42", head)
