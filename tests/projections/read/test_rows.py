"""Who sees what of single comments: rows, permalinks, frames, the overlay and the edit history."""

from typing import Any

import msgspec

from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.moderation import Decide, FeatureComment
from core.domain.report import FileReport
from core.domain.thread import OpenThread, OverridePolicy, PutAnchor
from core.domain.vote import CastVote
from core.policy import PolicyChanges
from core.times import parse_rfc3339
from projections.read import comments, overlay, pages
from projections.read.queries import PageAnswer, RepliesQuery
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import MOD, PEOPLE, SITE, THREADS
from tests.support.viewing import Stage

ADA, BEN, EVE, DAN = PEOPLE
THREAD = THREADS[0]
AUTHOR, OTHER, STAFF = Viewer("ada"), Viewer("ben"), Viewer("mod", staff=True)


def decoded(answer: PageAnswer | bytes | None) -> Any:
    assert answer is not None
    return msgspec.json.decode(answer.body if isinstance(answer, PageAnswer) else answer)


async def seen_by(there: Stage, comment: str, viewer: Viewer) -> Any:
    found = await comments.row(there.served, SITE, THREAD, comment, viewer)
    return None if found is None else msgspec.json.decode(found)


def post(comment: str, body: str = "words", *, parent: str | None = None) -> PostComment:
    return PostComment(comment=comment, body=body, parent=parent)


def approve(comment: str, revision: int = 1) -> Decide:
    return Decide(comment=comment, verdict="approve", revision=revision)


def reject(comment: str, revision: int = 1, reason: str = "manners") -> Decide:
    return Decide(comment=comment, verdict="reject", revision=revision, reason=reason, note="third time")


async def test_a_published_row_is_the_same_for_everyone_and_has_moderation_for_staff(there: Stage) -> None:
    await there.do(ADA, post("a"))
    public = await seen_by(there, "a", PUBLIC)
    assert public == await seen_by(there, "a", AUTHOR) == await seen_by(there, "a", OTHER)
    staff = await seen_by(there, "a", STAFF)
    judged = staff.pop("moderation")
    assert staff.pop("reason") is None
    assert judged.pop("spam") is False
    assert set(judged.values()) == {None}
    assert staff == public
    assert public["replies"] == {"count": 0, "comments": [], "next": None}
    assert public["votes"] == {"up": 0, "down": 0, "score": 0}


async def test_a_rejected_comment_is_there_for_its_author_with_reason_and_for_staff_with_everything(
    there: Stage,
) -> None:
    await there.do(ADA, post("a", "rude words"))
    await there.do(MOD, reject("a"))
    assert await seen_by(there, "a", PUBLIC) is None
    assert await seen_by(there, "a", OTHER) is None
    own = await seen_by(there, "a", AUTHOR)
    assert (own["status"], own["body"], own["reason"]) == ("rejected", "rude words", "manners")
    assert "moderation" not in own
    judged = (await seen_by(there, "a", STAFF))["moderation"]
    assert (judged["reason"], judged["note"], judged["by"]) == ("manners", "third time", "mod")


async def test_an_unknown_comment_is_nothing_for_anyone(there: Stage) -> None:
    for viewer in (PUBLIC, AUTHOR, STAFF):
        assert await comments.row(there.served, SITE, THREAD, "none", viewer) is None
        assert await comments.permalink(there.served, SITE, THREAD, "none", viewer) is None
        assert await comments.row(there.served, SITE, "no-thread", "none", viewer) is None


