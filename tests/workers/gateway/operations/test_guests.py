"""Guests: tokens from the gateway, for readers without an account."""

from functools import partial
from typing import Any

import httpx2
import msgspec
import pytest

from core.concurrency import gathered
from tests.support.house import (
    ADA,
    ADMIN,
    ADMIN_SECRET,
    SECRET,
    SITE,
    THREAD,
    House,
    Who,
    at,
    claims_of,
    problem,
    signed,
    told,
)
from workers.gateway.auth import keyring, tokens
from workers.gateway.auth.keyring import Keyring, KeySet
from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.networks import Networks
from workers.gateway.rates import Rates

GUESTS = {"guests": True, "comment": "anyone"}
NEW = "a new secret of the site kew, of 32 bytes"


async def allow(house: House, **policy: Any) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, policy or GUESTS)).status_code == 200


async def ask(house: House, name: str = "A reader", token: str | None = None) -> httpx2.Response:
    if token is None:
        return await house.ask("POST", "guests", body={"name": name})
    return await house.ask("POST", "guests", body={"name": name}, Authorization=f"Bearer {token}")


async def guest(house: House, name: str = "A reader", token: str | None = None) -> str:
    answer = await ask(house, name, token)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def me(house: House, token: str) -> httpx2.Response:
    return await house.get(f"threads/{THREAD}/me", Authorization=f"Bearer {token}")


async def test_a_guest_gets_a_token_for_a_day_and_writes_with_it(house: House) -> None:
    await allow(house)
    house.now = 1_800_000_000.5
    answer = await ask(house, " A \u200breader\n")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["exp"] == 1_800_000_000 + 24 * 3600
    token = answer.json()["token"]
    caller = (await me(house, token)).json()["caller"]
    assert caller["id"].startswith("guest:")
    assert (caller["name"], caller["kind"], caller["roles"]) == ("A reader", "guest", [])
    posted = await house.ask(
        "POST", f"threads/{THREAD}/comments", body={"body": "Words."}, Authorization=f"Bearer {token}"
    )
    assert posted.status_code == 201, posted.text
    author = posted.json()["comment"]["author"]
    assert (author["id"], author["name"], author["badges"]) == (caller["id"], "A reader", [])
    house.now += 24 * 3600 + 61
    problem(await me(house, token), 401, "unauthenticated")


async def test_two_guests_are_two_and_a_guest_with_a_token_goes_on_as_the_same(house: House) -> None:
    await allow(house)
    first, second = await guest(house), await guest(house)
    again = await guest(house, "Another name", first)
    ids = [(await me(house, token)).json()["caller"]["id"] for token in (first, second, again)]
    assert (ids[0] != ids[1], ids[0] == ids[2]) == (True, True)
    assert (await me(house, again)).json()["caller"]["name"] == "Another name"


async def test_only_a_policy_with_guests_gives_tokens(house: House) -> None:
    length = await house.length()
    problem(await ask(house), 403, "not-allowed")
    problem(await house.ask("POST", "/v1/sites/nowhere/guests", body={"name": "A"}), 404, "not-found")
    assert await house.length() == length
    await allow(house)
    token = await guest(house)
    await allow(house, guests=False)
    problem(await ask(house), 403, "not-allowed")
    assert (await me(house, token)).status_code == 200, "until it expires"


@pytest.mark.parametrize("name", ["", "\u200b", 1, None, "x" * 1001])
async def test_a_guest_needs_a_name_that_can_be_seen(house: House, name: Any) -> None:
    await allow(house)
    answer = await house.ask("POST", "guests", body={"name": name})
    problem(answer, 400, "bad-request")
    assert answer.json()["errors"][0]["pointer"] == "/name"
    problem(await house.ask("POST", "guests", body={"name": "A", "sub": "ada"}), 400, "bad-request")
    assert len(await keys_of(house)) == 2, "no key is made for it"


async def test_a_member_gets_no_token_of_a_guest_and_a_wrong_token_none_either(house: House) -> None:
    await allow(house)
    problem(await house.ask("POST", "guests", ADA, {"name": "Ada"}), 403, "not-allowed")
    kind = Who("gil", more={"kind": "guest"})
    problem(await house.ask("POST", "guests", kind, {"name": "Gil"}), 403, "not-allowed")
    problem(await ask(house, token=signed(claims_of(ADA), NEW)), 401, "unauthenticated")


async def test_no_other_token_is_of_such_an_id(house: House) -> None:
    await allow(house)
    caller = (await me(house, await guest(house))).json()["caller"]["id"]
    for more in ({}, {"kind": "guest"}):
        claims = claims_of(Who(caller, ("moderator",), more))
        problem(await me(house, signed(claims)), 401, "unauthenticated")


async def test_the_key_of_guests_signs_nothing_but_guests(house: House) -> None:
    """The key never leaves the server. What it signs is a guest all the same, whatever the token says."""
    await allow(house)
    await guest(house)
    key = (await keys_of(house))[b"guests"].decode()
    claims = {**claims_of(Who("guest:x", ("moderator", "admin"))), "kind": "member", "badges": ["staff"]}
    caller = (await me(house, signed(claims, key))).json()["caller"]
    assert (caller["kind"], caller["roles"]) == ("guest", [])
    problem(await me(house, signed({**claims, "aud": "other"}, key)), 401, "unauthenticated")


