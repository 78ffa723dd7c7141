"""The front page: under `hansard up --sample` an article with its discussion, otherwise a word on what runs here."""

from importlib.metadata import version
from importlib.resources import files
from typing import Final
from urllib.parse import urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from core.refusals import Refusal
from projections.read.queries import PageQuery
from workers.gateway.html.fragment import write_section
from workers.gateway.http import caching, parameters
from workers.gateway.http.headers import header_of, headers_of
from workers.gateway.http.negotiation import prefers_html
from workers.gateway.http.response import Header, Response
from workers.gateway.web import desk
from workers.gateway.web.assets import LOADER, SECTION_STYLES
from workers.gateway.web.desk import ROLES, Sample
from workers.gateway.web.discussions import Discussions
from workers.gateway.web.hosted import ALONE, Shell, attributes, page, text

ROUTE: Final = "/"

_ARTICLE: Final = (files("workers.gateway.web") / "article.html").read_text("utf-8")
_NOBODY: Final = "nobody"
_FEW: Final = PageQuery(sort="top", limit=20, replies=3, depth=4)
"""The part of a discussion that the section of a publisher asks for first."""
_HERE: Final = "Subscribers write here. A comment with a link waits for a moderator, who decides in the console."
_HEADERS: Final[tuple[Header, ...]] = (ALONE, (b"cache-control", caching.NO_STORE), (b"vary", b"Accept"))


class Front:
    """Makes the front page. Without a `sample`, or for a request from elsewhere, it is a word on what runs here."""

    def __init__(self, shell: Shell, discussions: Discussions, sample: Sample | None) -> None:
        self._shell = shell
        self._discussions = discussions
        self._sample = sample

    async def make(self, scope: Scope, receive: Receive) -> Response:
        """Return the response to one request."""
        if self._sample is None or not desk.is_of_this_machine(headers_of(scope)):
            return page(self._shell.document("Hansard", _about()), *_HEADERS)
        given = parameters.parse(scope["query_string"]).get("as", [_NOBODY])[0]
        who = given if given in ROLES else _NOBODY
        section = _section(self._sample, who, await self._fragment(self._sample, receive))
        body = f"{_switch(self._sample, who)}<main>{_ARTICLE}{section}</main>"
        title = "The night train to Mirena runs again · The Lamplighter"
        return page(self._shell.document(title, body, scripts=(LOADER,)), *_HEADERS)

    async def _fragment(self, sample: Sample, receive: Receive) -> str:
        """Return the discussion as a publisher's server includes it; nothing if it cannot be read now."""
        try:
            await self._discussions.gate.enter(receive)
            try:
                found = await self._discussions.read(sample.site, sample.thread, _FEW)
            finally:
                self._discussions.gate.leave()
        except Refusal:
            return ""  # the script reads it, and says so where it fails
        context = self._discussions.context(
            found,
            read=f"/read/{sample.site}/{sample.thread}",
            audit=f"/audit/{sample.site}/{sample.thread}",
            query=urlencode({"sort": _FEW.sort, "limit": _FEW.limit, "replies": _FEW.replies, "depth": _FEW.depth}),
        )
        styles = [self._shell.release.address(path) for path in SECTION_STYLES]
        return write_section(found.page, context._replace(styles=styles))


def for_people(hosted: ASGIApp, machines: ASGIApp) -> ASGIApp:
    """Return an endpoint that is `hosted` for clients that prefer HTML, and `machines` for all others."""

    async def negotiated(scope: Scope, receive: Receive, send: Send) -> None:
        people = scope["method"] in ("GET", "HEAD") and prefers_html(header_of(scope, b"accept"))
        await (hosted if people else machines)(scope, receive, send)

    return negotiated


def _about() -> str:
    return (
        f'<main class="plain"><h1>Hansard {text(version("hansard"))}</h1>'
        "<p>This gateway serves the comment sections of publications. Readers meet them under articles.</p>"
        '<ul><li><a href="/docs">Documentation of the API</a></li>'
        '<li><a href="/openapi.json">OpenAPI document</a></li></ul>'
        "<h2>Pages</h2><dl><dt><code>/read/{site}/{thread}</code></dt><dd>a discussion on a page of its own</dd>"
        "<dt><code>/audit/{site}/{thread}</code></dt><dd>the audit room: a discussion at any moment</dd>"
        "<dt><code>/console/{site}</code></dt><dd>the console of moderators</dd></dl></main>"
    )


def _switch(sample: Sample, who: str) -> str:
    """Return the bar above the article: links that choose a person, and links to the other pages."""
    labels = {_NOBODY: _NOBODY, **{name: role.label for name, role in ROLES.items()}}
    people = "".join(
        f"<li><a{attributes(href=_as(name), aria_current='true' if name == who else None)}>{text(label)}</a></li>"
        for name, label in labels.items()
    )
    chosen = "" if who == _NOBODY else f"?as={who}"
    audit = f"/audit/{sample.site}/{sample.thread}{chosen}"
    console = f"/console/{sample.site}{chosen}"
    return (
        '<header class="switch label">'
        f'<nav aria-labelledby="look"><span id="look">Look as</span><ul>{people}</ul></nav>'
        f'<nav aria-label="Hansard"><ul><li><a{attributes(href=console)}>Console</a></li>'
        f"<li><a{attributes(href=audit)}>Audit room</a></li>"
        f'<li><a href="/docs">API</a></li></ul></nav><p>{_HERE}</p></header>'
    )


def _section(sample: Sample, who: str, fragment: str) -> str:
    token = None if who == _NOBODY else f"{desk.ROUTE}?as={who}"
    tag = attributes(
        site=sample.site,
        thread=sample.thread,
        article="#story",
        token_url=token,
        signin=_as("bea"),
        subscribe=_as("ilse"),
    )
    return f'<div class="beneath"><hansard-comments{tag}>{fragment}</hansard-comments></div>'


def _as(name: str) -> str:
    return "/" if name == _NOBODY else f"/?as={name}"
