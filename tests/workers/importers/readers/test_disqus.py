"""The shapes that real exports of Disqus have, and the rule that each meets."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.exports import Planned, disqus, dsq_post, dsq_thread, planned, wp_comment, wp_item, wxr


def plan(folder: Path, *parts: str, **options: Any) -> Planned:
    return planned(folder, "disqus", disqus(*parts), **options)


def left_out(found: Planned) -> dict[str, int]:
    return found.report.left_out.get("comments", {})


def test_a_post_becomes_an_opening_and_a_post(tmp_path: Path) -> None:
    found = plan(tmp_path, dsq_thread(), dsq_post(10, "<p>Hello <b>you</b>.</p>"), dsq_post(11, parent=10))
    opened, post, reply = found.facts
    assert (opened["thread"], opened["url"]) == ("a", "https://gazette.example/a/")
    assert (post["comment"], post["body"], post["by"]["id"]) == ("dsq-10", "Hello **you**.", "disqus:ada")
    assert reply["parent"] == "dsq-10"
    assert found.report.attribute == 'old="dsq"'
    assert plan(tmp_path, dsq_thread(), dsq_post(10), source="paper").report.attribute is None


def test_the_text_of_a_deleted_comment_does_not_come_and_its_author_neither(tmp_path: Path) -> None:
    deleted = dsq_post(10, "<p>A secret.</p>", isDeleted="true")
    found = plan(
        tmp_path, dsq_thread(), deleted, dsq_post(11, parent=10), dsq_post(12, "<p>Another.</p>", isDeleted="true")
    )
    assert found.brief()[1:] == [("post", "dsq-10"), ("decide", "dsq-10"), ("redact", "dsq-10"), ("post", "dsq-11")]
    assert "secret" not in found.text
    assert found.of("post")[0]["by"]["kind"] == "guest"
    assert left_out(found) == {"deleted": 1}


def test_a_tombstone_needs_a_published_comment_below_however_deep(tmp_path: Path) -> None:
    line = (dsq_post(10, isDeleted="true"), dsq_post(11, parent=10, isDeleted="true"), dsq_post(12, parent=11))
    spam = (dsq_post(20, isDeleted="true"), dsq_post(21, parent=20, isSpam="true"))
    found = plan(tmp_path, dsq_thread(), *line, *spam)
    assert {post["comment"]: post.get("parent") for post in found.of("post")} == {
        "dsq-10": None,
        "dsq-11": "dsq-10",
        "dsq-12": "dsq-11",
        "dsq-21": None,
    }


def test_spam_comes_rejected(tmp_path: Path) -> None:
    (decided,) = plan(tmp_path, dsq_thread(), dsq_post(10, isSpam="true")).of("decide")
    assert (decided["verdict"], decided["spam"]) == ("reject", True)


@pytest.mark.parametrize("fields", [{"isSpam": "123"}, {"isDeleted": "maybe"}])
def test_an_unknown_state_is_not_published(fields: dict[str, str], tmp_path: Path) -> None:
    assert left_out(plan(tmp_path, dsq_thread(), dsq_post(10, **fields), dsq_post(11))) == {"unknown-state": 1}


def test_a_comment_is_left_out_with_a_deleted_or_an_unknown_thread(tmp_path: Path) -> None:
    deleted = dsq_thread(2, "https://gazette.example/b", isDeleted="true")
    found = plan(tmp_path, dsq_thread(), deleted, dsq_post(10), dsq_post(11, thread=2), dsq_post(12, thread=99))
    assert left_out(found) == {"deleted-article": 1, "unknown-article": 1}


def test_other_hosts_are_asked_about_and_stay_out(tmp_path: Path) -> None:
    parts = (dsq_thread(), dsq_thread(2, "http://localhost:4000/a"), dsq_post(10), dsq_post(11, thread=2))
    with pytest.raises(Exception, match=r"several hosts: gazette\.example \(1\), localhost:4000 \(1\)"):
        plan(tmp_path, *parts)
    assert not (tmp_path / "plan").exists()
    found = plan(tmp_path, *parts, origins=("https://gazette.example",))
    assert left_out(found) == {"other-origin": 1}


def test_a_thread_opens_before_its_first_comment_and_closes_last(tmp_path: Path) -> None:
    found = plan(tmp_path, dsq_thread(isClosed="true", createdAt="2020-06-01T00:00:00Z"), dsq_post(10))
    assert [fact["at"] for fact in found.of("open", "close")] == ["2020-01-02T03:04:05.000Z"] * 2


@pytest.mark.parametrize(
    ("author", "kind", "beginning"),
    [
        ({"username": "ada", "name": "Ada"}, None, "disqus:ada"),
        ({"username": "$84044", "name": "Ada"}, None, "dsq-member:"),
        ({"username": "ada", "name": "Ada", "isAnonymous": "true"}, "guest", "dsq-guest:"),
        ({"name": "Ada"}, "guest", "dsq-guest:"),
        ({}, "guest", "dsq-guest:"),
        ({"username": "ada@mail.example", "name": "Ada"}, "guest", "dsq-guest:"),
    ],
)
def test_whoever_has_a_username_is_registered(
    author: dict[str, str], kind: str | None, beginning: str, tmp_path: Path
) -> None:
    found = plan(tmp_path, dsq_thread(), dsq_post(10, author=author))
    by = found.of("post")[0]["by"]
    assert by["id"].startswith(beginning)
    assert by.get("kind") == kind
    assert found.report.members.hashed == (beginning == "dsq-member:")
    assert "mail.example" not in found.text


def test_a_comment_without_an_id_gets_one_that_stays(tmp_path: Path) -> None:
    found = plan(tmp_path, dsq_thread(), dsq_post(None), dsq_post(None, "<p>Other.</p>"))
    again = plan(tmp_path, dsq_thread(), dsq_post(None, "<p>Other.</p>"), dsq_post(None), into="again")
    ids = {post["comment"] for post in found.of("post")}
    assert len(ids) == 2
    assert {post["comment"] for post in again.of("post")} == ids


def test_what_wordpress_brings_is_not_brought_again(tmp_path: Path) -> None:
    planned(tmp_path, "wxr", wxr(wp_item(wp_comment(7), wp_comment(8))), into="wordpress")
    parts = (dsq_thread(), dsq_post(10, id="wp_id=7"), dsq_post(11, parent=10), dsq_post(12, id="wp_id=99"))
    found = plan(tmp_path, *parts, joined=tmp_path / "wordpress")
    assert [(post["comment"], post.get("parent")) for post in found.of("post")] == [
        ("dsq-11", "wp-7"),
        ("dsq-12", None),
    ]
    balance = found.report.comments
    assert (balance.found, balance.brought, balance.known, balance.left_out) == (3, 2, 1, 0)


def test_articles_of_the_same_title_are_told(tmp_path: Path) -> None:
    other = dsq_thread(2, "https://gazette.example/2019/a.html")
    found = plan(tmp_path, dsq_thread(), other, dsq_post(10), dsq_post(11, thread=2))
    assert len(found.report.same_titles) == 2
    assert "same title as" in (found.folder / "articles.csv").read_text()
