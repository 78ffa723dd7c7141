"""Operations outside all sites: the description of the service, and the pages of problem types."""

from html import escape
from importlib.metadata import version
from typing import Any, Final

from msgspec.structs import replace

from core.refusals import NotFound
from workers.gateway.html.prose import prose
from workers.gateway.http.negotiation import prefers_html
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.problem_advice import pages
from workers.gateway.http.response import HTML, Header, Response, json
from workers.gateway.operations.operation import Access, Operation, Request
from workers.gateway.shapes.common import About, ProblemType

_ABOUT: Final = About(
    name="Hansard",
    version=version("hansard"),
    about="The backend of a publication's comment sections: every comment, change and decision is an event.",
    documentation="/docs",
    openapi="/openapi.json",
    health="/healthz",
)
_PAGES: Final = pages()
_PLAIN: Final = {
    slug: replace(page, meaning=page.meaning.replace("`", ""), advice=page.advice.replace("`", ""))
    for slug, page in _PAGES.items()
}
"""The same pages for JSON, without markup."""


async def read_about(request: Request[NoQuery, Any]) -> Response:
    """Describe the service, with links to its documentation. Clients that prefer HTML get a page (`web.front`)."""
    del request
    return json(_ABOUT, 200, _VARY)


async def read_problem(request: Request[NoQuery, Any]) -> Response:
    """Explain one problem type, and the remedy."""
    slug = request.path["slug"]
    found = _PAGES.get(slug)
    if found is None:
        raise NotFound("there is no such problem type")
    if not prefers_html(request.headers.get(b"accept")):
        return json(_PLAIN[slug], 200, _VARY)
    statuses = ", ".join(map(str, found.statuses))
    content = (
        f"<p><code>{slug}</code>, status {statuses}</p>"
        f"<h2>What it means</h2><p>{prose(found.meaning)}</p>"
        f"<h2>What to do</h2><p>{prose(found.advice)}</p>"
        f'<p><a href="../docs#problems/{slug}">All problem types</a></p>'
    )
    return _html(found.title, content)


def _html(title: str, body: str) -> Response:
    title = escape(title, quote=False)
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><h1>{title}</h1>{body}</html>'
    )
    return Response(200, page.encode(), (_POLICY, _VARY), HTML)


_VARY: Final[Header] = (b"vary", b"Accept")
_POLICY: Final[Header] = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'")
_STYLE: Final = "body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em}"
_TAG: Final = "About"
_DETAIL: Final = "The response is HTML if `Accept` prefers it, otherwise JSON."

OPERATIONS: Final = (
    Operation(
        name="about",
        method="GET",
        path="/",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Describe the service",
        detail=_DETAIL,
        handler=read_about,
        answer=About,
        example=_ABOUT,
    ),
    Operation(
        name="readProblemType",
        method="GET",
        path="/problems/{slug}",
        access=Access.EVERYONE,
        tag=_TAG,
        summary="Read the meaning of a problem type, and the advice on it",
        detail=f"The `type` of a problem is this address. {_DETAIL}",
        handler=read_problem,
        answer=ProblemType,
        example=_PLAIN["stale-revision"],
        problems=("not-found",),
    ),
)
