"""The page now, after one's own write, and as it was."""

from typing import Any

import anyio

from core.position import Position
from core.times import rfc3339
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, MOD, PARTITIONS, THREAD, House, at, problem

PAGE = f"threads/{THREAD}"


async def test_the_tag_changes_whenever_the_answer_does(house: House) -> None:
    comment = await house.post(ADA)
    seen: set[tuple[str, str]] = set()
    steps: list[tuple[str, str, Any, Any]] = [
        ("PUT", f"{at(comment)}/vote", MOD, {"value": 1}),
        ("PATCH", at(comment), ADA, {"body": "Other words."}),
        ("PUT", f"{at(comment)}/featured", MOD, None),
        ("POST", f"{at(comment)}/decisions", MOD, {"verdict": "hold", "revision": 2}),
        ("POST", f"{at(comment)}/decisions", MOD, {"verdict": "approve", "revision": 2}),
        ("PUT", f"threads/{THREAD}/status", MOD, {"status": "closed"}),
    ]
    for step in (None, *steps):
        if step is not None:
            method, path, who, body = step
            answer = await house.ask(method, path, who, body, If_Match='"1"')
            assert answer.status_code == 200, answer.text
            await house.settled(answer.json()["position"])
        page = await house.get(f"threads/{THREAD}")
        assert (page.headers["etag"], page.text) not in seen
        assert page.headers["etag"] not in {tag for tag, _ in seen}
        seen.add((page.headers["etag"], page.text))


async def test_a_read_after_a_write_includes_it(house: House) -> None:
    for number in range(10):
        answer = await house.ask("POST", f"{PAGE}/comments", ADA, {"body": f"Words {number}."})
        position, comment = answer.json()["position"], answer.json()["comment"]["id"]
        assert (await house.rows(query=f"?after={position}"))[0]["id"] == comment
        assert (await house.get(f"{at(comment)}?after={position}")).status_code == 200


