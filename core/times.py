"""Times as the contract writes them: RFC 3339 in UTC with milliseconds; inside, whole milliseconds since 1970."""

import re
from datetime import UTC, datetime
from typing import Final

_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})",
)


def rfc3339(ms: int) -> str:
    """`ms` as `2023-10-29T11:20:00.000Z`."""
    seconds, millis = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


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