async def test_a_row_counts_the_answers_that_it_does_not_show_and_leads_to_them(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b", parent="a"), post("c", parent="a"))
    row = await seen_by(there, "a", PUBLIC)
    assert (row["replies"]["count"], row["replies"]["comments"]) == (2, [])
    more = await pages.replies(there.served, SITE, THREAD, "a", RepliesQuery(cursor=row["replies"]["next"]))
    assert [one["id"] for one in decoded(more)["comments"]] == ["b", "c"]


async def test_who_is_answered_has_a_name_only_while_published(there: Stage) -> None:
    await there.do(ADA, post("a"))
    await there.do(BEN, post("b", parent="a"))
    assert (await seen_by(there, "b", PUBLIC))["in_reply_to"] == {"comment": "a", "revision": 1, "name": "Ada"}
    await there.do(ADA, WithdrawComment(comment="a"))
    for viewer in (PUBLIC, OTHER, STAFF):
        assert (await seen_by(there, "b", viewer))["in_reply_to"]["name"] is None


async def test_whoever_is_answered_has_their_own_name_where_none_of_them_is_in_the_answer(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b"))
    await there.do(BEN, post("c"))
    for number, answered in enumerate("abc"):
        await there.do(EVE, post(f"e{number}", parent=answered))
    await there.do(ADA, WithdrawComment(comment="b"))
    _, rows = await comments.frame_rows(there.served, SITE, THREAD, ["e2", "e1", "e0"])
    found = {name: msgspec.json.decode(row)["in_reply_to"] for name, row in rows.items()}
    assert {name: (answered["comment"], answered["name"]) for name, answered in found.items()} == {
        "e0": ("a", ADA.name),
        "e1": ("b", None),
        "e2": ("c", BEN.name),
    }


async def test_whom_an_unseen_comment_answers_is_named_to_those_who_see_it_while_that_is_published(
    there: Stage,
) -> None:
    await there.do(ADA, post("a"))
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(BEN, post("b", parent="a"))

    async def named() -> list[Any]:
        own = await overlay.of_member(there.served, SITE, THREAD, "ben", 0)
        assert own is not None
        rows = [msgspec.json.decode(one) for one in own.pending]
        rows += [await seen_by(there, "b", viewer) for viewer in (OTHER, STAFF)]
        return [row["in_reply_to"]["name"] for row in rows]

    assert await named() == [ADA.name] * 3
    await there.do(ADA, WithdrawComment(comment="a"))
    assert await named() == [None] * 3


async def test_frames_get_rows_and_tombstones_without_answers_and_nothing_that_is_not_on_the_page(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b", parent="a"), post("c"), post("d"))
    await there.do(BEN, CastVote(comment="b", value=1))
    await there.do(MOD, reject("a"), reject("c"))
    head, rows = await comments.frame_rows(there.served, SITE, THREAD, ["a", "b", "c", "none"])
    assert head is not None
    assert head.comments == 2
    assert list(rows) == ["a", "b"]
    tombstone, row = msgspec.json.decode(rows["a"]), msgspec.json.decode(rows["b"])
    assert (tombstone["status"], tombstone["author"], tombstone["votes"]) == ("rejected", None, None)
    assert row["votes"] == {"up": 1, "down": 0, "score": 1}
    assert "replies" not in row | tombstone
    assert await comments.frame_rows(there.served, SITE, "no-thread", ["a"]) == (None, {})


async def test_a_permalink_shows_the_way_down_to_a_comment_and_what_hangs_below_it(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b", parent="a"), post("c", parent="b"), post("d", parent="c"))
    link = decoded(await comments.permalink(there.served, SITE, THREAD, "c", PUBLIC))
    assert [row["id"] for row in link["ancestors"]] == ["a", "b"]
    assert [row["replies"]["count"] for row in link["ancestors"]] == [1, 1]
    assert all(row["replies"]["comments"] == [] for row in link["ancestors"])
    assert [row["id"] for row in link["comment"]["replies"]["comments"]] == ["d"]
    assert link["thread"]["id"] == THREAD


async def test_a_permalink_has_tombstones_above_and_is_nothing_where_the_comment_itself_is_one(there: Stage) -> None:
    await there.do(ADA, post("a", "rude words"), post("b", parent="a"))
    await there.do(BEN, post("c", parent="b"))
    await there.do(MOD, reject("a"))
    for viewer in (PUBLIC, OTHER):
        assert await comments.permalink(there.served, SITE, THREAD, "a", viewer) is None
        (above, _) = decoded(await comments.permalink(there.served, SITE, THREAD, "c", viewer))["ancestors"]
        assert (above["id"], above["status"], above["body"]) == ("a", "rejected", None)
    for viewer in (AUTHOR, STAFF):
        link = decoded(await comments.permalink(there.served, SITE, THREAD, "a", viewer))
        assert link["comment"]["body"] == "rude words"
        assert link["comment"]["replies"]["comments"][0]["id"] == "b"
        assert (
            decoded(await comments.permalink(there.served, SITE, THREAD, "c", viewer))["ancestors"][0]["body"]
            == "rude words"
        )
    staff = decoded(await comments.permalink(there.served, SITE, THREAD, "b", STAFF))
    assert "moderation" in staff["comment"]
    assert "moderation" in staff["comment"]["replies"]["comments"][0]


async def test_a_permalink_says_whom_an_unseen_comment_above_answers_to_those_who_see_it(there: Stage) -> None:
    await there.do(ADA, post("a"))
    await there.do(BEN, post("b", parent="a"))
    await there.do(EVE, post("c", parent="b"))
    await there.do(MOD, reject("b"))
    for viewer, answered in ((PUBLIC, None), (AUTHOR, None), (Viewer("ben"), ADA.name), (STAFF, ADA.name)):
        link = decoded(await comments.permalink(there.served, SITE, THREAD, "c", viewer))
        assert [one["id"] for one in link["ancestors"]] == ["a", "b"]
        above = link["ancestors"][1]["in_reply_to"]
        assert (above and above["name"]) == answered
        assert link["comment"]["in_reply_to"]["name"] is None


async def test_a_pending_answer_to_what_left_the_page_has_a_permalink_for_its_author(there: Stage) -> None:
    await there.do(BEN, post("a", "rude words"))
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, post("b", parent="a"))
    await there.do(MOD, reject("a"))
    link = decoded(await comments.permalink(there.served, SITE, THREAD, "b", AUTHOR))
    assert link["comment"]["status"] == "pending"
    assert [(row["id"], row["status"], row["body"]) for row in link["ancestors"]] == [("a", "rejected", None)]
    staff = decoded(await comments.permalink(there.served, SITE, THREAD, "b", STAFF))
    assert staff["ancestors"][0]["body"] == "rude words"
    assert await comments.permalink(there.served, SITE, THREAD, "b", PUBLIC) is None


async def test_the_tag_of_a_permalink_changes_with_what_is_shown(there: Stage) -> None:
    await there.do(ADA, post("a"))
    public = await comments.permalink(there.served, SITE, THREAD, "a", PUBLIC)
    staff = await comments.permalink(there.served, SITE, THREAD, "a", STAFF)
    assert public is not None
    assert staff is not None
    assert public.tag != staff.tag
    await there.do(BEN, CastVote(comment="a", value=1))
    voted = await comments.permalink(there.served, SITE, THREAD, "a", PUBLIC)
    assert voted is not None
    assert voted.tag != public.tag


async def test_an_overlay_holds_what_waits_and_what_was_rejected_and_every_vote(there: Stage) -> None:
    await there.do(BEN, post("other"))
    await there.do(ADA, post("a"), post("b"), post("c", "calm words"), post("gone"), WithdrawComment(comment="gone"))
    await there.do(ADA, CastVote(comment="other", value=-1))
    await there.do(MOD, reject("b"), OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, post("d"), EditComment(comment="c", revision=1, body="calmer words"))
    own = await overlay.of_member(there.served, SITE, THREAD, "ada", 0)
    assert own is not None
    pending = [msgspec.json.decode(row) for row in own.pending]
    assert [(row["id"], row["revision"], row["status"]) for row in pending] == [
        ("d", 1, "pending"),
        ("c", 2, "pending"),
    ]
    assert pending[1]["body"] == "calmer words"
    (rejected,) = [msgspec.json.decode(row) for row in own.rejected]
    assert (rejected["id"], rejected["decision"]["reason"], rejected["decision"]["by"]) == ("b", "manners", "moderator")
    assert "third time" not in str(rejected)
    assert own.votes == {"other": {"value": -1, "revision": 1}}


async def test_an_overlay_says_why_a_text_waits_and_names_no_match_and_no_moderator(there: Stage) -> None:
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="links")))
    await there.do(ADA, post("a", "See https://spam.example"), post("b"))
    await there.do(MOD, Decide(comment="b", verdict="hold", revision=1, note="third time"))
    own = await overlay.of_member(there.served, SITE, THREAD, "ada", 0)
    assert own is not None
    pending = [msgspec.json.decode(row) for row in own.pending]
    assert [(row["id"], row["held_by"]) for row in pending] == [
        ("b", {"kind": "staff", "name": None}),
        ("a", {"kind": "rule", "name": "links"}),
    ]
    assert "third time" not in str(pending)


