"""What `wxr` and `disqus` write is read back with the same comments by the readers of these formats."""

from html import escape
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import fromstring

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.caller import Actor
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentWithdrawn,
)
from core.events.event import Event
from core.events.site_events import SiteOpened
from core.events.thread_events import AnchorOpened, ThreadClosed, ThreadOpened
from core.events.vote_events import VoteCast
from core.policy import Policy
from core.text.render import remembered, render
from core.text.unicode import normalise, one_line
from core.times import parse_rfc3339, rfc3339
from tests.support.discussions import Move, moves, played
from tests.support.eventful import IMPORT, MOD, OPERATOR
from tests.support.exporting import EventLog, MadeExport, exported
from tests.support.exports import planned
from tests.support.fragments import bodies, hostile
from workers.exporters.plain_comment import thread_number
from workers.importers.planning.author_ids import ANONYMOUS, shown_name, unescaped_line
from workers.importers.planning.visible_words import words

THREAD: Final = "tea"
PREFIXES: Final = {"wxr": "wp-", "disqus": "dsq-"}
WP: Final = "{http://wordpress.org/export/1.2/}"
TITLE: Final = "Tea & <biscuits> ]]>"
EARLIEST: Final = parse_rfc3339("1995-01-01T00:00:00Z")
LATEST: Final = parse_rfc3339("2023-01-01T00:00:00Z")


class Said(NamedTuple):
    """A comment to export: `above` chooses the one that it answers, `then` is what became of it."""

    body: str
    name: str
    at: int
    guest: bool = False
    above: int | None = None
    then: str = "published"


texts = (bodies | hostile | st.lists(hostile | bodies, max_size=4).map("\n".join)).map(normalise)
texts = texts.filter(lambda text: bool(text) and not remembered(f"{text}\n\nagain").given_up)
names = (hostile | st.sampled_from(("Ada", "A & B", "<3", "ada@mail.example", "&lt;b&gt;"))).map(
    lambda text: one_line(text, 40)
)
said = st.builds(
    Said,
    body=texts,
    name=names.filter(bool),
    at=st.integers(EARLIEST, LATEST),
    guest=st.booleans(),
    above=st.none() | st.integers(0, 5),
    then=st.sampled_from(
        ("published", "published", "edited", "pending", "rejected", "spam", "withdrawn", "edit waits")
    ),
)


async def _told(some: list[Said], format_: str) -> MadeExport:
    made = EventLog()
    await made.record("", SiteOpened(policy=Policy()), OPERATOR)
    opened = ThreadOpened(url="https://kew.example/tea?a=1&b=2", title=TITLE)
    await made.record(THREAD, opened, MOD, at=EARLIEST, cause="import")
    for number, one in enumerate(some):
        name, above = f"{PREFIXES[format_]}{number + 1}", _above(one, number, PREFIXES[format_])
        author = Actor(kind="guest", id=f"guest:g{number}") if one.guest else Actor(id=f"u-{number}")
        event = CommentPosted(
            comment=name,
            parent=above,
            answered=above,
            answered_revision=None if above is None else 1,
            depth=0 if above is None else 1,
            body=one.body,
            name=one.name,
            rule="words" if one.then == "pending" else None,
        )
        await made.record(THREAD, event, author, at=one.at, cause="import")
        for later, by in _then(one, name, author):
            await made.record(THREAD, later, by)
    return await exported(made.log, format_)


def _above(one: Said, number: int, prefix: str = "wp-") -> str | None:
    return None if one.above is None or not number else f"{prefix}{one.above % number + 1}"


def _then(one: Said, name: str, author: Actor) -> list[tuple[Event, Actor]]:
    match one.then:
        case "edited":
            return [(CommentEdited(comment=name, revision=2, body=f"{one.body}\n\nagain"), author)]
        case "edit waits":
            return [(CommentEdited(comment=name, revision=2, body="never seen", rule="words"), author)]
        case "rejected":
            return [(CommentRejected(comment=name, revision=1), MOD)]
        case "spam":
            return [(CommentRejected(comment=name, revision=1, spam=True), MOD)]
        case "withdrawn":
            return [(CommentWithdrawn(comment=name), author)]
        case _:
            return []


def _body(one: Said) -> str:
    return f"{one.body}\n\nagain" if one.then == "edited" else one.body


def _words(body: str) -> list[str]:
    return words(render(body))


