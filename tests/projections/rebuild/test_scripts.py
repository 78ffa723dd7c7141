"""The scripts of a rebuild, each by itself, on real servers."""

from collections.abc import AsyncIterator, Sequence

import pytest

from core.keys import Keys
from core.redis.command import Argument
from core.redis.deployment import Deployment, open_deployment
from projections.rebuild.comparison import CONTRAST
from projections.rebuild.sweep import SWEEP
from projections.views.generations import NOTE
from projections.views.store import FLIP, SPREAD

KEYS = Keys(1)[0]
NONCE = "n1"
A = KEYS.views_prefix(2) + "a"


def at(position: str) -> str:
    """That position in a time to come, so that the feed does not forget it for its age."""
    return f"{9_000_000_000_000 + int(position[0])}{position[1:]}"


@pytest.fixture
async def there(fresh: str) -> AsyncIterator[Deployment]:
    """Served views at 5-3, others at 5-2, and somebody who builds these."""
    async with open_deployment(fresh, partitions=1) as deployment:
        call = deployment.calls.call
        await call("HSET", KEYS.building, "nonce", NONCE)
        await call("MSET", KEYS.generation, "1.4", KEYS.cursor(1), at("5-3"), KEYS.cursor(2), at("5-2"))
        yield deployment


async def flip(
    there: Deployment,
    before: str = at("5-2"),
    after: str = at("5-4"),
    feed: Sequence[str] = (),
    *,
    nonce: str = NONCE,
    own: str = "2.0",
    old: int = 1,
    lost: str = "",
    version: str = "v1",
) -> bytes:
    keys = [KEYS.building, KEYS.cursor(2), KEYS.generation, KEYS.generations, KEYS.feed, KEYS.feed_trimmed]
    keys += (KEYS.cursor(1), KEYS.versions(2), A)
    arguments: list[Argument] = [nonce, before, after, own, old, KEYS.view_channel, 600_000, 20_000, lost]
    arguments += (version, "unsigned", len(feed))
    arguments += (f'{position} kew/tea [["thread.changed",null]]' for position in feed)
    arguments += (1, "HSET", 9, 2, "f", "1")
    reply: bytes = await there.calls.run(FLIP, keys, arguments)
    return reply


async def state(there: Deployment) -> dict[bytes, bytes]:
    return {key: await there.calls.call("DUMP", key) for key in await there.calls.call("KEYS", "*")}


async def feed(there: Deployment) -> list[bytes]:
    return [position for position, _ in await there.calls.call("XRANGE", KEYS.feed, "-", "+")]


async def test_a_flip_writes_its_commit_and_serves_the_views(there: Deployment) -> None:
    call = there.calls.call
    await call("XADD", KEYS.feed, at("5-3"), "t", "kew/tea", "k", "[]")
    assert await flip(there, feed=[at("5-3"), at("5-4")]) == b"OK"
    assert await call("GET", KEYS.generation) == b"2.0"
    assert await call("GET", KEYS.cursor(2)) == at("5-4").encode()
    assert await call("HGETALL", A) == [b"f", b"1"]
    assert await feed(there) == [at("5-3").encode(), at("5-4").encode()], (
        "what the served views had told is not told again"
    )
    assert await call("HGETALL", KEYS.generations) == [b"1 exchanges", b"4"]
    assert set(await call("SMEMBERS", KEYS.versions(2))) == {b"unsigned", b"v1"}
    assert await call("EXISTS", KEYS.versions(1)) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [(at("5-3"), at("5-3")), (at("5-2"), at("5-3")), (at("5-3"), at("5-9")), (at("5-2"), at("5-4"))],
)
async def test_a_flip_takes_in_where_the_served_views_are(there: Deployment, before: str, after: str) -> None:
    await there.calls.call("SET", KEYS.cursor(2), before)
    assert await flip(there, before, after) == b"OK"


async def test_a_flip_that_came_before_is_told_and_changes_nothing(there: Deployment) -> None:
    assert await flip(there, feed=[at("5-4")]) == b"OK"
    before = await state(there)
    assert await flip(there, feed=[at("5-4")]) == b"DUP"
    assert await state(there) == before


