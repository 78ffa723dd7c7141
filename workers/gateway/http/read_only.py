"""Base of the endpoints that are read only: documents, files and hosted pages."""

from abc import ABC, abstractmethod
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from core.refusals import Refusal
from workers.gateway.http import caching, problems
from workers.gateway.http.refusals import MethodNotAllowed
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response, preflight, send_response

ALLOWED: Final = "GET, HEAD, OPTIONS"
"""The methods of these endpoints."""


class ReadOnly(ABC):
    """ASGI endpoint that responds to GET, HEAD and OPTIONS, and 405 to other methods. `route` is its path template."""

    allowed = ALLOWED

    def __init__(self, route: str) -> None:
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        record: RequestRecord = scope["hansard"]
        record.route = self._route
        try:
            match scope["method"]:
                case "GET" | "HEAD":
                    reply = await self.read(scope, receive)
                case "OPTIONS":
                    reply = self.options()
                case other:
                    reply = await self.write(other, scope, receive)
        except ClientDisconnect:
            record.status = record.GONE
            return
        await send_response(send, record.ends(reply), without_body=scope["method"] == "HEAD")

    async def write(self, method: str, scope: Scope, receive: Receive) -> Response:
        """Return the response to any other method: there is none here."""
        del method, scope, receive
        return self.refused(MethodNotAllowed(self.allowed))

    @abstractmethod
    async def read(self, scope: Scope, receive: Receive) -> Response:
        """Return the response to GET and HEAD. Raises ClientDisconnect."""

    def options(self) -> Response:
        """Return the response to OPTIONS: pages of every origin may read."""
        return preflight(ALLOWED)

    def refused(self, refusal: Refusal) -> Response:
        """Return the response for a refusal, which no cache may store."""
        return problems.reply(refusal).also((b"cache-control", caching.NO_STORE))
