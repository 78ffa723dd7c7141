"""Work at a share of a core: after each slice a rest in proportion to it."""

import time

import anyio
import pytest

from core.throttle import SLICE_S, LoopShare, Pace


class Clock:
    """Time that passes when somebody works or rests."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.rested: list[float] = []

    def perf_counter(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.rested.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", made.perf_counter)
    monkeypatch.setattr(anyio, "sleep", made.sleep)
    return made


@pytest.mark.parametrize("share", [0.02, 0.5, 1])
async def test_the_share_of_time_that_is_worked_is_the_one_that_was_given(clock: Clock, share: float) -> None:
    begun, pace = clock.now, Pace(share)
    for work in (0.001, 0.5, 0.004, 3.0):
        clock.now += work
        await pace.rest()
    assert pace.spent == pytest.approx(3.505)
    assert pace.spent / (clock.now - begun) == pytest.approx(share)


async def test_a_rest_is_due_after_a_slice_and_what_was_no_work_is_not_rested_for(clock: Clock) -> None:
    pace = Pace(0.1)
    due = [pace.due]
    clock.now += SLICE_S * 2
    due.append(pace.due)
    pace.begin()
    due.append(pace.due)
    assert due == [False, True, False]
    await pace.rest()
    assert clock.rested == [0.0]


@pytest.mark.parametrize(("share", "asked"), [(1, [500, 1]), (0.9, [31, 1]), (0.03, [31, 1])])
def test_a_server_is_asked_for_less_at_once_where_others_are_spared(share: float, asked: list[int]) -> None:
    assert [Pace(share).at_once(500), Pace(share).at_once(1)] == asked


async def test_all_work_of_one_kind_together_has_the_share_that_was_given(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[float] = []

    async def until(when: float) -> None:
        rested.append(when - clock.now)

    monkeypatch.setattr(anyio, "current_time", clock.perf_counter)
    monkeypatch.setattr(anyio, "sleep_until", until)
    shared = LoopShare(0.25)
    one, other = shared.pace(), shared.pace()
    for pace in (one, other):
        pace.begin()
        clock.now += 0.01
        await pace.rest()
    # One worked 10 ms and rests for 30; the other worked 10 ms of those, and comes after another 40.
    assert rested == pytest.approx([0.03, 0.06])
    clock.now += 1.0
    one.begin()
    clock.now += 0.01
    await one.rest()
    assert rested[-1] == pytest.approx(0.03), "time in which nobody worked is not owed"