async def test_a_flip_from_elsewhere_changes_nothing(there: Deployment) -> None:
    call = there.calls.call
    before = await state(there)
    assert await flip(there, nonce="n2") == b"FENCED"
    assert await flip(there, at("5-1"), at("5-4")) == b"MISMATCH " + at("5-2").encode()
    assert await flip(there, own="3.0", old=2) == b"RETIRED 1.4"
    assert await flip(there, lost=at("5-9")) == b"APART " + at("5-3").encode()
    assert await state(there) == before
    for ahead in (at("5-5"), at("5-1")):
        await call("SET", KEYS.cursor(1), ahead)
        assert await flip(there) == b"APART " + ahead.encode()
    await call("SET", KEYS.cursor(1), at("5-3"))
    assert await state(there) == before


async def test_a_flip_from_views_of_a_lost_log_begins_the_feed_anew(there: Deployment) -> None:
    call = there.calls.call
    await call("SET", KEYS.cursor(1), at("9-9"))
    await call("XADD", KEYS.feed, at("9-9"), "t", "kew/tea", "k", "[]")
    assert await flip(there, feed=[at("5-4")], lost=at("9-9")) == b"OK"
    assert await feed(there) == []
    assert await call("GET", KEYS.feed_trimmed) == at("5-4").encode()


async def test_where_there_is_no_pointer_the_views_of_before_are_those(there: Deployment) -> None:
    await there.calls.call("DEL", KEYS.generation)
    assert await flip(there) == b"OK"


async def spread(there: Deployment, cursor: str = at("5-2"), nonce: str = NONCE) -> bytes:
    keys = [KEYS.building, KEYS.cursor(2), KEYS.generation, KEYS.versions(2), A]
    arguments: list[Argument] = [nonce, cursor, 2, "v1", "unsigned", 1, "HSET", 5, 2, "f", "1"]
    reply: bytes = await there.calls.run(SPREAD, keys, arguments)
    return reply


async def test_a_part_of_a_commit_is_written_where_nobody_reads(there: Deployment) -> None:
    call = there.calls.call
    assert await spread(there) == b"OK"
    assert await call("HGETALL", A) == [b"f", b"1"]
    assert set(await call("SMEMBERS", KEYS.versions(2))) == {b"unsigned", b"v1"}
    assert await call("GET", KEYS.cursor(2)) == at("5-2").encode()
    await call("DEL", A)
    before = await state(there)
    assert await spread(there, nonce="n2") == b"FENCED"
    assert await spread(there, cursor=at("5-1")) == b"MISMATCH " + at("5-2").encode()
    assert await state(there) == before
    await call("SET", KEYS.generation, "2.1")
    assert await spread(there) == b"RETIRED 2.1"
    assert await call("EXISTS", A) == 0


async def test_generations_are_written_down_and_struck_off_by_who_builds(there: Deployment) -> None:
    call, keys = there.calls.call, [KEYS.building, KEYS.generation, KEYS.generations]
    await call("HSET", KEYS.generations, "1", "a", "1 exchanges", "3", "7", "b")
    assert await there.calls.run(NOTE, keys, [NONCE, 1, 2, 1, 5, "8", "c", "last", 8]) == b"OK"
    flat = await call("HGETALL", KEYS.generations)
    found = dict(zip(flat[::2], flat[1::2], strict=True))
    assert found == {b"7": b"b", b"8": b"c", b"last": b"8"}
    before = await state(there)
    assert await there.calls.run(NOTE, keys, ["n2", 1, 1, 7]) == b"FENCED"
    assert await there.calls.run(NOTE, keys, [NONCE, 2, 1, 7]) == b"MOVED"
    assert await there.calls.run(NOTE, keys, [NONCE, "", 1, 7]) == b"MOVED"
    assert await state(there) == before


async def test_only_what_is_nobodys_is_swept(there: Deployment) -> None:
    call, keys = there.calls.call, [KEYS.generation, KEYS.generations]
    await call("HSET", A, "f", "1")
    await call("HSET", KEYS.generations, "2", "a")
    assert await there.calls.run(SWEEP, [*keys, KEYS.cursor(1)], [1, 1]) == 0
    assert await there.calls.run(SWEEP, [*keys, A, KEYS.cursor(2)], [2, 1]) == 0
    await call("DEL", KEYS.generation)
    assert await there.calls.run(SWEEP, [*keys, KEYS.cursor(1)], [1, 1]) == 0
    await call("HDEL", KEYS.generations, "2")
    assert await there.calls.run(SWEEP, [*keys, A, KEYS.cursor(2)], [2, 1]) == 2
    assert await call("EXISTS", A, KEYS.cursor(2)) == 0


