"""The shapes that real exports of WordPress have, and the rule that each meets."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.exports import NOW, Planned, cdata, planned, wp_comment, wp_item, wxr
from workers.importers.source_records import UnfitFile


def plan(folder: Path, *items: str, **options: Any) -> Planned:
    return planned(folder, "wxr", wxr(*items), **options)


def states(found: Planned) -> dict[str, int]:
    return found.report.brought.get("comments", {})


def left_out(found: Planned) -> dict[str, int]:
    return found.report.left_out.get("comments", {})


def test_a_comment_becomes_an_opening_and_a_post(tmp_path: Path) -> None:
    opened, post = plan(tmp_path, wp_item(wp_comment(7, "Hello *you*.", user_id="20", author="Ada &amp; Bo"))).facts
    assert opened == {
        "do": "open",
        "thread": "a",
        "at": "2020-01-01T08:00:00.000Z",
        "url": "https://gazette.example/a/",
        "title": "An article",
    }
    assert post == {
        "do": "post",
        "thread": "a",
        "at": "2020-01-02T03:04:05.000Z",
        "by": {"id": "wp:20", "name": "Ada & Bo", "source": {"id": "20"}},
        "comment": "wp-7",
        "origin": "7",
        "body": r"Hello \*you\*.",
    }


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_namespace_of_it_is_read_and_no_other(version: str, scheme: str, tmp_path: Path) -> None:
    item = wp_item(wp_comment(7))
    content = wxr(item, namespace=f"{scheme}://wordpress.org/export/{version}/")
    assert planned(tmp_path, "wxr", content).report.comments.brought == 1
    other = planned(tmp_path, "wxr", wxr(item, namespace="http://example.org/export/1.2/"), into="other")
    assert other.report.comments.found == 0


def test_a_prefix_that_is_not_declared_stops_nothing(tmp_path: Path) -> None:
    content = wxr(wp_item(wp_comment(7)), channel='<atom:link rel="search"/>')
    assert planned(tmp_path, "wxr", content).report.comments.brought == 1


def test_control_characters_take_no_others_with_them(tmp_path: Path) -> None:
    named = "Q&#x8;A &amp; more\x08."
    content = wxr(wp_item(wp_comment(7))).replace(cdata("Hello."), named)
    assert planned(tmp_path, "wxr", content).of("post")[0]["body"] == "QA & more."


def test_children_before_their_parents_come_after_them(tmp_path: Path) -> None:
    early = {"date_gmt": "2020-01-02 03:00:00"}
    found = plan(tmp_path, wp_item(wp_comment(9, parent="8"), wp_comment(8, parent="7", **early), wp_comment(7)))
    assert found.brief()[1:] == [("post", "wp-7"), ("post", "wp-8"), ("post", "wp-9")]
    assert [post["at"] for post in found.of("post")][1] == "2020-01-02T03:00:00.000Z"
    assert [post.get("parent") for post in found.of("post")] == [None, "wp-7", "wp-8"]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("pingback", "linkback"),
        ("trackback", "linkback"),
        ("private", "private-type"),
        ("note", "private-type"),
        ("order_note", "private-type"),
        ("anything", "private-type"),
    ],
)
def test_nothing_of_an_unknown_type_comes(kind: str, why: str, tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7, "A secret.", type=kind), wp_comment(8, parent="7")))
    assert found.brief() == [("open",), ("post", "wp-8")]
    assert left_out(found) == {why: 1}
    assert "secret" not in found.text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "draft"}, "not-published"),
        ({"status": "private"}, "not-published"),
        ({"status": "inherit"}, "not-published"),
        ({"status": ""}, "not-published"),
        ({"post_password": "sesame"}, "password"),
    ],
)
def test_nothing_under_an_article_that_was_not_public_comes(fields: dict[str, str], why: str, tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7, "A secret."), **fields), wp_item(wp_comment(8), number=2))
    assert left_out(found) == {why: 1}
    assert "secret" not in found.text
    assert "sesame" not in found.text


@pytest.mark.parametrize("approved", ["2", "", "approved", "draft", "-1"])
def test_nothing_in_an_unknown_state_comes(approved: str, tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7, "A secret.", approved=approved), wp_comment(8)))
    assert left_out(found) == {"unknown-state": 1}
    assert "secret" not in found.text


@pytest.mark.parametrize(("approved", "state"), [("spam", "spam"), ("trash", "rejected"), ("post-trashed", "rejected")])
def test_what_was_rejected_comes_rejected_by_the_import(approved: str, state: str, tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7, approved=approved)))
    assert states(found) == {state: 1}
    (decided,) = found.of("decide")
    assert (decided["verdict"], decided.get("by"), decided.get("spam", False)) == ("reject", None, state == "spam")
    # Nothing says that readers saw it. What they never saw is in no history and in no page of the past.
    assert found.of("post")[0]["waits"]


def test_what_waits_comes_if_it_is_young(tmp_path: Path) -> None:
    young = {"approved": "0", "date_gmt": "2026-09-20 08:00:00"}
    item = wp_item(wp_comment(7, approved="0"), wp_comment(8, **young))
    found = plan(tmp_path, item)
    assert [(post["comment"], post["waits"]) for post in found.of("post")] == [("wp-8", True)]
    assert left_out(found) == {"waited-too-long": 1}
    assert states(plan(tmp_path, item, into="all", pending=None)) == {"pending": 2}
    assert states(plan(tmp_path, item, into="none", pending=0)) == {}


def test_what_waited_too_long_is_a_tombstone_where_a_published_reply_hangs(tmp_path: Path) -> None:
    answered = wp_comment(7, "A secret.", approved="0", author="Somebody Shy", user_id="9")
    found = plan(tmp_path, wp_item(answered, wp_comment(8, parent="7")))
    assert found.brief()[1:] == [("post", "wp-7"), ("decide", "wp-7"), ("redact", "wp-7"), ("post", "wp-8")]
    assert "body" not in found.of("post")[0]
    assert states(found) == {"published": 1, "tombstone": 1}
    for word in ("secret", "Shy", "wp:9"):
        assert word not in found.text


def test_an_edit_comes_with_its_time_and_a_first_text_that_nobody_knows(tmp_path: Path) -> None:
    meta = {"wpdiscuz_last_edited_at": "2020-01-02 05:00:00", "wpdiscuz_last_edited_by": "20"}
    found = plan(tmp_path, wp_item(wp_comment(7, "After.", meta=meta, user_id="20")))
    post, edit = found.of("post", "edit")
    assert "body" not in post
    assert (edit["revision"], edit["body"], edit["at"]) == (2, "After.", "2020-01-02T05:00:00.000Z")
    assert edit["by"]["id"] == "wp:20"


def test_an_editor_who_is_not_the_author_is_not_made_the_author(tmp_path: Path) -> None:
    for number, editor in enumerate(("1", "eve@mail.example")):
        meta = {"wpdiscuz_last_edited_at": "2020-01-02 05:00:00", "wpdiscuz_last_edited_by": editor}
        found = plan(tmp_path, wp_item(wp_comment(7, meta=meta, user_id="20")), into=f"plan-{number}")
        assert found.of("edit")[0].get("by", {}).get("id") == (None if editor == "1" else "wp:20")
        assert "mail.example" not in found.text


@pytest.mark.parametrize(
    ("value", "votes"),
    [
        ('a:2:{s:4:"like";i:14;s:7:"dislike";i:2;}', {"up": 14, "down": 2}),
        ('a:2:{s:4:"like";s:2:"14";s:7:"dislike";i:-2;}', {"up": 14, "down": 2}),
        ('a:2:{s:99:"like";i:1;s:99:"dislike";i:0;}', {"up": 1, "down": 0}),
        ('O:8:"stdClass":1:{s:1:"a";i:1;}', {"score": 3}),
    ],
)
def test_votes_are_read_from_the_value_and_nothing_of_it_is_unserialized(
    value: str, votes: dict[str, int], tmp_path: Path
) -> None:
    meta = {"wpdiscuz_votes": "3", "wpdiscuz_votes_seperate": value}
    (tally,) = plan(tmp_path, wp_item(wp_comment(7, meta=meta))).of("tally")
    assert {name: tally[name] for name in ("up", "down", "score") if name in tally} == votes


def test_the_newest_sticky_comment_is_pinned_and_the_others_are_picks(tmp_path: Path) -> None:
    sticky = {"type": "wpdiscuz_sticky"}
    item = wp_item(wp_comment(7, **sticky), wp_comment(8, date_gmt="2020-02-01 00:00:00", **sticky), wp_comment(9))
    found = plan(tmp_path, item)
    assert [fact["comment"] for fact in found.of("pin")] == ["wp-8"]
    assert [fact["comment"] for fact in found.of("feature")] == ["wp-7"]
    assert found.report.notes["pinned-more"] == 1


def test_a_zero_date_is_the_local_one_less_the_offset_of_comments_nearby(tmp_path: Path) -> None:
    summer = {"date": "2020-07-01 12:00:00", "date_gmt": "2020-07-01 10:00:00"}
    unknown = {"date_gmt": "0000-00-00 00:00:00", "date": "2020-06-30 12:00:00"}
    found = plan(tmp_path, wp_item(wp_comment(7), wp_comment(8, **summer), wp_comment(9, **unknown)))
    assert [post["at"] for post in found.of("post") if post["origin"] == "9"] == ["2020-06-30T10:00:00.000Z"]
    assert found.report.notes["time-inferred"] == 1
    assert found.report.examples["time-inferred"] == ["9"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"date_gmt": "0000-00-00 00:00:00", "date": "0000-00-00 00:00:00"}, "no-time"),
        ({"date_gmt": "", "date": ""}, "no-time"),
        ({"date_gmt": "2999-01-01 00:00:00"}, "future"),
        ({"content": "<!-- nothing -->"}, "empty"),
        ({"content": "x" * 65_537}, "too-long"),
    ],
)
def test_what_has_no_time_or_text_stays_out_and_its_replies_go_up(
    fields: dict[str, str], why: str, tmp_path: Path
) -> None:
    item = wp_item(wp_comment(7), wp_comment(8, parent="7", **fields), wp_comment(9, parent="8"))
    found = plan(tmp_path, item)
    assert left_out(found) == {why: 1}
    assert [post.get("parent") for post in found.of("post")] == [None, "wp-7"]
    assert (found.folder / "left-out.csv").read_text().splitlines()[1:] == [f"8,a,{why}"]


def test_a_long_text_comes_whole(tmp_path: Path) -> None:
    text = "word " * 6_000
    assert plan(tmp_path, wp_item(wp_comment(7, text))).of("post")[0]["body"] == text.strip()


@pytest.mark.parametrize(
    ("parent", "note", "hangs"),
    [
        ("99", "parent-missing", None),
        ("8", "parent-itself", None),
        ("7,99", None, "wp-7"),
        ("99,7", None, "wp-7"),
        ("7, 6", None, "wp-6"),
        ("0", None, None),
        ("", None, None),
    ],
)
def test_a_parent_is_the_last_of_a_list_that_exists(
    parent: str, note: str | None, hangs: str | None, tmp_path: Path
) -> None:
    found = plan(tmp_path, wp_item(wp_comment(6), wp_comment(7), wp_comment(8, parent=parent)))
    assert [post.get("parent") for post in found.of("post") if post["origin"] == "8"] == [hangs]
    assert [name for name in found.report.notes if name.startswith("parent")] == ([note] if note else [])


def test_a_circle_of_answers_is_cut_at_the_oldest(tmp_path: Path) -> None:
    oldest = {"date_gmt": "2019-01-01 00:00:00"}
    item = wp_item(wp_comment(7, parent="9"), wp_comment(8, parent="7", **oldest), wp_comment(9, parent="8"))
    found = plan(tmp_path, item)
    assert [(post["origin"], post.get("parent")) for post in found.of("post")] == [
        ("8", None),
        ("9", "wp-8"),
        ("7", "wp-9"),
    ]
    assert found.report.examples["parent-cycle"] == ["8"]


def test_items_of_one_address_are_one_article(tmp_path: Path) -> None:
    links = (
        "http://www.gazette.example/a",
        "https://gazette.example/a/?utm_source=x",
        "https://m.gazette.example/a/amp",
    )
    items = (wp_item(wp_comment(7 + at), number=None, link=link) for at, link in enumerate(links))
    found = plan(tmp_path, *items)
    assert found.brief() == [("open",), ("post", "wp-7"), ("post", "wp-8"), ("post", "wp-9")]


def test_the_same_comment_in_two_files_comes_once(tmp_path: Path) -> None:
    first, second = wxr(wp_item(wp_comment(7), wp_comment(8))), wxr(wp_item(wp_comment(8, "Later."), wp_comment(9)))
    found = planned(tmp_path, "wxr", first, second)
    assert [(post["comment"], post["body"]) for post in found.of("post")] == [
        ("wp-7", "Hello."),
        ("wp-8", "Later."),
        ("wp-9", "Hello."),
    ]
    assert left_out(found) == {"twice": 1}
    assert found.report.comments.found == 4


def test_different_comments_of_one_id_are_told_apart(tmp_path: Path) -> None:
    found = plan(
        tmp_path, wp_item(wp_comment(7)), wp_item(wp_comment(7, "Other."), number=2, link="https://gazette.example/b")
    )
    ids = [post["comment"] for post in found.of("post")]
    assert len(set(ids)) == 2
    assert all(one.startswith("wp-7-") and len(one) == len("wp-7-123456") for one in ids)
    again = plan(
        tmp_path, wp_item(wp_comment(7, "Other."), number=2, link="https://gazette.example/b"), wp_item(wp_comment(7))
    )
    assert {post["comment"] for post in again.of("post")} == set(ids)


def test_an_inline_question_is_named_by_its_number(tmp_path: Path) -> None:
    form = '[wpdiscuz-feedback id="q1" question="Is it &quot;true&quot;?" opened="1"]'
    content = f"Text {form}a <b>passage</b>[/wpdiscuz-feedback]."
    meta = {"wpdiscuz_feedback_form_id": "4"}
    item = wp_item(wp_comment(7, meta=meta), wp_comment(8, parent="7", meta=meta), content=content)
    found = plan(tmp_path, item)
    (anchor,) = found.of("anchor")
    assert (anchor["anchor"], anchor["exact"], anchor["prompt"]) == ("q1", "a passage", 'Is it "true"?')
    assert [post.get("anchor") for post in found.of("post")] == ["q1", None]
    assert found.report.notes["anchor-guessed"] == 1


def test_a_closed_article_is_closed_after_everything(tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7), comment_status="closed"))
    assert found.brief() == [("open",), ("post", "wp-7"), ("close",)]
    assert found.facts[-1]["at"] == found.facts[-2]["at"]


def test_people_are_joined_by_address_but_never_to_a_member(tmp_path: Path) -> None:
    alike = {"author_email": " ADA@mail.example "}
    item = wp_item(
        wp_comment(7),
        wp_comment(8, author="A.", **alike),
        wp_comment(9, user_id="20"),
        wp_comment(10, author_email="", author="Bo"),
        wp_comment(11, author_email="", author="bo"),
        wp_comment(12, author_email="", author=""),
        wp_comment(13, author_email="", author=""),
        wp_comment(14, author_email="", author="bo@mail.example"),
    )
    other = wp_item(
        wp_comment(15, author_email="", author="Bo"), number=2, link="https://gazette.example/b", post_name="b"
    )
    by = {post["origin"]: post["by"] for post in plan(tmp_path, item, other).of("post")}
    assert by["7"]["id"] == by["8"]["id"] != by["9"]["id"] == "wp:20"
    assert by["10"]["id"] == by["11"]["id"] != by["15"]["id"]
    assert by["12"]["id"] != by["13"]["id"]
    assert {by[one]["name"] for one in ("12", "13", "14")} == {"Anonymous"}
    assert {who["kind"] for one, who in by.items() if one != "9"} == {"guest"}


def test_the_other_dialect_of_disqus_is_read(tmp_path: Path) -> None:
    remote = "<dsq:remote><dsq:id>u-7</dsq:id><dsq:avatar>https://gazette.example/x.png</dsq:avatar></dsq:remote>"
    comment = wp_comment(7).replace("<wp:comment>", f"<wp:comment>{remote}")
    item = wp_item(comment, number=None).replace("<wp:status><![CDATA[publish]]></wp:status>", "")
    assert plan(tmp_path, item, member="{id}").of("post")[0]["by"]["id"] == "u-7"


def test_a_comment_that_came_from_disqus_is_told(tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7, meta={"dsq_post_id": "123"})))
    assert found.report.notes["known-as-dsq"] == 1


def test_a_thread_opens_before_its_first_comment(tmp_path: Path) -> None:
    found = plan(tmp_path, wp_item(wp_comment(7, date_gmt="2010-05-05 05:05:05")))
    assert found.facts[0]["at"] == "2010-05-05T05:05:05.000Z"


def test_everything_adds_up(tmp_path: Path) -> None:
    kinds = (
        {"approved": "0"},
        {"type": "pingback"},
        {"approved": "spam"},
        {"date_gmt": "", "date": ""},
        {"content": ""},
    )
    comments = [wp_comment(7 + at, **fields) for at, fields in enumerate(kinds)]
    found = plan(
        tmp_path,
        wp_item(*comments, wp_comment(20, parent="7")),
        wp_item(wp_comment(30), number=2, link="https://other.example/b"),
        wp_item(wp_comment(31), number=3, link="nonsense"),
        origins=("https://gazette.example",),
    )
    balance = found.report.comments
    assert (balance.found, balance.brought, balance.left_out) == (8, 3, 5)
    assert left_out(found) == {"linkback": 1, "no-time": 1, "empty": 1, "other-origin": 1, "no-address": 1}
    assert found.header["made"] == NOW


def test_an_entity_among_the_fields_makes_the_file_unfit(tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match="line 2: Entity"):
        plan(tmp_path, wp_item(wp_comment(7).replace("<wp:comment_id>", "&nbsp;<wp:comment_id>")))
