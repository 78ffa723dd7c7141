"""HTTP caching: `Cache-Control`, `CDN-Cache-Control`, `ETag` and conditional requests (RFC 9111, 9213, 9110)."""

import re
from enum import Enum
from typing import Final

from workers.gateway.http import compression
from workers.gateway.http.response import NOT_MODIFIED, Header, Response

PUBLIC: Final = b"public, max-age=0, must-revalidate, s-maxage=2"
CDN: Final[Header] = (b"cdn-cache-control", b"max-age=2, stale-while-revalidate=5")
"""Only for caches between a publisher and its readers (RFC 9213). `Cache-Control` never has `stale-while-revalidate`:
browsers obey it too, and would show a comment after it was taken down."""
PRIVATE: Final = b"private, no-store"
NO_STORE: Final = b"no-store"

UNLISTED: Final[Header] = (b"x-robots-tag", b"noindex")
"""For what search engines shall not list: a moment of the past, which would stand beside the article as it is now."""

_VARY: Final[Header] = (b"vary", b"Authorization")
_TAG: Final = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class Caching(Enum):
    """The caches that may store a response. The values are the texts of the OpenAPI document."""

    EVERYONE = "No token is read: the response is the same for everyone, and a shared cache may store it for 2 s."
    BY_TOKEN = "Without a token, a shared cache may store it for 2 s; with a token, it is private."  # noqa: S105 - prose
    STREAM = "No token is read: the stream is the same for everyone, and never stored."
    NEVER = "Never stored."
    COMPARED = "Never stored. With the last `ETag` in `If-None-Match`, an unchanged response is not sent again."


def apply(response: Response, caching: Caching, *, token: bool, fresh: bool, comment: bool = False) -> Response:
    """Return the response with its caching headers.

    `token`: the request has a token. `fresh`: it has `after=`. `comment`: its path names a comment.
    """
    vary = (_VARY,) if caching is Caching.BY_TOKEN else ()
    if len(response.body) >= compression.LEAST:
        vary = (*vary, compression.VARY)
    if caching in (Caching.NEVER, Caching.STREAM):
        return response.also((b"cache-control", NO_STORE), *vary)
    if caching is Caching.COMPARED:
        tagged = () if response.tag is None else ((b"etag", etag(response.tag)),)
        return response.also(*tagged, (b"cache-control", NO_STORE), *vary)
    if token and caching is Caching.BY_TOKEN:
        control: tuple[Header, ...] = ((b"cache-control", PRIVATE),)
    elif fresh:
        control = ((b"cache-control", NO_STORE),)
    else:
        control = _control(response.status, comment=comment)
    if response.tag is None or response.status != 200:  # noqa: PLR2004 - the one success of a read
        return response.also(*control, *vary)
    return response.also((b"etag", etag(response.tag)), *control, *vary)


def unless_known(response: Response, match: bytes | None) -> Response:
    """Return the response of `apply`, or 304 if the client has it. `match` is the If-None-Match header."""
    if match is None or response.tag is None or response.status != 200:  # noqa: PLR2004 - as above
        return response
    if not has(match, etag(response.tag)):
        return response
    return response._replace(status=NOT_MODIFIED, body=b"")


def etag(tag: str) -> bytes:
    """Return the value of the `ETag` header: a weak tag."""
    return b'W/"%b"' % tag.encode("ascii")


def _control(status: int, *, comment: bool) -> tuple[Header, ...]:
    match status:
        case 200:
            return ((b"cache-control", PUBLIC), CDN)
        case 404 if not comment:
            return ((b"cache-control", PUBLIC),)
        case _:
            # A comment is requested right after it was posted, when a stored 404 of a moment ago would be wrong.
            return ((b"cache-control", NO_STORE),)


def has(match: bytes | None, etag: bytes) -> bool:
    """True if If-None-Match is `*` or has a tag that matches by weak comparison (RFC 9110, section 13.1.2)."""
    if match is None:
        return False
    if match == etag:
        return True  # identical, as it nearly always is
    if match.strip() == b"*":
        return True
    return any(found[1] == etag[2:] for found in _TAG.finditer(match))
