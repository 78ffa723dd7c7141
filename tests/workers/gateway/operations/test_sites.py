"""Sites: opened and keyed by the operator, their policy changed by admins."""

from functools import partial
from typing import Any

import anyio
import msgspec
import pytest
from joserfc.jwk import ECKey

from core.concurrency import both, gathered
from core.keys import SITES, SITES_NOTED
from core.log.port import Append, Outcome
from core.position import START
from core.refusals import Unavailable
from tests.support.bounds import BOUND
from tests.support.house import (
    ADA,
    ADMIN,
    ADMIN_SECRET,
    MOD,
    SECRET,
    SITE,
    THREAD,
    House,
    claims_of,
    problem,
    signed,
    told,
)
from tests.support.key_host import public
from workers.gateway.auth.keyring import Keyring, KeySet
from workers.gateway.auth.site_names import KEPT_S
from workers.importers.importer import SiteSettings
from workers.roles.up import open_site

NEW = "another secret of the site kew, 32 bytes"
BODY = {"name": "Kew", "keys": {"hs256": [SECRET]}}


async def test_a_site_is_opened_once_and_asked_alike_again_it_is_the_same(empty: House) -> None:
    first = await empty.ask("PUT", "", body=BODY, operator=True)
    assert first.status_code == 201
    assert first.json()["policy"]["premoderation"] == "none"
    again = await empty.ask("PUT", "", body=BODY, operator=True)
    assert again.status_code == 200
    assert again.json() == first.json()
    assert await empty.length() == 1


async def test_a_site_that_is_there_is_not_opened_otherwise(empty: House) -> None:
    await empty.ask("PUT", "", body=BODY, operator=True)
    for other, pointers in (
        ({**BODY, "name": "Other"}, ["/name"]),
        ({**BODY, "policy": {"votes": False, "max_body": 9}}, ["/policy/votes", "/policy/max_body"]),
        ({**BODY, "keys": {"hs256": [NEW]}}, ["/keys"]),
        ({**BODY, "keys": {"jwks": "https://kew.example/jwks.json"}}, ["/keys"]),
        ({"name": "Other", "policy": {"votes": False}, "keys": {"hs256": [NEW]}}, ["/name", "/policy/votes", "/keys"]),
    ):
        answer = await empty.ask("PUT", "", body=other, operator=True)
        differs = problem(answer, 409, "site-exists")["errors"]
        assert [error["pointer"] for error in differs] == pointers
        assert SECRET not in answer.text
        assert NEW not in answer.text
    assert [error["detail"] for error in differs[:2]] == [
        'the site was opened as "Kew"',
        "the site was opened with true",
    ]
    assert (await empty.get("", ADMIN)).status_code == 200  # the keys are what they were
    assert await empty.length() == 1


async def test_a_site_whose_opening_broke_off_after_its_keys_can_be_opened(empty: House) -> None:
    await empty.services.keyring.write(SITE, KeySet("hs256", 1, b'["' + b"x" * 32 + b'"]'))
    assert (await empty.ask("PUT", "", body=BODY, operator=True)).status_code == 201
    assert (await empty.get("", ADMIN)).status_code == 200


class _Both:
    """Two who open a site at once: each stands still before it records its opening, until both do."""

    def __init__(self, house: House) -> None:
        self._append = house.log.append
        self._there = 0
        self._both = anyio.Event()

    async def append(self, append: Append) -> Outcome:
        self._there += 1
        if self._there == 2:
            self._both.set()
        with anyio.fail_after(BOUND):
            await self._both.wait()
        return await self._append(append)


