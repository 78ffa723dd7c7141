"""HTTP/1.0 responses of unknown length: without chunks, they end with the connection (RFC 9112, section 6.3).

uvicorn's httptools protocol chunks every response without a length. A load balancer that speaks HTTP/1.0 to its
backends, as nginx does by default, passes the chunk sizes on as text or gives up.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

VERSION: Final = "1.0"


def without_chunks(cycle: RequestResponseCycle, app: ASGIApp) -> ASGIApp:
    """Wrap the application for one HTTP/1.0 request, for which the protocol has set `keep_alive` to False."""

    async def unchunked(scope: Scope, receive: Receive, send: Send) -> None:
        unknown = False

        async def send_unchunked(message: Message) -> None:
            nonlocal unknown
            if message["type"] == "http.response.start":
                unknown = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
                if unknown:
                    cycle.chunked_encoding = False
            elif unknown:
                # The protocol checks a body against this length; each part is exactly its own length.
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_unchunked)

    return unchunked
