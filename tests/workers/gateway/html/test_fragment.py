"""The HTML of a section: whatever people wrote comes out as text, and nothing that is not ours is in it."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fragments import GONE, URL, document, hostile, pages
from tests.support.rendered_page import TAGS
from workers.gateway.html.folded_text import LONGEST, SHOWN, text_parts
from workers.gateway.html.fragment import SectionContext, write_rows, write_section
from workers.gateway.html.page import FragmentPage, decode
from workers.gateway.html.words import words_of

OURS: Final = {
    "li",
    "article",
    "a",
    "time",
    "small",
    "b",
    "span",
    "p",
    "bdi",
    "div",
    "ol",
    "button",
    "details",
    "summary",
}
ATTRIBUTES: Final = {
    *("class", "id", "part", "href", "rel", "dir", "datetime", "tabindex", "start", "aria-labelledby", "aria-expanded"),
    *("data-key", "data-revision", "data-next", "data-to", "data-by", "data-anchor"),
}
VOID: Final = {"br", "link", "input"}
EN: Final = words_of("en")
NOW: Final = datetime(2026, 10, 13, tzinfo=UTC)
GIVEN: Final = SectionContext(words=EN, zone=UTC, now=NOW)


class Tree(HTMLParser):
    """What a parser makes of HTML: elements with their attributes, and the text directly and anywhere in each."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[list[str]] = []
        self._open: list[int] = []
        self.feed(html)
        self.close()
        assert self._open == [], "everything that is opened is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        self.texts.append([])
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for index in self._open:
            self.texts[index].append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def text(self, name: str) -> list[str]:
        """The texts of all elements of a class."""
        return [
            "".join(text)
            for (_, attributes), text in zip(self.elements, self.texts, strict=True)
            if name in (attributes.get("class") or "").split()
        ]

    def of(self, key: str, value: str) -> str:
        """The text of the one element with this attribute."""
        (found,) = [
            "".join(text)
            for (_, attributes), text in zip(self.elements, self.texts, strict=True)
            if attributes.get(key) == value
        ]
        return found


def flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for row in rows for one in (row, *flat(row["replies"]["comments"]))]


def page_of(**fields: Any) -> FragmentPage:
    """A page with one row that has these fields."""
    votes = {"up": 1, "down": 0, "score": 1}
    row = {
        "id": "c1",
        "thread": "palm-house",
        "parent": None,
        "in_reply_to": None,
        "status": "published",
        "author": {"id": "ada", "name": "Ada", "avatar": None, "badges": []},
        "revision": 1,
        "votes": votes,
        "body": "Words.",
        "html": "<p>Words.</p>",
        "posted_at": "2026-10-12T11:15:42.000Z",
        "edited": None,
        "replies": {"count": 0, "comments": [], "next": None},
        **fields,
    }
    thread = {
        "id": "palm-house",
        "site": "kew",
        "url": URL,
        "title": "",
        "status": "open",
        "comments": 1,
        "position": "1-1",
    }
    return decode(document({"thread": thread, "sort": "newest", "comments": [row], "next": None}))


@given(pages())
def test_whatever_people_wrote_is_text_and_nothing_in_the_html_is_theirs(page: dict[str, Any]) -> None:
    tree = Tree(write_rows(decode(document(page)), GIVEN))
    for tag, attributes in tree.elements:
        assert tag in OURS | TAGS
        assert attributes.keys() <= ATTRIBUTES
    for row in flat(page["comments"]):
        if row["author"] is None:
            continue
        assert tree.of("id", f"n-{row['id']}") == row["author"]["name"]
        if row["in_reply_to"] is not None:
            name = row["in_reply_to"]["name"]
            told = "in reply to a removed comment" if name is None else f"in reply to {name}"
            assert tree.of("id", f"r-{row['id']}") == told
    badges = [badge for row in flat(page["comments"]) if row["author"] for badge in row["author"]["badges"]]
    assert sorted(tree.text("badge")) == sorted(f"({badge})" for badge in badges)


