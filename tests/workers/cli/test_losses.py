"""`hansard doctor --accept-loss`, and what doctor and verify say of a log that is not whole."""

import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest

from core.keys import DEPLOYMENT, Keys
from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from tests.support.bounds import BOUND
from tests.support.logs import PARTITIONS, event, thread_in, write
from tests.support.program import TOP, Ended, command, environment, here
from tests.support.servers import client

KEYS = Keys(PARTITIONS)


@pytest.fixture
def id_(fresh: str) -> str:
    """The id of a deployment with five events in partition 1 and two in partition 0."""

    async def fill() -> str:
        async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
            for partition, number in ((1, 5), (0, 2)):
                await write(RedisLog(deployment), *[event() for _ in range(number)], thread=thread_in(partition))
            return deployment.integrity.id

    return anyio.run(fill)


@pytest.fixture
def redis(fresh: str) -> Any:
    return client(fresh)


def doctor(url: str, *arguments: str) -> Ended:
    return here("doctor", *arguments, "--durability", "memory", "--redis-url", url)


def told(done: Ended, about: str) -> list[tuple[str, str]]:
    return [(one["verdict"], one["found"]) for one in done.documents if one["about"] == about]


def drop(redis: Any, partition: int, *numbers: int) -> None:
    entries = redis.xrange(KEYS[partition].log)
    redis.xdel(KEYS[partition].log, *[entries[number - 1][0] for number in numbers])


async def writes(url: str, partition: int) -> int:
    """The number of one more event there."""
    async with open_deployment(url, partitions=PARTITIONS) as deployment:
        return (await write(RedisLog(deployment), event(), thread=thread_in(partition)))[0].n


def state(redis: Any) -> list[bytes | None]:
    return [redis.get(keys.deployment) for keys in KEYS]


def test_a_log_that_is_whole_is_told_with_the_id(fresh: str, id_: str) -> None:
    done = doctor(fresh, "--json")
    assert told(done, "whole") == [("good", "no log lost its beginning or an entry")]
    assert told(done, "deployment") == [("good", id_)]
    accepted = doctor(fresh, "--accept-loss", "--id", id_)
    assert (accepted.status, accepted.out) == (0, "")
    assert "nothing is lost" in accepted.err


def test_what_is_gone_is_told_and_accepted_and_writes_go_on(fresh: str, id_: str, redis: Any) -> None:
    drop(redis, 1, 1, 3, 4)
    newest = redis.xrevrange(KEYS[1].log, count=1)[0][0].decode()
    looked = doctor(fresh, "--json")
    assert looked.status == 1
    assert told(looked, "whole") == [("wrong", f"partition 1 at {newest}: 3 of 5 entries are missing")]
    (finding,) = (one for one in looked.documents if one["about"] == "whole")
    assert "hansard doctor --accept-loss" in finding["change"]
    compared = here("verify", "--redis-url", fresh)
    assert (compared.status, compared.out.splitlines()[0]) == (
        1,
        f"broken      partition 1  at {newest}: 3 of 5 entries are missing: see `hansard doctor`",
    )
    done = doctor(fresh, "--accept-loss", "--id", id_)
    assert done.status == 0, done.err
    second = redis.xrange(KEYS[1].log)[0][0].decode()
    assert done.out.splitlines() == [
        "partition 1  3 of 5 events",
        f"  1  (before {second})",
        f"  3 to 4  (after {second}, before {newest})",
    ]
    assert anyio.run(writes, fresh, 1) == 6
    after = doctor(fresh, "--json")
    assert told(after, "losses") == [("good", "3 events of partition 1 lost; the loss was accepted")]
    assert told(after, "whole")[0][0] == "good"
    verified = here("verify", "--partition", "1", "--redis-url", fresh)
    assert verified.status == 0
    assert verified.out.splitlines()[0] == "not compared  partition 1  3 events lost; the loss was accepted"


