"""XML 1.0 as text: character data that any parser takes, and times without a time zone."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from typing import Final

from core.times import rfc3339

_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may have."""


def allowed(text: str) -> str:
    """The text without the characters that XML 1.0 forbids."""
    return _FORBIDDEN.sub("", text)


def cdata(text: str) -> str:
    """A text as a CDATA section, or as several where it has the end of one in it."""
    return f"<![CDATA[{allowed(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def element(name: str, text: str | int) -> str:
    """An element with a text."""
    return f"<{name}>{cdata(text) if isinstance(text, str) else text}</{name}>\n"


def seconds(ms: int, zone: tzinfo = UTC) -> str:
    """A time as `2023-10-29 11:20:00`, in UTC or local; in UTC where the local one is out of the years 1 to 9999."""
    if zone is not UTC:
        try:
            return _moment(ms).astimezone(zone).isoformat(" ")[:19]
        except OverflowError:
            pass
    return rfc3339(ms)[:19].replace("T", " ")


def mail_date(ms: int) -> str:
    """A time as RSS has it (RFC 2822), in UTC."""
    return format_datetime(_moment(ms))


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
