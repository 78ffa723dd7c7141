"""Web addresses of articles and pictures: validation, normalisation, and membership in a web origin.

An origin is scheme, host and port (RFC 6454). Addresses with credentials, backslashes, white space or invisible
characters are rejected: for some of them, browsers find another host than a parser does.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

LONGEST: Final = 2000
"""Maximum length of an address in characters."""

_PORTS: Final = {"http": "80", "https": "443"}
_HIGHEST_PORT: Final = 65535
_REST: Final = r"[^\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]*"
_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^\s\\/?#@:\[\]<>\"'`\x00-\x1f\x7f]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    rf"(?P<rest>[/?#]{_REST})?",
    re.IGNORECASE,
)
_ASCII_HOST: Final = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_STAYS: Final = "!#$%&'()*+,/:;=?@[]~"
"""Characters of the rest of an address that are not percent-encoded."""
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")


def normalised(url: str) -> str | None:
    """Normalise an http or https address (RFC 3986, section 6.2); None for anything else.

    Scheme and host are in lower case, the host is in ASCII, the scheme's default port is omitted, and non-ASCII
    characters are percent-encoded. Equivalent addresses therefore compare equal.
    """
    parts = _ADDRESS.fullmatch(url) if len(url) <= LONGEST else None
    if parts is None:
        return None
    scheme, host, port = parts["scheme"].lower(), _ascii(parts["host"]), parts["port"]
    if host is None or int(port or 0) > _HIGHEST_PORT:
        return None
    named = "" if port is None or int(port) == int(_PORTS[scheme]) else f":{int(port)}"
    try:
        rest = _PERCENT.sub(_encoded, quote(parts["rest"] or "", safe=_STAYS))
    except UnicodeEncodeError:
        return None
    form = f"{scheme}://{host}{named}{rest}"
    return form if len(form) <= LONGEST else None


def origin_of(url: str) -> str | None:
    """The origin of an http or https address, with an explicit port; None for anything else."""
    parts = _ADDRESS.fullmatch(url) if len(url) <= LONGEST else None
    if parts is None:
        return None
    scheme = parts["scheme"].lower()
    return f"{scheme}://{parts['host'].lower()}:{parts['port'] or _PORTS[scheme]}"


def lies_in(url: str, origins: Iterable[str]) -> bool:
    """True if `url` is an http or https address in one of `origins`."""
    origin = origin_of(normalised(url) or "")
    return origin is not None and any(origin == origin_of(normalised(other) or "") for other in origins)


def _ascii(host: str) -> str | None:
    """Encode a host in ASCII and lower case; None if it is invalid."""
    if not host.isascii():
        # Imported late: it takes 15 ms, and few addresses need it.
        import idna  # noqa: PLC0415 # see above

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    host = host.lower()
    return host if _ASCII_HOST.fullmatch(host) is not None else None


def _encoded(found: re.Match[str]) -> str:
    """Normalise a percent sign or a percent-encoded character."""
    if found[1] is None:
        return "%25"
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.fullmatch(character) is not None else found[0].upper()
