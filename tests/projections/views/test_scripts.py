"""Every script that writes views, by itself, on real servers; and what all scripts say of themselves."""

import re
from collections.abc import AsyncIterator, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ResponseError

import projections
from core.keys import Keys
from core.redis.command import Argument
from core.redis.deployment import Deployment, open_deployment
from core.redis.script import Script
from projections.read.feed import named
from projections.read.walk import WalkScript
from projections.views.store import COMMIT
from tests.support.servers import client

KEYS = Keys(1)[0]
CURSOR = KEYS.cursor(1)
NONCE = "n1"
A, B = "hansard:{x}:a", "hansard:{x}:b"

TAKE = Script("workers.coordination", "lease_take")
RENEW = Script("workers.coordination", "lease_renew")
RELEASE = Script("workers.coordination", "lease_release")

Changes = Sequence[tuple[str, int, Sequence[Argument]]]
"""Command, place of the key among those of the changes (from 0), arguments."""


@pytest.fixture
async def server_of(fresh: str) -> AsyncIterator[Deployment]:
    async with open_deployment(fresh, partitions=1) as deployment:
        await deployment.calls.call("HSET", KEYS.lease, "nonce", NONCE)
        yield deployment


class Commits:
    """Calls commit.lua with what is not said left at its usual value."""

    def __init__(self, deployment: Deployment) -> None:
        self.call = deployment.calls.call
        self._run = deployment.calls.run

    async def __call__(
        self,
        before: str,
        after: str,
        changes: Changes = (),
        feed: Sequence[str] = (),
        *,
        nonce: str = NONCE,
        pointer: str = "1.0",
        kept_ms: int = 600_000,
        most: int = 20_000,
        last: str = "",
        version: str = "v1",
    ) -> bytes:
        arguments: list[Argument] = [nonce, before, after, pointer, KEYS.view_channel, kept_ms, most, last]
        arguments += (version, "unsigned", len(feed))
        arguments += (f'{position} kew/tea [["thread.changed",null]]' for position in feed)
        arguments.append(len(changes))
        for command, place, some in changes:
            arguments += (command, place + 8, len(some), *some)
        keys = [KEYS.lease, CURSOR, KEYS.generation, KEYS.feed, KEYS.feed_trimmed, KEYS.log]
        keys += (KEYS.versions(1), A, B)
        reply: bytes = await self._run(COMMIT, keys, arguments)
        return reply


@pytest.fixture
def commit(server_of: Deployment) -> Commits:
    return Commits(server_of)


async def state(commit: Commits) -> dict[bytes, Any]:
    """Everything there is, lease and deployment aside."""
    found = {}
    for key in await commit.call("KEYS", "*"):
        kind = await commit.call("TYPE", key)
        match kind:
            case b"hash":
                found[key] = await commit.call("HGETALL", key)
            case b"zset":
                found[key] = await commit.call("ZRANGE", key, 0, -1, "WITHSCORES")
            case b"set":
                found[key] = await commit.call("SMEMBERS", key)
            case b"stream":
                found[key] = await commit.call("XRANGE", key, "-", "+")
            case _:
                found[key] = await commit.call("GET", key)
    return found


async def feed(commit: Commits) -> list[bytes]:
    return [position for position, _ in await commit.call("XRANGE", KEYS.feed, "-", "+")]


async def test_a_commit_writes_the_changes_the_cursor_and_the_pointer_to_its_generation(commit: Commits) -> None:
    changes: Changes = [
        ("HSET", 0, ["f", "1", "g", "2"]),
        ("ZADD", 1, [0, "m", -3, "n"]),
    ]
    assert await commit("0-0", "5-1", changes) == b"OK"
    assert await commit.call("HGETALL", A) == [b"f", b"1", b"g", b"2"]
    assert await commit.call("ZRANGE", B, 0, -1, "WITHSCORES") == [b"n", b"-3", b"m", b"0"]
    assert await commit.call("GET", CURSOR) == b"5-1"
    assert await commit.call("GET", KEYS.generation) == b"1.0"
    assert await commit("5-1", "5-2", [("HDEL", 0, ["f"]), ("ZREM", 1, ["m"])]) == b"OK"
    assert await commit.call("HGETALL", A) == [b"g", b"2"]
    assert await commit.call("ZRANGE", B, 0, -1) == [b"n"]
    assert await commit("5-2", "5-3", [("DEL", 0, [])]) == b"OK"
    assert await commit.call("EXISTS", A) == 0


