"""The script that counts a write: the law of its rate, and what it leaves on the server."""

from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from tests.support.servers import client, started
from workers.embedded import server as embedded
from workers.gateway.rates import _TAKE

EVERY: Final = 1000
"""Seconds between two writes: so many that what passes while a test runs is nothing beside them."""
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 6)),
        st.tuples(st.just("pass"), st.integers(1, 5)),
    ),
    max_size=40,
)
"""Writes, each with the number of its key, and steps of `EVERY` seconds that pass."""
KEY: Final = "hansard:{p0}:rate:kew/posts/m:ada"


class Model:
    """Allowances that grow back one a step."""

    def __init__(self, burst: int) -> None:
        self.burst = self.left = burst
        self.keys: list[int] = []

    def takes(self, key: int) -> bool:
        if key in self.keys[-self.kept :]:
            return True
        if not self.left:
            return False
        self.left -= 1
        self.keys.append(key)
        return True

    @property
    def kept(self) -> int:
        return max(8, 2 * self.burst)

    def passes(self, steps: int) -> None:
        self.left = min(self.burst, self.left + steps)


def take(connection: Redis, key: str, burst: int, *more: tuple[str, int]) -> list[int] | None:
    keys = [KEY, *(name for name, _ in more)]
    limits = [part for _, limit in [(KEY, burst), *more] for part in (EVERY * 1_000_000, limit)]
    found: Any = connection.eval(_TAKE.text.decode(), len(keys), *keys, key, *limits)
    return found or None


def later(connection: Redis, seconds: float) -> None:
    for key in connection.keys("*"):
        value: Any = connection.get(key)
        arrival = int(value[:16]) - int(seconds * 1_000_000)
        connection.set(key, b"%016d" % arrival + value[16:])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(burst=st.integers(1, 4), steps=STEPS)
def test_a_burst_at_once_and_one_a_step_and_no_key_twice(server: str, burst: int, steps: list[tuple[str, int]]) -> None:
    model = Model(burst)
    with client(server) as connection:
        connection.flushall()
        for what, number in steps:
            if what == "pass":
                model.passes(number)
                later(connection, EVERY * number)
            else:
                refused = take(connection, f"key-{number}", burst)
                assert (refused is None) == model.takes(number)
                assert refused is None or 0 < refused[1] <= EVERY * 1000


def test_what_one_rate_refuses_counts_for_no_other(fresh: str) -> None:
    with client(fresh) as connection:
        network = ("hansard:{p0}:rate:kew/posts/n:a", 1)
        assert take(connection, "a", 5, network) is None
        before = connection.get(KEY)
        assert (take(connection, "b", 5, network) or [])[:1] == [2]
        assert connection.get(KEY) == before
        assert take(connection, "a", 5, network) is None, "a repeat"


def test_a_clock_that_goes_back_locks_nobody_out(fresh: str) -> None:
    with client(fresh) as connection:
        assert take(connection, "a", 2) is None
        later(connection, -10 * 365 * 86_400)
        refused = take(connection, "b", 2)
        assert refused is not None
        assert refused[0] == 1
        assert refused[1] <= EVERY * 1000


def test_a_rate_is_written_to_no_file() -> None:
    with started(embedded.binary(), "--appendonly", "yes") as url, client(url) as connection:
        connection.set("hansard:begun", "1")
        before = connection.info("persistence")["aof_current_size"]
        assert take(connection, "a", 2) is None
        assert connection.info("persistence")["aof_current_size"] == before
        connection.set("hansard:begun", "2")
        assert connection.info("persistence")["aof_current_size"] > before
