"""The API documents: `/openapi.json` for machines, `/docs` for people, made once from the operation table."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from starlette.types import Receive, Scope

from workers.gateway.docs.openapi import document
from workers.gateway.docs.reference import page
from workers.gateway.http import caching
from workers.gateway.http.caching import Caching
from workers.gateway.http.read_only import ReadOnly
from workers.gateway.http.response import HTML, JSON, Header, Response, encode
from workers.gateway.operations.table import offered

_POLICY: Final[Header] = (
    b"content-security-policy",
    # The directives after style-src are not covered by default-src.
    b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


class Document(ReadOnly):
    """A page that does not change while the process lives."""

    def __init__(self, path: str, reply: Response) -> None:
        super().__init__(path)
        self._reply = caching.apply(reply, Caching.NEVER, token=False, fresh=False)

    async def read(self, scope: Scope, receive: Receive) -> Response:
        """Return the page."""
        del scope, receive
        return self._reply


@cache
def all_documents(*, apart: bool) -> Mapping[str, Document]:
    """Return the documents of the operations at the public address (`offered`), by path."""
    described = document(offered(apart=apart))
    html = page(described).encode()
    return {
        "/openapi.json": Document("/openapi.json", Response(200, encode(described), media=JSON)),
        "/docs": Document("/docs", Response(200, html, (_POLICY,), HTML)),
    }
