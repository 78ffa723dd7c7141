"""What is looked at: everything in time, and busy threads more often than quiet ones."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from core.position import START, Position
from tests.support.discussions import SITE, THREADS, entries, played, stream
from workers.drift.sampling import NEAR, Search, begun, drawn, round_trip, thread_of


def log_of(steps: list[int]) -> list[Position]:
    """Positions whose times are so far apart."""
    ms = 1_700_000_000_000
    return [Position(ms := ms + step, n) for n, step in enumerate(steps, 1)]


steps = st.lists(st.sampled_from((0, 0, 0, 1, 7, 1000, 86_400_000)), min_size=1, max_size=60)


@given(steps=steps, copies=st.sampled_from((1, 40)), choice=st.integers(0, 10**6))
def test_the_event_with_a_number_is_found_wherever_it_lies(steps: list[int], copies: int, choice: int) -> None:
    log = log_of(steps * copies)
    number = choice % len(log) + 1
    search = Search(log[0], log[-1], number)
    asked = 0
    while not search.near:
        at = search.ask()
        search.hear(next(position for position in log if position > at))
        asked += 1
    assert asked < 100
    assert search.low.n <= number
    after = [position for position in log if position >= search.low]
    target = log[number - 1]
    assert target.n - search.low.n <= NEAR or target.ms == search.low.ms
    assert target in after


@given(steps=steps, choice=st.integers(0, 10**6))
def test_a_walk_comes_by_every_event_once(steps: list[int], choice: int) -> None:
    log = log_of(steps)
    trip = round_trip(log[choice % len(log)], log[-1])
    met = [position for after, upto in trip for position in log if after < position <= upto]
    assert sorted(met) == log
    assert round_trip(START, START) == []


async def test_a_thread_is_met_where_its_first_event_stands_and_nowhere_else() -> None:
    log = await entries(await played(stream(1, 200, threads=3), threads=3))
    assert begun(log) == [(SITE, thread) for thread in THREADS]
    firsts = [entry for entry in log if begun([entry])]
    assert [thread_of(entry) for entry in firsts] == begun(log)
    # And where an entry says that its aggregate had no event before, as all of them once did.
    longer = [entry if b'"ap":' in entry.e else entry._replace(e=entry.e[:-1] + b',"ap":""}') for entry in log]
    assert begun(longer) == begun(log)


async def test_the_events_of_a_site_are_of_no_thread() -> None:
    log = await entries(await played([], threads=1))
    assert thread_of(log[0]) is None
    assert begun(log[:1]) == []


def test_partitions_are_drawn_by_what_happens_in_them() -> None:
    dice = Random(1)
    counts = Counter(drawn(dice, {1: 900, 2: 100, 3: 0}) for _ in range(2000))
    assert counts[1] > 8 * counts[2] > 0
    assert counts[3] == 0
