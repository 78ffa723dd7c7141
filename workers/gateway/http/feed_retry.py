"""Reconnection times of feed clients, and the responses that contain nothing else.

An EventSource gives up for good on any status but 200 and 204 (WHATWG HTML, section 9.2.3). So a temporary refusal is
a 200 with `retry:` that ends at once.
"""

import random
from typing import Final, Literal

from workers.gateway.http.response import Header, Response

Cause = Literal["unavailable", "draining", "full", "unopened"]
"""The cause for which a client is told to reconnect: the server does not respond, this process stops, or it has reached
its limit of feeds or of threads that are not opened yet."""

BROKEN: Final = (1, 5)
"""Bounds in seconds of the random delay before a client reconnects after its stream ended or broke: all clients of a
process that stops lose their streams at the same time."""
LATER: Final = (10, 60)
"""The same for a client that was not served: without room, an immediate reconnection makes the load worse."""

MEDIA: Final = b"text/event-stream"
UNBUFFERED: Final[Header] = (b"x-accel-buffering", b"no")
"""Tells nginx to pass everything on at once."""


class NotServedNow(Exception):
    """The feed cannot be followed here now, but may be later."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause: Cause = cause


def retry(between: tuple[int, int] = BROKEN) -> bytes:
    """Return the line that sets the reconnection time, drawn at random from bounds in seconds."""
    low, high = between
    return b"retry: %d\n\n" % random.randint(low * 1000, high * 1000)  # noqa: S311 - jitter, no secret


def reply(cause: Cause) -> Response:
    """Return the complete response for a client that has to reconnect."""
    return Response(200, retry(BROKEN if cause == "draining" else LATER), (UNBUFFERED,), MEDIA)
