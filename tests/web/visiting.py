"""Readers' browsers, and the site of a publisher whose content security policy forbids all that is not needed."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import anyio
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tests.support.bounds import BOUND
from workers.gateway.http.http_server import HttpServer

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route

STRICT: Final = (
    "default-src 'none'; script-src {gateway}; style-src {gateway} 'self'; connect-src {gateway} 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The policy of a publisher: `{gateway}` is the origin of Hansard, which needs nothing else."""

PHONE: Final[Mapping[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDE: Final[Mapping[str, Any]] = {"viewport": {"width": 1280, "height": 900}}
"""Options of `Visitors.arrive`."""

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""The groups of axe's rules that have to hold."""

_HEARD: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`securitypolicyviolation: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


_VISITORS: Final[WeakKeyDictionary[Any, "Visitor"]] = WeakKeyDictionary()
"""Visitors by their browser's context."""

_BROKEN: Final = """
async (options) => (await axe.run(options)).violations.flatMap(
  (rule) => rule.nodes.map((node) => [rule.id, node.html, node.failureSummary]));
"""
"""The rules that are broken, where and how. All that axe found takes longer to tell than to find."""

_IDLE: Final = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done))))"
"""Waits until what a page has begun to report is reported."""


class Visitor:
    """One reader with a browser of their own, its cache empty. Whatever goes wrong in their pages is in `errors`."""

    def __init__(self, context: "BrowserContext") -> None:
        self.context = context
        _VISITORS[context] = self
        self.errors: list[str] = []
        self.excused: list[str] = []
        self.requests: list[str] = []
        """Addresses that were requested, in order."""
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("console", self._hear)
        context.on("request", lambda request: self.requests.append(request.url))

    def _hear(self, line: "ConsoleMessage") -> None:
        if line.type in ("error", "warning"):
            self.errors.append(f"{line.type}: {line.text}")

    async def open(self, url: str) -> "Page":
        """A page, loaded."""
        page = await self.context.new_page()
        page.set_default_timeout(BOUND * 1000)
        await page.goto(url)
        return page

    def excuse(self, pattern: str) -> None:
        """Take out the errors that a test provoked; one at least must be there, others like it may follow."""
        self.excused.append(pattern)
        kept = [error for error in self.errors if re.search(pattern, error) is None]
        assert len(kept) < len(self.errors), (pattern, self.errors)
        self.errors[:] = kept

    def unexcused(self) -> list[str]:
        """The errors that no test provoked, those included that were told late."""
        return [error for error in self.errors if not any(re.search(one, error) for one in self.excused)]


class Visitors:
    """Readers as they come. At the end of a test none of them may have met an error."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._there: list[Visitor] = []

    async def arrive(self, **options: Any) -> Visitor:
        """Another reader. `options` are those of Playwright's `new_context`: `color_scheme`, `locale`, `**PHONE`."""
        context = await self._browser.new_context(**options)
        await context.add_init_script(_HEARD)
        visitor = Visitor(context)
        self._there.append(visitor)
        return visitor

    async def leave(self) -> None:
        """Close all browsers, and say what went wrong in them."""
        for visitor in self._there:
            await visitor.context.close()
        errors = [error for visitor in self._there for error in visitor.unexcused()]
        assert not errors, errors


class Publisher:
    """A publisher's site at an origin other than the gateway's: pages by path, under the strict policy."""

    def __init__(self, url: str, gateway: str) -> None:
        self.url = url
        self.gateway = gateway
        self._pages: dict[str, Response] = {}

    def put(self, path: str, body: str, *, policy: str = STRICT, head: str = "") -> str:
        """Serve a page with this body at `path`; its address. Without a policy there is none."""
        html = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>The palm house</title>{head}<body>{body}'
        headers = {"content-security-policy": policy.format(gateway=self.gateway)} if policy else {}
        return self.give(path, Response(html, media_type="text/html", headers=headers))

    def give(self, path: str, response: Response) -> str:
        """Serve any response at `path`, such as a token; its address."""
        self._pages[path] = response
        return self.url + path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._pages.get(scope["path"]) or PlainTextResponse("nothing here", 404)
        await found(scope, receive, send)


@asynccontextmanager
async def publishing(gateway: str) -> AsyncIterator[Publisher]:
    """A publisher's site whose pages may load from this gateway."""
    publisher = Publisher("", gateway)
    server = HttpServer(publisher, "localhost", 0, drain=1)
    async with anyio.create_task_group() as tasks:
        publisher.url = await tasks.start(server.run)
        yield publisher
        await server.drain()


async def withheld(page: "Page | BrowserContext", address: str) -> anyio.Event:
    """Hold all requests for an address, a glob of Playwright, until the event that is returned is set."""
    free = anyio.Event()

    async def hold(route: "Route") -> None:
        await free.wait()
        await route.continue_()

    await page.route(address, hold)
    return free


def visitor_of(page: "Page") -> Visitor:
    """Whose page it is."""
    return _VISITORS[page.context]


async def accessible(page: "Page") -> None:
    """Ask axe: no rule of accessibility may be broken on the page, its shadow roots included."""
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415 - an extra, which may not be here

    visitor = visitor_of(page)
    await page.evaluate(_IDLE)
    known = len(visitor.errors)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    broken = await page.evaluate(_BROKEN, options)
    await page.evaluate(_IDLE)
    del visitor.errors[known:]  # axe itself writes inline styles, which the policy of a page forbids
    assert not broken, broken


async def fits(page: "Page") -> None:
    """Nothing of the page sticks out sideways."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
