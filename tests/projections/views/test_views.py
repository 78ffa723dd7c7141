"""What stands in the views after some facts: the stored format, letter by letter."""

import msgspec

from core.caller import Caller
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentRejected,
    CommentWithdrawn,
    RevisionRedacted,
)
from core.events.report_events import ReportFiled
from core.events.thread_events import AnchorOpened, ThreadRetitled
from core.events.vote_events import VoteCast
from projections.views import rows, stored_row
from projections.views.layout import contents
from projections.views.viewer import PUBLIC, Viewer
from tests.support.folded import BEGIN, Told, told
from tests.support.people import ADA, BEN, EVE, SITE, THREAD, TITLE, URL, edited, posted, reply

AUTHOR, STAFF = Viewer("ada"), Viewer("mod", staff=True)


def html(body: str) -> str:
    return f"<p>{body}</p>"


def view(story: Told, name: str) -> dict[str, bytes | int]:
    """The contents of one view."""
    return {field: value for view, field, value in contents(story.thread, html) if view == name}


def members(story: Told, name: str) -> list[str]:
    """The members of a sorted set as the server would list them."""
    return [member for _, member in sorted((score, member) for member, score in view(story, name).items())]


def ms(n: int) -> int:
    """When the event numbered `n` was recorded; the thread was opened by number 2."""
    return BEGIN + (n - 1) * 1000


def vote(comment: str, value: int) -> VoteCast:
    return VoteCast(comment=comment, revision=1, value=1 if value > 0 else -1)


def test_the_page_is_ordered_by_age_and_by_score_then_age() -> None:
    story = told(posted("a"), posted("b"), posted("c"), reply("d", "a", 1), (vote("c", 1), BEN), (vote("a", -1), BEN))
    assert members(story, "roots") == ["000000000003:a", "000000000004:b", "000000000005:c"]
    assert members(story, "top") == ["000000000005:c", "000000000004:b", "000000000003:a"]
    assert members(story, "replies") == ["a 000000000006:d"]
    assert view(story, "top")["000000000003:a"] == 1
    assert view(story, "votes") == {"c": b"1 0", "a": b"0 1"}
    assert members(story, "ballots") == ["ben a -1 1", "ben c 1 1"]


def test_a_tombstone_counts_nothing_under_top_and_keeps_its_place() -> None:
    story = told(posted("a"), (vote("a", 1), BEN), posted("b"), reply("d", "a", 1), CommentWithdrawn(comment="a"))
    assert members(story, "top") == ["000000000003:a", "000000000005:b"]
    assert view(story, "top")["000000000003:a"] == 0
    assert list(view(story, "names")) == ["b", "d"]
    header, public, source = bytes(view(story, "rows")["a"]).split(b"\n")
    assert header == b"t "
    assert public.endswith(b',"votes":null'), "as versions wrote it that had no `gone`"
    whole = public + rows.left(stored_row.gone(source))
    assert whole == rows.tombstone(story.thread.rows["a"], THREAD)
    assert msgspec.json.decode(whole + b"}") == {
        "id": "a",
        "thread": THREAD,
        "parent": None,
        "author": None,
        "status": "withdrawn",
        "revision": None,
        "body": None,
        "html": None,
        "posted_at": "2023-11-14T22:13:22.000Z",
        "edited": None,
        "anchor": None,
        "featured": None,
        "in_reply_to": None,
        "pinned": None,
        "votes": None,
        "gone": "author",
    }


def test_a_published_row_is_stored_up_to_where_it_changes_by_itself() -> None:
    ada = Caller(id="ada", name="Ada", avatar="https://a", badges=("x",))
    story = told(posted("a"), (reply("b", "a", 1, avatar="https://a", badges=("x",)), ada), edited(2, "better", "b"))
    header, public, _ = bytes(view(story, "rows")["b"]).split(b"\n")
    assert header == b"p a"
    assert public.endswith(b'"in_reply_to":{"comment":"a","revision":1,"name":')
    whole = msgspec.json.decode(rows.finish(public, name=b'"Ada"', votes=(3, 1)))
    assert list(whole) == [
        "id",
        "thread",
        "parent",
        "author",
        "status",
        "revision",
        "body",
        "html",
        "posted_at",
        "edited",
        "anchor",
        "featured",
        "in_reply_to",
        "pinned",
        "votes",
        "replies",
    ]
    assert whole["author"] == {"id": "ada", "name": "Ada", "avatar": "https://a", "badges": ["x"]}
    assert (whole["parent"], whole["status"], whole["revision"], whole["body"]) == ("a", "published", 2, "better")
    assert whole["html"] == "<p>better</p>"
    assert whole["edited"] == {"at": "2023-11-14T22:13:24.000Z", "by": {"name": "Ada"}}
    assert whole["in_reply_to"] == {"comment": "a", "revision": 1, "name": "Ada"}
    assert whole["votes"] == {"up": 3, "down": 1, "score": 2}
    assert "replies" not in msgspec.json.decode(rows.finish(public, replies=None))
    assert bytes(view(story, "rows")["a"]).split(b"\n")[1].endswith(b'"in_reply_to":null')