async def test_a_read_after_waits_for_the_views(house: House) -> None:
    house.hold()
    answer = await house.ask("POST", f"{PAGE}/comments", ADA, {"body": "Words."})
    position, comment = answer.json()["position"], answer.json()["comment"]["id"]
    assert await house.rows() == []
    found: list[Any] = []

    async def read() -> None:
        found.extend(await house.rows(query=f"?after={position}"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        house.release()
    assert [row["id"] for row in found] == [comment]


async def test_a_read_after_what_the_views_do_not_reach_is_to_be_tried_again(house: House) -> None:
    house.hold()
    answer = await house.ask("POST", f"{PAGE}/comments", ADA, {"body": "Words."})
    late = await house.get(f"{PAGE}?after={answer.json()['position']}")
    problem(late, 503, "unavailable")
    assert int(late.headers["retry-after"]) > 0
    assert late.headers["cache-control"] == "no-store"
    house.release()


async def test_a_position_that_the_log_has_not_reached_is_unknown_at_once(house: House) -> None:
    comment = await house.post(ADA)
    for path in (PAGE, f"{PAGE}/anchors", at(comment), f"{at(comment)}/replies", f"{at(comment)}/revisions"):
        problem(await house.get(f"{path}?after=99999999999999-1"), 400, "unknown-position")
    problem(await house.get(f"{PAGE}/me?after=99999999999999-1", ADA), 400, "unknown-position")
    problem(await house.get("threads/none?after=99999999999999-1"), 404, "not-found")


async def test_a_write_that_the_views_do_not_take_in_in_time_counts_all_the_same(house: House) -> None:
    comment = await house.post(ADA)
    house.hold()
    answer = await house.ask("PUT", f"{at(comment)}/featured", MOD)
    assert answer.status_code == 200
    assert answer.json()["comment"] is None
    house.release()
    await house.settled(answer.json()["position"])
    assert (await house.rows())[0]["featured"]


async def test_the_row_of_a_new_comment_is_that_of_the_page(house: House) -> None:
    parent = await house.post(ADA)
    answer = await house.ask("POST", f"{PAGE}/comments", BEN, {"body": "*Words* <b>", "parent": parent})
    row = answer.json()["comment"]
    await house.settled(answer.json()["position"])
    assert row == (await house.get(at(row["id"]), BEN)).json()["comment"]
    assert row["in_reply_to"] == {"comment": parent, "revision": 1, "name": "Ada"}
    waiting = await house.ask("PATCH", "policy", ADMIN, {"premoderation": "all"})
    assert waiting.status_code == 200
    held = await house.ask("POST", f"{PAGE}/comments", BEN, {"body": "Held."})
    row = held.json()["comment"]
    await house.settled(held.json()["position"])
    assert row == (await house.get(at(row["id"]), BEN)).json()["comment"]
    assert (row["status"], row["reason"]) == ("pending", None)
    staff = await house.ask("POST", f"{PAGE}/comments", MOD, {"body": "Not held."})
    row = staff.json()["comment"]
    await house.settled(staff.json()["position"])
    assert row == (await house.get(at(row["id"]), MOD)).json()["comment"]
    assert (row["status"], row["moderation"]["rule"]) == ("published", None)


async def test_the_past_is_read_by_position_and_by_time(house: House) -> None:
    first = await house.ask("POST", f"{PAGE}/comments", ADA, {"body": "First."})
    await house.post(BEN, "Second.")
    comment = first.json()["comment"]
    then = first.json()["position"]
    assert [row["body"] for row in await house.rows(query=f"?at={then}")] == ["First."]
    page = (await house.get(f"{PAGE}?at={comment['posted_at']}")).json()
    assert page["thread"]["position"] >= then
    assert page["comments"][-1]["body"] == "First."
    assert len(await house.rows()) == 2


async def test_what_was_edited_and_voted_since_is_as_it_was(house: House) -> None:
    comment = await house.post(ADA, "Before.")
    vote = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    then = vote.json()["position"]
    await house.ask("PUT", f"{at(comment)}/vote", MOD, {"value": -1})
    edit = await house.ask("PATCH", at(comment), ADA, {"body": "After."}, If_Match='"1"')
    await house.settled(edit.json()["position"])
    (row,) = await house.rows(query=f"?at={then}")
    assert (row["body"], row["revision"], row["votes"]) == ("Before.", 1, {"up": 1, "down": 0, "score": 1})


async def test_what_is_not_public_now_is_not_public_in_the_past_except_for_staff(house: House) -> None:
    kept, gone = await house.post(ADA, "Kept."), await house.post(BEN, "Gone.")
    then = (await house.get(PAGE)).json()["thread"]["position"]
    await house.decide(gone, "reject")
    rows = {row["id"]: row for row in await house.rows(query=f"?at={then}")}
    assert rows[kept]["body"] == "Kept."
    assert (rows[gone]["status"], rows[gone]["body"], rows[gone]["author"]) == ("rejected", None, None)
    assert "Gone." not in (await house.get(f"{PAGE}?at={then}", BEN)).text
    for staff in (MOD, AUDITOR):
        rows = {row["id"]: row for row in await house.rows(staff, query=f"?at={then}")}
        assert rows[gone]["body"] == "Gone."
    await house.ask("PUT", f"{at(gone)}/revisions/1/redaction", MOD, {"reason": "Names a minor."})
    assert "Gone." not in (await house.get(f"{PAGE}?at={then}", MOD)).text


async def test_replies_and_permalinks_are_read_as_they_were(house: House) -> None:
    root = await house.post(ADA, "Root.")
    parent = await house.post(BEN, "Parent.", parent=root)
    answers = [await house.post(EVE, f"Answer {number}.", parent=parent) for number in range(3)]
    then = (await house.get(PAGE)).json()["thread"]["position"]
    edit = await house.ask("PATCH", at(parent), BEN, {"body": "Changed."}, If_Match='"1"')
    late = await house.post(EVE, "Late.", parent=parent)
    await house.settled(edit.json()["position"])
    permalink = (await house.get(f"{at(parent)}?at={then}")).json()
    assert permalink["thread"]["position"] == then
    assert [row["id"] for row in permalink["ancestors"]] == [root]
    assert (permalink["comment"]["body"], permalink["comment"]["replies"]["count"]) == ("Parent.", 3)
    assert [row["id"] for row in permalink["comment"]["replies"]["comments"]] == answers
    problem(await house.get(f"{at(late)}?at={then}"), 404, "not-found")
    problem(await house.get(f"{at(late)}/replies?at={then}"), 404, "not-found")
    page = (await house.get(f"{PAGE}?at={then}&replies=1")).json()
    (shown,) = page["comments"][0]["replies"]["comments"]
    cursor = shown["replies"]["next"]
    found = [row["id"] for row in shown["replies"]["comments"]]
    while cursor is not None:
        more = await house.get(f"{at(parent)}/replies?limit=1&at={then}&cursor={cursor}")
        found += [row["id"] for row in more.json()["comments"]]
        cursor = more.json()["next"]
    assert found == answers, "a cursor of a page of then is for its replies of then"
    cursor = shown["replies"]["next"]
    for path in (f"{at(parent)}/replies?cursor={cursor}", f"{at(root)}/replies?at={then}&cursor={cursor}"):
        problem(await house.get(path), 400, "bad-cursor")


async def test_replies_and_permalinks_of_then_are_for_whom_the_page_of_then_is(house: House) -> None:
    parent = await house.post(ADA, "Parent.")
    answer = await house.post(BEN, "Gone.", parent=parent)
    then = (await house.get(PAGE)).json()["thread"]["position"]
    paths = [f"{at(answer)}?at={then}", f"{at(parent)}/replies?at={then}", f"{at(parent)}?at={then}"]
    for path in paths:
        first = await house.get(path)
        assert first.headers["cache-control"].startswith("public")
        assert (await house.get(path)).content == first.content
        assert (await house.get(path, MOD)).headers["cache-control"] == "private, no-store"
        assert first.headers["vary"].startswith("Authorization")
        problem(await house.get(path, Authorization="Bearer x"), 401, "unauthenticated")
        problem(await house.get(f"{path}&after={then}"), 400, "bad-request")
    decided = await house.decide(answer, "reject")
    await house.settled(decided.json()["position"])
    problem(await house.get(paths[0]), 404, "not-found")
    for path in paths[1:]:
        told = (await house.get(path, BEN)).json()
        (row,) = told["comments"] if "comments" in told else told["comment"]["replies"]["comments"]
        assert (row["status"], row["body"], row["author"]) == ("rejected", None, None)
    for path in paths:
        for staff in (MOD, AUDITOR):
            assert "Gone." in (await house.get(path, staff)).text
    await house.ask("PUT", f"{PAGE}/policy", MOD, {"history": "author"})
    for path in paths:
        problem(await house.get(path), 403, "history-not-public")
        assert (await house.get(path, MOD)).status_code == 200


async def test_between_removals_the_same_question_gets_the_same_bytes(house: House) -> None:
    comment = await house.post(ADA)
    then = (await house.get(PAGE)).json()["thread"]["position"]
    first = await house.get(f"{PAGE}?at={then}")
    await house.post(BEN, "More.", parent=comment)
    vote = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    await house.settled(vote.json()["position"])
    again = await house.get(f"{PAGE}?at={then}")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert (await house.get(f"{PAGE}?at={then}", If_None_Match=first.headers["etag"])).status_code == 304


async def test_there_is_no_past_before_the_thread_and_no_future(house: House) -> None:
    await house.post(ADA)
    told = problem(await house.get(f"{PAGE}?at=2001-01-01T00:00:00Z"), 404, "not-yet-opened")
    assert told["detail"]
    told = problem(await house.get(f"{PAGE}?at=2199-01-01T00:00:00Z"), 400, "bad-request")
    assert told["errors"] == [{"pointer": "/at", "detail": "the time is in the future"}]
    for who in (None, BEN, MOD):
        for before in ("1-1", "0-0"):
            problem(await house.get(f"{PAGE}?at={before}", who), 404, "not-yet-opened")
        problem(await house.get(f"{PAGE}?at=99999999999999-9", who), 400, "unknown-position")


async def test_nobody_but_staff_learns_from_the_past_when_something_hidden_happened(house: House) -> None:
    """By time and by position alike: whatever is asked for between two events that readers notice is the first."""
    comment = await house.post(ADA, "First words.")
    noticed = (await house.get(PAGE)).json()["thread"]["position"]
    hidden = [await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})]
    await house.ask("PUT", f"{PAGE}/policy", MOD, {"premoderation": "all"})
    noticed = (await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})).json()["position"]
    hidden = [
        await house.ask("POST", f"{at(comment)}/reports", EVE, {"reason": "spam"}),
        await house.ask("PATCH", at(comment), ADA, {"body": "Waits."}, If_Match='"1"'),
        await house.decide(comment, "hold", 2),
        await house.decide(comment, "reject", 2),
        await house.ask("PUT", f"{at(comment)}/revisions/2/redaction", MOD, {"reason": "No."}),
    ]
    held = await house.ask("POST", f"{PAGE}/comments", BEN, {"body": "Waits, too."})
    hidden += [held, await house.decide(held.json()["comment"]["id"], "reject")]
    positions = [Position.parse(answer.json()["position"]) for answer in hidden]
    await house.settled(str(positions[-1]))
    whole = (await house.get(f"{PAGE}?at={noticed}")).content
    for position in positions:
        neighbours = (Position(position.ms, position.n + 7), Position(position.ms, 999_999))
        for moment in (str(position), *map(str, neighbours), rfc3339(position.ms)):
            for who in (None, BEN, ADMIN):
                answer = await house.get(f"{PAGE}?at={moment}", who)
                assert answer.content == whole, moment
        for staff in (MOD, AUDITOR):
            page = (await house.get(f"{PAGE}?at={position}", staff)).json()
            assert page["thread"]["position"] == str(position)
        problem(await house.get(f"{PAGE}?at={neighbours[1]}", MOD), 400, "unknown-position")
    assert (await house.get(PAGE)).json()["thread"]["position"] == noticed