META = KEYS.thread_views(1, "kew", "tea").meta, KEYS.thread_views(2, "kew", "tea").meta
ROWS = KEYS.thread_views(1, "kew", "tea").rows, KEYS.thread_views(2, "kew", "tea").rows
TOP = KEYS.thread_views(1, "kew", "tea").top, KEYS.thread_views(2, "kew", "tea").top


async def contrast(there: Deployment, part: str = "all", about: str = "thread", most: int = 100) -> set[int] | str:
    """The numbers of the views that differ, of rows and top; the steps are as short as `most` says."""
    marks = META if about == "thread" else (KEYS.cursor(1), KEYS.cursor(2))
    view, where, found = 1, b"0", set[int]()
    while view:
        keys = [*marks, ROWS[0], TOP[0], ROWS[1], TOP[1]]
        view, *rest = await there.calls.run(CONTRAST, keys, ["hz", about, part, 1, view, where, most])
        if view == b"APART":
            return "APART"
        where, *numbers = rest
        found |= set(numbers)
    return found


def row(number: int, *, words: str = "words", html: str = "<p>words</p>", source: str = "source") -> tuple[str, str]:
    """A comment and its row."""
    public = f'{{"id":"c{number}","body":"{words}","html":"{html}","posted_at":"then"'
    return f"c{number}", f"p \n{public}\n{source} {number}"


@pytest.fixture
async def alike(there: Deployment) -> Deployment:
    """Two generations of a thread that are the same."""
    call = there.calls.call
    for meta, rows, top in zip(META, ROWS, TOP, strict=True):
        await call("HSET", meta, "source", '{"id":"tea","last":[5,2]}')
        comments = range(1000)
        await call("HSET", rows, *(x for n in comments for x in row(n)))
        await call("ZADD", top, *(x for n in comments for x in (n % 7, f"{n:012d}:c{n}")))
    return there


async def test_views_are_compared_however_short_the_steps_are(alike: Deployment) -> None:
    call = alike.calls.call
    for most in (7, 100, 100_000):
        assert await contrast(alike, most=most) == set()
    await call("ZADD", TOP[0], 99, f"{999:012d}:c999")
    for most in (7, 100, 100_000):
        assert await contrast(alike, most=most) == {2}
    await call("HSET", ROWS[1], *row(500, source="other"))
    assert await contrast(alike, most=7) == {1, 2}


@pytest.mark.parametrize("which", [0, 1])
async def test_what_only_one_has_is_found(alike: Deployment, which: int) -> None:
    call = alike.calls.call
    await call("HDEL", ROWS[which], "c3")
    await call("ZREM", TOP[which], f"{3:012d}:c3")
    assert await contrast(alike) == {1, 2}
    await call("DEL", ROWS[which], TOP[which])
    assert await contrast(alike) == {1, 2}


async def test_only_what_must_be_the_same_is_compared_in_rows(alike: Deployment) -> None:
    call = alike.calls.call
    await call("HSET", ROWS[0], *row(3, html="<p><em>words</em></p>"))
    assert [await contrast(alike, part) for part in ("all", "source", "ids")] == [{1}, set(), set()]
    await call("HSET", ROWS[0], *row(3, words="others"))
    assert [await contrast(alike, part) for part in ("all", "source", "ids")] == [{1}, {1}, set()]
    await call("HSET", ROWS[0], *row(3, source="other"))
    assert [await contrast(alike, part) for part in ("all", "source", "ids")] == [{1}, {1}, set()]
    await call("HSET", ROWS[0], "c3", "nothing like a row")
    assert [await contrast(alike, part) for part in ("all", "source", "ids")] == [{1}, {1}, set()]


async def test_nothing_is_said_of_views_that_have_not_taken_in_the_same(alike: Deployment) -> None:
    call = alike.calls.call
    assert await contrast(alike, about="cursor") == "APART"
    await call("SET", KEYS.cursor(2), at("5-3"))
    assert await contrast(alike, about="cursor") == set()
    for other in ('{"id":"tea","last":[5,3]}', '{"id":"tea"}', "no JSON"):
        await call("HSET", META[0], "source", other)
        assert await contrast(alike) == "APART"
    await call("HSET", META[0], "source", '{"id":"tea","title":"Other","last":[5,2]}')
    assert await contrast(alike) == set(), "it is the same place"