@pytest.mark.parametrize("given", [(), ("--id", "another")])
def test_without_the_id_nothing_is_accepted(fresh: str, id_: str, redis: Any, given: tuple[str, ...]) -> None:
    drop(redis, 1, 1)
    before = state(redis)
    done = doctor(fresh, "--accept-loss", *given)
    assert done.status == 2
    assert done.out.startswith("partition 1  1 of 5 events\n")
    assert done.err.splitlines()[-1].endswith("Nothing was accepted")
    assert state(redis) == before
    assert id_.encode() in (before[1] or b"")


@pytest.mark.parametrize("right", [True, False])
def test_on_a_terminal_the_id_is_asked_for(fresh: str, id_: str, redis: Any, *, right: bool) -> None:
    drop(redis, 1, 2)
    before = state(redis)
    ours, theirs = pty.openpty()
    try:
        arguments = command("doctor", "--accept-loss", "--redis-url", fresh)
        os.write(ours, (id_ if right else "no").encode() + b"\n")
        done = subprocess.run(
            arguments,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=BOUND,
            cwd=TOP,
            env=environment(),
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == (0 if right else 1), done.stderr
    assert f"The deployment is {id_}." in done.stderr
    assert (state(redis) == before) is not right


def test_the_id_alone_is_used_wrongly(fresh: str, id_: str) -> None:
    assert doctor(fresh, "--id", id_).status == 2


def test_a_partition_whose_server_came_back_empty_is_told_and_accepted(
    fresh: str, id_: str, redis: Any, tmp_path: Path
) -> None:
    for name in redis.keys(f"*{KEYS[0].log.split(':')[1]}*"):
        redis.delete(name)
    looked = doctor(fresh, "--json")
    nothing = "partition 0 at 0-0: the server has nothing of this deployment there"
    assert told(looked, "whole") == [("wrong", nothing)]
    backup = here("backup", str(tmp_path / "file"), "--redis-url", fresh)
    assert backup.status == 1
    assert "it lacks partition 0 after 0-0: the server has nothing of this deployment" in backup.err
    done = doctor(fresh, "--accept-loss", "--id", id_, "--json")
    assert [(one["partition"], one["gone"], one["gaps"]) for one in done.documents] == [(0, None, [])]
    assert anyio.run(writes, fresh, 0) == 1


def test_a_log_that_is_gone_goes_on_from_where_its_views_are(fresh: str, id_: str, redis: Any) -> None:
    redis.delete(KEYS[1].log)
    redis.set(KEYS[1].cursor(1), "5-5")
    assert told(doctor(fresh, "--json"), "whole") == [("wrong", "partition 1 at 0-0: all of its entries are missing")]
    done = doctor(fresh, "--accept-loss", "--id", id_)
    assert done.out.splitlines() == ["partition 1  5 of 5 events", "  1 to 5"]
    assert anyio.run(writes, fresh, 1) == 6


def test_what_somebody_else_wrote_is_no_loss(fresh: str, id_: str, redis: Any) -> None:
    redis.xadd(KEYS[0].log, {"x": "y"}, id="9999999999999-0")
    looked = doctor(fresh, "--json")
    assert told(looked, "whole") == [("wrong", "partition 0 at 9999999999999-0: the entry there is not an event")]
    (finding,) = (one for one in looked.documents if one["about"] == "whole")
    assert f"XREVRANGE {KEYS[0].log} + -" in finding["change"]
    before = state(redis)
    done = doctor(fresh, "--accept-loss", "--id", id_)
    assert (done.status, done.out) == (1, "")
    assert state(redis) == before


def test_a_record_that_is_gone_is_told(fresh: str, id_: str, redis: Any) -> None:
    redis.delete(DEPLOYMENT)
    done = here("doctor", "--redis-url", fresh, "--json", HANSARD_PARTITIONS=str(PARTITIONS))
    ((verdict, found),) = told(done, "deployment")
    assert (verdict, done.status) == ("wrong", 1)
    assert id_ in found