async def test_the_key_is_made_once_and_outlasts_new_keys_of_the_site(house: House) -> None:
    await allow(house)
    answers = await gathered([partial(ask, house) for _ in range(8)])
    found = [answer.json()["token"] for answer in answers]
    assert {(await me(house, token)).status_code for token in found} == {200}
    key = (await keys_of(house))[b"guests"]
    assert len(key) >= 32
    answer = await house.ask("PUT", "keys", body={"hs256": [NEW]}, operator=True)
    assert answer.status_code == 200, answer.text
    length = await house.length()
    assert (await house.ask("PUT", "keys", body={"hs256": [NEW]}, operator=True)).status_code == 200
    assert await house.length() == length, "the same keys are no replacement"
    assert (await keys_of(house))[b"guests"] == key
    assert (await me(house, found[0])).status_code == 200
    problem(await house.get(f"threads/{THREAD}/me", ADA), 401, "unauthenticated")


async def test_another_gateway_that_knew_the_keys_before_takes_the_token(house: House) -> None:
    await allow(house)
    assert (await house.get(f"threads/{THREAD}/me", ADA)).status_code == 200
    other = Keyring(house.deployment.calls, house.deployment.keys)
    key = await other.guest_key(SITE)
    assert key is not None
    token = tokens.signed_for_guest(key, SITE, "guest:x", "X", 2_000_000_000)
    assert (await me(house, token)).json()["caller"]["id"] == "guest:x"
    assert (await house.get(f"threads/{THREAD}/me", ADA)).status_code == 200


async def test_a_site_without_keys_gets_no_key_of_guests(house: House) -> None:
    place = house.deployment.keys.of(SITE).site_keys(SITE)
    assert await Keyring(house.deployment.calls, house.deployment.keys).guest_key("nowhere") is None
    await allow(house)
    await house.deployment.calls.call("DEL", place)
    problem(await ask(house), 404, "not-found")
    # The keys may go between their read and the script.
    assert await house.deployment.calls.run(keyring._MAKE_GUEST_KEY, [place], ["a key"]) is None
    assert await house.deployment.calls.call("EXISTS", place) == 0


async def test_a_site_with_public_keys_has_guests_too(house: House) -> None:
    await allow(house)
    document = msgspec.json.encode({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]})
    await Keyring(house.deployment.calls, house.deployment.keys).write(SITE, KeySet("jwks", 1, document))
    token = await guest(house)
    assert (await me(house, token)).json()["caller"]["kind"] == "guest"
    problem(await me(house, signed(claims_of(ADA))), 401, "unauthenticated")


async def test_no_answer_event_or_line_has_the_key_or_a_token(house: House) -> None:
    with told() as lines:
        await allow(house)
        token = await guest(house)
        key = (await keys_of(house))[b"guests"].decode()
        seen = [(await me(house, token)).text, (await house.get("", ADMIN)).text, str(lines)]
        aud = Who("aud", ("auditor",))
        seen.append((await house.get("audit", aud)).text)
    for text in seen:
        assert key not in text
        assert token not in text
    assert key not in repr(await house.services.keyring.read(SITE))


async def test_new_guests_of_a_site_are_bounded_and_those_who_go_on_are_not(house: House) -> None:
    await allow(house)
    limit(house, 2)
    token = await guest(house)
    await guest(house)
    refused = await ask(house)
    problem(refused, 429, "too-many-requests")
    assert 0 < int(refused.headers["retry-after"]) <= 30
    assert (await ask(house, token=token)).status_code == 200
    problem(await ask(house), 429, "too-many-requests")


async def test_the_guests_of_one_site_are_counted_by_all_gateways_and_not_with_those_of_another(house: House) -> None:
    await allow(house)
    await house.open_site(site="soho", guests=True)
    for _ in range(2):
        limit(house, 2)  # another gateway
        await guest(house)
    problem(await ask(house), 429, "too-many-requests")
    assert (await house.ask("POST", "/v1/sites/soho/guests", body={"name": "A reader"})).status_code == 200


async def test_a_deployment_may_take_no_guests(house: House) -> None:
    await allow(house)
    limit(house, 0)
    problem(await ask(house), 429, "too-many-requests")


async def test_a_network_takes_its_share_of_the_guests_of_a_site(house: House) -> None:
    await allow(house)
    limit(house, 16, Networks(ClientAddress(1), ADMIN_SECRET))

    async def of(address: str) -> httpx2.Response:
        return await house.ask("POST", "guests", body={"name": "A reader"}, X_Forwarded_For=address)

    assert [(await of("192.0.2.1")).status_code for _ in range(3)] == [200, 200, 429]
    assert (await of("192.0.2.2")).status_code == 200


def limit(house: House, per_minute: int, networks: Networks | None = None) -> None:
    """Serve with another bound of new guests."""
    rates = Rates(house.deployment.calls, house.deployment.keys, guests_per_minute=per_minute)
    services = msgspec.structs.replace(house.services, rates=rates, networks=networks or house.services.networks)
    house.serve(services)


async def test_a_body_without_a_token_is_short(house: House) -> None:
    await allow(house)
    problem(await ask(house, "x" * 9000), 413, "request-too-large")


async def test_a_guest_does_what_the_policy_lets_anyone_do_and_no_more(house: House) -> None:
    await allow(house, guests=True)
    token = await guest(house)
    comment = await house.post(ADA)
    bearer = f"Bearer {token}"
    posted = await house.ask("POST", f"threads/{THREAD}/comments", body={"body": "Words."}, Authorization=bearer)
    problem(posted, 403, "not-allowed")
    vote = await house.ask("PUT", f"{at(comment)}/vote", body={"value": 1}, Authorization=bearer)
    problem(vote, 403, "not-allowed")
    assert SECRET not in posted.text


async def keys_of(house: House) -> dict[bytes, bytes]:
    flat = await house.deployment.calls.call("HGETALL", house.deployment.keys.of(SITE).site_keys(SITE))
    return dict(zip(flat[::2], flat[1::2], strict=True))
