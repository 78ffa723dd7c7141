"""Times as the contract writes them: RFC 3339 in UTC with milliseconds; inside, whole milliseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, said by the Z at the end
_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})",
)


def rfc3339(ms: int) -> str:
    """`ms` as `2023-10-29T11:20:00.000Z`."""
    # Every row has such a time, and most that are made one after the other are of the same minute.
    minute, rest = divmod(ms, 60_000)
    return "%s%02d.%03dZ" % (_minute(minute), rest // 1000, rest % 1000)  # noqa: UP031 - in half the time


@lru_cache(maxsize=256)
def _minute(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).isoformat().removesuffix("00")


def parse_rfc3339(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time with any offset, rounded down. Raises ValueError for others."""
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("a time is RFC 3339, for example 2023-10-29T11:20:00.000Z")
    moment = datetime.fromisoformat(text.upper())
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    ms = (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
    if ms < 0:
        raise ValueError("a time is not before 1970")
    return ms