async def test_a_commit_that_came_before_is_told_and_changes_nothing(commit: Commits) -> None:
    first: Changes = [("HSET", 0, ["f", "1"])]
    assert await commit("0-0", "5-1", first, ["5-1"]) == b"OK"
    before = await state(commit)
    assert await commit("0-0", "5-1", first, ["5-1"]) == b"DUP"
    assert await state(commit) == before


async def test_a_commit_of_an_event_that_the_log_has_not_or_has_otherwise_changes_nothing(commit: Commits) -> None:
    change: Changes = [("HSET", 0, ["f", "1"])]
    ours = sha1(b"{}", usedforsecurity=False).hexdigest()
    before = await state(commit)
    assert await commit("0-0", "5-1", change, ["5-1"], last=ours) == b"MISMATCH 0-0"
    assert await state(commit) == before
    await commit.call("XADD", KEYS.log, "5-1", "e", '{"ap":"4-1"}', "c", "words")
    assert await commit("0-0", "5-1", change, ["5-1"], last=ours) == b"MISMATCH 0-0"
    await commit.call("DEL", KEYS.log)
    await commit.call("XADD", KEYS.log, "5-1", "e", "{}", "c", "")
    assert await commit("0-0", "5-1", change, ["5-1"], last=ours) == b"OK", "words that are gone are no other event"


async def test_a_commit_from_elsewhere_or_without_the_lease_changes_nothing(commit: Commits) -> None:
    await commit("0-0", "5-1")
    before = await state(commit)
    change: Changes = [("HSET", 0, ["f", "1"])]
    assert await commit("4-0", "5-2", change, ["5-2"]) == b"MISMATCH 5-1"
    assert await commit("5-1", "5-2", change, ["5-2"], nonce="n2") == b"FENCED"
    assert await state(commit) == before
    await commit.call("DEL", KEYS.lease)
    assert await commit("5-1", "5-2", change) == b"FENCED"


@pytest.mark.parametrize("changes", [[("HSET", 9, ["f", "1"])], [("HSET", 0, ["f", "1"]), ("HSET", 17, ["f", "1"])]])
async def test_arguments_that_do_not_add_up_are_refused_before_anything_is_written(
    commit: Commits, changes: Changes
) -> None:
    before = await state(commit)
    with pytest.raises(Exception, match="commit"):
        await commit("0-0", "5-1", changes, ["5-1"])
    assert await state(commit) == before


async def test_a_commit_that_an_error_cut_half_way_is_repaired_by_repeating_it(commit: Commits) -> None:
    await commit.call("SET", B, "no sorted set")
    changes: Changes = [("HSET", 0, ["f", "1"]), ("ZADD", 1, [1, "m"]), ("HSET", 0, ["g", "2"])]
    with pytest.raises(Exception, match="WRONGTYPE"):
        await commit("0-0", "5-1", changes, ["5-1"])
    assert await commit.call("HGETALL", A) == [b"f", b"1"]
    assert await commit.call("GET", CURSOR) is None
    await commit.call("DEL", B)
    assert await commit("0-0", "5-1", changes, ["5-1"]) == b"OK"
    repaired = await state(commit)
    await commit.call("DEL", A, B, CURSOR, KEYS.feed, KEYS.generation)
    await commit("0-0", "5-1", changes, ["5-1"])
    assert await state(commit) == repaired


async def versions(commit: Commits) -> set[bytes]:
    return set(await commit.call("SMEMBERS", KEYS.versions(1)))


async def test_a_commit_adds_its_version_where_the_set_has_it_not(commit: Commits) -> None:
    assert await commit("0-0", "5-1") == b"OK"
    assert await versions(commit) == {b"v1"}
    assert await commit("5-1", "5-2", version="v2") == b"OK"
    assert await commit("5-2", "5-3", version="v1") == b"OK"
    assert await versions(commit) == {b"v1", b"v2"}


