"""What a browser's cache gives back is what the gateway would answer now."""

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.support.house import ADA, MOD, SITE, THREAD, House, Who, at, token

if TYPE_CHECKING:
    from playwright.async_api import Page

WORDS = "Words that go away."


async def fetched(article: "Page", path: str, who: Who | None = None) -> tuple[int, str]:
    """Read as a script in the article does; the status and the body."""
    options = {} if who is None else {"headers": {"Authorization": f"Bearer {token(who)}"}}
    url = f"/v1/sites/{SITE}/{path}"
    answer: dict[str, Any] = await article.evaluate("([path, options]) => ask(path, options)", [url, options])
    return answer["status"], answer["body"]


async def posted(article: "Page", house: House, who: Who, body: str) -> str:
    """Post as a script in the article does, and wait for the views; the id of the comment."""
    options = {
        "method": "POST",
        "headers": {"Authorization": f"Bearer {token(who)}", "Content-Type": "application/json"},
        "body": msgspec.json.encode({"body": body}).decode(),
    }
    url = f"/v1/sites/{SITE}/threads/{THREAD}/comments"
    answer: dict[str, Any] = await article.evaluate("([path, options]) => ask(path, options)", [url, options])
    assert answer["status"] == 201, answer["body"]
    told = msgspec.json.decode(answer["body"])
    await house.settled(told["position"])
    return str(told["comment"]["id"])


READS = {
    "page": "threads/{thread}",
    "page in another order": "threads/{thread}?sort=top&limit=3",
    "page of the past": "threads/{thread}?at={position}",
    "replies": "threads/{thread}/comments/{parent}/replies",
    "permalink": "threads/{thread}/comments/{comment}",
    "revisions": "threads/{thread}/comments/{comment}/revisions",
    "counts": "counts?thread={thread}",
}


@pytest.mark.parametrize("read", READS)
async def test_a_rejected_comment_is_not_shown_by_the_next_fetch(article: "Page", house: House, read: str) -> None:
    parent = await house.post(MOD, "What do you say?")
    comment = await house.post(ADA, WORDS, parent=parent)
    _, page = await fetched(article, f"threads/{THREAD}")
    position = msgspec.json.decode(page)["thread"]["position"]
    path = READS[read].format(thread=THREAD, parent=parent, comment=comment, position=position)
    shown = await fetched(article, path)
    assert shown[0] == 200
    assert WORDS in shown[1] or read == "counts"
    assert await fetched(article, path) == shown
    await house.settled((await house.decide(comment, "reject")).json()["position"])
    status, body = await fetched(article, path)
    assert WORDS not in body
    assert (status, body) != shown


async def test_a_posted_comment_is_shown_by_the_very_next_fetch(article: "Page", house: House) -> None:
    paths = (f"threads/{THREAD}", f"threads/{THREAD}?sort=oldest", f"counts?thread={THREAD}")
    before = [await fetched(article, path) for path in paths]
    comment = await posted(article, house, ADA, WORDS)
    after = [await fetched(article, path) for path in paths]
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert comment in after[0][1]
    assert comment in after[1][1]
    assert msgspec.json.decode(after[2][1]) == {"counts": {THREAD: 1}}


async def test_a_comment_that_was_not_there_is_there_as_soon_as_the_views_have_it(
    article: "Page", house: House
) -> None:
    house.hold()
    answer = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": WORDS})
    comment = answer.json()["comment"]["id"]
    paths = (at(comment), f"{at(comment)}/revisions", f"{at(comment)}/replies")
    for path in paths:
        assert (await fetched(article, path))[0] == 404
    house.release()
    await house.settled(answer.json()["position"])
    for path in paths:
        assert (await fetched(article, path))[0] == 200


async def test_a_thread_that_was_not_there_is_there_as_soon_as_it_is_opened(article: "Page", house: House) -> None:
    assert (await fetched(article, "threads/fern-house"))[0] == 404
    await house.open_thread("fern-house")
    assert (await fetched(article, "threads/fern-house"))[0] == 200


async def test_what_an_author_sees_is_not_given_to_whoever_reads_next_in_the_same_browser(
    article: "Page", house: House
) -> None:
    comment = await house.post(ADA, WORDS)
    await house.settled((await house.decide(comment, "hold")).json()["position"])
    for path in (at(comment), f"{at(comment)}/revisions"):
        for _ in range(2):
            status, body = await fetched(article, path, ADA)
            assert (status, WORDS in body) == (200, True)
            status, body = await fetched(article, path)
            assert (status, WORDS in body) == (404, False)
