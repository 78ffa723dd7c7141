"""The interface described: for machines at `/openapi.json`, for people at `/docs`, made once from the table."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.types import Receive, Scope, Send

from workers.gateway.docs.openapi import document
from workers.gateway.docs.reference import page
from workers.gateway.http import caching, problems
from workers.gateway.http.caching import Caching
from workers.gateway.http.refusals import MethodNotAllowed
from workers.gateway.http.request_record import Exchange
from workers.gateway.http.response import JSON, Header, Reply, encode, preflight, send_reply
from workers.gateway.operations.operation import Call
from workers.gateway.operations.table import CALLS

_ALLOWED: Final = "GET, HEAD, OPTIONS"
_POLICY: Final[Header] = (
    b"content-security-policy",
    # What follows the styles is not covered by default-src.
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


class Document:
    """A page that stays the same while the process lives."""

    def __init__(self, path: str, reply: Reply) -> None:
        self._path = path
        self._reply = caching.apply(reply, Caching.NEVER, token=False, fresh=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive
        exchange: Exchange = scope["hansard"]
        exchange.route = self._path
        match scope["method"]:
            case "GET" | "HEAD":
                reply = self._reply
            case "OPTIONS":
                reply = preflight(_ALLOWED)
            case _:
                reply = problems.reply(MethodNotAllowed(_ALLOWED)).also((b"cache-control", caching.NO_STORE))
        await send_reply(send, exchange.ends(reply), bare=scope["method"] == "HEAD")


def all_documents(calls: Sequence[Call] = CALLS) -> Mapping[str, Document]:
    """The documents of these calls, by path."""
    described = document(calls)
    html = page(described).encode()
    return {
        "/openapi.json": Document("/openapi.json", Reply(200, encode(described), media=JSON)),
        "/docs": Document("/docs", Reply(200, html, (_POLICY,), b"text/html; charset=utf-8")),
    }
