"""The program on a cluster and behind sentinels: one URL, and everything is as on one server."""

from pathlib import Path

import pytest

from tests.support.logs import CLUSTER, SENTINEL, serving
from tests.support.program import SITE, THREAD, here, up


@pytest.mark.parametrize("kind", [CLUSTER, SENTINEL])
def test_everything_works_with_one_url(kind: str, tmp_path: Path) -> None:
    with serving(kind) as url:
        assert url is not None
        with up(tmp_path / "data", "--redis-url", url, "--durability", "replicated"):
            shown = here("thread", SITE, THREAD, "--redis-url", url)
            told = here("replay", "--site", SITE, "--json", "--redis-url", url)
            checked = here("verify", "--redis-url", url)
            looked = here("doctor", "--durability", "replicated", "--redis-url", url, "--json")
    assert (shown.status, told.status, checked.status, looked.status) == (0, 0, 0, 0)
    assert "night train" in shown.out
    assert len(told.documents) == 77
    assert checked.out.endswith("the served views match the log\n")
    good = {found["about"]: found["found"] for found in looked.documents if found["verdict"] == "good"}
    assert good["views"] == "up to date with the log"
    assert good["replicas"] == "1 linked, 1 confirm each write"
    assert good["log"] == "77 events in 64 partitions"
    if kind == CLUSTER:
        assert good["spread"] == "64 partitions on 3 servers, 21 to 22 each"
        assert good["cluster"] == "3 primaries, 6 nodes, ok"
    else:
        assert good["sentinels"] == "3 of 3 can agree on a failover"