async def test_staff_is_told_that_a_position_of_another_thread_is_none_of_this_one(house: House) -> None:
    await house.post(ADA)
    for number in range(PARTITIONS * 4):
        await house.open_thread(f"t-{number}")
    positions = [
        (await house.get(f"threads/t-{number}")).json()["thread"]["position"] for number in range(PARTITIONS * 4)
    ]
    for position in positions:
        problem(await house.get(f"{PAGE}?at={position}", MOD), 400, "unknown-position")
        assert (await house.get(f"{PAGE}?at={position}")).status_code == 200


async def test_where_history_is_not_public_the_past_is_for_staff(house: House) -> None:
    await house.post(ADA)
    then = (await house.get(PAGE)).json()["thread"]["position"]
    for history in ("author", "staff"):
        await house.ask("PUT", f"{PAGE}/policy", MOD, {"history": history})
        for who in (None, ADA):
            problem(await house.get(f"{PAGE}?at={then}", who), 403, "history-not-public")
        for who in (MOD, AUDITOR):
            assert (await house.get(f"{PAGE}?at={then}", who)).status_code == 200
        assert (await house.get(PAGE)).status_code == 200


async def test_the_past_reads_a_token_where_there_is_one_and_a_broken_one_is_refused(house: House) -> None:
    await house.post(ADA)
    then = (await house.get(PAGE)).json()["thread"]["position"]
    problem(await house.get(f"{PAGE}?at={then}", Authorization="Bearer x"), 401, "unauthenticated")


