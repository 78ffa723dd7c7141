"""Times as exports write them. Those before 1990 are none: programs write zeros where they know no time."""

from datetime import UTC, datetime
from typing import Final

_EARLIEST: Final = 1990
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC or local, as the caller says
_LONGEST: Final = 40


def utc(text: str | None) -> int | None:
    """Milliseconds since 1970 of an ISO time, in UTC unless it names an offset; None if it is no time."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    if moment.year < _EARLIEST:
        return None
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000


def of_seconds(number: object) -> int | None:
    """Milliseconds since 1970 of a Unix time in seconds; None if it is no time."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not 631_152_000 <= number < 253_402_300_800:  # noqa: PLR2004 - 1990 to 9999
        return None
    return round(number * 1000)
