"""Which limits a stored policy gives."""

import pytest

from core.rate_limits import NORMAL, Limit, RateLimits, in_force


def test_the_rates_of_a_policy_are_normal_none_or_its_own_over_the_normal_ones() -> None:
    assert in_force("normal") == NORMAL == in_force({})
    assert in_force("off") is None
    own = in_force({"posts": {"every": 60, "burst": 2}, "votes": None, "network": 0})
    assert own == RateLimits(posts=Limit(every=60, burst=2), votes=None, network=0)
    assert own.openings == NORMAL.openings


@pytest.mark.parametrize("rates", [{"shouts": {"every": 1, "burst": 1}}, {"posts": {"every": "day", "burst": 1}}])
def test_what_only_a_newer_version_knows_leaves_the_normal_rates(rates: dict[str, object]) -> None:
    assert in_force(rates) == NORMAL


def test_normal_is_what_the_contract_says() -> None:
    assert NORMAL.of("posts") == Limit(every=3, burst=10)
    assert NORMAL.of("votes") == Limit(every=0.5, burst=60)
    assert NORMAL.of("openings") == Limit(every=3600 / 5, burst=5)
    assert NORMAL.network == 20
