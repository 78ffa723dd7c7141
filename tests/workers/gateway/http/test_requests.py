"""What is refused before anything is decided. None of it appends anything."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.house import (
    ADA,
    ADMIN_SECRET,
    BEN,
    EVE,
    MAX_REQUEST,
    MOD,
    SECRET,
    SITE,
    THREAD,
    House,
    at,
    claims_of,
    operator_token,
    problem,
    signed,
    token,
)
from tests.support.wire import request, served

COMMENTS = f"threads/{THREAD}/comments"
JSON = {"Content-Type": "application/json"}
NO_DIGITS = (
    "1e1",
    "1E1",
    "1.0",
    "10.",
    "+5",
    "%2B5",
    "%205",
    "5%20",
    "5_0",
    "%D9%A5",
    "0x5",
    "05",
    "true",
    "null",
    "1" * 30,
)
"""What some parser somewhere takes for a number."""


@pytest.fixture(scope="module")
async def house(standing: House) -> House:
    return standing


@pytest.fixture(autouse=True)
async def _nothing_is_appended(house: House) -> AsyncIterator[None]:
    before = await house.length()
    yield
    assert await house.length() == before


async def send(house: House, content: Any, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given["Authorization"] = f"Bearer {token(ADA)}"
    return await house.client.post(f"/v1/sites/{SITE}/{COMMENTS}", content=content, headers=given)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b"null", ""),
        (b"[]", ""),
        (b'{"body":"a","colour":"red"}', "/colour"),
        (b'{"body":1}', "/body"),
        (b'{"body":"a","parent_revision":"1"}', "/parent_revision"),
        (b'{"body":"a","parent_revision":0}', "/parent_revision"),
        (b'{"body":"a","parent":"a b"}', "/parent"),
        (b'{"body":"a","parent":"abc\\n"}', "/parent"),
        (b'{"body":"a","body":"b"}', "/body"),
        (b'{"body":"a\xff"}', ""),
        (b"[" * 10_000, ""),
    ],
)
async def test_a_body_that_is_not_well_formed_is_a_bad_request(house: House, content: bytes, pointer: str) -> None:
    told = problem(await send(house, content, **JSON), 400, "bad-request")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_only_json_is_taken(house: House) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""):
        problem(await send(house, b'{"body":"a"}', Content_Type=media), 415, "unsupported-media-type")
    problem(await send(house, b'{"body":"a"}'), 415, "unsupported-media-type")
    problem(await send(house, b""), 400, "bad-request")
    packed = await send(house, b'{"body":"a"}', Content_Encoding="gzip", **JSON)
    problem(packed, 415, "unsupported-media-type")


async def test_a_body_has_at_most_so_many_bytes_whether_its_length_is_announced_or_not(house: House) -> None:
    long = b'{"body":"' + b"a" * MAX_REQUEST + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(long), 1000):
            yield long[start : start + 1000]

    problem(await send(house, long, **JSON), 413, "request-too-large")
    problem(await send(house, chunks(), **JSON), 413, "request-too-large")
    lying = await send(house, b'{"body":"a"}', Content_Length=str(MAX_REQUEST + 1), **JSON)
    problem(lying, 413, "request-too-large")


async def test_a_call_without_words_takes_no_words(house: House) -> None:
    comment = at("x")
    told = problem(await house.ask("PUT", f"{comment}/featured", MOD, {"pick": True}), 400, "bad-request")
    assert told["errors"][0]["pointer"] == "/pick"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=", "/limit"),
        *((f"{name}={text}", f"/{name}") for name in ("limit", "depth", "replies") for text in NO_DIGITS),
        ("depth=51", "/depth"),
        ("depth=0", "/depth"),
        ("replies=-1", "/replies"),
        ("replies=201", "/replies"),
        ("sort=best", "/sort"),
        ("limit=5&limit=6", "/limit"),
        ("page=2", "/page"),
        ("_=1", "/_"),
        ("anchor=a%20b", "/anchor"),
        ("after=yesterday", "/after"),
        ("at=yesterday", "/at"),
        ("at=2023-10-29", "/at"),
        ("at=1-1&after=1-1", "/after"),
    ],
)
async def test_a_query_that_is_not_well_formed_is_a_bad_request(house: House, query: str, pointer: str) -> None:
    told = problem(await house.get(f"threads/{THREAD}?{query}"), 400, "bad-request")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_no_value_of_a_query_is_taken_for_none_given(house: House) -> None:
    told = problem(await house.get("threads?status=null", MOD), 400, "bad-request")
    assert [error["pointer"] for error in told["errors"]] == ["/status"]
    assert (await house.get(f"threads/{THREAD}?anchor=null")).status_code == 200  # a word like any other


async def test_a_query_that_cannot_be_decoded_is_a_bad_request(house: House) -> None:
    for query in ("limit=%zz", "cursor=%ff", "&".join(f"a{n}=1" for n in range(300))):
        problem(await house.get(f"threads/{THREAD}?{query}"), 400, "bad-request")


async def test_a_cursor_of_nobody_or_of_another_call_is_a_bad_cursor(house: House) -> None:
    lists = {
        f"threads/{THREAD}": None,
        f"{at('none')}/trail": MOD,
        "threads": MOD,
        "moderation/queue": MOD,
        "members/ada/comments": ADA,
    }
    for path, who in lists.items():
        if path.endswith("trail"):
            continue
        for cursor in ("x", "", "a.b.c", "%00", "a" * 500):
            problem(await house.get(f"{path}?cursor={cursor}", who), 400, "bad-cursor")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sites/Kew/threads/t",
        "/v1/sites/hansard/threads/t",
        "/v1/sites/kew/threads/%2E",
        "/v1/sites/kew/threads/%2E%2E/policy",
        f"/v1/sites/kew/threads/{'t' * 121}",
        "/v1/sites/kew/threads/a%20b",
        "/v1/sites/kew/threads/caf%C3%A9",
        "/v1/sites/kew/threads/a%0A",
        f"/v1/sites/kew/threads/{THREAD}/comments/a.b",
        f"/v1/sites/kew/threads/{THREAD}/comments/{'c' * 65}",
        "/v1/sites/nowhere/threads/t",
        "/v1/sites/kew/threads/nowhere",
        "/v1/sites/kew/threads/nowhere/policy",
        "/v1/sites/kew/threads/nowhere/anchors",
        f"/v1/sites/kew/threads/{THREAD}/comments/nothing",
        f"/v1/sites/kew/threads/{THREAD}/comments/nothing/replies",
        f"/v1/sites/kew/threads/{THREAD}/comments/nothing/revisions",
        "/v1/sites/nowhere/counts?thread=a",
        "/v1",
        "/problems",
        "/problems/",
        "/problems/nothing",
        "/problems/Not-Found",
        "/v2/sites/kew/threads/t",
        "//v1/sites/kew",
    ],
)
async def test_what_is_not_there_is_not_found(house: House, path: str) -> None:
    problem(await house.get(path), 404, "not-found")


async def test_a_call_to_an_unknown_site_is_not_found_with_a_token_or_without(house: House) -> None:
    for who in (None, ADA):
        problem(await house.get("/v1/sites/nowhere/threads/t/me", who), 404, "not-found")
        problem(await house.get("/v1/sites/nowhere/audit", who), 404, "not-found")
    path = "/v1/sites/nowhere/threads/t/comments"
    problem(await house.ask("POST", path, ADA, {"body": "a"}), 404, "not-found")
    # Nobody is asked anything before a write brings a token that may be one.
    problem(await house.ask("POST", path, None, {"body": "a"}), 401, "unauthenticated")
    answer = await house.ask("PUT", "/v1/sites/nowhere/keys", body={"hs256": ["old " * 8]}, operator=True)
    problem(answer, 404, "not-found")


async def test_the_revision_in_a_path_is_a_number(house: House) -> None:
    for revision in ("0", "-1", "01", "x", "1e3", "１", "1" * 7):
        path = f"{at('c')}/revisions/{revision}/redaction"
        problem(await house.ask("PUT", path, MOD, {"reason": "a"}), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", f"threads/{THREAD}", "GET, HEAD, OPTIONS, PUT"),
        ("GET", f"{COMMENTS}", "OPTIONS, POST"),
        ("POST", f"{COMMENTS}/x/vote", "OPTIONS, PUT"),
        ("PUT", "/healthz", "GET, HEAD, OPTIONS"),
        ("POST", "/docs", "GET, HEAD, OPTIONS"),
        ("BREW", f"threads/{THREAD}", "GET, HEAD, OPTIONS, PUT"),
    ],
)
async def test_a_method_that_is_not_there_is_told_which_are(house: House, method: str, path: str, allowed: str) -> None:
    answer = await house.ask(method, path, MOD)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


async def test_a_site_may_be_written_with_a_slash_at_its_end(house: House) -> None:
    for path in (f"/v1/sites/{SITE}", f"/v1/sites/{SITE}/"):
        problem(await house.get(path), 401, "unauthenticated")


async def test_without_a_token_a_call_that_needs_one_says_so(house: House) -> None:
    answer = await house.ask("POST", COMMENTS, body={"body": "a"})
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("bearer", "says"),
    [
        ("x", "well-formed"),
        (signed({**claims_of(ADA), "exp": 1000}), "expired"),
        (signed(claims_of(ADA), "a secret of somebody else, 32 bytes long"), "signature"),
        (signed(claims_of(ADA, "other")), "audience"),
        (signed({**claims_of(ADA), "aud": "hansard"}), "audience"),
        ("eyJhbGciOiJub25lIn0.e30.", "HS256"),
        (signed(claims_of(ADA), alg="HS512"), "HS256"),
        (operator_token(), "signature"),
    ],
)
async def test_a_token_that_is_not_good_is_refused_and_told_why(house: House, bearer: str, says: str) -> None:
    answer = await house.ask("POST", COMMENTS, body={"body": "a"}, Authorization=f"Bearer {bearer}")
    told = problem(answer, 401, "unauthenticated")
    assert says in told["detail"]
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="invalid_token", error_description="')
    assert told["detail"] in challenge


async def test_another_scheme_is_no_token(house: House) -> None:
    answer = await house.ask("POST", COMMENTS, body={"body": "a"}, Authorization="Basic YTpi")
    problem(answer, 401, "unauthenticated")
    twice = [("Authorization", f"Bearer {token(ADA)}")] * 2
    url = f"/v1/sites/{SITE}/threads/{THREAD}/me"
    problem(await house.client.get(url, headers=twice), 401, "unauthenticated")


async def test_a_token_in_the_address_or_a_cookie_is_none(house: House) -> None:
    good = token(MOD)
    for name in ("access_token", "token", "jwt", "authorization"):
        problem(await house.ask("POST", f"{COMMENTS}?{name}={good}", body={"body": "a"}), 400, "bad-request")
        problem(await house.get(f"threads/{THREAD}?{name}={good}"), 400, "bad-request")
    cookie = await house.ask("POST", COMMENTS, body={"body": "a"}, Cookie=f"token={good}")
    problem(cookie, 401, "unauthenticated")


async def test_a_read_that_takes_no_token_does_not_mind_a_broken_one(house: House) -> None:
    for path in ("", "/anchors"):
        answer = await house.get(f"threads/{THREAD}{path}", Authorization="Bearer broken")
        assert answer.status_code == 200, answer.text
    assert (await house.get(f"counts?thread={THREAD}", Authorization="x")).status_code == 200


async def test_only_an_operator_opens_sites_and_sets_keys(house: House) -> None:
    body = {"name": "New", "keys": {"hs256": ["new " * 8]}}
    problem(await house.ask("PUT", "/v1/sites/new", body=body), 401, "unauthenticated")
    problem(await house.ask("PUT", "/v1/sites/new", MOD, body), 401, "unauthenticated")
    forged = signed({"aud": "hansard", "exp": 9e9, "roles": ["operator"]}, SECRET)
    problem(
        await house.ask("PUT", "/v1/sites/new", body=body, Authorization=f"Bearer {forged}"),
        401,
        "unauthenticated",
    )
    mere = signed({"aud": "hansard", "exp": 9e9, "roles": ["admin"]}, ADMIN_SECRET)
    problem(
        await house.ask("PUT", f"/v1/sites/{SITE}/keys", body=body["keys"], Authorization=f"Bearer {mere}"),
        401,
        "unauthenticated",
    )
    problem(await house.ask("PUT", "/v1/sites/hansard", body=body, operator=True), 404, "not-found")


@pytest.mark.parametrize(
    ("keys", "pointer"),
    [
        ({}, "/keys"),
        ({"hs256": []}, "/keys/hs256"),
        ({"hs256": ["short"]}, "/keys/hs256/0"),
        ({"hs256": ["old " * 8, ("old " * 8)[:31]]}, "/keys/hs256/1"),
        ({"hs256": ["x" * 40]}, "/keys/hs256/0"),
        ({"hs256": ["old " * 8], "jwks": "https://a.example/jwks"}, "/keys"),
        ({"jwks": "http://a.example/jwks"}, "/keys/jwks"),
        ({"jwks": {"keys": []}}, "/keys/jwks/keys"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "/keys/jwks/keys/0/kty"),
        ({"secret": "old " * 8}, "/keys/secret"),
        ({"hs256": ["-----BEGIN PUBLIC KEY-----" + "old " * 8]}, "/keys/hs256/0"),
    ],
)
async def test_keys_are_secrets_of_32_bytes_or_a_key_set(house: House, keys: dict[str, Any], pointer: str) -> None:
    answer = await house.ask("PUT", "/v1/sites/new", body={"name": "New", "keys": keys}, operator=True)
    told = problem(answer, 400, "bad-request")
    assert told["errors"][0]["pointer"] == pointer
    assert ("old " * 8)[:31] not in answer.text


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("threads", BEN),
        ("moderation/queue", BEN),
        ("moderation/queue", EVE),
        ("audit", MOD),
        ("", MOD),
    ],
)
async def test_a_list_for_one_role_is_not_for_another(house: House, path: str, who: Any) -> None:
    problem(await house.get(path, who), 403, "not-allowed")


async def test_if_match_names_strong_revisions(house: House) -> None:
    body = {"body": "b"}
    cases: list[Any] = [{}, {"If_Match": "*"}, {"If_Match": " * "}]
    for missing in cases:
        # An asterisk would write over words that the author has not seen.
        problem(await house.ask("PATCH", at("c"), ADA, body, **missing), 428, "revision-required")
    for wrong in ("2", "", ",", "W/2", '"1", 2', '"1" "2"', '"1", *', '"1', 'w/"1"', ",".join(['"1"'] * 101)):
        problem(await house.ask("PATCH", at("c"), ADA, body, If_Match=wrong), 400, "bad-request")
    for formed in ('"1", "2"', '"1",,"2",', 'W/"1"', 'W/"1", "a,b"', '"01"'):
        problem(await house.ask("PATCH", at("c"), ADA, body, If_Match=formed), 404, "not-found")


async def test_an_idempotency_key_is_visible_ascii(house: House) -> None:
    for wrong in ("", "a b", "x" * 256, "a\x7f"):
        answer = await house.ask("POST", COMMENTS, ADA, {"body": "a"}, Idempotency_Key=wrong)
        problem(answer, 400, "bad-request")


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/sites/{SITE}%2Fthreads%2F{THREAD}",
        f"/v1/sites/{SITE}/threads%2f{THREAD}",
        f"/v1/sites/{SITE}/threads/{THREAD}%2Fanchors",
        f"/v1/sites/{SITE}/threads/none%2F..%2F{THREAD}",
        f"/v1/sites/{SITE}/threads/%2e%2e/threads/{THREAD}",
        f"/v1/sites/{SITE}/threads/%2E%2E%2F{THREAD}",
        f"/v1/sites/{SITE}/threads/../threads/{THREAD}",
        f"/v1/sites/{SITE}/threads/./{THREAD}",
        f"/v1/sites/{SITE}/threads//{THREAD}",
        f"/v1/sites/{SITE}/threads/{THREAD}%00",
        f"/v1/sites/{SITE}/threads/{THREAD}%0A",
        f"/v1/sites/{SITE}/threads/{THREAD}%3Flimit=1",
        f"/v1/sites/{SITE}/threads/{THREAD}%5C",
        f"/v1/sites/{SITE}/threads/{THREAD}%252Fanchors",
        f"/v1/sites/{SITE}/threads/{THREAD}%25%32%46anchors",
        f"/v1/sites/{SITE}/threads/{THREAD}%C0%AFanchors",
        f"/v1/sites/{SITE}/threads/{THREAD}%FF",
        f"/v1/sites/{SITE}/threads/{THREAD}%",
        f"/v1%2Fsites/{SITE}/threads/{THREAD}",
        "/%2Fdocs",
        "/docs%2F",
    ],
)
async def test_an_escape_in_a_path_leads_nowhere_that_its_segments_do_not(house: House, path: str) -> None:
    async with served(house.app) as server, server.wire() as wire:
        await wire.send(request("GET", path))
        answer = await wire.answer()
        assert answer.status == 404, answer
        answer.problem("not-found")


async def test_an_escape_that_need_not_be_is_the_character_that_it_stands_for(house: House) -> None:
    async with served(house.app) as server, server.wire() as wire:
        answers = []
        for thread in (THREAD, THREAD.replace("-", "%2D"), THREAD.replace("p", "%70")):
            await wire.send(request("GET", f"/v1/sites/{SITE}/threads/{thread}"))
            answers.append(await wire.answer())
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
