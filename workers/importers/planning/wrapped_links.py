"""Addresses that other systems wrapped in addresses of their own, without the wrapping."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

_WRAPPED: Final = re.compile(r"https?://(?:disq\.us/(?:url\?|\?)|(?:www\.)?google\.[a-z.]+/url\?)", re.IGNORECASE)
_DISQUS_MARK: Final = re.compile(r":[A-Za-z0-9_-]{20,}$")
"""Mark that Disqus appends to an address whose clicks it counts."""


def unwrapped(address: str) -> str:
    """The address that a redirect of Disqus or Google leads to; any other address as it is."""
    if _WRAPPED.match(address) is None:
        return address
    query = parse_qs(urlsplit(address).query)
    found = (query.get("url") or query.get("q") or [""])[0]
    found = _DISQUS_MARK.sub("", found)
    return found if found.startswith(("http://", "https://")) else address