@given(hostile, hostile, hostile, hostile)
def test_every_other_field_is_escaped_too(title: str, word: str, url: str, cursor: str) -> None:
    page = {
        "thread": {
            "id": word,
            "site": word,
            "url": url,
            "title": title,
            "status": word,
            "comments": 1,
            "position": word,
        },
        "sort": word,
        "comments": [
            {
                "id": word,
                "status": word,
                "posted_at": word,
                "author": None,
                "replies": {"count": 3, "comments": [], "next": cursor},
            }
        ],
        "next": cursor,
    }
    given = GIVEN._replace(styles=[url], read=url, audit=url, query=word)
    tree = Tree(write_section(decode(document(page)), given))
    assert {tag for tag, _ in tree.elements} <= OURS | {
        *("template", "link", "section", "header", "h2", "fieldset", "legend", "label", "input", "noscript"),
    }
    (section,) = [attributes for tag, attributes in tree.elements if tag == "section"]
    assert section["data-url"] == url
    assert section["data-position"] == section["data-query"] == section["data-status"] == word
    assert [attributes["data-next"] for _, attributes in tree.elements if "data-next" in attributes] == [cursor, cursor]
    (row,) = [attributes for tag, attributes in tree.elements if tag == "article"]
    assert row["id"] == f"comment-{word}"


@given(pages(), st.sampled_from(("UTC", "Pacific/Kiritimati", "America/New_York", "Asia/Kathmandu")))
def test_times_are_exact_and_told_in_the_zone_of_the_site(page: dict[str, Any], name: str) -> None:
    zone = ZoneInfo(name)
    tree = Tree(write_rows(decode(document(page)), GIVEN._replace(zone=zone)))
    for row in flat(page["comments"]):
        at = datetime.fromisoformat(row["posted_at"])
        told = tree.of("id", f"t-{row['id']}")
        try:
            here = at.astimezone(zone)
        except OverflowError:
            here = at
        assert f"{here.hour:02}:{here.minute:02}:{here.second:02}" in told
        assert f"{here.day} {here.strftime('%B')} {here.year}" in told


@pytest.mark.parametrize(
    ("gone", "status", "told"),
    [
        ("moderator", "rejected", "[Removed by a moderator.]"),
        ("rule", "rejected", "[Not published.]"),
        ("author", "withdrawn", "[Withdrawn by its author.]"),
        ("erased", "withdrawn", "[Erased.]"),
        ("unknown", "rejected", "[Removed.]"),
        ("struck by lightning", "rejected", "[Removed.]"),
        (None, "withdrawn", "[Withdrawn by its author.]"),
        (None, "rejected", "[Removed.]"),
        (None, "pending", "[Removed.]"),
    ],
)
def test_a_tombstone_says_by_what_it_is_gone_and_names_no_moderator_where_none_is_recorded(
    gone: str | None, status: str, told: str
) -> None:
    page = page_of(author=None, status=status, gone=gone, revision=None, body=None, html=None, votes=None)
    assert Tree(write_rows(page, GIVEN)).text("gone") == [told]


def test_every_way_of_being_gone_is_among_those_that_are_made_at_random() -> None:
    assert {"moderator", "rule", "author", "erased", "unknown"} <= set(GONE)


def test_a_day_is_told_where_it_is_another_than_that_of_the_row_above_and_a_year_where_it_is_not_this_one() -> None:
    def reply(name: str, at: str, *below: Any) -> dict[str, Any]:
        return {
            "id": name,
            "thread": "palm-house",
            "parent": "c1",
            "in_reply_to": None,
            "status": "pending",
            "posted_at": at,
            "author": None,
            "replies": {"count": len(below), "comments": list(below), "next": None},
        }

    replies = [
        reply("same", "2026-10-12T12:00:00.000Z"),
        reply("later", "2026-10-26T12:00:00.000Z", reply("year", "2036-10-26T12:00:00.000Z")),
    ]
    html = write_rows(page_of(replies={"count": 2, "comments": replies, "next": None}), GIVEN)
    tree = Tree(html)
    shown = [tree.of("id", f"t-{name}").partition(",")[0] for name in ("c1", "same", "later", "year")]
    assert shown == ["12 Oct11:15", "12:00", "26 Oct12:00", "26 Oct 203612:00"]


