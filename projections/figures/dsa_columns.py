"""The report of a period, and what the tables of all its sections share."""

from array import array
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from projections.figures.dsa import DsaCount

ALL: Final = "All"
HOSTING: Final = "Only for providers of hosting services, including online platforms"
PLATFORMS: Final = "Only for providers of online platforms"
VERY_LARGE: Final = "Only for VLOPs"
VERY_LARGE_BOTH: Final = "Only for VLOPs and VLOSEs"
PERIOD_COLUMNS: Final = ("Applicability", "Service", "Reporting period")
Cell = str | int | float | None


class DsaReport(Struct, frozen=True, kw_only=True):
    """The content of a report: the service and the period that it is about, and what was counted."""

    service: str
    first: str
    """First day of the period, as `2026-01-01`."""
    last: str
    """Last day, inclusive."""
    rules: Sequence[str] = ()
    """The rules of the policy at the end of the period, in words."""
    count: DsaCount

    @property
    def period(self) -> str:
        """The period as the templates write it."""
        return f"{self.first}/{self.last}"


def hours(waits: Iterable[int]) -> float | None:
    """The median of times in milliseconds, in hours; None without any."""
    found = array("q", waits)
    return round(median(found) / 3_600_000, 2) if found else None
