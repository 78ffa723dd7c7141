"""A screener that keeps failing is left alone for a while, and then tried by one request."""

from workers.screener.circuit_breaker import FAILURES, CircuitBreaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[CircuitBreaker, Clock]:
    clock = Clock()
    breaker = CircuitBreaker(30.0, clock)
    for _ in range(FAILURES):
        assert breaker.allows()
        breaker.ended(well=False)
    return breaker, clock


def test_it_opens_after_some_failures_in_a_row_alone() -> None:
    breaker, _ = opened()
    assert breaker.is_open
    assert not breaker.allows()
    other = CircuitBreaker(30.0, Clock())
    for number in range(FAILURES * 3):
        assert other.allows()
        other.ended(well=number % FAILURES == 0)
    assert not other.is_open


def test_after_its_pause_one_request_tries_and_closes_it() -> None:
    breaker, clock = opened()
    clock.now = 30.0
    assert breaker.allows()
    assert not breaker.allows(), "one at a time"
    breaker.ended(well=True)
    assert not breaker.is_open
    assert breaker.allows()


def test_a_request_that_was_given_up_says_nothing_of_the_screener() -> None:
    breaker = CircuitBreaker(30.0, Clock())
    for _ in range(FAILURES):
        assert breaker.allows()
        breaker.ended(well=None)
    assert not breaker.is_open
    breaker, clock = opened()
    clock.now = 30.0
    assert breaker.allows()
    breaker.ended(well=None)
    assert breaker.is_open
    assert breaker.allows(), "another one may try"


def test_a_trial_that_fails_leaves_it_open_for_another_pause() -> None:
    breaker, clock = opened()
    clock.now = 30.0
    assert breaker.allows()
    breaker.ended(well=False)
    clock.now = 59.0
    assert not breaker.allows()
    clock.now = 60.0
    assert breaker.allows()
