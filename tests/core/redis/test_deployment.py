"""Opening a deployment: which servers and which data are taken, and what the others are told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from core.formats import FORMATS, Formats
from core.keys import DEPLOYMENT, Keys
from core.redis.client import connect
from core.redis.deployment import open_deployment
from core.redis.deployment_record import RECORD
from core.redis.errors import BadAddress, OtherDeployment, UnfitServer, Unreachable
from core.redis.log_integrity import owners
from core.redis.router import Router
from core.redis.server_facts import Server, inspect, require
from tests.support.servers import engines, started

GOOD = Server(name="Valkey", version="9.1.2", is_replica=False, eviction="noeviction", fsync="always")


@pytest.fixture
async def redis(fresh: str) -> AsyncIterator[Redis]:
    async with connect(fresh, writing=True) as client:
        yield client


async def test_the_first_who_opens_it_fixes_the_number_of_partitions(fresh: str, redis: Redis) -> None:
    async with open_deployment(fresh, partitions=3) as deployment:
        assert deployment.keys.partitions == 3
        name = deployment.record.id
    assert name is not None
    recorded = {b"partitions": b"3", b"format": b"%d" % FORMATS.writes, b"id": name.encode(), b"copied": b"1"}
    assert await redis.hgetall(DEPLOYMENT) == recorded
    async with open_deployment(fresh, partitions=3) as again:
        assert again.record.id == name


async def test_a_process_that_another_overtakes_at_the_first_start_opens_the_same_deployment(
    fresh: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(calls: Router, keys: Keys) -> dict[int, str]:
        monkeypatch.undo()
        async with open_deployment(fresh, partitions=3) as other:
            found = await owners(calls, keys)
            assert found == dict.fromkeys(range(3), other.record.id)
        return found

    monkeypatch.setattr("core.redis.deployment.owners", overtaken)
    async with open_deployment(fresh, partitions=3) as deployment:
        assert await redis.hget(DEPLOYMENT, "id") == (deployment.record.id or "").encode()


async def test_every_deployment_has_another_id(fresh: str, redis: Redis) -> None:
    async with open_deployment(fresh, partitions=3) as first:
        await redis.flushall()
        async with open_deployment(fresh, partitions=3) as second:
            assert first.record.id != second.record.id


async def test_a_record_from_before_there_were_ids_gets_one_when_it_is_opened(fresh: str, redis: Redis) -> None:
    await redis.hset(DEPLOYMENT, mapping={"partitions": 3, "format": 1})
    async with open_deployment(fresh, partitions=3) as deployment:
        assert await redis.hget(DEPLOYMENT, "id") == str(deployment.record.id).encode()


async def test_a_full_server_is_opened_also_where_its_record_has_no_id_yet(fresh: str, redis: Redis) -> None:
    await redis.hset(DEPLOYMENT, mapping={"partitions": 3, "format": 1})
    await redis.config_set("maxmemory", 1)
    try:
        async with open_deployment(fresh, partitions=3) as deployment:
            await deployment.record.read()
            assert (deployment.record.id, deployment.record.unfit) == (None, None)
            await redis.config_set("maxmemory", 0)
            await deployment.record.read()
            assert await redis.hget(DEPLOYMENT, "id") == str(deployment.record.id).encode()
    finally:
        await redis.config_set("maxmemory", 0)


async def test_a_new_deployment_begins_at_the_newest_format(fresh: str, redis: Redis) -> None:
    async with open_deployment(fresh, partitions=3, formats=Formats(reads=(1, 2, 3), writes=3)) as deployment:
        assert deployment.record.format == 3
    assert await redis.hget(DEPLOYMENT, "format") == b"3"


async def test_an_older_format_that_is_read_is_opened_as_it_is(fresh: str, redis: Redis) -> None:
    await redis.hset(DEPLOYMENT, mapping={"partitions": 3, "format": 2})
    async with open_deployment(fresh, partitions=3, formats=Formats(reads=(2, 3), writes=3)) as deployment:
        assert deployment.record.format == 2
    assert await redis.hget(DEPLOYMENT, "format") == b"2"


async def test_a_record_that_says_too_little_is_refused(fresh: str, redis: Redis) -> None:
    await redis.hset(DEPLOYMENT, mapping={"restoring": "half"})
    with pytest.raises(OtherDeployment, match="lacks the number of partitions"):
        async with open_deployment(fresh, partitions=3):
            pass


async def test_another_number_of_partitions_is_refused(fresh: str) -> None:
    async with open_deployment(fresh, partitions=3):
        pass
    with pytest.raises(OtherDeployment, match="has 3 partitions, not 4"):
        async with open_deployment(fresh, partitions=4):
            pass


async def test_another_format_is_refused(fresh: str, redis: Redis) -> None:
    later = FORMATS.writes + 1
    await redis.hset(DEPLOYMENT, mapping={"partitions": 3, "format": later})
    with pytest.raises(OtherDeployment, match=f"format {later}"):
        async with open_deployment(fresh, partitions=3):
            pass


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_server_that_evicts_is_refused(fresh: str, redis: Redis, policy: str) -> None:
    await redis.config_set("maxmemory-policy", policy)
    try:
        with pytest.raises(UnfitServer, match="noeviction"):
            async with open_deployment(fresh):
                pass
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")
    assert await redis.exists(DEPLOYMENT) == 0


async def test_a_server_that_does_not_promise_the_disk_is_refused_where_that_was_asked(fresh: str) -> None:
    with pytest.raises(UnfitServer, match="appendfsync"):
        async with open_deployment(fresh, durability="fsynced"):
            pass
    async with open_deployment(fresh, durability="memory"):
        pass


@pytest.mark.parametrize(
    ("flags", "fsync"),
    [
        (("--appendfsync", "always"), "always"),
        (("--appendfsync", "everysec"), "everysec"),
        (("--appendfsync", "always", "--no-appendfsync-on-rewrite", "yes"), "always, but not during a rewrite"),
    ],
)
async def test_what_a_server_does_with_its_file_is_seen(flags: tuple[str, ...], fsync: str) -> None:
    with started(engines()["embedded"], "--appendonly", "yes", *flags) as url:
        async with connect(url, writing=True) as client:
            server = await inspect(client)
        assert str(server.fsync).startswith(fsync)
        if fsync == "always":
            async with open_deployment(url, durability="fsynced") as deployment:
                assert deployment.durability == "fsynced"


async def test_a_server_that_hides_its_configuration_is_asked_each_time() -> None:
    flags = ("--appendonly", "yes", "--appendfsync", "always", "--rename-command", "CONFIG", "")
    with started(engines()["embedded"], *flags) as url:
        async with connect(url, writing=True) as client:
            server = await inspect(client)
            assert server.fsync is None
        async with open_deployment(url, durability="fsynced") as deployment:
            arguments: list[str | int | bytes] = [64, 1, "another", 0]
            (*found, name, restoring, copied), proven = await deployment.appends.run_proven(
                RECORD, [DEPLOYMENT], arguments
            )
            assert (found, proven, restoring, copied) == ([b"64", b"%d" % FORMATS.writes], True, None, b"1")
            assert name.decode() == deployment.record.id
        old = server._replace(name="Redis", version="7.0.15")
        with pytest.raises(UnfitServer, match="does not report"):
            require(old, "fsynced")
        require(old, "memory")


async def test_valkey_is_known_as_itself(redis: Redis) -> None:
    info = await redis.info()
    server = await inspect(redis)
    assert (server.name, server.version) == (
        ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    )


@pytest.mark.parametrize(
    ("name", "version", "taken"),
    [
        ("Redis", "6.2.14", False),
        ("Redis", "7.0.0", True),
        ("Redis", "7.0.15", True),
        ("Redis", "8.10.1", True),
        ("Valkey", "7.2.9", False),
        ("Valkey", "8.0.1", True),
        ("Valkey", "10.0.0", True),
    ],
)
def test_versions_that_lack_what_we_need_are_refused(name: str, version: str, *, taken: bool) -> None:
    server = GOOD._replace(name="Redis" if name == "Redis" else "Valkey", version=version)
    if taken:
        require(server, "fsynced")
    else:
        with pytest.raises(UnfitServer, match="too old"):
            require(server, "fsynced")


def test_a_replica_is_refused() -> None:
    with pytest.raises(UnfitServer, match="primary"):
        require(GOOD._replace(is_replica=True), "memory")


async def test_nobody_at_the_address_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as refused:
        async with open_deployment(f"unix://{tmp_path}/nobody"):
            pass
    assert "\n" not in str(refused.value)


async def test_a_wrong_password_is_one_clear_line_without_it(fresh: str, redis: Redis) -> None:
    await redis.acl_setuser("ada", enabled=True, passwords=["+right"], keys=["*"], channels=["*"], categories=["+@all"])
    try:
        with pytest.raises(Unreachable) as refused:
            async with open_deployment(f"{fresh}?username=ada&password=hunter2"):
                pass
        assert "hunter2" not in str(refused.value)
        assert "\n" not in str(refused.value)
        async with open_deployment(f"{fresh}?username=ada&password=right"):
            pass
    finally:
        await redis.acl_deluser("ada")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://a:1,b:2/main", "of one server"),
        ("redis+cluster://a:1,b:2", "of one server"),
        ("http://localhost", "starts with redis://"),
        ("localhost:6379", "starts with redis://"),
        ("", "starts with redis://"),
        ("redis://localhost:port", "cannot be used"),
        ("redis://localhost?nosuch=1", "nosuch"),
        ("redis://[::1", "cannot be used"),
        ("redis://localhost?db=x", "db"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_asked(url: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said) as refused:
        connect(url, writing=True)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["redis://u:p@localhost:1/2", "rediss://localhost", "unix:///run/redis.sock?db=3"])
def test_the_three_ways_to_a_server_are_taken(url: str) -> None:
    for writing in (True, False):
        pool = connect(url, writing=writing).connection_pool
        assert pool.connection_kwargs["retry"].get_retries() == 0
        assert (pool.connection_kwargs["socket_timeout"] is None) is not writing