@pytest.mark.parametrize("other", [{"name": "Kew too"}, {"policy": {"votes": False}}, {}])
async def test_of_two_who_open_a_site_at_once_one_has_it_with_name_and_secret(
    empty: House, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    monkeypatch.setattr(empty.log, "append", _Both(empty).append)
    bodies = [BODY, {"name": "Kew", **other, "keys": {"hs256": [NEW]}}]
    answers = await gathered([partial(empty.ask, "PUT", "", body=body, operator=True) for body in bodies])
    winners = [number for number, answer in enumerate(answers) if answer.status_code < 300]
    assert len(winners) == 1, [answer.text for answer in answers]
    problem(answers[1 - winners[0]], 409, "site-exists")
    for number, secret in enumerate((SECRET, NEW)):
        bearer = f"Bearer {signed(claims_of(ADMIN), secret)}"
        site = await empty.get("", Authorization=bearer)
        if number == winners[0]:
            assert site.json()["name"] == bodies[number]["name"]
            assert site.json()["policy"] == answers[number].json()["policy"]
        else:
            problem(site, 401, "unauthenticated")
    assert await empty.length() == 1


async def test_the_sample_takes_no_site_from_an_operator_who_opens_it_at_once(
    empty: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(empty.log, "append", _Both(empty).append)
    sample = SiteSettings(id=SITE, name="Sample")
    answer, _ = await both(
        partial(empty.ask, "PUT", "", body=BODY, operator=True), partial(open_site, empty.services, sample, NEW)
    )
    won = answer.status_code == 201
    name, secret = ("Kew", SECRET) if won else ("Sample", NEW)
    site = await empty.get("", Authorization=f"Bearer {signed(claims_of(ADMIN), secret)}")
    assert site.json()["name"] == name
    other = f"Bearer {signed(claims_of(ADMIN), NEW if won else SECRET)}"
    problem(await empty.get("", Authorization=other), 401, "unauthenticated")
    await open_site(empty.services, sample, NEW)
    assert (await empty.get("", Authorization=f"Bearer {signed(claims_of(ADMIN), secret)}")).status_code == 200


async def test_a_site_whose_opening_broke_off_before_its_keys_is_opened_by_asking_again(
    empty: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = empty.services.keyring.open

    async def broken(site: str, given: KeySet) -> bool | None:
        if await empty.length():
            raise Unavailable
        return await opened(site, given)

    with monkeypatch.context() as broken_off:
        broken_off.setattr(empty.services.keyring, "open", broken)
        problem(await empty.ask("PUT", "", body=BODY, operator=True), 503, "unavailable")
    problem(await empty.ask("PUT", "", body={**BODY, "name": "Other"}, operator=True), 409, "site-exists")
    assert (await empty.ask("PUT", "", body=BODY, operator=True)).status_code == 200
    assert (await empty.get("", ADMIN)).status_code == 200
    assert await empty.length() == 1


async def test_the_operators_secret_is_no_sites(house: House) -> None:
    body = {"name": "Soho", "keys": {"hs256": [NEW, ADMIN_SECRET]}}
    refused = problem(await house.ask("PUT", "/v1/sites/soho", body=body, operator=True), 400, "bad-request")
    assert refused["errors"][0]["pointer"] == "/keys/hs256/1"
    assert ADMIN_SECRET not in str(refused)
    refused = problem(await house.ask("PUT", "keys", body={"hs256": [ADMIN_SECRET]}, operator=True), 400, "bad-request")
    assert refused["errors"][0]["pointer"] == "/hs256/0"
    problem(await house.get("/v1/sites/soho", ADMIN), 404, "not-found")
    assert (await house.get("", ADMIN)).status_code == 200


async def test_an_opening_that_is_refused_leaves_no_keys(empty: House) -> None:
    refused = problem(await empty.ask("PUT", "", body={**BODY, "name": "\u200b"}, operator=True), 400, "bad-request")
    assert refused["errors"][0]["pointer"] == "/name"
    assert await empty.services.keyring.read(SITE) is None
    problem(await empty.get("", ADMIN), 404, "not-found")


async def test_an_admin_reads_the_site_and_its_policy_and_never_its_keys(house: House) -> None:
    answer = await house.get("", ADMIN)
    assert answer.status_code == 200
    assert set(answer.json()) == {"site", "name", "policy", "position"}
    assert SECRET not in answer.text
    assert answer.json()["site"] == SITE
    assert answer.headers["cache-control"] == "no-store"


async def test_the_operator_reads_a_site_and_never_its_keys(house: House) -> None:
    answer = await house.ask("GET", "", operator=True)
    assert answer.status_code == 200
    assert answer.json() == (await house.get("", ADMIN)).json()
    problem(await house.ask("GET", "/v1/sites/nowhere", operator=True), 404, "not-found")
    for path in ("threads", "moderation/queue", "audit"):
        problem(await house.ask("GET", path, operator=True), 401, "unauthenticated")


async def test_a_site_is_read_by_no_token_that_only_says_it_is_an_operators(house: House) -> None:
    operator = {"aud": "hansard", "exp": 9e9, "roles": ["operator"]}
    both = {**claims_of(ADMIN), "aud": ["hansard", SITE]}
    for claims, secret, status in (
        (operator, SECRET, 401),
        ({**operator, "exp": 1000}, ADMIN_SECRET, 401),
        ({**operator, "roles": ["admin"]}, ADMIN_SECRET, 401),
        ({**operator, "roles": ["operator"], "aud": SITE}, ADMIN_SECRET, 401),
        ({**claims_of(ADMIN), "roles": ["operator"]}, SECRET, 403),
        (both, SECRET, 200),
        (both, ADMIN_SECRET, 401),
    ):
        answer = await house.get("", Authorization=f"Bearer {signed(claims, secret)}")
        assert answer.status_code == status, claims
    for wrong in ("Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer e30.!.x", "Bearer e30.W10.x"):
        problem(await house.get("", Authorization=wrong), 401, "unauthenticated")
        problem(await house.get("/v1/sites/nowhere", Authorization=wrong), 404, "not-found")


async def names(house: House, query: str = "") -> list[str]:
    answer = await house.ask("GET", f"/v1/sites{query}", operator=True)
    assert answer.status_code == 200, answer.text
    return [site["site"] for site in answer.json()["sites"]]


async def test_the_operator_lists_all_sites_by_name_and_never_their_keys(empty: House) -> None:
    assert await names(empty) == []
    opened = [f"s-{number}" for number in (3, 1, 2, 5, 4)]
    for site in opened:
        await empty.open_site(site=site)
    answer = await empty.ask("GET", "/v1/sites", operator=True)
    assert [site["site"] for site in answer.json()["sites"]] == sorted(opened)
    assert answer.json()["sites"][0] == (await empty.ask("GET", "/v1/sites/s-1", operator=True)).json()
    assert SECRET not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        told = (await empty.ask("GET", f"/v1/sites?limit=2{cursor}", operator=True)).json()
        found += [site["site"] for site in told["sites"]]
        cursor = f"&cursor={told['next']}"
    assert found == sorted(opened)
    assert told["next"] is None
    problem(await empty.ask("GET", "/v1/sites?limit=3&cursor=x", operator=True), 400, "bad-cursor")
    problem(await empty.get("/v1/sites"), 401, "unauthenticated")
    problem(await empty.get("/v1/sites", ADMIN), 401, "unauthenticated")
    problem(await empty.ask("GET", "/v1/sites/", operator=True), 404, "not-found")


async def test_sites_that_another_version_opened_are_listed_too(empty: House) -> None:
    await empty.open_site(site="noted")
    await empty.open_site(site="unnoted")
    call = empty.deployment.calls.call
    # As after a restore, and as a version leaves it that noted nothing.
    await call("DEL", SITES)
    assert await names(empty) == ["noted", "unnoted"]
    assert await call("SCARD", SITES) == 2
    assert 0 < await call("TTL", SITES_NOTED) <= KEPT_S
    await call("SREM", SITES, "unnoted")
    assert await names(empty) == ["noted"]  # it is taken to be whole for a day
    await call("DEL", SITES_NOTED)
    assert await names(empty) == ["noted", "unnoted"]


async def test_a_site_whose_opening_broke_off_is_not_listed(empty: House) -> None:
    await empty.services.keyring.write("broken", KeySet("hs256", 1, b'["' + b"x" * 32 + b'"]'))
    await empty.open_site(site="whole")
    assert await names(empty) == ["whole"]
    told = (await empty.ask("GET", "/v1/sites?limit=1", operator=True)).json()
    assert told["sites"] == []
    assert await names(empty, f"?limit=1&cursor={told['next']}") == ["whole"]


async def test_an_admin_changes_fields_of_the_policy_and_the_others_stay(house: House) -> None:
    answer = await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links", "edit_window": 600})
    assert answer.status_code == 200
    policy = answer.json()["policy"]
    assert (policy["premoderation"], policy["edit_window"], policy["votes"]) == ("links", 600, True)
    length = await house.length()
    same = await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})
    assert same.json()["position"] == answer.json()["position"]
    assert await house.length() == length


async def test_a_policy_says_nothing_that_is_not_in_the_table(house: House) -> None:
    for changes, pointer in (
        ({"premoderation": "some"}, "/premoderation"),
        ({"max_body": 0}, "/max_body"),
        ({"max_depth": 51}, "/max_depth"),
        ({"history": None}, "/history"),
        ({"origins": ["ftp://a.example"]}, "/origins/0"),
        ({"origins": ["https://a.example\n"]}, "/origins/0"),
        ({"entitlement": "subscriber\n"}, "/entitlement"),
        ({"colour": "red"}, "/colour"),
    ):
        refused = problem(await house.ask("PATCH", "policy", ADMIN, changes), 400, "bad-request")
        assert refused["errors"][0]["pointer"] == pointer


async def test_a_rotation_counts_from_the_next_request_on(house: House) -> None:
    async def status(secret: str) -> int:
        bearer = f"Bearer {signed(claims_of(ADA), secret)}"
        return (await house.get(f"threads/{THREAD}/me", Authorization=bearer)).status_code

    async def keyed(*secrets: str) -> str:
        answer = await house.ask("PUT", "keys", body={"hs256": list(secrets)}, operator=True)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["position"])

    assert (await status(SECRET), await status(NEW)) == (200, 401)
    await keyed(SECRET, NEW)
    assert (await status(SECRET), await status(NEW)) == (200, 200)
    last = await keyed(NEW)
    assert (await status(SECRET), await status(NEW)) == (401, 200)
    length = await house.length()
    assert await keyed(NEW) == last
    assert await house.length() == length