async def test_an_overlay_holds_what_its_member_withdrew_until_it_is_restored(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b"), WithdrawComment(comment="a"), WithdrawComment(comment="b"))
    own = await overlay.of_member(there.served, SITE, THREAD, "ada", 0)
    assert own is not None
    rows = [msgspec.json.decode(row) for row in own.withdrawn]
    assert [(row["id"], row["status"], row["body"]) for row in rows] == [
        ("b", "withdrawn", "words"),
        ("a", "withdrawn", "words"),
    ]
    other = await overlay.of_member(there.served, SITE, THREAD, "ben", 0)
    assert other is not None
    assert other.withdrawn == []
    await there.do(ADA, RestoreComment(comment="b"))
    own = await overlay.of_member(there.served, SITE, THREAD, "ada", 0)
    assert own is not None
    assert [msgspec.json.decode(row)["id"] for row in own.withdrawn] == ["a"]


async def test_an_overlay_says_for_thirty_days_what_became_of_a_report(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b"), post("c"))
    await there.do(BEN, *(FileReport(comment=name, reason="spam", note="look") for name in "abc"))
    await there.do(EVE, FileReport(comment="a", reason="insult"))
    await there.do(MOD, reject("a"), Decide(comment="b", verdict="approve", revision=1))

    async def reports(member: str, now: int = 0) -> list[dict[str, Any]]:
        own = await overlay.of_member(there.served, SITE, THREAD, member, now)
        assert own is not None
        return own.reports

    found = await reports("ben")
    assert [(one["comment"], one["reason"], one["outcome"]) for one in found] == [
        ("c", "spam", None),
        ("b", "spam", "dismissed"),
        ("a", "spam", "upheld"),
    ]
    assert [one["decided_at"] is None for one in found] == [True, False, False]
    assert [one["reason"] for one in await reports(EVE.id)] == ["insult"]
    assert await reports("ada") == []
    decided = parse_rfc3339(found[1]["decided_at"])
    assert [one["comment"] for one in await reports("ben", decided + overlay.OUTCOMES_MS)][:2] == ["c", "b"]
    assert [one["comment"] for one in await reports("ben", decided + overlay.OUTCOMES_MS + 1)] == ["c"]


async def test_an_overlay_is_empty_for_who_has_nothing_waiting_and_absent_without_a_thread(there: Stage) -> None:
    own = await overlay.of_member(there.served, SITE, THREAD, "dan", 0)
    assert own is not None
    assert (own.pending, own.rejected, own.votes) == ([], [], {})
    assert await overlay.of_member(there.served, SITE, "no-thread", "dan", 0) is None


async def test_an_overlay_of_a_member_whose_id_begins_like_anothers_is_their_own(there: Stage) -> None:
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(EVE, post("a"))
    for name in ("eve", "eve:", "eve:22", "ev"):
        own = await overlay.of_member(there.served, SITE, THREAD, name, 0)
        assert own is not None
        assert own.pending == []


async def test_the_newest_hundred_are_in_an_overlay(there: Stage) -> None:
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, *(post(f"c{number}") for number in range(103)))
    own = await overlay.of_member(there.served, SITE, THREAD, "ada", 0)
    assert own is not None
    found = [msgspec.json.decode(row)["id"] for row in own.pending]
    assert found == [f"c{number}" for number in range(102, 2, -1)]


async def test_anchors_tell_the_published_comments_on_them(there: Stage) -> None:
    await there.do(
        MOD,
        PutAnchor(anchor="q1", exact="a passage", prompt="Well?"),
        PutAnchor(anchor="q0", exact="another", prefix="before "),
        PutAnchor(anchor="q0", exact="another", prefix="before ", status="closed"),
    )
    await there.do(ADA, PostComment(comment="a", body="words", anchor="q1"), post("b", parent="a"), post("c"))
    await there.do(ADA, PostComment(comment="d", body="words", anchor="q1"), WithdrawComment(comment="d"))
    assert decoded(await comments.anchors(there.served, SITE, THREAD)) == {
        "anchors": [
            {"id": "q1", "quote": {"exact": "a passage"}, "prompt": "Well?", "status": "open", "comments": 2},
            {
                "id": "q0",
                "quote": {"exact": "another", "prefix": "before "},
                "prompt": None,
                "status": "closed",
                "comments": 0,
            },
        ]
    }
    assert await comments.anchors(there.served, SITE, "no-thread") is None


async def test_counts_are_of_published_comments_and_unknown_threads_have_none(there: Stage) -> None:
    await there.do(ADA, post("a"), post("b"), WithdrawComment(comment="b"))
    await there.do(ADA, post("a2"), post("b2"), thread=THREADS[1])
    counted = await comments.read_counts(there.served, SITE, ["nowhere", THREADS[1], THREAD, THREAD])
    counts = decoded(comments.counts_of(counted))
    assert counts == {"counts": {"nowhere": 0, THREADS[1]: 2, THREAD: 1}}


async def test_a_head_says_what_the_page_says_of_the_thread(there: Stage) -> None:
    position = await there.do(ADA, post("a"))
    await there.do(MOD, FeatureComment(comment="a", featured=False))
    head = await comments.head(there.served, SITE, THREAD)
    assert head is not None
    assert (head.comments, head.status, head.position) == (1, "open", position)
    assert await comments.head(there.served, SITE, "no-thread") is None
    await there.do(MOD, OpenThread(url="https://kew.example/new", title="Renamed"))
    renamed = await comments.head(there.served, SITE, THREAD)
    assert renamed is not None
    assert (renamed.title, renamed.url) == ("Renamed", "https://kew.example/new")
