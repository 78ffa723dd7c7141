"""Conversion of times between RFC 3339 in UTC with milliseconds (the contract) and milliseconds since 1970 (internal).

`parse_rfc3339` parses every incoming time. Its result can always be formatted: it lies in the years 1 to 9999 in UTC.
Times before 1970 are negative.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, said by the Z at the end
_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)

DAY_MS: Final = 24 * 3600 * 1000
"""Milliseconds of a day."""
EARLIEST: Final = -62_135_596_800_000
"""0001-01-01T00:00:00.000Z."""
LATEST: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""

TimeText = Annotated[
    str,
    Meta(
        examples=["2023-10-29T11:20:00.000Z"],
        description="RFC 3339; responses are in UTC, with milliseconds.",
        extra_json_schema={"format": "date-time"},
    ),
]


def rfc3339(ms: int) -> str:
    """Format `ms` as `2023-10-29T11:20:00.000Z`. Values beyond `EARLIEST` or `LATEST` become these."""
    # Every row has such a time, and most rows that are rendered together are of the same minute.
    minute, rest = divmod(ms, 60_000)
    try:
        begun = _minute(minute)
    except OverflowError:
        # The log may hold such a time from before they were refused. Readers get the nearest valid time.
        return rfc3339(LATEST if ms > 0 else EARLIEST)
    return "%s%02d.%03dZ" % (begun, rest // 1000, rest % 1000)  # noqa: UP031 - half the time of an f-string


@lru_cache(maxsize=256)
def _minute(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).isoformat().removesuffix("00")


def parse_rfc3339(text: str) -> int:
    """Parse an RFC 3339 time with any offset into milliseconds since 1970, rounded down.

    Raises ValueError for other texts, and for a time outside the years 1 to 9999 in UTC.
    """
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("a time must be RFC 3339, for example 2023-10-29T11:20:00.000Z")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError("this day or time of day does not exist") from None
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    ms = (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
    if not EARLIEST <= ms <= LATEST:
        raise ValueError("a time must be in the years 1 to 9999 in UTC")
    return ms
