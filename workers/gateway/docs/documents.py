"""The API documents: `/openapi.json` for machines, `/docs` for people, made once from the operation table."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.types import Receive, Scope, Send

from workers.gateway.docs.openapi import document
from workers.gateway.docs.reference import page
from workers.gateway.http import caching, problems
from workers.gateway.http.caching import Caching
from workers.gateway.http.refusals import MethodNotAllowed
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import HTML, JSON, Header, Response, encode, preflight, send_response
from workers.gateway.operations.operation import Operation
from workers.gateway.operations.table import OPERATIONS

_ALLOWED: Final = "GET, HEAD, OPTIONS"
_POLICY: Final[Header] = (
    b"content-security-policy",
    # The directives after style-src are not covered by default-src.
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


class Document:
    """A page that does not change while the process lives."""

    def __init__(self, path: str, reply: Response) -> None:
        self._path = path
        self._reply = caching.apply(reply, Caching.NEVER, token=False, fresh=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        del receive
        record: RequestRecord = scope["hansard"]
        record.route = self._path
        match scope["method"]:
            case "GET" | "HEAD":
                reply = self._reply
            case "OPTIONS":
                reply = preflight(_ALLOWED)
            case _:
                reply = problems.reply(MethodNotAllowed(_ALLOWED)).also((b"cache-control", caching.NO_STORE))
        await send_response(send, record.ends(reply), without_body=scope["method"] == "HEAD")


def all_documents(calls: Sequence[Operation] = OPERATIONS) -> Mapping[str, Document]:
    """Return the documents of these operations by path."""
    described = document(calls)
    html = page(described).encode()
    return {
        "/openapi.json": Document("/openapi.json", Response(200, encode(described), media=JSON)),
        "/docs": Document("/docs", Response(200, html, (_POLICY,), HTML)),
    }
