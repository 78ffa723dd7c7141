"""Responses, and the headers that every response carries."""

from typing import Any, Final, NamedTuple

import msgspec
from starlette.types import Message, Send

from projections.read.queries import ViewState

Header = tuple[bytes, bytes]

METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_UNGUESSED: Final[Header] = (b"x-content-type-options", b"nosniff")
EVERYWHERE: Final[tuple[Header, ...]] = (
    # Nothing authenticates implicitly (no cookie, no client address), so any page may read every response.
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Location, Retry-After, Idempotency-Key, Hansard-Durability, Hansard-Lag",
    ),
    _UNGUESSED,
)
"""Headers of every response of the API, including errors and streams."""

PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", METHODS.encode()),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID",
    ),
    (b"access-control-max-age", b"86400"),
)
"""Additional headers of responses to `OPTIONS`."""

_UNKEPT: Final[Header] = (b"cache-control", b"no-store")

JSON: Final = b"application/json"
HTML: Final = b"text/html; charset=utf-8"

_JSON_START: Final[tuple[Header, ...]] = (*EVERYWHERE, (b"content-type", JSON))
_OWN_START: Final[tuple[Header, ...]] = (_UNGUESSED,)

_encoder = msgspec.json.Encoder()
encode: Final = _encoder.encode
"""Encode any value that msgspec supports as JSON."""


class Response(NamedTuple):
    """A response. `headers` are in addition to those of every response, `content-type` and `content-length`."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()
    media: bytes = JSON
    tag: str | None = None
    """Identifies this response among others of the same URL, for `ETag`."""
    states: tuple[ViewState, ...] = ()
    """States of the views from which the response was made, one per partition. Empty if it has other sources."""
    cors: bool = True
    """False if pages of other origins must not read the response: pages that the gateway hosts itself."""

    def also(self, *headers: Header) -> "Response":
        """Return a copy with more headers."""
        status, body, already, media, tag, states, cors = self
        return Response(status, body, (*already, *headers), media, tag, states, cors)


def json(value: Any, status: int = 200, *headers: Header) -> Response:
    """Return a JSON response with `value`."""
    return Response(status, encode(value), headers)


def preflight(allowed: str | None = None) -> Response:
    """Return the response to `OPTIONS` for a path with the methods `allowed`, or for a path that does not exist."""
    allow = () if allowed is None else ((b"allow", allowed.encode()),)
    return Response(200, b"", (*PREFLIGHT, *allow, _UNKEPT), b"text/plain")


async def send_response(send: Send, response: Response, *, without_body: bool = False) -> None:
    """Send a response. `without_body` omits the body and keeps its headers, for `HEAD`."""
    await send(start_of(response))
    if without_body:
        await send({"type": "http.response.body", "body": b"", WITHHELD: response.body})
    else:
        await send({"type": "http.response.body", "body": response.body})


def start_of(response: Response) -> Message:
    """Return the message that begins the response."""
    status, body, headers, media, _, _, cors = response
    if media is JSON and cors:
        start = [*_JSON_START]
    else:
        start = [*(EVERYWHERE if cors else _OWN_START), (b"content-type", media)]
    if status in (NO_CONTENT, NOT_MODIFIED):
        start.pop()  # a response without content has no type, and no length either (RFC 9110, section 8.6)
    else:
        start.append((b"content-length", str(len(body)).encode()))
    start.extend(headers)
    return {"type": "http.response.start", "status": status, "headers": start, WHOLE: True}


WHOLE: Final = "hansard.whole"
"""Key of a message that begins a response whose whole body is in the next message."""
WITHHELD: Final = "hansard.withheld"
"""Key of the body that a `HEAD` response omits. Headers may have to be made from the body."""
NO_CONTENT: Final = 204
NOT_MODIFIED: Final = 304