def test_what_the_page_does_not_show_is_kept_and_given_to_its_author_and_staff_alone() -> None:
    story = told(
        posted("a", rule="links", match="https://x"), CommentRejected(comment="a", revision=1, reason="why", note="n")
    )
    header, public, source = bytes(view(story, "rows")["a"]).split(b"\n")
    assert (header, public) == (b"- ", b"")
    comment = stored_row.decode(public, source)
    assert rows.row_for(comment, THREAD, PUBLIC, html=None) is None
    assert rows.row_for(comment, THREAD, Viewer("ben"), html=None) is None
    own = msgspec.json.decode(rows.row_for(comment, THREAD, AUTHOR, html="<p>first words</p>") or b"")
    assert (own["status"], own["body"], own["reason"]) == ("rejected", "first words", "why")
    assert "moderation" not in own
    staff = msgspec.json.decode(rows.row_for(comment, THREAD, STAFF, html=None) or b"")
    at = "2023-11-14T22:13:23.000Z"
    assert staff["moderation"] == {
        "reason": "why",
        "code": None,
        "ground": None,
        "spam": False,
        "note": "n",
        "rule": "links",
        "match": "https://x",
        "by": "mod",
        "at": at,
    }


def test_a_waiting_edit_is_shown_to_its_author_with_its_own_status() -> None:
    story = told(posted("a"), edited(2, "a link", "a", rule="links"))
    _, public, source = bytes(view(story, "rows")["a"]).split(b"\n")
    comment = stored_row.decode(public, source)
    assert rows.shown_revision(comment, AUTHOR) == 1
    row = msgspec.json.decode(rows.row_of(comment, THREAD, 2, AUTHOR, html=None))
    assert (row["status"], row["revision"], row["body"], row["reason"]) == ("pending", 2, "a link", None)
    assert members(story, "waiting") == ["ada 000000000003:a"]
    assert view(story, "revisions") == {}, "the row has both"


def test_a_comment_that_is_published_as_it_was_posted_says_in_its_source_who_when_and_where_alone() -> None:
    story = told(posted("a"))
    source = bytes(view(story, "rows")["a"]).split(b"\n")[2]
    at = [ms(3), 3]
    assert msgspec.json.decode(source) == {
        "id": "a",
        "posted": at,
        "author": {"id": "ada", "name": "Ada"},
        "texts": {"1": {"position": at}},
    }
    story.tell(CommentRejected(comment="a", revision=1))
    kept = msgspec.json.decode(bytes(view(story, "rows")["a"]).split(b"\n")[2])
    assert (kept["verdict"], kept["texts"]["1"]["body"]) == ("rejected", "first words")
    assert "standing" not in kept
    assert "seen" not in kept


def test_a_text_lies_in_one_place() -> None:
    story = told(posted("a"), edited(2, "second words", "a"), edited(3, "third words", "a"))
    row, earlier = bytes(view(story, "rows")["a"]), view(story, "revisions")
    assert (row.count(b'"third words"'), row.count(b"first"), row.count(b"second")) == (1, 0, 0)
    assert [bytes(earlier[f"a:{number}"]).count(b" words") for number in (1, 2)] == [1, 1]
    assert len(earlier) == 2
    _, public, source = row.split(b"\n")
    comment = stored_row.decode(public, source)
    assert comment.texts == {3: story.thread.rows["a"].texts[3]}
    hostile = ',"body":"x","html":"y","posted_at":\\'
    story.tell(edited(4, hostile, "a", name=hostile))
    _, public, source = bytes(view(story, "rows")["a"]).split(b"\n")
    assert stored_row.decode(public, source).texts[4].body == hostile
    story.tell(edited(5, "third words", "a"))
    story.tell(CommentRejected(comment="a", revision=5))
    _, public, source = bytes(view(story, "rows")["a"]).split(b"\n")
    assert stored_row.decode(public, source).texts[5].body == "third words"


def test_a_text_says_by_whom_and_when_only_where_its_comment_and_its_position_do_not() -> None:
    story = told(posted("a"), edited(2, "b", "a"), CommentEdited(comment="a", revision=3, body="c", name="Countess"))
    texts = story.thread.rows["a"].texts
    assert [text.name for text in texts.values()] == [None, None, "Countess"]
    assert [text.at for text in texts.values()] == [ms(3), ms(4), ms(5)]
    for text in (*view(story, "revisions").values(), view(story, "rows")["a"]):
        assert b"occurred" not in bytes(text)
    shown = msgspec.json.decode(rows.finish(bytes(view(story, "rows")["a"]).split(b"\n")[1]))
    assert (shown["author"]["name"], shown["edited"]["by"]) == ("Ada", {"name": "Countess"})


