"""One request on its way: what the log line and the metrics need to know of it."""

from typing import ClassVar, Final

from workers.gateway.http.response import Response

NOWHERE: Final = "none"
"""The route of a request that no address takes."""


class RequestRecord:
    """Filled while a request is answered. `request` is its id."""

    __slots__ = ("request", "route", "shared", "status", "streamed")

    GONE: ClassVar[int] = 499
    """The status of a request whose client left before it was answered."""

    def __init__(self, request: str) -> None:
        self.request = request
        self.route = NOWHERE
        self.status = 0
        self.streamed = False
        """Whether the answer lasts as long as the client likes."""
        self.shared = False
        """Whether the answer is the same for everyone, and kept for the next who asks."""

    def ends(self, response: Response) -> Response:
        """Take the status of the reply down."""
        self.status = response.status
        return response
