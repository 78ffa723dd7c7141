"""Content negotiation between HTML and JSON (RFC 9110, section 12.5.1)."""

import re
from typing import Final

_RANGE: Final = re.compile(
    r"\s*(?P<type>[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?P<rest>(?:;[^,]*)?)"
)
_QUALITY: Final = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_LONGEST: Final = 1000
"""Characters of the header that are read: browsers send a tenth of that."""


def prefers_html(accept: bytes | None) -> bool:
    """True if HTML is preferred to JSON. Without an Accept header, or with `*/*`, the response is JSON."""
    if accept is None:
        return False
    named: dict[str, float] = {}
    for part in accept[:_LONGEST].decode("latin-1").split(","):
        found = _RANGE.fullmatch(part)
        if found is not None:
            quality = _QUALITY.search(found["rest"])
            named.setdefault(found["type"].lower(), 1.0 if quality is None else float(quality[1]))
    return _quality(named, "text/html") > _quality(named, "application/json")


def _quality(named: dict[str, float], media: str) -> float:
    """Return the quality value of a media type. The most specific range counts."""
    for name in (media, media.partition("/")[0] + "/*", "*/*"):
        if name in named:
            return named[name]
    return 0.0
