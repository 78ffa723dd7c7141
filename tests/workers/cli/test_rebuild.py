"""`hansard rebuild`: as a process, killed at any moment, and as a person uses it."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from core.keys import FIRST_GENERATION, Keys
from projections.views.pointer import Pointer
from tests.support.program import SITE, THREAD, Up, hansard, running, up
from tests.support.servers import client

KEYS = Keys(64)
OWN = KEYS.of(SITE, THREAD)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `hansard up --sample` that mends nothing by itself: each test leaves one generation of right views."""
    with up(tmp_path_factory.mktemp("up") / "data", "--drift-budget", "0") as found:
        yield found


def redis_of(one: Up) -> Redis:
    return client(f"unix://{(one.data / 'server' / 'address').read_text()}")


def generations(redis: Redis) -> set[int]:
    """Those that any key is of."""
    viewed = [KEYS.viewed(key.decode()) for key in redis.scan_iter()]
    return {one[1] for one in viewed if one is not None}


def following(redis: Redis) -> int:
    """The generation that the next rebuild gets: numbers are given out once."""
    return 1 + max(int(redis.hget(keys.generations, "last") or FIRST_GENERATION) for keys in KEYS)


def spoil(one: Up) -> None:
    """Take a row away."""
    with redis_of(one) as redis:
        (generation,) = generations(redis)
        assert redis.hdel(OWN.thread_views(generation, SITE, THREAD).rows, "nt-12") == 1


def cleaned(one: Up) -> bool:
    """Whether everything is right, after what is kept was thrown away."""
    assert "deleted" in one.ask("rebuild", "--clean", "--pace", "1").out
    with redis_of(one) as redis:
        return len(generations(redis)) == 1 and one.ask("verify").status == 0


def test_what_was_built_is_served_and_can_be_taken_back(rebuilt: Up) -> None:
    (before,) = [one for one in rebuilt.ask("rebuild", "--status", "--json").documents if one["served"]["events"] > 70]
    assert (before["kept"], before["building"]) == ([], [])
    generation = before["served"]["generation"]
    with redis_of(rebuilt) as redis:
        built = following(redis)
    done = rebuilt.ask("rebuild", "--pace", "1")
    assert done.status == 0, done.err
    first, second = done.out.splitlines()
    assert first.endswith("events of 1 thread rebuilt and served in 64 partitions: no thread had been served wrong")
    assert second == "The views served before are kept: --back serves them again, --clean deletes them"
    status = rebuilt.ask("rebuild", "--status").out.splitlines()
    assert [line.split(":")[0] for line in status] == [
        f"generation {generation}, kept",
        f"generation {built}, served",
    ]
    assert rebuilt.ask("verify").status == 0
    assert rebuilt.ask("rebuild", "--back", "--pace", "1").out == (
        "The views served before are served again in 64 partitions\n"
    )
    assert rebuilt.ask("rebuild", "--back", "--pace", "1").out == "No views are kept that were served before\n"
    assert cleaned(rebuilt)
    with redis_of(rebuilt) as redis:
        assert generations(redis) == {generation}


def test_a_thread_that_was_served_wrong_is_told_and_right_afterwards(rebuilt: Up) -> None:
    spoil(rebuilt)
    done = rebuilt.beside("rebuild", "--json", "--pace", "0.9")
    assert done.status == 0, done.err
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [one["partition"] for one in told] == list(range(64))
    assert [one for each in told for one in each["differing"]] == [[SITE, THREAD, ["rows"]]]
    assert "views_differed" in done.err
    assert cleaned(rebuilt)


def test_one_thread_is_folded_anew_by_itself(rebuilt: Up) -> None:
    spoil(rebuilt)
    assert rebuilt.ask("verify").status == 1
    done = rebuilt.ask("rebuild", "--thread", SITE, THREAD)
    assert done.status == 0, done.err
    assert done.out.startswith(f"{SITE}/{THREAD} is rebuilt and served, up to ")
    assert rebuilt.ask("verify").status == 0
    done = rebuilt.ask("rebuild", "--thread", SITE, "nowhere")
    assert (done.out, done.err, done.status) == ("", "hansard: there is no such thread (not-found)\n", 1)


def test_killed_at_any_moment_it_goes_on_and_leaves_nothing(rebuilt: Up, tmp_path: Path) -> None:
    dice = random.Random(7)
    flags = ("rebuild", "--pace", "1", "--json", "--data", str(rebuilt.data))
    with redis_of(rebuilt) as redis:
        (generation,) = generations(redis)
        built = following(redis)
        for number in range(4):
            with running(*flags, said=tmp_path / f"said-{number}") as run:
                for _ in range(dice.randrange(1, 12)):
                    run.line()
                run.kill()
            for keys in KEYS:
                if redis.hexists(keys.building, "until"):
                    redis.hset(keys.building, "until", "0")  # it would have run out by itself
            assert rebuilt.ask("verify").status == 0
            served = {Pointer.read(kept).generation for kept in redis.mget(keys.generation for keys in KEYS)}
            assert served == {generation, built}, "it is under way"
        done = hansard(*flags)
        assert done.status == 0, done.err
        assert cleaned(rebuilt)
        assert generations(redis) == {built}, "it was one rebuild, gone on with"
