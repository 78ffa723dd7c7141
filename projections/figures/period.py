"""The period of figures: from a day or a time until another, in a time zone."""

import re
from datetime import date, tzinfo
from typing import Final, NamedTuple

from core.ids import END
from core.times import DAY_MS, parse_rfc3339
from projections.figures.moderation import begin_of

USUAL_DAYS: Final = 30
"""Days of a period whose beginning is not given."""
MOST_DAYS: Final = 3_660
"""Days of a period."""
_DAY: Final = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}{END}", re.ASCII)


class BadPeriod(Exception):
    """A bound that is no day and no time, or a period that ends before it begins, or is too long."""

    def __init__(self, bound: str, why: str) -> None:
        super().__init__(why)
        self.bound = bound
        """`from` or `to`."""


class Period(NamedTuple):
    """A time from `begin` until `end`, in milliseconds since 1970."""

    begin: int
    end: int


def period_of(from_: str | None, to: str | None, zone: tzinfo, now: int, *, most_days: int = MOST_DAYS) -> Period:
    """The period between two bounds, the last one exclusive: a day begins at its midnight in the zone.

    Without `to` it ends `now`, in milliseconds since 1970, and no period ends later. Without `from` it begins 30 days
    before its end. Raises BadPeriod.
    """
    end = now if to is None else min(_moment("to", to, zone), now)
    begin = end - USUAL_DAYS * DAY_MS if from_ is None else _moment("from", from_, zone)
    if begin < 0:
        raise BadPeriod("from", "a period begins in 1970 or later")
    if from_ is not None and to is not None and begin >= _moment("to", to, zone):
        raise BadPeriod("to", "the period ends before it begins")
    if end - begin > most_days * DAY_MS:
        raise BadPeriod("from", f"a period has at most {most_days} days")
    return Period(begin, max(begin, end))


def _moment(bound: str, text: str, zone: tzinfo) -> int:
    if _DAY.match(text):
        try:
            return begin_of(date.fromisoformat(text), zone)
        except (ValueError, OverflowError):
            raise BadPeriod(bound, "there is no such day") from None
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise BadPeriod(bound, "a day, such as 2026-10-12, or a time, such as 2026-10-12T08:00:00Z") from None