def test_what_waits_and_what_was_reported_is_listed_by_since_when() -> None:
    report = ReportFiled(comment="b", revision=1, reason="spam")
    story = told(posted("a", rule="links"), posted("b"), (report, BEN), (report, EVE))
    assert members(story, "site.pending") == [f"00{ms(3)} 000000000003 {THREAD} a ada"]
    assert members(story, "site.reported") == [f"00{ms(5)} 000000000005 {THREAD} b ada"]
    assert [one["by"] for one in msgspec.json.decode(bytes(view(story, "reports")["b"]))] == ["ben", "eve"]
    story.tell(CommentWithdrawn(comment="a"))
    story.tell(CommentApproved(comment="b", revision=1))
    assert members(story, "site.pending") == members(story, "site.reported") == []
    assert view(story, "reports") == {}


def test_reports_are_found_by_who_filed_them_with_their_outcome_once_decided() -> None:
    report = ReportFiled(comment="b", revision=1, reason="spam", note="look")
    story = told(posted("a"), posted("b"), (report, BEN), (report, EVE))
    assert members(story, "filed") == [f"ben 000000000005 b 1 spam {ms(5)}", f"eve 000000000006 b 1 spam {ms(6)}"]
    story.tell(CommentRejected(comment="b", revision=1))
    assert members(story, "filed") == [
        f"ben 000000000005 b 1 spam {ms(5)} upheld {ms(7)}",
        f"eve 000000000006 b 1 spam {ms(6)} upheld {ms(7)}",
    ]
    story.tell(CommentApproved(comment="b", revision=1))
    story.tell(report, BEN)
    story.tell(CommentApproved(comment="b", revision=1))
    assert members(story, "filed")[:2] == [
        f"ben 000000000005 b 1 spam {ms(5)} upheld {ms(7)}",
        f"ben 000000000009 b 1 spam {ms(9)} dismissed {ms(10)}",
    ]


def test_everybodys_comments_are_listed_with_what_became_of_them() -> None:
    story = told(
        posted("a"),
        posted("b", rule="links"),
        (posted("c"), BEN),
        CommentRejected(comment="c", revision=1),
        posted("d"),
        CommentWithdrawn(comment="d"),
    )
    assert members(story, "site.authors") == [
        f"ada 00{ms(3)}000000000003 {THREAD} a p",
        f"ada 00{ms(4)}000000000004 {THREAD} b q",
        f"ada 00{ms(7)}000000000007 {THREAD} d w",
        f"ben 00{ms(5)}000000000005 {THREAD} c r",
    ]


def test_answers_on_an_anchor_are_ordered_beside_it() -> None:
    story = told(AnchorOpened(anchor="a1", exact="x"), posted("a", anchor="a1"), reply("b", "a", 1, anchor="a1"))
    assert members(story, "anchored") == ["a1 000000000004:a"]


def test_a_thread_is_found_by_its_address_and_its_last_public_change() -> None:
    story = told(posted("a"), posted("b", rule="links"))
    assert view(story, "site.threads") == {THREAD: ms(3)}
    assert members(story, "site.urls") == [f"{URL} {THREAD}"]
    public = msgspec.json.decode(bytes(view(story, "meta")["public"]))
    assert public == {
        "id": THREAD,
        "site": SITE,
        "url": URL,
        "title": TITLE,
        "labels": [],
        "status": "open",
        "status_at": None,
        "comments": 1,
        "featured": 0,
        "pinned": None,
        "position": f"{ms(3)}-3",
    }
    story.tell(ThreadRetitled(url="https://elsewhere", title=TITLE))
    assert members(story, "site.urls") == [f"https://elsewhere {THREAD}"]


def test_nothing_redacted_is_left_in_any_view() -> None:
    story = told(posted("a"), edited(2, "secret words", "a", rule="links", match="secret", reason="secret"))
    story.tell(RevisionRedacted(comment="a", revision=2, reason="the law"))
    assert "secret" not in repr(list(contents(story.thread, html)))
    comment = story.thread.rows["a"]
    row = msgspec.json.decode(rows.row_of(comment, THREAD, 2, STAFF, html="<p>secret words</p>"))
    assert (row["body"], row["html"], row["moderation"]["match"]) == (None, None, None)


def test_who_wrote_is_who_the_token_said() -> None:
    story = told((posted("a", name=None), ADA))
    assert view(story, "names") == {"a": b"null"}
