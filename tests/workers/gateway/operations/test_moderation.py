"""Moderation, exactly as the contract says, through HTTP; and who sees what of it."""

from typing import Any

import pytest

from core.policy import STAFF_ONLY, Policy
from core.times import parse_rfc3339
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, GUEST, MOD, THREAD, House, Who, at, problem

PAGE = f"threads/{THREAD}"
EVERYBODY: list[Who | None] = [None, ADA, BEN, MOD, AUDITOR, ADMIN]


async def policy(house: House, **changes: Any) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, changes)).status_code == 200


async def edit(house: House, comment: str, body: str, revision: int) -> dict[str, Any]:
    answer = await house.ask("PATCH", at(comment), ADA, {"body": body}, If_Match=f'"{revision}"')
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["comment"]
    return row


async def seen(house: House, comment: str) -> dict[str | None, str | None]:
    """What each sees of a comment: its body, or None where it does not exist for them."""
    found: dict[str | None, str | None] = {}
    for who in EVERYBODY:
        answer = await house.get(at(comment), who)
        name = None if who is None else who.id
        found[name] = answer.json()["comment"]["body"] if answer.status_code == 200 else None
        if answer.status_code != 200:
            problem(answer, 404, "not-found")
    return found


NOBODY_ELSE = {None: None, "ben": None, "adi": None}