async def test_keys_reach_no_event_no_answer_and_no_log_line(house: House) -> None:
    with told() as lines:
        answer = await house.ask("PUT", "keys", body={"hs256": [NEW]}, operator=True)
        bad = await house.ask("PUT", "keys", body={"hs256": [NEW, "short secret"]}, operator=True)
    kept = [
        bytes(part)
        for number in range(house.log.partitions)
        for entry in await house.log.read(number, START, limit=100)
        for part in (entry.e, entry.c)
    ]
    said = f"{answer.text}{bad.text}{lines!r}{kept!r}{house.services!r}"
    for secret in (NEW, SECRET, "short secret"):
        assert secret not in said
    assert any(b'"type":"site.rekeyed"' in part for part in kept)


async def test_a_site_with_a_key_set_opens_and_private_parts_of_it_are_dropped(empty: House) -> None:
    key = public(ECKey.generate_key("P-256"), kid="1", d="private", x5t="unknown")
    for number, jwks in enumerate(({"keys": [key]}, "https://kew.example/jwks.json")):
        site = f"set-{number}"
        body = {"name": "Set", "keys": {"jwks": jwks}}
        assert (await empty.ask("PUT", f"/v1/sites/{site}", body=body, operator=True)).status_code == 201
        kept = await empty.deployment.calls.call("HGETALL", empty.deployment.keys.of(site).site_keys(site))
        assert b"private" not in b"".join(kept)


