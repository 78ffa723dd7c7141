"""The time zones that this machine knows, by their IANA names.

The data is the machine's own (`/usr/share/zoneinfo`), or that of the package `tzdata` where one is installed. Every
container image that Hansard is tested with has the former, so Hansard does not depend on the package.
"""

import zoneinfo
from datetime import UTC as NO_OFFSET
from datetime import datetime, tzinfo
from functools import cache
from typing import Final

UTC: Final = "UTC"
"""The one zone that is known without any data."""

_NO_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones that name no zone of their own."""


def is_zone(name: str) -> bool:
    """True if the machine has the data of a zone of this name."""
    return name == UTC or name in _names()


def zone_of(name: str) -> tzinfo:
    """Return a time zone; UTC where this machine does not know it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return NO_OFFSET


def day_begin(now: float, zone: tzinfo) -> int:
    """Return the beginning of the day of `now` (seconds since 1970) in a zone, in milliseconds since 1970."""
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return int(midnight.timestamp() * 1000)


def has_zones() -> bool:
    """True if the machine has the data of any zone."""
    return bool(_names())


@cache
def _names() -> frozenset[str]:
    # Read once: the directory has some 600 files, and reading them takes about 70 ms.
    return frozenset(zoneinfo.available_timezones()) - _NO_ZONES
