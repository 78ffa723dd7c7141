import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.exports import Planned, planned
from workers.importers.source_records import UnfitFile


def one(number: int, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "commentHex": f"{number:064x}",
        "commenterHex": "a1",
        "markdown": "Hello *you*.",
        "parentHex": "root",
    }
    given |= {"score": 0, "state": "approved", "creationDate": "2021-03-12T11:21:56Z", "deleted": False}
    return given | {"domain": "gazette.example", "url": "/a"} | fields


def three(number: int, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": f"c{number}",
        "pageId": "p1",
        "markdown": "Hello *you*.",
        "createdTime": "2021-03-12T11:21:56Z",
    }
    given |= {"isApproved": True, "isPending": False, "isDeleted": False, "isSticky": False, "score": 0}
    return given | {"userCreated": "u1", "url": "https://gazette.example/a#comentario-1"} | fields


def first(*comments: dict[str, Any]) -> str:
    who = {"commenterHex": "a1", "name": "Ada", "email": "ada@mail.example"}
    return json.dumps({"version": 1, "comments": comments, "commenters": [who]})


def third(*comments: dict[str, Any]) -> str:
    page = {"id": "p1", "path": "/a", "title": "An article", "createdTime": "2021-01-01T00:00:00Z", "isReadonly": True}
    who = {"id": "u1", "name": "Ada", "email": "ada@mail.example"}
    return json.dumps({"version": 3, "pages": [page], "comments": comments, "commenters": [who]})


def plan(folder: Path, content: str, **options: Any) -> Planned:
    return planned(folder, "commento", content, **options)


def test_version_one_is_read(tmp_path: Path) -> None:
    answer = one(2, parentHex=f"{1:064x}", commenterHex="anonymous", score=3)
    found = plan(tmp_path, first(one(1), answer, one(3, state="odd"), one(4, state="unapproved")))
    post, reply = found.of("post")
    assert (post["by"]["id"], post["by"]["name"], post["body"]) == ("cm:a1", "Ada", "Hello *you*.")
    assert reply["parent"] == post["comment"]
    assert reply["by"]["kind"] == "guest"
    assert found.of("tally")[0]["score"] == 3
    assert found.report.notes["id-digested"] == 3
    assert found.report.left_out["comments"] == {"unknown-state": 1, "waited-too-long": 1}
    assert "mail.example" not in found.text


def test_version_three_is_read(tmp_path: Path) -> None:
    comments = (three(1, isSticky=True), three(2, parentId="c1"), three(3, isApproved=False), three(4, isDeleted=True))
    found = plan(tmp_path, third(*comments))
    assert found.facts[0]["title"] == "An article"
    assert {post["origin"]: post.get("parent") for post in found.of("post")} == {"c1": None, "c2": "cm-c1", "c3": None}
    assert [fact["comment"] for fact in found.of("decide")] == ["cm-c3"]
    assert [fact["comment"] for fact in found.of("pin")] == ["cm-c1"]
    assert found.facts[-1]["do"] == "close"


def test_a_time_of_zero_is_none(tmp_path: Path) -> None:
    found = plan(tmp_path, first(one(1, creationDate="0001-01-01T00:00:00Z"), one(2)))
    assert found.report.left_out["comments"] == {"no-time": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"version": 481}', "version 481"),
        ("{}", "no version"),
        ('{"version": 3, "pages": [Argh', "character"),
        (first(one(1))[:-9], "character"),
        ("[1, 2]", "no version"),
        ("", "no JSON|not a JSON"),
        (first(one(1)) + "x", "follows the end"),
    ],
)
def test_an_unfit_document_is_refused_with_its_place(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match=rf"export-0 is unfit.*({said})"):
        plan(tmp_path, content)


def test_a_bad_element_ends_nothing(tmp_path: Path) -> None:
    found = plan(tmp_path, first(one(1), {"commentHex": 7}, one(2)))
    assert found.report.comments.brought == 2
    assert found.report.left_out["comments"] == {"unreadable": 1}