async def test_sites_do_not_know_each_others_people(house: House) -> None:
    await house.open_site(site="soho", secret=NEW)
    bearer = f"Bearer {signed(claims_of(MOD, 'soho'), NEW)}"
    problem(await house.get("threads", Authorization=bearer), 401, "unauthenticated")
    assert (await house.get("/v1/sites/soho/threads", Authorization=bearer)).json()["threads"] == []
    both = f"Bearer {signed({**claims_of(MOD), 'aud': [SITE, 'soho']})}"
    assert (await house.get("threads", Authorization=both)).status_code == 200
    problem(await house.get("/v1/sites/soho/threads", Authorization=both), 401, "unauthenticated")
    problem(await house.get(f"/v1/sites/soho/threads/{THREAD}"), 404, "not-found")


async def test_a_writer_whose_key_was_replaced_elsewhere_writes_nothing_and_learns_nothing(house: House) -> None:
    """The gateway remembers the keys, and has verified the token by them; another one has replaced them since."""
    comment = await house.post(ADA)
    length = await house.length()
    for method, path, body in (
        ("POST", f"threads/{THREAD}/comments", {"body": "more words"}),
        ("POST", f"threads/{THREAD}/comments", {"body": "more words", "parent": "nobody"}),
        ("POST", f"threads/{THREAD}/comments", {"text": "no such field"}),
        ("PUT", f"threads/{THREAD}/comments/{comment}/vote", {"value": 1}),
        ("POST", f"threads/{THREAD}/comments/{comment}/decisions", {"verdict": "reject", "revision": 1}),
        ("GET", f"threads/{THREAD}/me", None),
        ("GET", "moderation/queue", None),
    ):
        await replaced(house, SECRET)
        assert (await house.get(f"threads/{THREAD}/me", ADA)).status_code == 200
        await replaced(house, NEW)
        problem(await house.ask(method, path, ADA, body), 401, "unauthenticated")
    assert await house.length() == length


async def test_a_writer_whose_key_is_one_of_the_new_ones_goes_on(house: House) -> None:
    await house.post(ADA)
    await replaced(house, NEW, SECRET)
    answer = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "more words"})
    assert answer.status_code == 201, answer.text


async def test_the_writers_of_a_site_that_is_gone_are_told_so(house: House) -> None:
    await house.post(ADA)
    await house.deployment.calls.call("DEL", house.deployment.keys.of(SITE).site_keys(SITE))
    problem(await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "more words"}), 404, "not-found")


async def replaced(house: House, *secrets: str) -> None:
    """Replace the keys as another gateway does: this one remembers those it had last."""
    other = Keyring(house.deployment.calls, house.deployment.keys)
    await other.write(SITE, KeySet("hs256", len(secrets), msgspec.json.encode(secrets)))
