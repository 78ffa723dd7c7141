"""Where a URL says that servers are, and who of them serves what as they tell it."""

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.keys import DEPLOYMENT, Keys
from core.partitions import SLOTS, slot
from core.redis.address import parse
from core.redis.client import connect
from core.redis.errors import BadAddress
from core.redis.slots import merged, slot_of


@pytest.mark.parametrize("nodes", [3, 6])
@pytest.mark.parametrize("partitions", [64, 1024])
def test_partitions_spread_evenly_over_equal_shares_of_the_slots(nodes: int, partitions: int) -> None:
    held = Counter(slot_of(partition.log) * nodes // SLOTS for partition in Keys(partitions))
    assert held.keys() == set(range(nodes))
    assert max(held.values()) - min(held.values()) <= 1


def test_a_slot_is_what_the_specification_says() -> None:
    assert slot("123456789") == 0x31C3


def test_all_keys_of_a_partition_are_in_one_slot() -> None:
    partition = Keys(64)[7]
    views = partition.thread_views(1, "kew", "a{b}c")
    names = (partition.log, partition.log_channel, partition.lease, partition.heads("kew", "{x}"), *views)
    assert len({slot_of(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("key", "tag"),
    [(DEPLOYMENT, DEPLOYMENT), ("a{b}c", "b"), ("a{}c", "a{}c"), ("a{b", "a{b"), ("a}b{c}", "c"), ("{a}{b}", "a")],
)
def test_a_slot_is_that_of_the_first_tag_that_is_not_empty(key: str, tag: str) -> None:
    assert slot_of(key) == slot(tag)


def told(epoch: int, *slots: list[str], flags: str = "master", hostname: str = "") -> dict[str, Any]:
    """A node as CLUSTER NODES tells of it."""
    return {"flags": flags, "hostname": hostname, "epoch": str(epoch), "slots": list(slots)}


def test_of_two_that_claim_a_slot_the_later_configuration_has_it() -> None:
    before = {"h:1": told(1, ["0", "16383"], flags="myself,master"), "h:2": told(0, flags="slave")}
    after = {"h:1": told(1, flags="master,fail"), "h:2": told(7, ["0", "16383"], flags="myself,master")}
    for answers in ([("h:1", before), ("h:2", after)], [("h:2", after), ("h:1", before)]):
        found = merged(answers)
        assert set(found.owners) == {"h:2"}
        assert found.dead == {"h:1"}
        assert found.known == {"h:1", "h:2"}


def test_one_slot_that_moved_is_told_from_its_neighbours() -> None:
    found = merged(
        [("h:1", {"h:1": told(1, ["0", "4"], ["6", "16383"], flags="myself,master"), "h:2": told(9, ["5"])})]
    )
    assert (found.owners[4], found.owners[5], found.owners[6]) == ("h:1", "h:2", "h:1")


def test_what_nobody_serves_has_no_owner() -> None:
    found = merged([("h:1", {"h:1": told(1, ["0", "9"], flags="myself,master")})])
    assert found.owners[9:11] == ["h:1", None]


def test_a_dead_node_that_nobody_replaces_is_not_given_up() -> None:
    found = merged([("h:1", {"h:1": told(1, flags="myself,master"), "h:2": told(2, ["0", "9"], flags="master,fail")})])
    assert found.owners[0] == "h:2"
    assert found.dead == set()


def test_a_node_has_the_name_that_it_announces_and_else_the_one_that_reached_it() -> None:
    found = merged(
        [
            (
                "here:7000",
                {
                    ":7000": told(1, ["0"], flags="myself,master"),
                    "10.0.0.2:7001": told(2, ["1"], hostname="two.example"),
                    "fd00::3:7002": told(3, ["2"]),
                    ":0": told(4, flags="master,fail,noaddr"),
                },
            )
        ]
    )
    assert found.owners[:3] == ["here:7000", "two.example:7001", "[fd00::3]:7002"]
    assert found.known == {"here:7000", "two.example:7001", "[fd00::3]:7002"}


def test_one_server_is_taken_as_it_is() -> None:
    address = parse("unix:///run/redis.sock?db=3")
    assert (address.kind, address.places) == ("single", ("unix:///run/redis.sock?db=3",))
    assert address.server(address.places[0]) == "unix:///run/redis.sock?db=3"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("unix:///run/redis.sock?password=word", "/run/redis.sock"),
        ("redis://ada:word@h:1/2?db=3", "h:1"),
        ("redis://h", "h"),
    ],
)
def test_a_server_is_named_without_its_password(url: str, name: str) -> None:
    address = parse(url)
    assert address.name(address.places[0]) == name


def test_sentinels_have_a_service_and_perhaps_a_password_of_their_own() -> None:
    address = parse("redis+sentinel://ada:p%40ss@a:1,b,[::1]:3/main?db=2&sentinel_password=w%2Fx")
    assert (address.kind, address.service) == ("sentinel", "main")
    assert address.places == ("a:1", "b:26379", "[::1]:3")
    assert address.server("c:6379") == "redis://ada:p%40ss@c:6379?db=2"
    assert address.sentinel("a:1") == "redis://:w%2Fx@a:1"
    server = connect(address.server("c:6379"), writing=True).connection_pool.connection_kwargs
    assert (server["username"], server["password"], server["db"]) == ("ada", "p@ss", 2)
    assert connect(address.sentinel("a:1"), writing=True).connection_pool.connection_kwargs["password"] == "w/x"
    assert "p%40ss" not in repr(address)


def test_a_list_may_have_a_bracket_where_urls_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer versions of `urlsplit` refuse a bracket that is not the first character of the host."""

    def strict(url: str) -> Any:
        host = url.partition("//")[2].partition("/")[0].rpartition("@")[2]
        if host.partition("[")[0] and "[" in host:
            raise ValueError("Invalid IPv6 URL")
        return urlsplit(url)

    monkeypatch.setattr("core.redis.address.urlsplit", strict)
    assert parse("redis+sentinel://ada:p%40ss@a:1,[::1]:3/main").places == ("a:1", "[::1]:3")
    assert parse("rediss+cluster://a,[::1]:3?db=0").places == ("a:6379", "[::1]:3")


def test_a_cluster_may_be_spoken_to_over_tls() -> None:
    address = parse("rediss+cluster://a:1,b")
    assert (address.kind, address.places) == ("cluster", ("a:1", "b:6379"))
    assert address.server("b:6379") == "rediss://b:6379"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "starts with redis://"),
        ("localhost:6379", "starts with redis://"),
        ("http://h", "starts with redis://"),
        ("unix+cluster:///s", "starts with redis://"),
        ("redis+cluster://", "names no host"),
        ("redis+cluster://a:1,,b:2", "names no host"),
        ("redis+cluster://a:hunter2", "list the servers as host:port"),
        ("redis+cluster://a:1/service", "no path"),
        ("redis+sentinel://a:1", "ends with the name of the service"),
        ("redis+sentinel://a:1/b/c", "ends with the name of the service"),
        ("redis+sentinel://[::1/b", "cannot be used"),
    ],
)
def test_an_address_that_means_nothing_is_one_line_without_its_password(url: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said) as refused:
        parse(url)
    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)
