"""One key, one effect."""

from typing import Any

import pytest

from tests.support.house import ADA, ADMIN, BEN, MOD, SITE, THREAD, House, at, problem

COMMENTS = f"threads/{THREAD}/comments"


async def post(house: House, key: str, body: str = "Words.", who: Any = ADA) -> Any:
    return await house.ask("POST", COMMENTS, who, {"body": body}, Idempotency_Key=key)


async def test_a_repeat_gets_the_first_answer_and_appends_nothing(house: House) -> None:
    first = await post(house, "k1")
    assert first.status_code == 201
    length = await house.length()
    again = await post(house, "k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-key"] == "k1"
    assert again.headers["location"] == first.headers["location"]
    assert await house.length() == length


async def test_a_new_comment_has_an_address_that_leads_to_it(house: House) -> None:
    answer = await post(house, "k1")
    comment = answer.json()["comment"]["id"]
    assert answer.headers["location"] == f"/v1/sites/{SITE}/{at(comment)}"
    await house.settled(answer.json()["position"])
    assert (await house.get(answer.headers["location"])).json()["comment"]["id"] == comment


async def test_another_body_under_the_same_key_is_refused(house: House) -> None:
    await post(house, "k1")
    problem(await post(house, "k1", "Other words."), 422, "idempotency-key-reused")


async def test_a_key_is_one_members_for_one_path_and_method(house: House) -> None:
    first = await post(house, "k1")
    assert (await post(house, "k1", who=BEN)).json()["position"] != first.json()["position"]
    await house.open_thread("tea")
    other = await house.ask("POST", "threads/tea/comments", ADA, {"body": "Words."}, Idempotency_Key="k1")
    assert other.status_code == 201
    comment = first.json()["comment"]["id"]
    await house.settled(first.json()["position"])
    removed = await house.ask("DELETE", at(comment), ADA, Idempotency_Key="k1")
    assert removed.json()["comment"]["status"] == "withdrawn"


async def test_without_a_key_one_is_made_and_told(house: House) -> None:
    first = await house.ask("POST", COMMENTS, ADA, {"body": "Words."})
    key = first.headers["idempotency-key"]
    assert len(key) > 15
    assert (await post(house, key)).json() == first.json()
    refused = await house.ask("POST", COMMENTS, ADA, {"body": ""})
    assert refused.headers["idempotency-key"] != key


async def test_a_repeat_shows_the_comment_as_it_is_now(house: House) -> None:
    first = (await post(house, "k1")).json()
    comment = first["comment"]["id"]
    edit = await house.ask("PATCH", at(comment), ADA, {"body": "Better words."}, If_Match='"1"')
    assert edit.status_code == 200
    again = (await post(house, "k1")).json()
    assert again["position"] == first["position"]
    assert (again["comment"]["revision"], again["comment"]["body"]) == (2, "Better words.")


async def test_a_repeat_is_answered_where_the_command_would_be_refused_today(house: House) -> None:
    first = await post(house, "k1")
    comment = first.json()["comment"]["id"]
    vote = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}, Idempotency_Key="v1")
    assert vote.status_code == 200
    await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "archived"})
    await house.ask("PATCH", "policy", ADMIN, {"votes": False, "comment": "entitled"})
    assert (await post(house, "k1")).json()["position"] == first.json()["position"]
    again = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}, Idempotency_Key="v1")
    assert again.json()["position"] == vote.json()["position"]


async def test_a_repeat_gives_no_row_that_the_caller_may_not_see_any_more(house: House) -> None:
    comment = await house.post(ADA)
    vote = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}, Idempotency_Key="v1")
    assert vote.json()["comment"]["votes"]["up"] == 1
    await house.decide(comment, "reject")
    again = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}, Idempotency_Key="v1")
    assert again.json() == {"position": vote.json()["position"], "comment": None}


async def test_what_changes_nothing_answers_with_the_position_that_made_it_so(house: House) -> None:
    comment = await house.post(ADA)
    first = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    length = await house.length()
    again = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    assert again.json()["position"] == first.json()["position"]
    assert await house.length() == length


async def test_a_report_is_new_once(house: House) -> None:
    comment = await house.post(ADA)
    first = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})
    again = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["position"] == first.json()["position"]