async def test_views_that_have_come_somewhere_without_a_set_get_the_version_that_stands_for_its_absence(
    commit: Commits,
) -> None:
    await commit.call("SET", CURSOR, "5-1")
    assert await commit("5-1", "5-2") == b"OK"
    assert await versions(commit) == {b"unsigned", b"v1"}
    assert await commit("5-2", "5-3", version="v2") == b"OK"
    assert await versions(commit) == {b"unsigned", b"v1", b"v2"}


async def test_a_commit_that_writes_nothing_adds_no_version(commit: Commits) -> None:
    await commit("0-0", "5-1")
    await commit("5-1", "5-2")
    refused = [
        await commit("5-1", "5-2", version="v2"),
        await commit("5-1", "5-3", version="v2"),
        await commit("5-2", "5-3", version="v2", nonce="n2"),
        await commit("5-2", "5-3", version="v2", pointer="2.0"),
        await commit("5-2", "5-3", version="v2", last="0" * 40),
    ]
    assert [reply.split(b" ")[0] for reply in refused] == [b"DUP", b"MISMATCH", b"FENCED", b"RETIRED", b"MISMATCH"]
    with pytest.raises(ResponseError, match="add up"):
        await commit("5-2", "5-3", [("HSET", 9, ["f", "1"])], version="v2")
    assert await versions(commit) == {b"v1"}


@pytest.mark.parametrize("signed", [(), ("unsigned",), ("unsigned", "v2")])
async def test_whatever_an_error_let_a_commit_write_its_version_was_there_before(
    commit: Commits, signed: tuple[str, ...]
) -> None:
    await commit.call("SET", CURSOR, "5-1")
    if signed:
        await commit.call("SADD", KEYS.versions(1), *signed)
    changes: Changes = [("HSET", 0, ["f", "1"]), ("ZADD", 1, [0, "m"])]
    await commit.call("SET", B, "no sorted set")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await commit("5-1", "5-2", changes, version="v2")
    assert await commit.call("HGETALL", A) == [b"f", b"1"]
    assert await versions(commit) == {b"unsigned", b"v2"}
    await commit.call("DEL", B)
    assert await commit("5-1", "5-2", changes, version="v2") == b"OK"
    assert await versions(commit) == {b"unsigned", b"v2"}


async def test_one_change_may_have_more_arguments_than_one_command_takes(commit: Commits) -> None:
    many = 20_000
    fields: list[Argument] = [text for number in range(many) for text in (f"f{number}", number)]
    scores: list[Argument] = [text for number in range(many) for text in (number, f"m{number}")]
    assert await commit("0-0", "5-1", [("HSET", 0, fields), ("ZADD", 1, scores)]) == b"OK"
    assert await commit.call("HLEN", A) == many
    assert await commit.call("ZSCORE", B, "m19999") == b"19999"
    gone: list[Argument] = [f"m{number}" for number in range(many)]
    assert await commit("5-1", "5-2", [("ZREM", 1, gone)]) == b"OK"
    assert await commit.call("EXISTS", B) == 0


async def test_feed_entries_that_are_there_already_are_skipped(commit: Commits) -> None:
    now = int((await commit.call("TIME"))[0]) * 1000
    first, second, third = (f"{now}-{n}" for n in (1, 2, 10))
    assert await commit("0-0", first, (), [first]) == b"OK"
    await commit.call("XADD", KEYS.feed, second, "t", "kew/tea", "k", "[]")
    assert await commit(first, third, (), [second, third]) == b"OK"
    assert await feed(commit) == [first.encode(), second.encode(), third.encode()]
    assert await commit.call("XRANGE", KEYS.feed, second, second) == [
        [second.encode(), [b"t", b"kew/tea", b"k", b"[]"]]
    ]


