"""Web addresses: which ones an article may have, and whether one lies in a web origin.

An origin is scheme, host and port (RFC 6454). Addresses with credentials, backslashes, white space or unseen
characters are none of ours: browsers read some of them as another host than a parser does.
"""

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 2000
"""An address has at most this many characters."""

_PORTS: Final = {"http": "80", "https": "443"}
_REST: Final = r"[^\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]*"
_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^\s\\/?#@:\[\]<>\"'`\x00-\x1f\x7f]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    rf"(?:[/?#]{_REST})?",
    re.IGNORECASE,
)


def origin_of(url: str) -> str | None:
    """The origin of an http or https address, its port always said; None for anything else."""
    parts = _ADDRESS.fullmatch(url) if len(url) <= LONGEST else None
    if parts is None:
        return None
    scheme = parts["scheme"].lower()
    return f"{scheme}://{parts['host'].lower()}:{parts['port'] or _PORTS[scheme]}"


def lies_in(url: str, origins: Iterable[str]) -> bool:
    """Whether `url` is an http or https address in one of `origins`."""
    origin = origin_of(url)
    return origin is not None and any(origin == origin_of(other) for other in origins)
