"""How long things took, all of them, in little room: every value is counted, and known to better than one in a hundred.

Buckets are as wide as values are large: 128 of them for each doubling, from a microsecond up.
"""

from collections.abc import Iterable
from math import ceil
from typing import Final, Self

from msgspec import Struct, field

_FINE: Final = 7
"""Binary digits of a value that tell its bucket, the leading one aside."""


class Histogram(Struct, kw_only=True):
    """Times by bucket; a bucket is the microseconds of its lowest value."""

    counts: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The histogram of some times in seconds."""
        made = cls()
        for value in values:
            made.add(value)
        return made

    @property
    def total(self) -> int:
        """How many times there are."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float:
        """The mean in seconds, as near as the buckets are."""
        return sum(bucket * count for bucket, count in self.counts.items()) / self.total / 1e6

    def add(self, seconds: float) -> None:
        """Count one time. One that is less than nothing, because two clocks met, is nothing."""
        micros = max(0, int(seconds * 1e6))
        shift = max(0, micros.bit_length() - 1 - _FINE)
        bucket = micros >> shift << shift
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def join(self, other: "Histogram") -> None:
        """Count everything that another has counted."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def percentile(self, share: float) -> float:
        """The time within which this share of all was done, in seconds: the upper end of its bucket."""
        wanted, seen = max(1, ceil(self.total * share)), 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return (bucket + (1 << max(0, bucket.bit_length() - 1 - _FINE))) / 1e6
        raise ValueError("nothing was counted")


def joined(some: Iterable[Histogram]) -> Histogram:
    """Everything that some histograms have counted."""
    whole = Histogram()
    for one in some:
        whole.join(one)
    return whole
