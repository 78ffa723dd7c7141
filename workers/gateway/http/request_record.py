"""The data of one request for its log line and metrics."""

from typing import ClassVar, Final

from workers.gateway.http.response import Response

NOWHERE: Final = "none"
"""Route of a request that matches no path."""


class RequestRecord:
    """Filled while a request is handled. `request` is its id."""

    __slots__ = ("request", "route", "shared", "status", "streamed")

    GONE: ClassVar[int] = 499
    """Status of a request whose client left before the response."""

    def __init__(self, request: str) -> None:
        self.request = request
        self.route = NOWHERE
        self.status = 0
        self.streamed = False
        """Set if the response is a stream that lasts as long as the client likes."""
        self.shared = False
        """Set if the response is the same for every client and was cached."""

    def ends(self, response: Response) -> Response:
        """Record the status of the response, and return the response."""
        self.status = response.status
        return response