async def test_the_feed_forgets_by_number_and_notes_what_it_forgot_last(commit: Commits) -> None:
    now = int((await commit.call("TIME"))[0]) * 1000
    entries = [f"{now}-{n}" for n in range(1, 6)]
    assert await commit("0-0", entries[3], (), entries[:4], most=4) == b"OK"
    assert await commit.call("GET", KEYS.feed_trimmed) is None
    assert await commit(entries[3], entries[4], (), entries[4:], most=2) == b"OK"
    assert await feed(commit) == [entry.encode() for entry in entries[3:]]
    assert await commit.call("GET", KEYS.feed_trimmed) == entries[2].encode()


async def test_the_feed_forgets_by_age_and_takes_no_entry_back(commit: Commits) -> None:
    now = int((await commit.call("TIME"))[0]) * 1000
    old, new = f"{now - 700_000}-1", f"{now - 500_000}-2"
    assert await commit("0-0", new, (), [old, new]) == b"OK"
    assert await feed(commit) == [new.encode()]
    assert await commit.call("GET", KEYS.feed_trimmed) == old.encode()
    # Trimmed to nothing, it still knows how far it had come.
    third = f"{now - 499_000}-3"
    assert await commit(new, third, (), [third], kept_ms=1000) == b"OK"
    assert await feed(commit) == []
    assert await commit.call("GET", KEYS.feed_trimmed) == third.encode()
    await commit.call("DEL", CURSOR)
    assert await commit("0-0", third, (), [old, new, third], kept_ms=1000) == b"OK"
    assert await feed(commit) == []


async def test_only_the_generation_that_is_served_feeds_and_wakes(commit: Commits, fresh: str) -> None:
    await commit.call("SET", KEYS.generation, "1.0")
    now = int((await commit.call("TIME"))[0]) * 1000
    with client(fresh) as other:
        heard = other.pubsub()
        heard.execute_command("SSUBSCRIBE", KEYS.view_channel)
        heard.parse_response()
        beside: Changes = [("HSET", 0, ["f", "1"])]
        assert await commit("0-0", f"{now}-1", beside, [f"{now}-1"], pointer="") == b"OK"
        assert await feed(commit) == []
        assert await commit.call("GET", KEYS.generation) == b"1.0"
        assert await commit(f"{now}-1", f"{now}-2", (), [f"{now}-2"]) == b"OK"
        assert heard.parse_response()[0] == b"smessage"
        assert heard.parse_response(block=False, timeout=0) is None
        heard.close()
    assert await feed(commit) == [f"{now}-2".encode()]


@pytest.mark.parametrize("entries", [0, 1, 2, 16, 17])
async def test_readers_are_told_what_changed_where_that_is_little(commit: Commits, fresh: str, entries: int) -> None:
    now = int((await commit.call("TIME"))[0]) * 1000
    feed = [f"{now}-{number + 1}" for number in range(entries)]
    with client(fresh) as other:
        heard = other.pubsub()
        heard.execute_command("SSUBSCRIBE", KEYS.view_channel)
        heard.parse_response()
        assert await commit("0-0", f"{now}-99", (), feed) == b"OK"
        kind, _, words = heard.parse_response()
        heard.close()
    assert kind == b"smessage"
    assert named([words]) == ({("kew", "tea"): {}} if 0 < entries <= 16 else {})
    assert words.count(b"thread.changed") == (entries if entries <= 16 else 0)


async def test_views_that_are_served_no_more_are_written_no_more(commit: Commits) -> None:
    assert await commit("0-0", "5-1") == b"OK"
    await commit.call("SET", KEYS.generation, "2.0")
    before = await state(commit)
    assert await commit("5-1", "5-2", [("HSET", 0, ["f", "1"])], ["5-2"]) == b"RETIRED 2.0"
    assert await state(commit) == before


async def test_a_commit_made_before_a_thread_was_exchanged_changes_nothing(commit: Commits) -> None:
    assert await commit("0-0", "5-1") == b"OK"
    await commit.call("SET", KEYS.generation, "1.1")
    before = await state(commit)
    assert await commit("5-1", "5-2", [("HSET", 0, ["f", "1"])]) == b"MISMATCH 5-1"
    assert await state(commit) == before
    assert await commit("5-1", "5-2", [("HSET", 0, ["f", "1"])], pointer="1.1") == b"OK"


