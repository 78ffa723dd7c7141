"""Compression of responses with gzip (RFC 1952), for clients that accept it (RFC 9110, section 12.5.3).

Streams, and responses shorter than LEAST, are never compressed. Cached responses are compressed once
(`workers.gateway.http.response_cache`), all others each time, in pieces between which other tasks run. Entity tags are
weak and so stay the same.
"""

import zlib
from collections.abc import Awaitable
from functools import lru_cache
from typing import Final

from anyio.lowlevel import checkpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers.gateway.http.headers import header_of
from workers.gateway.http.response import WITHHELD, Header

LEAST: Final = 1024
"""Bytes from which on a response is compressed."""
VARY: Final[Header] = (b"vary", b"Accept-Encoding")
"""Header of every response that is compressed for some clients."""
ENCODING: Final[Header] = (b"content-encoding", b"gzip")

_LEVEL, _FAST = 6, 1
_LARGE: Final = 128 * 1024
"""Bytes from which on a response is compressed fast rather than well."""
_PIECE: Final = 64 * 1024
"""Bytes compressed without a pause: about two milliseconds."""
_GZIP: Final = zlib.MAX_WBITS | 16
_LONGEST: Final = 256
"""Longest Accept-Encoding header in bytes that is read; browsers send 30."""


async def compressed(body: bytes) -> bytes:
    """Compress a body."""
    packer = zlib.compressobj(_FAST if len(body) >= _LARGE else _LEVEL, wbits=_GZIP)
    pieces = []
    for start in range(0, len(body), _PIECE):
        if start:
            await checkpoint()
        pieces.append(packer.compress(body[start : start + _PIECE]))
    return b"".join([*pieces, packer.flush()])


def accepts(header: bytes | None) -> bool:
    """True if a client with this Accept-Encoding header accepts gzip."""
    return header is not None and len(header) <= _LONGEST and _accepts(header)


@lru_cache(1024)
def _accepts(header: bytes) -> bool:
    weights: dict[bytes, bool] = {}
    for part in header.lower().split(b","):
        name, *parameters = (piece.strip() for piece in part.split(b";"))
        weights[name] = not any(one.startswith(b"q=") and _is_zero(one[2:]) for one in parameters)
    return weights.get(b"gzip", weights.get(b"*", False))


def _is_zero(weight: bytes) -> bool:
    return weight.strip(b"0.") == b""


def start_of(start: Message, body: bytes) -> Message:
    """Return the start message of a response, changed for its compressed body."""
    headers = [header for header in start["headers"] if header[0] != b"content-length"]
    return {**start, "headers": [*headers, ENCODING, (b"content-length", b"%d" % len(body))]}


def before(app: ASGIApp) -> ASGIApp:
    """Wrap `app` to compress its responses of `LEAST` bytes and more for clients that accept gzip."""

    def answered(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # A stream is recognised by its path: its sender bypasses wrappers of `send`.
        is_stream = scope["type"] != "http" or scope["path"].endswith("/feed")
        if is_stream or not accepts(header_of(scope, b"accept-encoding")):
            return app(scope, receive, send)
        return app(scope, receive, _packing(send))

    return answered


def _packing(send: Send) -> Send:
    held: Message | None = None

    async def packing(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and _is_worth_it(message):
            held = message
            return
        if held is not None:
            start, held = held, None
            body = await compressed(message.get(WITHHELD, message["body"]))
            await send(start_of(start, body))
            message = {**message, "body": b"" if WITHHELD in message else body}
        await send(message)

    return packing


def _is_worth_it(start: Message) -> bool:
    names = dict(start["headers"])
    return int(names.get(b"content-length", 0)) >= LEAST and ENCODING[0] not in names
