"""What was measured, beside what, and whether it is enough. Pure.

A figure is measured once a round, and so is the limit that it is held against, a moment before or after: what else
the machine does then hits both. A round's ratio is of that round; what is judged is the median over the rounds.
"""

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import Literal, NamedTuple

from msgspec import Struct


class Spread(NamedTuple):
    """Some values by their middle and their ends."""

    low: float
    middle: float
    high: float


class Target(Struct, frozen=True, kw_only=True):
    """What has to hold: a bound for the measured value itself, or for its ratio to the limit."""

    of: Literal["measured", "ratio"]
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value keeps within the bounds."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


class Figure(Struct, frozen=True, kw_only=True):
    """Something measured, a value a round; a figure without a target is for information."""

    name: str
    unit: str
    measured: tuple[float, ...]
    limit_name: str | None = None
    limit: tuple[float, ...] = ()
    """In the same unit, of the same rounds; empty where it is held against nothing."""
    target: Target | None = None

    @property
    def ratios(self) -> tuple[float, ...]:
        """Measured to limit, by round."""
        if not self.limit:
            return ()
        return tuple(measured / limit for measured, limit in zip(self.measured, self.limit, strict=True))

    @property
    def judged(self) -> float | None:
        """The median that the target is about; None without a target."""
        if self.target is None:
            return None
        return median(self.measured if self.target.of == "measured" else self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target."""
        judged = self.judged
        return None if self.target is None or judged is None else self.target.met(judged)


def spread(values: tuple[float, ...]) -> Spread:
    """Lowest, median and highest of some values. Raises ValueError without any."""
    return Spread(min(values), median(values), max(values))


def interval(values: Sequence[float]) -> Spread | None:
    """The median with the order statistics that hold the true one with at least 95 %; None where there are too few.

    Of independent values each lies above the true median with one half, so how many do is binomial: of 15 values, the
    fourth lowest and the fourth highest. Nothing is assumed of how they are distributed.
    """
    ordered, outside, ends = sorted(values), 0.0, 0
    while outside + comb(len(ordered), ends) / 2 ** len(ordered) <= _OUTSIDE:
        outside += comb(len(ordered), ends) / 2 ** len(ordered)
        ends += 1
    return Spread(ordered[ends - 1], median(ordered), ordered[-ends]) if ends else None


_OUTSIDE = 0.025
"""What may lie beyond either end."""