class Worker:
    """A worker that wants the lease."""

    def __init__(self, deployment: Deployment, nonce: str) -> None:
        self._run = deployment.calls.run
        self.nonce = nonce

    async def take(self, lasts: int = 10_000) -> bytes:
        reply: bytes = await self._run(TAKE, [KEYS.lease], [self.nonce, f"worker of {self.nonce}", lasts])
        return reply

    async def renew(self, lasts: int = 10_000) -> bytes:
        reply: bytes = await self._run(RENEW, [KEYS.lease], [self.nonce, lasts])
        return reply

    async def release(self) -> bytes:
        reply: bytes = await self._run(RELEASE, [KEYS.lease], [self.nonce])
        return reply


async def until(deployment: Deployment, ms: int) -> None:
    """Let the lease last until `ms` after now, by the server's time."""
    seconds, micros = await deployment.calls.call("TIME")
    now = int(seconds) * 1000 + int(micros) // 1000
    await deployment.calls.call("HSET", KEYS.lease, "until", now + ms)


async def test_one_worker_has_the_lease_until_it_gives_it_back(server_of: Deployment) -> None:
    await server_of.calls.call("DEL", KEYS.lease)
    first, second = Worker(server_of, "n1"), Worker(server_of, "n2")
    assert await first.take() == b"OK"
    held, left, worker = (await second.take()).split(b" ", 2)
    assert (held, worker) == (b"HELD", b"worker of n1")
    assert 0 < int(left) <= 10_000
    assert await first.take() == b"OK"
    assert await first.renew() == b"OK"
    assert await second.renew() == b"LOST"
    assert await second.release() == b"LOST"
    assert await first.release() == b"OK"
    assert await second.take() == b"OK"
    assert await first.renew() == b"LOST"


async def test_a_lease_that_ran_out_can_be_taken_or_renewed_whoever_is_first(server_of: Deployment) -> None:
    first, second = Worker(server_of, "n1"), Worker(server_of, "n2")
    await until(server_of, -1)
    assert await first.renew() == b"OK"
    assert (await second.take()).startswith(b"HELD")
    await until(server_of, -1)
    assert await second.take() == b"OK"
    assert await first.renew() == b"LOST"


async def test_a_lease_from_before_the_clock_jumped_back_has_run_out(server_of: Deployment) -> None:
    await until(server_of, 3_600_000)
    assert await Worker(server_of, "n2").take() == b"OK"


TOP = Path(projections.__file__).parents[1]
SCRIPTS = sorted([*TOP.glob("projections/**/*.lua"), *TOP.glob("workers/**/*.lua")])
WALKS = {"overlay", "page", "permalink", "replies", "rows"}
WRITING = {
    *("put_hand", "commit", "lease_release", "lease_renew", "lease_take", "note_generations", "register_worker"),
    *("screening_commit", "screening_strike"),
    *("stage_changes", "swap_thread", "sweep", "switch_generation", "take_rate", "note_decider"),
}
CHANGING = {"commit", "stage_changes", "swap_thread", "switch_generation"}


@pytest.mark.parametrize(
    "path",
    [path for path in SCRIPTS if path.stem not in ("changes", "feed_entries", "walk")],
    ids=lambda path: path.stem,
)
def test_every_script_says_what_it_takes_and_returns(path: Path) -> None:
    behind = "changes" if path.stem in CHANGING else ()
    package = ".".join(path.relative_to(TOP).parts[:-2])
    script = WalkScript(path.stem) if path.stem in WALKS else Script(package, path.stem, behind=behind)
    # `#!lua` makes a cluster refuse a script that touches keys of two slots, and without `no-writes` one that may
    # write is refused where a server is full, which is no reason not to read.
    first = b"#!lua\n" if path.stem in WRITING else b"#!lua flags=no-writes\n"
    assert script.text.startswith(first)
    header = re.match(r"(#!lua.*\n)?((--.*\n)+)", path.read_text())
    assert header is not None
    for word in ("KEYS", "ARGV", "Returns"):
        assert f"-- {word} " in header[2]