async def test_what_is_published_is_for_everyone(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    assert set((await seen(house, comment)).values()) == {"Words."}


@pytest.mark.parametrize("fate", ["pending", "held", "rejected", "withdrawn"])
async def test_what_is_not_published_is_for_its_author_and_staff(house: House, fate: str) -> None:
    if fate == "pending":
        await policy(house, premoderation="all")
    comment = await house.post(ADA, "Words.")
    if fate == "withdrawn":
        assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200
    elif fate != "pending":
        await house.decide(comment, "hold" if fate == "held" else "reject")
    assert await seen(house, comment) == {**NOBODY_ELSE, "ada": "Words.", "mod": "Words.", "aud": "Words."}
    assert [row["id"] for row in await house.rows()] == []
    assert (await house.get(PAGE)).json()["thread"]["comments"] == 0
    assert (await house.get(f"counts?thread={THREAD}")).json() == {"counts": {THREAD: 0}}


async def test_the_author_is_told_the_reason_and_staff_everything(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    await house.decide(comment, "reject", reason="Off the subject.", note="Third time.")
    own = (await house.get(at(comment), ADA)).json()["comment"]
    assert (own["status"], own["reason"]) == ("rejected", "Off the subject.")
    assert "moderation" not in own
    assert "Third time." not in (await house.get(at(comment), ADA)).text
    for who in (MOD, AUDITOR):
        row = (await house.get(at(comment), who)).json()["comment"]
        assert row["moderation"]["reason"] == "Off the subject."
        assert (row["moderation"]["note"], row["moderation"]["by"]) == ("Third time.", "mod")


async def test_a_tombstone_stands_where_something_hangs_below(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    reply = await house.post(BEN, "An answer.", parent=comment)
    await house.decide(comment, "reject")
    (row,) = await house.rows()
    assert (row["id"], row["status"], row["body"], row["author"], row["votes"]) == (
        comment,
        "rejected",
        None,
        None,
        None,
    )
    assert row["replies"]["comments"][0]["id"] == reply
    assert row["replies"]["comments"][0]["in_reply_to"]["name"] is None
    assert "Words." not in (await house.get(PAGE)).text
    assert "Words." not in (await house.get(at(reply))).text


async def test_the_queue_is_by_when_a_text_first_waited_and_says_whether_it_changed(house: House) -> None:
    await policy(house, premoderation="all")
    first = await house.post(ADA, "First.")
    second = await house.post(BEN, "Second.")

    async def queue() -> Any:
        answer = await house.get("moderation/queue", MOD)
        assert answer.headers["cache-control"] == "no-store"
        return answer

    before = await queue()
    tag = before.headers["etag"]
    same = await house.get("moderation/queue", MOD, If_None_Match=tag)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    # Neither an edit nor another word of a moderator puts it off.
    await edit(house, first, "Better words.", 1)
    held = await house.decide(first, "hold", 2, reason="We look at it.")
    await house.settled(held.json()["position"])
    after = await queue()
    assert [item["comment"]["id"] for item in after.json()["items"]] == [first, second]
    assert after.json()["items"][0]["since"] == before.json()["items"][0]["since"]
    assert after.headers["etag"] != tag
    assert (await house.get("moderation/queue", MOD, If_None_Match=tag)).status_code == 200
    problem(await house.get("moderation/queue", BEN, If_None_Match=after.headers["etag"]), 403, "not-allowed")
    problem(await house.get("moderation/queue", If_None_Match="*"), 401, "unauthenticated")


async def test_an_edit_that_waits_is_told_beside_the_row_that_readers_see(house: House) -> None:
    await policy(house, premoderation="links")
    comment = await house.post(ADA, "Words.")
    held: Any = {"If_Match": '"1"', "Idempotency_Key": "held"}
    body = {"body": "See https://spam.example"}
    answer = await house.ask("PATCH", at(comment), ADA, body, **held)
    waits = {"revision": 2, "held_by": {"kind": "rule", "name": "links"}}
    assert (answer.json()["comment"]["body"], answer.json()["waiting"]) == ("Words.", waits)
    # The same words again change nothing, and wait still; so does a repeat of the edit.
    same = await house.ask("PATCH", at(comment), ADA, body, If_Match='"2"')
    again = await house.ask("PATCH", at(comment), ADA, body, **held)
    assert same.json()["waiting"] == again.json()["waiting"] == waits
    await house.decide(comment, "hold", 2, reason="Reason.", note="Note.")
    again = await house.ask("PATCH", at(comment), ADA, body, **held)
    assert again.json()["waiting"] == {"revision": 2, "held_by": {"kind": "staff", "name": None}}
    await house.decide(comment, "approve", 2)
    again = await house.ask("PATCH", at(comment), ADA, body, **held)
    assert again.json()["comment"]["revision"] == 2
    assert "waiting" not in again.json()
    clean = await house.ask("PATCH", at(comment), ADA, {"body": "Clean."}, If_Match='"2"')
    assert "waiting" not in clean.json()


async def test_an_edit_of_what_is_not_published_says_that_it_waits(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    await house.decide(comment, "reject")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "Better words."}, If_Match='"1"')
    told = answer.json()
    assert (told["comment"]["body"], told["comment"]["status"]) == ("Better words.", "pending")
    assert told["waiting"] == {"revision": 2, "held_by": {"kind": "rule", "name": "edit-under-review"}}
    assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200
    posted = await house.ask("POST", f"{PAGE}/comments", ADA, {"body": "New."})
    assert "waiting" not in posted.json()


async def test_an_edit_runs_the_policy_again_and_a_held_one_leaves_the_page_as_it_is(house: House) -> None:
    await policy(house, premoderation="links")
    comment = await house.post(ADA, "Words.")
    row = await edit(house, comment, "See https://spam.example", 1)
    assert (row["revision"], row["status"]) == (1, "published")
    assert (await house.rows())[0]["body"] == "Words."
    (waiting,) = (await house.get(f"{PAGE}/me", ADA)).json()["pending"]
    assert (waiting["revision"], waiting["body"], waiting["status"]) == (2, "See https://spam.example", "pending")
    assert (await house.get(f"{PAGE}/me", BEN)).json()["pending"] == []
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    assert (item["revision"], item["published"]) == (2, {"revision": 1, "body": "Words."})
    assert item["held_by"]["kind"] == "rule"
    assert item["held_by"]["name"] == "links"
    assert item["held_by"]["match"] == "https://spam.example"
    await house.decide(comment, "approve", 2)
    assert (await house.rows())[0]["revision"] == 2
    assert (await house.get("moderation/queue", MOD)).json()["items"] == []


async def test_an_author_publishes_nothing_by_editing_or_restoring_what_was_turned_down(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    await house.decide(comment, "reject")
    row = await edit(house, comment, "Better words.", 1)
    assert (row["status"], row["revision"]) == ("pending", 2)
    row = await edit(house, comment, "Words.", 2)
    assert (row["status"], row["revision"]) == ("pending", 3)
    assert (await house.ask("DELETE", at(comment), ADA)).json()["comment"]["status"] == "withdrawn"
    back = await house.ask("POST", f"{at(comment)}/restoration", ADA)
    assert back.json()["comment"]["status"] == "pending"
    assert await house.rows() == []
    await house.decide(comment, "approve", 3)
    assert (await house.rows())[0]["revision"] == 3


async def test_a_decision_on_a_withdrawn_comment_changes_what_restoration_returns_to(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    await house.ask("DELETE", at(comment), ADA)
    await house.decide(comment, "reject")
    back = await house.ask("POST", f"{at(comment)}/restoration", ADA)
    assert back.json()["comment"]["status"] == "rejected"
    await house.decide(comment, "approve")
    assert len(await house.rows()) == 1


async def test_a_decision_about_a_later_revision_leaves_the_page_and_about_an_older_one_is_stale(
    house: House,
) -> None:
    await policy(house, premoderation="links")
    comment = await house.post(ADA, "Words.")
    await edit(house, comment, "See https://one.example", 1)
    await edit(house, comment, "See https://two.example", 2)
    stale = await house.ask("POST", f"{at(comment)}/decisions", MOD, {"verdict": "approve", "revision": 2})
    problem(stale, 409, "stale-revision")
    await house.decide(comment, "reject", 3)
    assert (await house.rows())[0]["body"] == "Words."


async def test_a_decision_closes_reports_and_a_hold_leaves_them(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    for who in (BEN, EVE):
        report = {"reason": "abuse", "note": f"By {who.id}."}
        assert (await house.ask("POST", f"{at(comment)}/reports", who, report)).status_code == 201
    queue = (await house.get("moderation/queue?state=reported", MOD)).json()
    assert queue["total"] == 1
    assert [(one["by"], one["note"]) for one in queue["items"][0]["reports"]] == [
        ("ben", "By ben."),
        ("eve", "By eve."),
    ]
    await house.decide(comment, "hold")
    assert (await house.get("moderation/queue?state=reported", MOD)).json()["total"] == 1
    await house.decide(comment, "approve")
    assert (await house.get("moderation/queue?state=reported", MOD)).json()["total"] == 0
    again = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse"})
    assert again.status_code == 201


async def test_who_voted_and_who_reported_is_for_staff_alone(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse", "note": "Told by Ben."})
    for path, who in (
        (PAGE, None),
        (at(comment), ADA),
        (f"{at(comment)}/trail", ADA),
        (f"{at(comment)}/revisions", ADA),
        (f"{PAGE}/me", ADA),
        ("members/ada", ADA),
        ("members/ada/comments", ADA),
    ):
        text = (await house.get(path, who)).text
        assert '"ben"' not in text  # an id that is drawn at random can spell the bare word
        assert "Told by Ben." not in text
    assert "Told by Ben." in (await house.get("moderation/queue?state=reported", MOD)).text
    own = (await house.get(f"{PAGE}/me", BEN)).json()
    assert own["votes"] == {comment: {"value": 1, "revision": 1}}


async def test_the_overlay_says_what_waits_what_was_rejected_and_why_a_write_would_fail(house: House) -> None:
    rejected = await house.post(ADA, "Rejected.")
    await house.decide(rejected, "reject", reason="Off the subject.")
    await policy(house, premoderation="all")
    pending = await house.post(ADA, "Waiting.")
    told = (await house.get(f"{PAGE}/me", ADA)).json()
    assert [row["id"] for row in told["pending"]] == [pending]
    (row,) = told["rejected"]
    assert row["id"] == rejected
    assert (row["decision"]["reason"], row["decision"]["by"]) == ("Off the subject.", "moderator")
    assert told["refusals"] == {"comment": None, "vote": None}
    assert told["caller"] == {"id": "ada", "name": "Ada", "kind": "member", "roles": []}
    parse_rfc3339(told["now"])
    assert told["pending"][0]["held_by"] == {"kind": "rule", "name": "premoderation"}
    assert (row["decision"]["automated"], row["decision"]["code"], row["decision"]["ground"]) == (False, None, None)
    assert "mod" not in (row["decision"]["at"], row["decision"]["by"])
    await house.ask("PUT", "members/ada/suspension", MOD, {"reason": "Insults."})
    await policy(house, votes=False)
    refusals = (await house.get(f"{PAGE}/me", ADA)).json()["refusals"]
    assert refusals["comment"]["type"] == "/problems/suspended"
    assert refusals["comment"]["reason"] == "Insults."
    assert refusals["vote"]["type"] == "/problems/suspended"
    refusals = (await house.get(f"{PAGE}/me", BEN)).json()["refusals"]
    assert refusals["vote"]["type"] == "/problems/votes-off"
    problem(await house.get("threads/none/me", ADA), 404, "not-found")


async def test_the_overlay_says_what_its_caller_withdrew_and_what_became_of_reports(house: House) -> None:
    comment = await house.post(ADA, "Words.")
    gone = await house.post(ADA, "Gone.")
    assert (await house.ask("DELETE", at(gone), ADA)).status_code == 200
    report = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse", "note": "Look."})
    await house.settled(report.json()["position"])
    told = (await house.get(f"{PAGE}/me", BEN)).json()
    (own,) = told["reports"]
    assert (own["comment"], own["revision"], own["reason"], own["outcome"]) == (comment, 1, "abuse", None)
    decided = await house.decide(comment, "reject", reason="Off the subject.")
    await house.settled(decided.json()["position"])
    (own,) = (await house.get(f"{PAGE}/me", BEN)).json()["reports"]
    assert (own["outcome"], own["decided_at"] is None) == ("upheld", False)
    author = (await house.get(f"{PAGE}/me", ADA)).json()
    assert [(row["id"], row["status"], row["body"]) for row in author["withdrawn"]] == [(gone, "withdrawn", "Gone.")]
    assert author["reports"] == []


async def test_the_overlay_is_for_guests_and_staff_alike_and_for_a_thread_that_is_not_open_yet(house: House) -> None:
    for who, kind in ((GUEST, "guest"), (MOD, "staff")):
        caller = (await house.get(f"{PAGE}/me", who)).json()["caller"]
        assert (caller["id"], caller["kind"], caller["roles"]) == (who.id, kind, list(who.roles))
    policy = {"origins": ["https://kew.example"]}
    assert (await house.ask("PATCH", "policy", ADMIN, policy)).status_code == 200
    told = (await house.get("threads/none/me", ADA)).json()
    assert told["opened"] is False
    assert (told["caller"]["id"], told["reports"], told["withdrawn"]) == ("ada", [], [])


async def test_the_edit_history_is_for_whom_the_policy_says(house: House) -> None:
    comment = await house.post(ADA, "The Senat voted.")
    await edit(house, comment, "The Senate voted.", 1)

    async def revisions(who: Who | None) -> list[int]:
        answer = await house.get(f"{at(comment)}/revisions", who)
        assert answer.status_code == 200, answer.text
        return [text["revision"] for text in answer.json()["revisions"]]

    expected = {
        "public": {None: [1, 2], "ben": [1, 2], "ada": [1, 2], "mod": [1, 2]},
        "author": {None: [2], "ben": [2], "ada": [1, 2], "mod": [1, 2]},
        "staff": {None: [2], "ben": [2], "ada": [2], "mod": [1, 2]},
    }
    for history, who_sees in expected.items():
        await policy(house, history=history)
        found = {None if who is None else who.id: await revisions(who) for who in (None, BEN, ADA, MOD)}
        assert found == who_sees, history


async def test_a_diff_tells_words_and_each_text_the_votes_it_had(house: House) -> None:
    comment = await house.post(ADA, "The Senat voted.")
    await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    await edit(house, comment, "The Senate voted.", 1)
    await house.ask("PUT", f"{at(comment)}/vote", EVE, {"value": 1})
    position = (await house.ask("PUT", f"{at(comment)}/vote", MOD, {"value": -1})).json()["position"]
    await house.settled(position)
    first, second = (await house.get(f"{at(comment)}/revisions?diff=words")).json()["revisions"]
    assert first["votes_then"] == {"up": 1, "down": 0}
    assert second["votes_then"] == {"up": 2, "down": 1}
    assert ["-", "Senat"] in second["diff"]
    assert ["+", "Senate"] in second["diff"]
    plain = (await house.get(f"{at(comment)}/revisions")).json()["revisions"]
    assert "diff" not in plain[1]


async def test_a_redacted_text_is_gone_for_everybody_everywhere(house: House) -> None:
    comment = await house.post(ADA, "A name.")
    await edit(house, comment, "No name.", 1)
    answer = await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "A minor."})
    assert answer.status_code == 200, answer.text
    for who in EVERYBODY:
        for path in (at(comment), f"{at(comment)}/revisions", PAGE):
            assert "A name." not in (await house.get(path, who)).text
    for path, who in (
        (f"{at(comment)}/trail", ADA),
        (f"{at(comment)}/trail", MOD),
        ("audit", AUDITOR),
        ("members/ada/comments", MOD),
    ):
        answer = await house.get(path, who)
        assert answer.status_code == 200
        assert "A name." not in answer.text
        assert "No name." in answer.text
    statuses = [text["status"] for text in (await house.get(f"{at(comment)}/revisions", MOD)).json()["revisions"]]
    assert statuses == ["redacted", "published"]


async def test_an_editors_pick_is_one_until_it_is_none(house: House) -> None:
    comment = await house.post(ADA)
    answer = await house.ask("PUT", f"{at(comment)}/featured", MOD)
    assert answer.json()["comment"]["featured"] is True
    assert (await house.rows())[0]["featured"] is True
    answer = await house.ask("DELETE", f"{at(comment)}/featured", MOD)
    assert answer.json()["comment"]["featured"] is False


async def test_a_members_comments_and_standing_are_for_them_and_staff(house: House) -> None:
    published = await house.post(ADA, "Words.")
    rejected = await house.post(ADA, "Rejected.")
    await house.decide(rejected, "reject", note="Third time.")
    for who in (ADA, MOD, AUDITOR):
        member = (await house.get("members/ada", who)).json()["member"]
        assert (member["id"], member["name"], member["suspension"]) == ("ada", "Ada", None)
        assert member["comments"] == {"published": 1, "pending": 0, "rejected": 1, "withdrawn": 0}
        rows = (await house.get("members/ada/comments", who)).json()["comments"]
        assert [row["id"] for row in rows] == [rejected, published]
    assert "Third time." not in (await house.get("members/ada/comments", ADA)).text
    latest, first = (await house.get("members/ada/comments", MOD)).json()["comments"]
    assert latest["posted_at"] > first["posted_at"]
    since = f"since={latest['posted_at']}"
    for query, wanted in (
        ("status=published", [published]),
        ("status=rejected", [rejected]),
        ("status=pending", []),
        (since, [rejected]),
        (f"since={first['posted_at']}", [rejected, published]),
        (f"{since}&status=published", []),
        (f"{since}&status=rejected&limit=1", [rejected]),
    ):
        for who in (ADA, MOD):
            found = (await house.get(f"members/ada/comments?{query}", who)).json()
            assert [row["id"] for row in found["comments"]] == wanted, (query, who)
    pages = (await house.get("members/ada/comments?limit=1", MOD)).json()
    cursor = pages["next"]
    assert [row["id"] for row in pages["comments"]] == [rejected]
    rest = (await house.get(f"members/ada/comments?limit=1&cursor={cursor}", MOD)).json()
    assert ([row["id"] for row in rest["comments"]], rest["next"]) == ([published], None)
    problem(await house.get(f"members/ada/comments?limit=1&status=published&cursor={cursor}", MOD), 400, "bad-cursor")
    problem(await house.get("members/ada/comments?since=yesterday", MOD), 400, "bad-request")
    problem(await house.get("members/ada/comments?status=odd", MOD), 400, "bad-request")
    for who in (BEN, ADMIN):
        problem(await house.get("members/ada", who), 404, "not-found")
        problem(await house.get("members/ada/comments", who), 404, "not-found")
    new = (await house.get("members/eve", EVE)).json()["member"]
    assert (new["name"], new["comments"]["published"]) == ("Eve", 0)


async def test_threads_are_listed_by_latest_activity_and_found_by_address(house: House) -> None:
    await house.open_thread("tea")
    await house.post(ADA)
    listed = (await house.get("threads", MOD)).json()["threads"]
    assert {thread["id"] for thread in listed} == {THREAD, "tea"}
    found = (await house.get("threads?url=https://kew.example/tea", MOD)).json()["threads"]
    assert [thread["id"] for thread in found] == ["tea"]
    for url in ("HTTPS://Kew.EXAMPLE/tea", "https://kew.example:443/tea", "https://kew.example/%2574ea"):
        found = (await house.get(f"threads?url={url}", MOD)).json()["threads"]
        assert [thread["id"] for thread in found] == ["tea"], url
    await house.ask("PUT", "threads/tea/status", MOD, {"status": "closed"})
    answer = await house.ask("PUT", "threads/tea", MOD, {"url": "https://kew.example/tea", "title": "Tea"})
    assert answer.status_code == 200
    await house.settled(answer.json()["position"], "tea")
    closed = (await house.get("threads?status=closed", MOD)).json()["threads"]
    assert [(thread["id"], thread["title"]) for thread in closed] == [("tea", "Tea")]


async def test_a_threads_policy_is_the_sites_with_its_overrides(house: House) -> None:
    await policy(house, max_body=100)
    assert (await house.get(f"{PAGE}/policy")).json()["max_body"] == 100
    length = await house.length()
    answer = await house.ask("PUT", f"{PAGE}/policy", MOD, {"premoderation": "all"})
    assert answer.status_code == 200
    assert await house.length() == length + 1
    in_force = (await house.get(f"{PAGE}/policy")).json()
    assert (in_force["premoderation"], in_force["max_body"]) == ("all", 100)
    assert in_force["overrides"] == {"premoderation": "all"}
    await house.ask("PUT", f"{PAGE}/policy", MOD, {})
    in_force = (await house.get(f"{PAGE}/policy")).json()
    assert (in_force["premoderation"], in_force["overrides"]) == ("none", {})


async def test_a_moderator_alone_reads_the_whole_policy_of_a_thread(house: House) -> None:
    whole = {*Policy.__struct_fields__, "overrides"}
    for who in (None, BEN, ADMIN):
        answer = (await house.get(f"{PAGE}/policy", who)).json()
        assert set(answer) == whole - STAFF_ONLY
        assert answer["reasons"][0] == {"code": "spam", "ground": "terms"}
    assert set((await house.get(f"{PAGE}/policy", MOD)).json()) == whole


async def test_what_pages_need_of_a_policy_is_set_for_the_site_and_read_by_everyone(house: House) -> None:
    wanted = {"language": "de", "timezone": "Europe/Berlin", "rules_url": "https://kew.example/rules"}
    await policy(house, **wanted, read_pages="index")
    in_force = (await house.get(f"{PAGE}/policy")).json()
    assert {name: in_force[name] for name in wanted} == wanted
    assert (in_force["read_pages"], in_force["guests"]) == ("index", False)
    for changes, pointer in (
        ({"language": "tlh"}, "/language"),
        ({"language": "x y"}, "/language"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"rules_url": "http://kew.example/rules"}, "/rules_url"),
        ({"guests": "yes"}, "/guests"),
        ({"read_pages": "on"}, "/read_pages"),
        ({"comment": "anybody"}, "/comment"),
    ):
        answer = problem(await house.ask("PATCH", "policy", ADMIN, changes), 400, "bad-request")
        assert [error["pointer"] for error in answer["errors"]] == [pointer]
    refused = problem(await house.ask("PUT", f"{PAGE}/policy", MOD, {"language": "de"}), 400, "bad-request")
    assert "language" in str(refused["errors"])


async def test_questions_count_their_comments(house: House) -> None:
    anchor = {"quote": {"exact": "The palms"}, "prompt": "How tall?", "status": "open"}
    await house.ask("PUT", f"{PAGE}/anchors/q1", MOD, anchor)
    comment = await house.post(ADA, "Ten metres.", anchor="q1")
    await house.post(BEN, "Twelve.", parent=comment)
    (found,) = (await house.get(f"{PAGE}/anchors")).json()["anchors"]
    assert (found["id"], found["status"], found["comments"]) == ("q1", "open", 2)
    assert found["quote"]["exact"] == "The palms"
    await house.post(EVE, "Elsewhere.")
    assert [row["id"] for row in await house.rows(query="?anchor=q1")] == [comment]
