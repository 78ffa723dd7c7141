"""Pages that the gateway hosts itself: the document around them, their headers, and refusals as pages for people.

Nothing on such a page comes from another host, and nothing in it is inline: its policy forbids both. Pages of other
origins cannot read it, and cannot show it in a frame.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from core.refusals import NotFound, Refusal
from projections.read.queries import BadCursor
from workers.gateway.http import caching, parameters, problems
from workers.gateway.http.defects import broken
from workers.gateway.http.read_only import ALLOWED, ReadOnly
from workers.gateway.http.response import HTML, NO_CONTENT, Header, Response
from workers.gateway.web.assets import LOADER, Release
from workers.runtime import logs

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types hansard"
)
"""Content security policy of every hosted page."""

ALONE: Final[Header] = (b"cross-origin-opener-policy", b"same-origin")
"""For pages that no other page may keep hold of by its window. A page opened by a CMS for sign-in must not send it."""

NOINDEX: Final[Header] = (b"x-robots-tag", b"noindex")
"""For pages that search engines must not list."""

_FRAMES: Final = "frame-ancestors 'none'"
_HEADERS: Final[tuple[Header, ...]] = (
    (b"referrer-policy", b"no-referrer"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), xr-spatial-tracking=()",
    ),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE: Final[Header] = (b"cache-control", caching.NO_STORE)

Make = Callable[[Scope, Receive], Awaitable[Response]]
"""Makes the response to one GET. It may raise a Refusal, BadCursor or ClientDisconnect."""


def text(value: str) -> str:
    """Return text as HTML, for content and for attributes in double quotes. No other way leads into a page."""
    return escape(value, quote=True)


def attributes(**given: str | None) -> str:
    """Return attributes of an element, each with a space before it. None is left out.

    An underscore is a hyphen; one at the end of a name is nothing, for the reserved words of Python.
    """
    named = ((name.rstrip("_").replace("_", "-"), value) for name, value in given.items())
    return "".join(f' {name}="{text(value)}"' for name, value in named if value is not None)


class Shell:
    """Writes documents with the files of one release."""

    def __init__(self, release: Release) -> None:
        self.release = release

    def document(
        self,
        title: str,
        body: str,
        *,
        lang: str = "en",
        direction: str | None = None,
        head: str = "",
        styles: Sequence[str] = (),
        scripts: Sequence[str] = (),
    ) -> bytes:
        """Return a whole document. `body` and `head` are HTML, `styles` and `scripts` paths of files of the release.

        `/embed.js` may be among the scripts. Raises KeyError if the release has no such file.
        """
        sheets = ("css/tokens.css", "css/hosted.css", *styles)
        links = "".join(f"<link{attributes(rel='stylesheet', href=self.release.address(path))}>" for path in sheets)
        loads = "".join(f"<script{attributes(type='module', src=self._script(path))}></script>" for path in scripts)
        icon = attributes(rel="icon", href=self.release.address("shared/icon.svg"), type="image/svg+xml")
        return (
            f'<!doctype html><html{attributes(lang=lang, dir=direction)}><head><meta charset="utf-8">'
            f"<title>{text(title)}</title>"
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><link{icon}>{links}{loads}{head}'
            f"</head><body>{body}</body></html>"
        ).encode()

    def refused(self, reply: Response) -> Response:
        """Return a problem response as a page for people, with its status and its headers."""
        problem: dict[str, Any] = msgspec.json.decode(reply.body)
        detail: str = problem["detail"]
        sentence = f"{detail[:1].upper()}{detail[1:]}." if problem["status"] < problems.INTERNAL.status else _LATER
        said = f"<h1>{text(problem['title'])}</h1><p>{text(sentence)}</p>"
        body = f'<main class="plain">{said}<p><a href="/">Front page</a></p></main>'
        return page(self.document(problem["title"], body), *reply.headers, NOINDEX, _NO_STORE, status=reply.status)

    def _script(self, path: str) -> str:
        return path if path == LOADER else self.release.address(path)


def framed_by(origins: Sequence[str]) -> str:
    """Return the policy of a page that pages of these origins may show in a frame."""
    return POLICY.replace(_FRAMES, f"frame-ancestors {' '.join(origins)}") if origins else POLICY


def page(document: bytes, *headers: Header, status: int = 200, policy: str = POLICY) -> Response:
    """Return a document as a response, with the headers of every hosted page."""
    security: Header = (b"content-security-policy", policy.encode())
    return Response(status, document, (security, *_HEADERS, *headers), HTML, cors=False)


class HostedPage(ReadOnly):
    """ASGI endpoint of one hosted page. `route` is its path template, `refused` words a problem response."""

    def __init__(self, route: str, make: Make, refused: Callable[[Response], Response]) -> None:
        super().__init__(route)
        self._make = make
        self._worded = refused

    async def read(self, scope: Scope, receive: Receive) -> Response:
        """Return the page, or a page that says why it cannot be shown."""
        return await self._made(self._make, scope, receive)

    async def _made(self, make: Make, scope: Scope, receive: Receive) -> Response:
        try:
            _check_path(scope["path_params"])
            return await make(scope, receive)
        except (Refusal, BadCursor) as refused:
            return self.refused(refused)
        except Exception as error:  # the one place where a defect becomes a page
            if isinstance(error, ClientDisconnect):
                raise
            return self._worded(broken(error, scope["hansard"]))

    def options(self) -> Response:
        """Return the response to OPTIONS. No other origin gets one to a preflight, so none may send what needs one."""
        return Response(NO_CONTENT, b"", ((b"allow", self.allowed.encode()), _NO_STORE), cors=False)

    def refused(self, refusal: Refusal | BadCursor) -> Response:
        """Return the page for a refusal."""
        return self._worded(problems.reply(refusal))


class HostedForm(HostedPage):
    """A hosted page with a form that posts to its own address. `take` makes the response to that."""

    allowed = f"{ALLOWED}, POST"

    def __init__(self, route: str, make: Make, take: Make, refused: Callable[[Response], Response]) -> None:
        super().__init__(route, make, refused)
        self._take = take

    async def write(self, method: str, scope: Scope, receive: Receive) -> Response:
        """Return the response to a filled-in form, or a page that says why it cannot be taken."""
        if method != "POST":
            return await super().write(method, scope, receive)
        return await self._made(self._take, scope, receive)


def _check_path(path: Mapping[str, str]) -> None:
    """Raise NotFound if an id in the path is malformed. Otherwise add the ids to the lines that are logged."""
    if not parameters.are_ids(path):
        raise NotFound("there is nothing at this address")
    logs.about(**path)


_LATER: Final = "This page cannot be shown at the moment. Try again in a few seconds."
