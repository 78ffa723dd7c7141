"""The page of the moderation console: a document around `<hansard-console>`, which reads everything by itself.

It sends no `Cross-Origin-Opener-Policy`: an editorial system that opens it in a window hands a token over through
`window.opener`. A page of the site's own origins may show it in a frame.
"""

from typing import Final

from starlette.types import Receive, Scope

from workers.gateway.http import caching
from workers.gateway.http.response import Header, Response
from workers.gateway.web.desk import Sample, token_url
from workers.gateway.web.discussions import Discussions
from workers.gateway.web.hosted import NOINDEX, Shell, attributes, framed_by, page

ROUTE: Final = "/console/{site}"

_HEADERS: Final[tuple[Header, ...]] = (NOINDEX, (b"cache-control", caching.NO_STORE))


class ConsolePage:
    """Makes the page of the console. Where the sample's desk is open, `as` names who asks for tokens there."""

    def __init__(self, shell: Shell, discussions: Discussions, sample: Sample | None) -> None:
        self._shell = shell
        self._discussions = discussions
        self._sample = sample

    async def make(self, scope: Scope, receive: Receive) -> Response:
        """Return the response to one request."""
        name = scope["path_params"]["site"]
        site = await self._discussions.site(name, receive)
        origins = " ".join(site.policy.origins)
        tag = attributes(
            site=name,
            name=site.name or name,
            origins=origins or None,
            token_url=token_url(scope, self._sample, name),
        )
        body = (
            f"<main><hansard-console{tag}></hansard-console>"
            '<noscript><div class="plain"><h1>Moderation console</h1><p>The console needs JavaScript.</p></div>'
            "</noscript></main>"
        )
        document = self._shell.document(
            f"Moderation · {site.name or name}", body, styles=("css/console.css",), scripts=("console/console.js",)
        )
        return page(document, *_HEADERS, policy=framed_by(site.policy.origins))
