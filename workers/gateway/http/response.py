"""What goes back to a client, and the headers that every answer carries."""

from typing import Any, Final, NamedTuple

import msgspec
from starlette.types import Message, Send

from projections.read.queries import ViewState

Header = tuple[bytes, bytes]

METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

EVERYWHERE: Final[tuple[Header, ...]] = (
    # Nothing is ambient here (no cookie, no address that opens a door), so any page may read every answer.
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Location, Retry-After, Idempotency-Key, Hansard-Durability, Hansard-Lag",
    ),
    (b"x-content-type-options", b"nosniff"),
)
"""On every answer, errors and streams too."""

PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", METHODS.encode()),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID",
    ),
    (b"access-control-max-age", b"86400"),
)
"""On answers to `OPTIONS`, besides."""

_UNKEPT: Final[Header] = (b"cache-control", b"no-store")

JSON: Final = b"application/json"

_JSON_START: Final[tuple[Header, ...]] = (*EVERYWHERE, (b"content-type", JSON))

_encoder = msgspec.json.Encoder()
encode: Final = _encoder.encode
"""Anything msgspec knows, as JSON."""


class Response(NamedTuple):
    """An answer: `headers` come on top of those of every answer, and of `content-type` and `content-length`."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()
    media: bytes = JSON
    tag: str | None = None
    """What tells this answer from others at the same address, for `ETag`."""
    seen: tuple[ViewState, ...] = ()
    """The states of the views that it was made from, one per partition, where nothing else went into it."""

    def also(self, *headers: Header) -> "Response":
        """The same with more headers."""
        status, body, already, media, tag, seen = self
        return Response(status, body, (*already, *headers), media, tag, seen)


def json(value: Any, status: int = 200, *headers: Header) -> Response:
    """A reply that says `value`."""
    return Response(status, encode(value), headers)


def preflight(allowed: str | None = None) -> Response:
    """The answer to `OPTIONS`, at an address that takes the methods `allowed`, or none at all."""
    allow = () if allowed is None else ((b"allow", allowed.encode()),)
    return Response(200, b"", (*PREFLIGHT, *allow, _UNKEPT), b"text/plain")


async def send_response(send: Send, response: Response, *, bare: bool = False) -> None:
    """Send it. `bare` leaves the body out and keeps its headers, for `HEAD`."""
    await send(start_of(response))
    if bare:
        await send({"type": "http.response.body", "body": b"", WITHHELD: response.body})
    else:
        await send({"type": "http.response.body", "body": response.body})


def start_of(response: Response) -> Message:
    """The message that begins the answer."""
    status, body, headers, media, *_ = response
    start = [*_JSON_START] if media is JSON else [*EVERYWHERE, (b"content-type", media)]
    if status in (NO_CONTENT, NOT_MODIFIED):
        start.pop()  # an answer without content has no type, and no length either (RFC 9110, section 8.6)
    else:
        start.append((b"content-length", str(len(body)).encode()))
    start.extend(headers)
    return {"type": "http.response.start", "status": status, "headers": start, WHOLE: True}


WHOLE: Final = "hansard.whole"
"""Key of a message that begins an answer all of whose body is in the next message."""
WITHHELD: Final = "hansard.withheld"
"""Key of the message in which `HEAD` leaves the body out: the body, because headers may have to be made from it."""
NO_CONTENT: Final = 204
NOT_MODIFIED: Final = 304