def test_a_day_on_which_the_clocks_change_has_times_of_two_zones() -> None:
    def reply(name: str, at: str) -> dict[str, Any]:
        none: dict[str, Any] = {"count": 0, "comments": [], "next": None}
        return {"id": name, "status": "rejected", "posted_at": at, "author": None, "replies": none}

    replies = [reply("winter", "2026-03-29T00:59:59.000Z"), reply("summer", "2026-03-29T01:00:00.000Z")]
    page = page_of(replies={"count": 2, "comments": replies, "next": None})
    tree = Tree(write_rows(page, GIVEN._replace(zone=ZoneInfo("Europe/Berlin"))))
    told = [tree.of("id", f"t-{name}") for name in ("winter", "summer")]
    assert told == [
        "29 Mar01:59, 29 March 2026 at 01:59:59 CET, link to this comment",
        "29 Mar03:00, 29 March 2026 at 03:00:00 CEST, link to this comment",
    ]


@given(pages())
def test_a_fold_says_how_many_replies_it_hides_and_is_not_there_where_it_hides_none(page: dict[str, Any]) -> None:
    tree = Tree(write_rows(decode(document(page)), GIVEN))
    below = [len(flat(row["replies"]["comments"])) for row in flat(page["comments"])]
    told = [f"Hide {n} repl{'y' if n == 1 else 'ies'}" for n in below if n]
    assert sorted(tree.text("fold")) == sorted(told)
    cut = [row for row in flat(page["comments"]) if row["replies"]["next"]]
    assert tree.text("more") == ["More replies"] * len(cut)


def test_a_pinned_comment_and_a_pick_say_so_and_votes_are_told_where_there_are_any() -> None:
    assert Tree(write_rows(page_of(pinned=True, featured=True), GIVEN)).text("star") == ["Pinned by the editors"]
    tree = Tree(write_rows(page_of(featured=True, votes={"up": 1234, "down": 0, "score": 1234}), GIVEN))
    assert tree.text("star") == ["★ Editors’ pick"]
    assert tree.text("for") == ["For 1,234"]
    assert tree.text("against") == [""]


def test_versions_are_offered_only_where_readers_may_see_them() -> None:
    page = page_of(edited={"at": "2026-10-12T11:30:00.000Z", "by": {"name": "Ada"}}, revision=2)
    assert Tree(write_rows(page, GIVEN)).text("edited") == ["Last edited 12 October, 11:30 by Ada see changes"]
    closed = Tree(write_rows(page, GIVEN._replace(history=False)))
    assert closed.text("edited") == ["Last edited 12 October, 11:30 by Ada"]
    assert closed.text("changes") == []


LONG: Final = (
    "<p>" + "Some words. " * 200 + "</p>",
    "<p>" + "Short.</p>\n<p>" * 300 + "end</p>",
    "<p>" + "line<br>\n" * 400 + "end</p>",
    "<blockquote>\n<p>" + "quoted " * 200 + '</p>\n</blockquote>\n<p>after <a href="x" rel="nofollow">it</a></p>',
    "<p>" + "🌿 leaves &amp; more " * 200 + "</p>",
)


@pytest.mark.parametrize("html", LONG)
def test_a_long_text_is_folded_and_nothing_of_it_is_lost(html: str) -> None:
    shown, folded = text_parts(html)
    assert folded
    assert len(shown) >= SHOWN
    whole, parts = Tree(f'<div class="x">{html}</div>'), Tree(f'<div class="x">{shown}{folded}</div>')
    assert parts.text("x")[0].split() == whole.text("x")[0].split()
    page = page_of(body="x" * (LONGEST + 1), html=html)
    assert 'class="long"><summary>Read all (1,201 characters)</summary>' in write_rows(page, GIVEN)
    assert "<details" not in write_rows(page_of(body="x" * LONGEST, html=html), GIVEN)


def test_a_long_text_that_cannot_be_cut_is_shown_whole() -> None:
    html = "<pre><code>" + "x = 1\n" * 500 + "</code></pre>"
    assert text_parts(html) == (html, "")
