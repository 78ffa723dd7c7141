"""Who may keep which answer, for how long, and who has it already; and the headers that are everywhere."""

from typing import Any

import httpx2
import pytest

from tests.support.house import ADA, ADMIN, AUDITOR, MOD, SITE, THREAD, House, at, problem
from workers.gateway.http import compression
from workers.gateway.operations.table import OPERATIONS

PUBLIC = "public, max-age=0, must-revalidate, s-maxage=2"
CDN = "max-age=2, stale-while-revalidate=5"
EXPOSED = "ETag, Location, Retry-After, Idempotency-Key, Hansard-Durability, Hansard-Lag"


@pytest.fixture(scope="module")
async def house(standing: House) -> House:
    await standing.post(ADA)
    return standing


async def comment_of(house: House) -> str:
    return str((await house.rows())[0]["id"])


def kept(answer: httpx2.Response) -> tuple[str, str | None]:
    """`Cache-Control`, and `Vary` without `Accept-Encoding`, which every long answer has.

    `CDN-Cache-Control` stands beside what is public and found, and nowhere else.
    """
    assert "access-control-allow-origin" in answer.headers
    control = answer.headers["cache-control"]
    found = control == PUBLIC and answer.status_code in (200, 304)
    assert answer.headers.get("cdn-cache-control") == (CDN if found else None)
    # Browsers obey it: they would show a comment after it was taken down.
    assert "stale-while-revalidate" not in control
    varies = [name for name in answer.headers.get("vary", "").split(", ") if name]
    if answer.status_code != 304:
        assert ("Accept-Encoding" in varies) is (len(answer.content) >= compression.LEAST)
    return control, ", ".join(name for name in varies if name != "Accept-Encoding") or None


async def test_what_is_the_same_for_everyone_is_kept_for_two_seconds_whoever_asks(house: House) -> None:
    comment = await comment_of(house)
    paths = [
        f"threads/{THREAD}",
        f"threads/{THREAD}?sort=top&limit=3",
        f"{at(comment)}/replies",
        f"threads/{THREAD}/anchors",
        f"counts?thread={THREAD}",
    ]
    for path in paths:
        for who in (None, ADA, MOD):
            answer = await house.get(path, who)
            assert answer.status_code == 200
            assert kept(answer) == (PUBLIC, None), path
            assert answer.headers["etag"].startswith('W/"')
        tags = {(await house.get(path, who)).headers["etag"] for who in (None, ADA, MOD)}
        assert len(tags) == 1


async def test_a_thread_that_is_not_there_is_kept_for_two_seconds_too(house: House) -> None:
    for path in (
        "threads/none",
        "threads/none/anchors",
        "threads/none%20at%20all",
        "/v1/sites/nowhere/threads/t",
        "/v1/sites/nowhere/counts?thread=a",
    ):
        answer = await house.get(path)
        problem(answer, 404, "not-found")
        assert kept(answer) == (PUBLIC, None), path
        assert "etag" not in answer.headers


async def test_what_shows_more_to_some_is_private_with_a_token_and_says_that_it_varies(house: House) -> None:
    comment = await comment_of(house)
    now = (await house.get(f"threads/{THREAD}")).json()["thread"]["position"]
    for path in (
        at(comment),
        f"{at(comment)}/revisions",
        f"threads/{THREAD}?at={now}",
        f"threads/{THREAD}/policy",
    ):
        answer = await house.get(path)
        assert answer.status_code == 200, answer.text
        assert kept(answer) == (PUBLIC, "Authorization")
        for who in (ADA, MOD):
            assert kept(await house.get(path, who)) == ("private, no-store", "Authorization")
    for path in (f"threads/none?at={now}", "threads/none/policy"):
        missing = await house.get(path)
        problem(missing, 404, "not-found")
        assert kept(missing) == (PUBLIC, "Authorization")
    for path in (at("none"), f"{at('none')}/revisions", f"threads/none?at={now}"):
        assert kept(await house.get(path, ADA)) == ("private, no-store", "Authorization")
    broken = await house.get(at(comment), Authorization="Bearer x")
    problem(broken, 401, "unauthenticated")
    assert kept(broken) == ("private, no-store", "Authorization")


async def test_a_comment_that_is_not_there_is_not_kept_because_it_may_be_posted_now(house: House) -> None:
    for path, vary in (
        (at("none"), "Authorization"),
        (f"{at('none')}/revisions", "Authorization"),
        (f"{at('none')}/replies", None),
        (f"{at('none%20at%20all')}/replies", None),
        ("threads/none/comments/none", "Authorization"),
    ):
        answer = await house.get(path)
        problem(answer, 404, "not-found")
        assert kept(answer) == ("no-store", vary), path


async def test_what_a_feed_answers_at_once_is_never_kept(house: House) -> None:
    for path in ("threads/none/feed", "threads/none%20at%20all/feed", f"threads/{THREAD}/feed?after=nonsense"):
        answer = await house.get(path)
        assert answer.status_code in (400, 404)
        assert kept(answer)[0] == "no-store", path


async def test_how_a_parameter_is_spelt_does_not_change_who_may_keep_the_answer(house: House) -> None:
    now = (await house.get(f"threads/{THREAD}")).json()["thread"]["position"]
    for query in (f"%61t={now}", f"limit=5&a%74={now}"):
        assert kept(await house.get(f"threads/{THREAD}?{query}", MOD)) == ("private, no-store", "Authorization")
        assert kept(await house.get(f"threads/{THREAD}?{query}")) == (PUBLIC, "Authorization")
    assert kept(await house.get(f"threads/{THREAD}?%61fter={now}"))[0] == "no-store"