async def test_a_cursor_is_for_the_call_and_the_parameters_that_gave_it(house: House) -> None:
    comments = [await house.post(ADA, f"Words {number}.") for number in range(3)]
    first = (await house.get(f"{PAGE}?limit=2")).json()
    cursor = first["next"]
    rest = (await house.get(f"{PAGE}?limit=2&cursor={cursor}")).json()
    assert [row["id"] for row in first["comments"] + rest["comments"]] == comments[::-1]
    assert rest["next"] is None
    for path, who in (
        (f"{PAGE}?sort=oldest&limit=2&cursor={cursor}", None),
        (f"{PAGE}?anchor=q1&limit=2&cursor={cursor}", None),
        (f"{at(comments[0])}/replies?cursor={cursor}", None),
        (f"{at(comments[0])}/revisions?cursor={cursor}", None),
        (f"{at(comments[0])}/trail?cursor={cursor}", MOD),
        (f"threads?cursor={cursor}", MOD),
        (f"moderation/queue?cursor={cursor}", MOD),
        (f"members/ada/comments?cursor={cursor}", MOD),
        (f"audit?cursor={cursor}", AUDITOR),
    ):
        problem(await house.get(path, who), 400, "bad-cursor")


async def test_search_engines_list_no_moment_of_the_past(house: House) -> None:
    comment = await house.post(ADA)
    then = (await house.get(PAGE)).json()["thread"]["position"]
    for path in (PAGE, at(comment), f"{at(comment)}/replies"):
        for who in (None, BEN, MOD):
            assert "x-robots-tag" not in (await house.get(path, who)).headers
            answer = await house.get(f"{path}?at={then}", who)
            assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex")
            known = await house.get(f"{path}?at={then}", who, If_None_Match=answer.headers["etag"])
            assert (known.status_code, known.headers["x-robots-tag"]) == (304, "noindex")
        refused = await house.get(f"{path}?at=1-1")
        assert (refused.status_code, refused.headers["x-robots-tag"]) == (404, "noindex")


