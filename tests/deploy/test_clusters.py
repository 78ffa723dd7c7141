"""What other tests start before they break it: it is ready when it says so, and nothing stays of it."""

from contextlib import suppress
from pathlib import Path

from core.partitions import SLOTS
from tests.support.clusters import Node, cluster, sentinels, until


def alive(node: Node) -> bool:
    """Whether the process is there, ended ones that nobody has collected aside."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{node.pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False


def test_a_cluster_serves_every_slot_and_survives_the_end_of_a_primary() -> None:
    with cluster() as there:
        first = there.primary_of(0)
        assert first is there.nodes[0]
        assert [node.role for node in there.nodes] == ["primary"] * 3 + ["replica"] * 3
        assert len(there.replicas_of(first)) == 1
        first.kill()
        until(lambda: there.primary_of(0) is not first, "a replica takes over")
        first.restart()
        there.until_ok()
        assert first.role == "replica"
        assert len(there.primaries()) == 3
    assert not any(alive(node) for node in there.nodes)


def test_a_frozen_primary_is_replaced_and_joins_again_when_it_thaws() -> None:
    with cluster(primaries=3, replicas=1) as there:
        last = there.primary_of(SLOTS - 1)
        last.freeze()
        until(lambda: there.primary_of(SLOTS - 1) is not last, "a replica takes over")
        last.thaw()
        there.until_ok()
        assert last.role == "replica"


def test_sentinels_make_a_replica_the_primary() -> None:
    with sentinels() as there:
        first = there.primary()
        assert [node.role for node in there.nodes] == ["primary", "replica"]
        first.kill()
        until(lambda: there.primary() is not first and there.primary().role == "primary", "a replica takes over")
        first.restart()
        assert not there.ok(), "it takes itself for the primary that it was"
    assert not any(alive(node) for node in (*there.nodes, *there.sentinels))
