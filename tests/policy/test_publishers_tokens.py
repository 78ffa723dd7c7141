"""Tokens as publications make them: keys of their own, claims where theirs are, and roles that count."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import anyio
import httpx2
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.support.bounds import BOUND
from tests.support.house import (
    ADA,
    ADMIN,
    MOD,
    SECRET,
    SITE,
    THREAD,
    House,
    Who,
    claims_of,
    problem,
    signed,
    told,
)
from tests.support.key_host import Key, http, key_host, public, token_of
from workers.gateway.auth.fetched_keys import FLOOR_S, FRESH_S

EC = ECKey.generate_key("P-256")
NEW = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
ED = OKPKey.generate_key("Ed25519")
ME = f"threads/{THREAD}/me"
COMMENTS = f"threads/{THREAD}/comments"


async def keyed(house: House, jwks: Any) -> httpx2.Response:
    return await house.ask("PUT", "keys", body={"jwks": jwks}, operator=True)


async def ask(house: House, token: str, method: str = "GET", path: str = ME, body: Any = None) -> httpx2.Response:
    return await house.ask(method, path, body=body, Authorization=f"Bearer {token}")


def by(key: Key, alg: str, who: Who = ADA, **header: Any) -> str:
    return token_of(claims_of(who), key, alg, **header)


@pytest.mark.parametrize(
    ("key", "alg", "more"), [(RSA, "RS256", {}), (RSA, "PS256", {"alg": "PS256"}), (EC, "ES256", {}), (ED, "EdDSA", {})]
)
async def test_a_publication_signs_with_a_key_of_its_own(
    house: House, key: Key, alg: str, more: dict[str, str]
) -> None:
    assert (await keyed(house, {"keys": [public(key, kid="1", **more)]})).status_code == 200
    token = by(key, alg, kid="1")
    assert (await ask(house, token)).json()["caller"]["id"] == "ada"
    posted = await ask(house, token, "POST", COMMENTS, {"body": "Words."})
    assert posted.status_code == 201, posted.text
    assert posted.json()["comment"]["author"]["name"] == "Ada"
    # What the old secret has signed is no longer valid.
    problem(await house.get(ME, ADA), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("jwks", "pointer"),
    [
        ({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}, "/jwks/keys/0"),
        ({"keys": [public(EC), public(EC, y="AA")]}, "/jwks/keys/1"),
        ({"keys": [public(RSA, use="enc"), public(RSA, alg="RS384")]}, "/jwks/keys"),
        ("https://me@keys.example/jwks.json", "/jwks"),
        ("https://", "/jwks"),
    ],
)
async def test_keys_that_can_verify_nothing_are_refused_when_they_are_given(
    house: House, jwks: Any, pointer: str
) -> None:
    told_of = problem(await keyed(house, jwks), 400, "bad-request")
    assert [error["pointer"] for error in told_of["errors"]] == [pointer]
    assert (await house.get(ME, ADA)).status_code == 200


async def test_a_key_set_at_an_address_is_fetched_and_a_new_key_found(house: House) -> None:
    async with key_host(public(EC, kid="1")) as host:
        assert (await keyed(house, host.url)).status_code == 200
        assert (await ask(house, by(EC, "ES256", kid="1"))).status_code == 200
        assert len(host.requests) == 1
        host.serve(public(EC, kid="1"), public(NEW, kid="2"))
        problem(await ask(house, by(NEW, "ES256", kid="2")), 401, "unauthenticated")  # asked too recently
        house.later += FLOOR_S
        assert (await ask(house, by(NEW, "ES256", kid="2"))).status_code == 200
        assert len(host.requests) == 2


async def test_a_key_that_is_taken_out_is_valid_until_the_set_is_fetched_again(house: House) -> None:
    async with key_host(public(EC, kid="1"), public(NEW, kid="2")) as host:
        await keyed(house, host.url)
        assert (await ask(house, by(EC, "ES256", kid="1"))).status_code == 200
        host.serve(public(NEW, kid="2"))
        house.later += FRESH_S
        assert (await ask(house, by(EC, "ES256", kid="1"))).status_code == 200  # fetched in the background
        with anyio.fail_after(BOUND):
            found = house.fetcher.at(host.url)
            if found.flight is not None:
                await found.flight.wait()
        problem(await ask(house, by(EC, "ES256", kid="1")), 401, "unauthenticated")
        assert (await ask(house, by(NEW, "ES256", kid="2"))).status_code == 200


async def test_while_a_host_is_away_known_readers_stay_and_unknown_ones_get_a_clear_answer(house: House) -> None:
    async with key_host(public(EC, kid="1")) as host:
        await keyed(house, host.url)
        assert (await ask(house, by(EC, "ES256", kid="1"))).status_code == 200
    house.later += FRESH_S * 10
    for _ in range(3):
        assert (await ask(house, by(EC, "ES256", Who("eve"), kid="1"))).status_code == 200
        problem(await ask(house, by(NEW, "ES256", kid="2")), 401, "unauthenticated")
        house.later += FLOOR_S


@pytest.mark.parametrize("reply", [None, http(b"<html>"), http(b"", "500 No"), http(b"{}"), http(b" " * 70_000)])
async def test_without_any_set_the_answer_is_that_the_service_is_away(house: House, reply: bytes | None) -> None:
    async with key_host() as host:
        host.reply = reply
        await keyed(house, host.url)
        for _ in range(2):
            answer = await ask(house, by(EC, "ES256", kid="1"))
            problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert len(host.requests) == 1
        # Who needs no token reads on.
        assert (await house.get(f"threads/{THREAD}")).status_code == 200
        host.serve(public(EC, kid="1"))
        house.later += FLOOR_S
        assert (await ask(house, by(EC, "ES256", kid="1"))).status_code == 200


async def test_a_host_that_hangs_holds_up_nobody_else(house: House) -> None:
    await house.open_site(site="soho", secret="a secret of the site soho, 32 bytes long")
    soho = signed(claims_of(ADMIN, "soho"), "a secret of the site soho, 32 bytes long")
    async with key_host() as host, anyio.create_task_group() as tasks:
        host.hang()
        await keyed(house, host.url)
        for number in range(300):  # more than the gateway handles at a time
            tasks.start_soon(ask, house, by(EC, "ES256", Who(f"m{number}"), kid="1"))
        await host.asked.wait()
        other = await house.get("/v1/sites/soho/threads", Authorization=f"Bearer {soho}")
        problem(other, 403, "not-allowed")  # it was read, and understood
        assert (await house.get(f"threads/{THREAD}")).status_code == 200
        host.serve(public(EC, kid="1"))
        host.open.set()
    assert len(host.requests) == 1


async def test_an_address_inwards_is_never_asked(house: House) -> None:
    async with key_host(public(EC, kid="1")) as host:
        await keyed(house, host.url.replace("localhost", "[::ffff:169.254.169.254]"))
        await keyed(house, "https://169.254.169.254/latest/meta-data")
        with told() as lines:
            problem(await ask(house, by(EC, "ES256", kid="1")), 503, "unavailable")
        assert [line["cause"] for line in lines if line["event"] == "key_set_not_fetched"] == ["refused"]
        assert host.requests == []


async def test_no_confusion_of_algorithms_makes_an_admin(house: House) -> None:
    await keyed(house, {"keys": [public(RSA, kid="1")]})
    claims = claims_of(ADMIN)
    pem = RSA.as_pem(private=False)
    for secret in (pem, pem.strip(), SECRET.encode()):
        forged = signed(claims, SECRET) if secret == SECRET.encode() else _hmac(claims, secret)
        problem(await ask(house, forged, "PATCH", "policy", {"guests": True}), 401, "unauthenticated")
    assert (await ask(house, by(RSA, "RS256", ADMIN, kid="1"), "PATCH", "policy", {"guests": True})).status_code == 200


def _hmac(claims: dict[str, Any], secret: bytes) -> str:
    parts = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "kid": "1"}, claims)
    ]
    signature = hmac.new(secret, b".".join(parts), "sha256").digest()
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def test_a_token_of_eight_kilobytes_is_the_largest(house: House) -> None:
    await keyed(house, {"keys": [public(EC, kid="1")]})
    for size, status in ((4_000, 200), (100_000, 401)):
        token = token_of({**claims_of(ADA), "more": "x" * size}, EC, "ES256", kid="1")
        assert (await ask(house, token)).status_code == status


async def test_tokens_are_taken_with_the_claims_that_a_publication_has(house: House) -> None:
    claims = {"sub": "user.id", "name": "user.nick", "roles": "https://kew.example/groups", "aud": "app"}
    assert (await house.ask("PATCH", "policy", ADMIN, {"claims": claims})).status_code == 200
    token = signed(
        {
            "user": {"id": 7, "nick": "Sayantani"},
            "https://kew.example/groups": ["moderator", "editors"],
            "app": SITE,
            "exp": claims_of(ADA)["exp"],
            "sub": "admin",
            "roles": ["admin"],
        }
    )
    caller = (await ask(house, token)).json()["caller"]
    assert (caller["id"], caller["name"], caller["roles"]) == ("7", "Sayantani", ["moderator"])
    problem(await house.get(ME, ADA), 401, "unauthenticated")


async def test_a_token_of_coral_is_taken_as_it_is(house: House) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, {"claims": "coral"})).status_code == 200
    user = {"id": "628bdc61", "email": "a@kew.example", "username": "Sayantani", "badges": ["vip"], "role": "MODERATOR"}
    token = signed({"jti": "1", "exp": claims_of(ADA)["exp"], "user": user})
    caller = (await ask(house, token)).json()["caller"]
    assert (caller["id"], caller["name"], caller["roles"]) == ("628bdc61", "Sayantani", ["moderator"])
    posted = await ask(house, token, "POST", COMMENTS, {"body": "Words."})
    assert posted.status_code == 201, posted.text
    assert "kew.example" not in posted.text
    # A token of the same secret for another service is none for this one.
    other = signed({"aud": "shop", "exp": claims_of(ADA)["exp"], "user": user})
    problem(await ask(house, other), 401, "unauthenticated")


async def test_a_change_of_claims_is_in_force_with_the_next_request_and_so_is_the_way_back(house: House) -> None:
    """Both tokens are remembered as verified, and yet each counts only while the policy says so."""
    coral = signed({"exp": claims_of(ADMIN)["exp"], "user": {"id": "adi", "username": "Adi", "role": "ADMIN"}})
    for _ in range(3):
        assert (await house.get(ME, ADA)).status_code == 200
        problem(await ask(house, coral), 401, "unauthenticated")
        assert (await house.ask("PATCH", "policy", ADMIN, {"claims": "coral"})).status_code == 200
        problem(await house.get(ME, ADA), 401, "unauthenticated")
        assert (await ask(house, coral)).status_code == 200
        assert (await ask(house, coral, "PATCH", "policy", {"claims": {}})).status_code == 200


async def test_a_role_that_the_policy_does_not_list_counts_nowhere_from_the_next_request_on(house: House) -> None:
    both = Who("mia", ("moderator", "auditor"))
    comment = await house.post(ADA)
    assert (await house.get("audit", both)).status_code == 200
    assert (await house.get("moderation/queue", both)).status_code == 200
    assert (await house.ask("PATCH", "policy", ADMIN, {"roles": ["admin", "auditor"]})).status_code == 200
    assert (await house.get("audit", both)).status_code == 200
    problem(await house.get("moderation/queue", both), 403, "not-allowed")
    # A decision of a moderator whom another gateway has known a moment ago is none.
    verdict = {"verdict": "reject", "revision": 1, "reason": "no"}
    length = await house.length()
    problem(await house.ask("POST", f"{COMMENTS}/{comment}/decisions", MOD, verdict), 403, "not-allowed")
    assert await house.length() == length
    assert (await house.get(ME, MOD)).json()["caller"]["roles"] == []
    assert (await house.ask("PATCH", "policy", ADMIN, {"roles": ["admin", "moderator"]})).status_code == 200
    assert (await house.ask("POST", f"{COMMENTS}/{comment}/decisions", MOD, verdict)).status_code == 200
    assert await house.rows() == []


async def test_what_a_former_moderator_writes_is_a_members(house: House) -> None:
    """The token is accepted before and after; what changed is who it describes, while the request was under way."""
    assert (await house.get(ME, MOD)).json()["caller"]["roles"] == ["moderator"]
    assert (await house.ask("PATCH", "policy", ADMIN, {"roles": ["admin"], "premoderation": "all"})).status_code == 200
    posted = await house.ask("POST", COMMENTS, MOD, {"body": "Words."})
    assert posted.status_code == 201, posted.text
    assert posted.json()["comment"]["status"] == "pending"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"claims": {"exp": "expires"}}, "/claims/exp"),
        ({"claims": {"colour": "x"}}, "/claims/colour"),
        ({"claims": {"sub": ""}}, None),
        ({"claims": {"sub": "a b"}}, None),
        ({"claims": "talk"}, None),
        ({"roles": ["moderator", "moderator"]}, "/roles"),
        ({"roles": ["operator"]}, None),
    ],
)
async def test_a_policy_about_tokens_that_means_nothing_is_refused(
    house: House, fields: dict[str, Any], pointer: str | None
) -> None:
    told_of = problem(await house.ask("PATCH", "policy", ADMIN, fields), 400, "bad-request")
    if pointer is not None:
        assert [error["pointer"] for error in told_of["errors"]] == [pointer]
    assert (await house.get(ME, ADA)).status_code == 200


async def test_a_site_that_lists_no_admin_is_helped_by_the_operator(house: House) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, {"roles": []})).status_code == 200
    problem(await house.ask("PATCH", "policy", ADMIN, {"roles": ["admin"]}), 403, "not-allowed")
    assert (await house.ask("PATCH", "policy", body={"roles": ["admin"]}, operator=True)).status_code == 200
    assert (await house.ask("PATCH", "policy", ADMIN, {"guests": True})).status_code == 200


async def test_a_fresh_gateway_reads_the_policy_before_the_first_token(house: House) -> None:
    """As after a restart: nothing is remembered of keys or policy."""
    assert (await house.ask("PATCH", "policy", ADMIN, {"roles": ["admin"]})).status_code == 200
    house.services.keyring._parsed.clear()
    problem(await house.get("moderation/queue", MOD), 403, "not-allowed")
