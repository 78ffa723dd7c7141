"""The page of the audit room: a document around `<hansard-audit>`, which reads everything by itself."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Receive, Scope

from workers.gateway.http import caching
from workers.gateway.http.response import Header, Response
from workers.gateway.web.desk import Sample, token_url
from workers.gateway.web.hosted import NOINDEX, Shell, attributes, page

ROUTE: Final = "/audit/{site}/{thread}"

_NAMES: Final = "Audit room: earlier states of this discussion"
"""Both names by which links lead here."""
_HEADERS: Final[tuple[Header, ...]] = (NOINDEX, (b"cache-control", caching.NO_STORE))


Check = Callable[[str, str, Receive], Awaitable[None]]
"""Checks that a site has a thread. It raises NotFound, Unavailable."""


class AuditPage:
    """Makes the page of the audit room. Where the sample's desk is open, `as` names who asks for tokens there."""

    def __init__(self, shell: Shell, check: Check, sample: Sample | None) -> None:
        self._shell = shell
        self._check = check
        self._sample = sample

    async def make(self, scope: Scope, receive: Receive) -> Response:
        """Return the response to one request. The moment and the comment in the address are for the script alone."""
        site, thread = scope["path_params"]["site"], scope["path_params"]["thread"]
        await self._check(site, thread, receive)
        tag = attributes(site=site, thread=thread, token_url=token_url(scope, self._sample, site))
        read = attributes(href=f"/read/{site}/{thread}")
        body = (
            f"<main><hansard-audit{tag}></hansard-audit>"
            f'<noscript><div class="plain"><h1>{_NAMES}</h1><p>The audit room needs JavaScript. '
            f"<a{read}>Read the discussion</a> without it.</p></div></noscript></main>"
        )
        title = f"{thread} · {_NAMES}"
        document = self._shell.document(title, body, styles=("css/audit.css",), scripts=("audit/audit.js",))
        return page(document, *_HEADERS)