async def test_every_write_on_a_comment_takes_a_key(house: House) -> None:
    comment = await house.post(ADA)
    writes: list[tuple[str, str, Any, Any]] = [
        ("PUT", "/vote", BEN, {"value": 1}),
        ("POST", "/reports", BEN, {"reason": "spam"}),
        ("PUT", "/featured", MOD, None),
        ("DELETE", "/featured", MOD, None),
        ("POST", "/decisions", MOD, {"verdict": "reject", "revision": 1}),
        ("PUT", "/revisions/1/redaction", MOD, {"reason": "a"}),
        ("DELETE", "", ADA, None),
        ("POST", "/restoration", ADA, None),
    ]
    for number, (method, path, who, body) in enumerate(writes):
        key = f"key-{number}"
        first = await house.ask(method, at(comment) + path, who, body, Idempotency_Key=key)
        assert first.status_code in (200, 201), first.text
        length = await house.length()
        again = await house.ask(method, at(comment) + path, who, body, Idempotency_Key=key)
        assert again.status_code == first.status_code
        assert again.json()["position"] == first.json()["position"]
        assert again.headers["idempotency-key"] == key
        assert await house.length() == length


async def test_decisions_in_bulk_stand_alone_and_a_repeat_changes_nothing(house: House) -> None:
    one, two, three = [await house.post(who) for who in (ADA, BEN, ADA)]
    verdict = {"thread": THREAD, "verdict": "reject", "revision": 1}
    body = {
        "decisions": [
            {**verdict, "comment": one},
            {**verdict, "comment": "nothing"},
            {**verdict, "comment": three, "revision": 7},
            {**verdict, "comment": two, "thread": "elsewhere"},
            {**verdict, "comment": two, "reason": "Off the subject."},
        ]
    }
    first = await house.ask("POST", "moderation/decisions", MOD, body, Idempotency_Key="b1")
    assert first.status_code == 200
    told = first.json()
    slugs = [result.get("problem", {}).get("type") for result in told["results"]]
    assert slugs == [
        None,
        "/problems/not-found",
        "/problems/stale-revision",
        "/problems/not-found",
        None,
    ]
    assert [result["comment"] for result in told["results"]] == [one, "nothing", three, two, two]
    assert told["results"][2]["problem"]["current"] == 1
    length = await house.length()
    again = await house.ask("POST", "moderation/decisions", MOD, body, Idempotency_Key="b1")
    assert again.json() == told
    assert await house.length() == length
    trail = (await house.get(f"{at(one)}/trail", MOD)).json()["events"]
    assert trail[-1]["data"]["batch"] == told["batch"]


@pytest.mark.parametrize("second", [{"verdict": "reject"}, {"verdict": "approve"}], ids=["alike", "otherwise"])
async def test_a_second_decision_about_a_comment_in_one_call_is_a_problem_by_itself(house: House, second: Any) -> None:
    one, two = [await house.post(who) for who in (ADA, BEN)]
    verdict = {"thread": THREAD, "verdict": "reject", "revision": 1}
    decisions = [{**verdict, "comment": one}, {**verdict, "comment": two}, {**verdict, "comment": one, **second}]
    length = await house.length()
    first = await house.ask("POST", "moderation/decisions", MOD, {"decisions": decisions}, Idempotency_Key="b2")
    assert first.status_code == 200
    assert await house.length() == length + 2
    done, other, again = first.json()["results"]
    assert done.keys() == other.keys() == {"comment", "position"}
    assert again["comment"] == one
    assert again["problem"]["type"] == "/problems/bad-request"
    assert [error["pointer"] for error in again["problem"]["errors"]] == ["/decisions/2"]
    assert "/decisions/0" in again["problem"]["detail"]
    repeated = await house.ask("POST", "moderation/decisions", MOD, {"decisions": decisions}, Idempotency_Key="b2")
    assert repeated.json() == first.json()
    assert await house.length() == length + 2


@pytest.mark.parametrize("number", [0, 101])
async def test_a_bulk_has_one_to_a_hundred_decisions(house: House, number: int) -> None:
    decision = {"thread": THREAD, "comment": "c", "verdict": "reject", "revision": 1}
    answer = await house.ask("POST", "moderation/decisions", MOD, {"decisions": [decision] * number})
    assert problem(answer, 400, "bad-request")["errors"][0]["pointer"] == "/decisions"