async def test_a_permalink_of_the_past_is_under_the_rules_of_the_page_then(house: House) -> None:
    kept, gone = await house.post(ADA, "Kept."), await house.post(BEN, "Gone.")
    before = (await house.get(PAGE)).json()["thread"]["position"]
    edit = await house.ask("PATCH", at(kept), ADA, {"body": "Later."}, If_Match='"1"')
    await house.settled(edit.json()["position"])
    await house.decide(kept, "reject", 2)
    await house.ask("PATCH", at(kept), ADA, {"body": "Last."}, If_Match='"2"')
    await house.decide(kept, "approve", 3)
    await house.decide(gone, "reject")
    for who in (None, ADA, BEN, EVE, ADMIN):
        assert (await house.get(f"{at(kept)}?at={before}", who)).json()["comment"]["body"] == "Kept."
        hidden = await house.get(f"{at(kept)}?at={edit.json()['position']}", who)
        assert (hidden.status_code, hidden.json()["comment"]["body"]) == (200, None)
        problem(await house.get(f"{at(gone)}?at={before}", who), 404, "not-found")
    for staff in (MOD, AUDITOR):
        assert (await house.get(f"{at(gone)}?at={before}", staff)).json()["comment"]["body"] == "Gone."
        shown = await house.get(f"{at(kept)}?at={edit.json()['position']}", staff)
        assert shown.json()["comment"]["body"] == "Later."
    assert (await house.ask("PATCH", "policy", ADMIN, {"history": "staff"})).status_code == 200
    problem(await house.get(f"{at(kept)}?at={before}", ADA), 403, "history-not-public")
    assert (await house.get(f"{at(kept)}?at={before}", MOD)).status_code == 200
