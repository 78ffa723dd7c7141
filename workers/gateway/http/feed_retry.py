"""Seconds after which a client of the feed reconnects, and the answers that say nothing else.

An EventSource gives up for good on any status but 200 and 204 (WHATWG HTML, section 9.2.3). So an answer that may be
another one later is a 200 with `retry:` and an end.
"""

import random
from typing import Final, Literal

from workers.gateway.http.response import Header, Response

Cause = Literal["unavailable", "draining", "full", "unopened"]
"""The cause for which a client is told to reconnect: the server does not answer, this process stops, it has as many
feeds as it may, or as many threads that are not opened yet."""

BROKEN: Final = (1, 5)
"""Bounds in seconds of the random delay before a client reconnects after its stream ended or broke: all clients of a
process that stops lose their streams at the same time."""
LATER: Final = (10, 60)
"""The same for a client that was not served: where there is no room, coming back at once makes it worse."""

MEDIA: Final = b"text/event-stream"
UNBUFFERED: Final[Header] = (b"x-accel-buffering", b"no")
"""Tells nginx to pass everything on at once."""


class ComeBack(Exception):
    """The feed cannot be followed here now, but may be later."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause: Cause = cause


def retry(between: tuple[int, int] = BROKEN) -> bytes:
    """The line that sets the time to reconnect, drawn from between so many seconds."""
    low, high = between
    return b"retry: %d\n\n" % random.randint(low * 1000, high * 1000)  # noqa: S311 - jitter, no secret


def reply(cause: Cause) -> Response:
    """The whole answer for a client that has to come back."""
    return Response(200, retry(BROKEN if cause == "draining" else LATER), (UNBUFFERED,), MEDIA)