@settings(max_examples=60)
@given(st.lists(said, min_size=1, max_size=8))
@example(
    [Said("A & B <c> ]]> *d*\ntwo\n\n```\nx < y\n```", "A & B", LATEST), Said("&lt;i&gt; &#8; \u2028", "<3", EARLIEST)]
)
def test_wxr_is_read_back_with_the_same_comments(tmp_path_factory: pytest.TempPathFactory, some: list[Said]) -> None:
    export = anyio.run(_told, some, "wxr")
    fromstring(export.content)  # noqa: S314 - written here: any parser takes it
    found = planned(tmp_path_factory.mktemp("plan"), "wxr", export.content, pending=None, member="{id}")
    assert found.report.left_out == {}
    gone = ("rejected", "spam", "withdrawn")
    posts = {post["comment"]: post for post in found.of("post")}
    texts = {edit["comment"]: edit for edit in found.of("edit")}
    assert {*posts} == {f"wp-{number + 1}" for number in range(len(some))}
    for number, one in enumerate(some):
        post = posts[f"wp-{number + 1}"]
        text = texts.get(post["comment"], post)
        assert _words(text["body"]) == _words(_body(one))
        assert (post["comment"] in texts) == (one.then == "edited")
        assert post["at"] == rfc3339(one.at // 1000 * 1000)
        assert post.get("parent") == _above(one, number)
        assert post["by"]["name"] == (shown_name(escape(one.name, quote=False)) or ANONYMOUS)
        assert one.guest or post["by"]["id"] == f"u-{number}"
        assert post.get("waits", False) == (one.then in ("pending", *gone))  # so readers never saw what is gone
    rejected = {fact["comment"] for fact in found.of("decide") if fact["verdict"] == "reject"}
    assert rejected == {f"wp-{number + 1}" for number, one in enumerate(some) if one.then in gone}


@settings(max_examples=60)
@given(st.lists(said, min_size=1, max_size=8))
def test_disqus_is_read_back_with_the_comments_that_readers_see(
    tmp_path_factory: pytest.TempPathFactory, some: list[Said]
) -> None:
    export = anyio.run(_told, some, "disqus")
    fromstring(export.content)  # noqa: S314 - written here: any parser takes it
    options: dict[str, Any] = {"member": "{username}", "thread": "{id}", "pending": None}
    found = planned(tmp_path_factory.mktemp("plan"), "disqus", export.content, **options)
    posts = {post["comment"]: post for post in found.of("post")}
    shown = [(number, one) for number, one in enumerate(some) if one.then in ("published", "edited", "edit waits")]
    removed = {fact["comment"] for fact in found.of("redact")}
    assert {*posts} - removed == {f"dsq-{number + 1}" for number, _ in shown}
    for number, one in shown:
        post = posts[f"dsq-{number + 1}"]
        assert post["thread"] == THREAD
        assert _words(post["body"]) == _words(_body(one))
        assert post["at"] == rfc3339(one.at // 1000 * 1000)
        assert post.get("parent") == _above(one, number, "dsq-")
        assert post["by"]["name"] == (shown_name(escape(one.name, quote=False)) or ANONYMOUS)
        assert one.guest or post["by"]["id"] == f"u-{number}"
    for name in removed:
        assert "body" not in posts[name]


async def _more(format_: str) -> MadeExport:
    made = EventLog()
    await made.record("", SiteOpened(policy=Policy()), OPERATOR)
    await made.record("p7", ThreadOpened(url="https://kew.example/tea", title=TITLE), MOD)
    await made.record("p7", AnchorOpened(anchor="q1", exact="the [tea] & <b>", prompt='Which "tea" [here]?'), MOD)
    await made.record("p7", CommentPosted(comment="c1", body="One", name="Ada", anchor="q1"), Actor(id="wp:20011"))
    for voter, value in (("ben", 1), ("eve", 1), ("dan", -1)):
        await made.record("p7", VoteCast(comment="c1", value=value), Actor(id=voter))  # type: ignore[arg-type] # 1 or -1
    await made.record("p7", CommentPosted(comment="c2", body="Held", name="Ada"), Actor(id="ada"))
    await made.record("p7", CommentHeld(comment="c2", revision=1), MOD)
    await made.record("p7", CommentPosted(comment="c3", unknown=True, name="Zoe"), Actor(id="ada"))
    under = CommentPosted(comment="c4", parent="c3", answered="c3", depth=1, body="Under nothing", name="Ada")
    await made.record("p7", under, Actor(id="ada"))
    await made.record("p7", ThreadClosed(), MOD)
    await made.record("empty", ThreadOpened(url="https://kew.example/empty", title="Quiet"), MOD)
    await made.record("other", ThreadOpened(url="https://other.example/x", title="Elsewhere"), MOD)
    await made.record("other", CommentPosted(comment="c5", body="Five", name="Ada"), Actor(id="ada"))
    await made.record("other", CommentRejected(comment="c5", revision=1), IMPORT)
    await made.record("other", CommentApproved(comment="c5", revision=1), MOD)
    return await exported(made.log, format_)


def test_votes_questions_and_closed_articles_are_read_back_from_wxr(tmp_path: Path) -> None:
    export = anyio.run(_more, "wxr")
    assert export.said.left_out["comments without a text"] == 1
    found = planned(tmp_path, "wxr", export.content, pending=None, member="{id}", thread="{slug}")
    assert found.report.left_out == {}
    (anchor,) = found.of("anchor")
    assert (anchor["anchor"], anchor["exact"], anchor["prompt"]) == ("q1", "the [tea] & <b>", 'Which "tea" [here]?')
    (tally,) = found.of("tally")
    assert (tally["up"], tally["down"]) == (2, 1)
    posts = {post["body"]: post for post in found.of("post")}
    assert posts["One"]["anchor"] == "q1"
    assert posts["One"]["by"]["id"] == "wp:20011"
    assert posts["Held"]["waits"]
    assert "parent" not in posts["Under nothing"]
    assert {post["thread"] for post in found.of("post")} == {"p7", "other"}
    assert [close["thread"] for close in found.of("close")] == ["p7"]
    assert "empty" not in export.text
    assert export.said.left_out["discussions without a comment"] == 1
    titles = {fact["thread"]: fact["title"] for fact in found.of("open")}
    assert titles == {"p7": unescaped_line(escape(TITLE), 500), "other": "Elsewhere"}


def test_local_times_are_those_of_the_site_so_that_wordpress_knows_its_own_comments() -> None:
    async def told() -> MadeExport:
        made = EventLog()
        await made.record("", SiteOpened(policy=Policy()), OPERATOR)
        at = parse_rfc3339("2020-07-01T10:00:00.500Z")
        await made.record("p7", ThreadOpened(url="https://kew.example/tea", title=TITLE), MOD, at=at, cause="import")
        posted = CommentPosted(comment="wp-712400", body="One", name="Ada")
        await made.record("p7", posted, Actor(id="wp:20011"), at=at + 60_000, cause="import")
        return await exported(made.log, "wxr", timezone="Europe/Berlin")

    (item,) = fromstring(anyio.run(told).content).iter("item")  # noqa: S314 - written here
    fields = {child.tag.rpartition("}")[2]: child.text for child in (*item, *next(item.iter(f"{WP}comment")))}
    assert (fields["post_id"], fields["comment_id"], fields["comment_user_id"]) == ("7", "712400", "20011")
    assert (fields["post_date"], fields["post_date_gmt"]) == ("2020-07-01 12:00:00", "2020-07-01 10:00:00")
    assert (fields["comment_date"], fields["comment_date_gmt"]) == ("2020-07-01 12:01:00", "2020-07-01 10:01:00")


@pytest.mark.parametrize(("name", "number"), [("p9", 9), ("p0", None), ("p07", None), ("p", None), ("tea", None)])
def test_an_article_has_the_number_of_its_source_or_one_that_is_made_of_its_id(name: str, number: int | None) -> None:
    made = thread_number("p", name)
    assert made == number if number is not None else 1 << 40 <= made < 1 << 41
    assert made == thread_number("p", name)


async def _discussed(some: list[Move]) -> bytes:
    return (await exported(await played(some, threads=2, partitions=2), "wxr")).content


@settings(max_examples=30)
@given(moves(most=60, threads=2))
def test_an_answer_has_a_greater_number_than_what_it_answers_and_no_other_has_it(some: list[Move]) -> None:
    numbers = [
        (int(comment.findtext(f"{WP}comment_id") or 0), int(comment.findtext(f"{WP}comment_parent") or 0))
        for comment in fromstring(anyio.run(_discussed, some)).iter(f"{WP}comment")  # noqa: S314 - written here
    ]
    assert all(parent < number < 1 << 63 for number, parent in numbers)
    assert len({number for number, _ in numbers}) == len(numbers)
    assert {parent for _, parent in numbers} - {0} <= {number for number, _ in numbers}
