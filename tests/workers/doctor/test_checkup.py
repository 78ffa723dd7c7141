"""What the doctor makes of what a server says of itself."""

import resource
from typing import Any

import pytest

from core.redis.server_facts import Server
from workers.doctor import checkup, failover, machine
from workers.doctor.finding import joined
from workers.runtime.settings import Settings

GIB = 1024**3


def server(**changes: Any) -> Server:
    well = Server(name="Valkey", version="9.1.2", is_replica=False, eviction="noeviction", fsync="always")
    return well._replace(**changes)


@pytest.mark.parametrize(
    ("name", "version", "verdict"),
    [
        ("Valkey", "7.2.4", "wrong"),
        ("Valkey", "8.0.0", "good"),
        ("Redis", "6.2.14", "wrong"),
        ("Redis", "7.0.15", "good"),
        ("Redis", "8.2.3", "good"),
    ],
)
def test_a_version_is_new_enough_or_not(name: Any, version: str, verdict: str) -> None:
    assert checkup._version(server(name=name, version=version)).verdict == verdict


def test_a_replica_is_no_place_to_write() -> None:
    assert checkup._role(server(is_replica=True)).verdict == "wrong"


@pytest.mark.parametrize(
    ("version", "fsync", "durability", "verdict"),
    [
        ("9.1.2", "always", "fsynced", "good"),
        ("9.1.2", "everysec", "fsynced", "advice"),
        ("9.1.2", None, "fsynced", "advice"),
        ("9.1.2", "off", "fsynced", "wrong"),
        ("7.0.15", "always", "fsynced", "good"),
        ("7.0.15", "everysec", "fsynced", "wrong"),
        ("7.0.15", None, "fsynced", "wrong"),
        ("9.1.2", "off", "memory", "advice"),
    ],
)
def test_persistence_is_judged_by_what_was_promised(
    version: str, fsync: str | None, durability: Any, verdict: str
) -> None:
    name = "Redis" if version == "7.0.15" else "Valkey"
    there = server(name=name, version=version, fsync=fsync)
    found = list(checkup._persistence(there, {}, Settings(durability=durability)))
    assert [one.verdict for one in found] == [verdict]


@pytest.mark.parametrize("field", ["aof_last_write_status", "aof_last_bgrewrite_status"])
def test_a_write_of_the_file_that_failed_is_found(field: str) -> None:
    found = list(checkup._persistence(server(), {field: "err"}, Settings()))
    assert [one.verdict for one in found] == ["good", "wrong"]


@pytest.mark.parametrize(
    ("used", "verdict"), [(GIB // 2, "good"), (int(GIB * 0.8), "advice"), (int(GIB * 0.95), "wrong")]
)
def test_memory_is_judged_by_what_is_allowed(used: int, verdict: str) -> None:
    info = {"used_memory": used, "maxmemory": GIB, "total_system_memory": 64 * GIB, "used_memory_rss": used}
    assert [one.verdict for one in checkup._memory(info)] == [verdict]


def test_without_a_limit_the_machine_is_the_limit() -> None:
    (found,) = checkup._memory({"used_memory": GIB, "maxmemory": 0, "total_system_memory": 64 * GIB})
    assert (found.verdict, found.found) == ("good", "1.0 GiB of 64.0 GiB (the machine)")


def test_fragmentation_is_worth_a_word_where_there_is_much_of_it() -> None:
    info = {"used_memory": GIB, "maxmemory": 0, "total_system_memory": 64 * GIB, "used_memory_rss": 2 * GIB}
    assert [one.verdict for one in checkup._memory(info)] == ["good", "advice"]


def test_a_configuration_that_is_not_told_is_not_judged() -> None:
    assert list(checkup._streams({})) == []
    told = {"stream-node-max-bytes": "4096", "stream-node-max-entries": "100"}
    assert [one.verdict for one in checkup._streams(told)] == ["advice"]


def test_everything_that_is_wrong_says_what_to_change() -> None:
    found = [checkup._version(server(version="1.0")), checkup._role(server(is_replica=True))]
    found += [checkup._eviction(server(eviction="allkeys-lru"))]
    found += checkup._persistence(server(fsync="off"), {}, Settings())
    assert all(one.verdict == "wrong" and one.change for one in found)


@pytest.mark.parametrize(
    ("linked", "wanted", "durability", "verdicts"),
    [
        (0, 1, "replicated", ["wrong"]),
        (1, 2, "replicated", ["wrong"]),
        (2, 1, "replicated", ["good"]),
        (0, 1, "fsynced", []),
        (1, 1, "fsynced", ["good"]),
    ],
)
def test_replicas_are_counted_where_they_were_promised(
    linked: int, wanted: int, durability: Any, verdicts: list[str]
) -> None:
    settings = Settings(durability=durability, replicas=wanted)
    config = {"min-replicas-to-write": "1", "save": ""}
    found = failover.replicas(server(replicas=linked), config, settings, alone=True)
    assert [one.verdict for one in found] == verdicts


def test_a_primary_that_would_start_empty_is_worth_a_word() -> None:
    found = list(failover.replicas(server(replicas=1, fsync="off"), {"save": ""}, Settings(), alone=True))
    assert [one.verdict for one in found] == ["good", "advice"]


def test_a_cluster_that_stops_as_a_whole_is_worth_a_word() -> None:
    config = {"cluster-require-full-coverage": "yes"}
    assert [one.verdict for one in failover.coverage(server(cluster=True), config)] == ["advice"]
    assert list(failover.coverage(server(), config)) == []


def test_what_is_the_same_on_all_servers_is_said_once() -> None:
    same, other = checkup._role(server()), checkup._role(server(is_replica=True))
    assert joined({"a": [same]}) == [same]
    assert joined({"a": [same], "b": [same]}) == [same]
    assert [one.found for one in joined({"a": [same], "b": [other]})] == ["primary (a)", "replica (b)"]


@pytest.mark.parametrize(
    ("host", "proxies", "verdict"),
    [
        ("127.0.0.1", 0, "advice"),
        ("::1", 0, "advice"),
        ("localhost", 0, "advice"),
        ("127.0.0.1", 1, "good"),
        ("0.0.0.0", 0, "good"),  # noqa: S104 - looked at, not listened on
        ("gateway.example", 2, "good"),
    ],
)
def test_clients_that_cannot_be_told_apart_are_worth_a_word(host: str, proxies: int, verdict: str) -> None:
    addresses, _ = machine.clients(Settings(host=host, trusted_proxies=proxies))
    assert (addresses.about, addresses.verdict) == ("addresses", verdict)
    assert ("HANSARD_TRUSTED_PROXIES" in (addresses.change or "")) == (verdict == "advice")


def test_a_limit_of_files_that_leaves_room_for_few_readers_is_worth_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    for hard, verdict, room in ((1024, "advice", 896), (20_000, "good", 19_872), (2**30, "good", 65_536)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, hard=hard: (256, hard))
        _, files = machine.clients(Settings())
        assert (files.about, files.verdict) == ("files", verdict)
        assert f"room for {room} client connections" in files.found