async def test_a_read_of_ones_own_write_is_not_kept(house: House) -> None:
    comment = await comment_of(house)
    now = (await house.get(f"threads/{THREAD}")).json()["thread"]["position"]
    for path in (
        f"threads/{THREAD}?after={now}",
        f"threads/{THREAD}?limit=2&after={now}",
        f"threads/{THREAD}/anchors?after={now}",
        f"{at(comment)}/replies?after={now}",
        f"{at(comment)}?after={now}",
    ):
        answer = await house.get(path)
        assert answer.status_code == 200, answer.text
        assert kept(answer)[0] == "no-store"
    missing = await house.get("threads/none?after=0-1")
    problem(missing, 404, "not-found")
    assert kept(missing)[0] == "no-store"


async def test_everything_else_is_not_kept(house: House) -> None:
    comment = await comment_of(house)
    reads: list[tuple[str, Any]] = [
        ("", ADMIN),
        ("threads", MOD),
        (f"threads/{THREAD}/me", ADA),
        (f"{at(comment)}/trail", ADA),
        ("moderation/queue", MOD),
        ("members/ada", ADA),
        ("members/ada/comments", ADA),
        ("audit", AUDITOR),
        ("/healthz", None),
        ("/readyz", None),
        ("/metrics", None),
        ("/openapi.json", None),
        ("/docs", None),
        ("/", None),
        ("/problems/not-found", None),
    ]
    for path, who in reads:
        answer = await house.get(path, who)
        assert answer.status_code == 200, answer.text
        assert kept(answer)[0] == "no-store", path
        assert ("etag" in answer.headers) is (path == "moderation/queue"), path
    posted = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "Words."})
    assert kept(posted)[0] == "no-store"
    for refused in (
        await house.get(f"threads/{THREAD}?limit=0"),
        await house.get(f"threads/{THREAD}/me"),
        await house.ask("DELETE", f"threads/{THREAD}"),
        await house.get("/nowhere"),
        await house.ask("PATCH", at(comment), ADA, {"body": "a"}),
    ):
        assert refused.status_code >= 400
        assert kept(refused)[0] == "no-store"


async def test_who_has_the_answer_already_is_told_that_nothing_changed(house: House) -> None:
    comment = await comment_of(house)
    for path in (f"threads/{THREAD}", at(comment), f"counts?thread={THREAD}", f"threads/{THREAD}/policy"):
        first = await house.get(path)
        tag = first.headers["etag"]
        for match in (tag, tag.removeprefix("W/"), f'"x", {tag}, W/"y"', "*", f'"a,b",{tag}'):
            again = await house.get(path, If_None_Match=match)
            assert again.status_code == 304, match
            assert again.content == b""
            assert "content-type" not in again.headers
            for name in ("etag", "cache-control", "cdn-cache-control", "vary"):
                assert again.headers.get(name) == first.headers.get(name)
        for match in ('"x"', 'W/"x", "y"', tag[:-2] + '"', "", tag.replace('"', "")):
            assert (await house.get(path, If_None_Match=match)).status_code == 200, match


async def test_a_tag_is_not_matched_where_there_is_nothing(house: House) -> None:
    assert (await house.get("threads/none", If_None_Match="*")).status_code == 404


async def test_any_page_may_read_every_answer_and_nothing_is_guessed(house: House) -> None:
    comment = await comment_of(house)
    answers = [
        await house.get(f"threads/{THREAD}"),
        await house.get(f"threads/{THREAD}", If_None_Match="*"),
        await house.get(at(comment), ADA),
        await house.get("threads/none"),
        await house.get("/nowhere"),
        await house.get(f"threads/{THREAD}/me"),
        await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": ""}),
        await house.ask("BREW", f"threads/{THREAD}"),
        await house.ask("OPTIONS", f"threads/{THREAD}"),
        await house.get("/healthz"),
        await house.get("/metrics"),
        await house.get("/docs"),
    ]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == EXPOSED
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-credentials" not in answer.headers
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", sorted({call.path for call in OPERATIONS if call.handler is not None}))
async def test_a_browser_may_ask_first_about_every_address_without_a_token(house: House, path: str) -> None:
    names = {"site": SITE, "thread": THREAD, "comment": "c", "anchor": "a", "member": "m", "revision": "1"}
    names |= {"slug": "not-found", "batch": "b", "list": "insults", "warning": "1-1", "reference": "n"}
    answer = await house.ask(
        "OPTIONS",
        path.format(**names),
        Origin="https://kew.example",
        Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="authorization, idempotency-key",
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    methods = {method.strip() for method in answer.headers["access-control-allow-methods"].split(",")}
    assert methods >= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
    assert answer.headers["cache-control"] == "no-store"
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed == ("Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID")


async def test_head_answers_as_get_without_the_body(house: House) -> None:
    for path in (f"threads/{THREAD}", "threads/none", "/healthz", "/docs"):
        get, head = await house.get(path), await house.ask("HEAD", path)
        assert head.status_code == get.status_code
        assert head.content == b""
        for name in ("content-length", "content-type", "etag", "cache-control"):
            assert head.headers.get(name) == get.headers.get(name)
