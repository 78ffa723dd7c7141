"""Who may keep an answer, and for how long; and whether a client has it already."""

import re
from enum import Enum
from typing import Final

from workers.gateway.reply import NOT_MODIFIED, Header, Reply

PUBLIC: Final = b"public, max-age=0, s-maxage=2, stale-while-revalidate=5"
PUBLIC_404: Final = b"public, max-age=0, s-maxage=2"
PRIVATE: Final = b"private, no-store"
NO_STORE: Final = b"no-store"

_VARY: Final[Header] = (b"vary", b"Authorization")
_TAG: Final = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class Caching(Enum):
    """What an answer may be kept by. The values are what the OpenAPI document says."""

    EVERYONE = "Reads no token: the same for everyone, and a shared cache may keep it for 2 s."
    BY_TOKEN = "Without a token a shared cache may keep it for 2 s; with one it is private."  # noqa: S105 - prose
    STREAM = "Reads no token: the same for everyone, and never stored; that it is not there may be kept for 2 s."
    NEVER = "Never stored."


def apply(reply: Reply, caching: Caching, *, token: bool, fresh: bool) -> Reply:
    """The reply with its caching headers.

    `token` says that the request brought one, `fresh` that it asked for more than a cache can know (`after=`).
    """
    if caching is Caching.NEVER:
        return reply.also((b"cache-control", NO_STORE))
    vary = (_VARY,) if caching is Caching.BY_TOKEN else ()
    control = _control(reply.status, private=token and caching is Caching.BY_TOKEN, fresh=fresh)
    if reply.tag is None or reply.status != 200:  # noqa: PLR2004 - the one success of a read
        return reply.also((b"cache-control", control), *vary)
    return reply.also((b"etag", etag(reply.tag)), (b"cache-control", control), *vary)


def unless_known(reply: Reply, match: bytes | None) -> Reply:
    """The reply of `apply`, or 304 where the client has it; `match` is its If-None-Match header."""
    if match is None or reply.tag is None or reply.status != 200:  # noqa: PLR2004 - as above
        return reply
    if not has(match, etag(reply.tag)):
        return reply
    return Reply(NOT_MODIFIED, b"", reply.headers)


def etag(tag: str) -> bytes:
    """What the header `ETag` says: a weak tag."""
    return b'W/"%b"' % tag.encode("ascii")


def _control(status: int, *, private: bool, fresh: bool) -> bytes:
    if private:
        return PRIVATE
    if fresh:
        return NO_STORE
    match status:
        case 200:
            return PUBLIC
        case 404:
            return PUBLIC_404
        case _:
            return NO_STORE


def has(match: bytes | None, etag: bytes) -> bool:
    """Whether a client with this If-None-Match has it: weak comparison (RFC 9110, section 13.1.2) of any, or `*`."""
    if match is None:
        return False
    if match == etag:
        return True  # as it was given, which it nearly always is
    if match.strip() == b"*":
        return True
    return any(found[1] == etag[2:] for found in _TAG.finditer(match))
