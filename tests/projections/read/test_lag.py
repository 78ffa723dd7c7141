"""How far views are behind the log: from the oldest event that they lack."""

import pytest

from core.position import START, Position
from projections.read.lag import Lag, lag_of
from tests.support.discussions import events, played, stream


async def test_views_are_behind_since_the_oldest_event_that_they_lack() -> None:
    log = await played(stream(3, 20))
    first, second, *_, last = [one.position for one in await events(log, None)]
    assert await lag_of(log, 0, START, last) == Lag(0, last.n, first.ms)
    assert await lag_of(log, 0, first, last) == Lag(0, last.n - first.n, second.ms)
    assert (await lag_of(log, 0, last, last)).events == 0
    assert (await lag_of(log, 0, Position(last.ms, last.n + 2), last)).events == -2


@pytest.mark.parametrize(("events", "now", "seconds"), [(1, 12.5, 2.5), (1, 9.0, 0.0), (0, 12.5, 0.0), (-3, 12.5, 0.0)])
def test_it_has_an_age_where_an_event_is_missing(events: int, now: float, seconds: float) -> None:
    assert Lag(0, events, 10_000).seconds(now) == seconds
