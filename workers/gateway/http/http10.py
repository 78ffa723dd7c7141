"""Answers of unknown length to HTTP/1.0, which knows no chunks: the end of the connection is their end (RFC 9112, 6.3).

uvicorn's httptools protocol chunks every answer that has no length. A balancer that speaks HTTP/1.0 to its backends, as
nginx does unless it is told otherwise, passes the chunk sizes on as text or gives up.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

VERSION: Final = "1.0"


def without_chunks(cycle: RequestResponseCycle, app: ASGIApp) -> ASGIApp:
    """The application for one request of HTTP/1.0. The protocol has set `keep_alive` to False for it."""

    async def unchunked(scope: Scope, receive: Receive, send: Send) -> None:
        unknown = False

        async def send_unchunked(message: Message) -> None:
            nonlocal unknown
            if message["type"] == "http.response.start":
                unknown = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
                if unknown:
                    cycle.chunked_encoding = False
            elif unknown:
                # The protocol holds a body against its length; each part has just its own.
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_unchunked)

    return unchunked
