"""A publication says who may comment, reply, vote and report, and closes its discussions by one call or by age."""

import pytest

from tests.support.house import ADA, ADMIN, BEN, GUEST, MOD, SUBSCRIBER, THREAD, House, at, problem

PAGE = f"threads/{THREAD}"
TEXT = {"body": "Words."}


async def change(house: House, **changes: object) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, changes)).status_code == 200


async def test_a_frozen_site_takes_texts_of_staff_alone_and_one_call_thaws_it(house: House) -> None:
    comment = await house.post(ADA)
    await change(house, comment="nobody", banner={"en": "Comments are closed over the holidays."})
    for path, body in ((f"{PAGE}/comments", TEXT), (f"{PAGE}/comments", {**TEXT, "parent": comment})):
        refused = problem(await house.ask("POST", path, BEN, body), 409, "thread-closed")
        assert refused["because"] == "site"
    overlay = (await house.get(f"{PAGE}/me", BEN)).json()
    assert overlay["refusals"]["comment"]["because"] == "site"
    assert overlay["refusals"]["vote"] is None
    assert (await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})).status_code == 200
    assert (await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})).status_code == 201
    assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200
    await house.post(MOD, "We are back on Monday.")
    in_force = (await house.get(f"{PAGE}/policy")).json()
    assert (in_force["comment"], in_force["banner"]) == ("nobody", {"en": "Comments are closed over the holidays."})
    await change(house, comment="member")
    await house.post(BEN)


async def test_a_thread_closes_by_its_age_and_an_override_reopens_it(house: House) -> None:
    await change(house, close_after=0)
    refused = problem(await house.ask("POST", f"{PAGE}/comments", ADA, TEXT), 409, "thread-closed")
    assert refused["because"] == "age"
    in_force = (await house.get(f"{PAGE}/policy")).json()
    assert in_force["closes_at"].endswith("Z")
    assert (await house.get(PAGE)).json()["thread"]["status"] == "open", "the page stays a function of the log"
    assert (await house.ask("PUT", f"{PAGE}/policy", MOD, {"close_after": None})).status_code == 200
    assert "closes_at" not in (await house.get(f"{PAGE}/policy")).json()
    await house.post(ADA)


async def test_a_thread_that_staff_closed_says_so(house: House) -> None:
    assert (await house.ask("PUT", f"{PAGE}/status", MOD, {"status": "closed"})).status_code == 200
    refused = problem(await house.ask("POST", f"{PAGE}/comments", ADA, TEXT), 409, "thread-closed")
    assert refused["because"] == "staff"


@pytest.mark.parametrize(
    ("field", "method", "path", "body", "slug"),
    [
        ("reply", "POST", f"{PAGE}/comments", {**TEXT, "parent": "c"}, "not-allowed"),
        ("vote", "PUT", f"{PAGE}/comments/c/vote", {"value": 1}, "votes-off"),
        ("report", "POST", f"{PAGE}/comments/c/reports", {"reason": "spam"}, "not-allowed"),
    ],
)
async def test_each_act_is_for_whom_its_field_names(
    house: House, field: str, method: str, path: str, body: dict[str, object], slug: str
) -> None:
    comment = await house.post(ADA)
    path = path.replace("/c/", f"/{comment}/")
    body = {name: comment if value == "c" else value for name, value in body.items()}
    await change(house, **{field: "nobody"})
    problem(await house.ask(method, path, BEN, body), 403, slug)
    await change(house, **{field: "entitled"})
    refused = problem(await house.ask(method, path, BEN, body), 403, "not-entitled")
    assert refused["needs"] == "subscriber"
    assert (await house.ask(method, path, SUBSCRIBER, body)).status_code in (200, 201)
    await change(house, **{field: "member"})
    problem(await house.ask(method, path, GUEST, body), 403, "not-allowed")
    await change(house, **{field: "anyone"})
    assert (await house.ask(method, path, GUEST, body)).status_code in (200, 201)
