"""Articles with a section: what a publisher serves, what a browser shows of it, and how much moved meanwhile."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tests.support.bounds import BOUND
from tests.support.following import Station
from tests.support.house import SITE, THREAD
from tests.web.visiting import STRICT, Publisher

if TYPE_CHECKING:
    from playwright.async_api import Page

FEW: Final = {"limit": 20, "replies": 3, "depth": 4}
"""What the tag asks for."""

WATCH: Final = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    if (!one.hadRecentInput) window.shifts.push([one.value, one.startTime,
      ...one.sources.map(({ previousRect, currentRect }) => [previousRect, currentRect])]);
  }
}).observe({ type: "layout-shift", buffered: true });
window.section = () => document.querySelector("hansard-comments").shadowRoot;
window.row = (id) => section().getElementById(`comment-${id}`);
"""
"""Script of an article: counts what moves, and has short names for what tests ask about."""


class Articles:
    """Articles of one publisher, each with a section of a thread."""

    def __init__(self, publisher: Publisher, station: Station, *, site: str = SITE, thread: str = THREAD) -> None:
        self.publisher = publisher
        self.station = station
        self.site = site
        self.thread = thread
        self._put = 0

    async def fragment(self, **query: Any) -> str:
        """What the gateway writes for the publisher's server."""
        path = f"/v1/sites/{self.site}/threads/{self.thread}/section?{urlencode(query)}"
        answer = await self.station.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def served(self, *, before: str = "", after: str = "", script: str = "", **attributes: str) -> str:
        """An article whose section the publisher's server includes; its address. `sort` is the order of the page."""
        query = {"sort": attributes.get("sort", "top"), **FEW}
        return self.put(await self.fragment(**query), before=before, after=after, script=script, **attributes)

    def bare(
        self, *, before: str = "", after: str = "", script: str = "", policy: str = STRICT, **attributes: str
    ) -> str:
        """An article whose section the script fetches; its address."""
        return self.put("", before=before, after=after, script=script, policy=policy, **attributes)

    def put(
        self,
        fragment: str,
        *,
        before: str = "",
        after: str = "",
        script: str = "",
        policy: str = STRICT,
        **attributes: str,
    ) -> str:
        """An article with this content of the tag."""
        self._put += 1
        scripts = self._script(f"/watch-{self._put}.js", WATCH + script)
        given = {"site": self.site, "thread": self.thread, **attributes}
        written = "".join(f' {name}="{value}"' for name, value in given.items())
        tag = f"<hansard-comments{written}>{fragment}</hansard-comments>"
        return self.publisher.put(
            f"/article-{self._put}",
            f"<main><h1>The palm house</h1>{before}{tag}{after}</main>",
            policy=policy.replace("script-src {gateway}", "script-src {gateway} 'self'"),
            head='<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<script src="{scripts}"></script><script type="module" src="{self.publisher.gateway}/embed.js"></script>',
        )

    def _script(self, path: str, text: str) -> str:
        from starlette.responses import Response  # noqa: PLC0415 - beside its only use

        return self.publisher.give(path, Response(text, media_type="text/javascript"))


async def live(page: "Page") -> None:
    """Wait until the section follows its discussion."""
    await page.wait_for_selector("hansard-comments .live:not(.off)")


async def equipped(page: "Page") -> None:
    """Wait until what a reader may do is offered: the field, and beside the first comment."""
    await live(page)
    for part in (".writing[data-drawn]", ".rows > li:first-child > .row[data-equipped]"):
        await page.locator(f"hansard-comments {part}").wait_for(state="attached")
    await frames(page)


async def shift(page: "Page") -> float:
    """How much has moved so far that nobody asked for (cumulative layout shift)."""
    shifts: Sequence[Any] = await page.evaluate("new Promise((told) => requestAnimationFrame(() => told(shifts)))")
    for one in shifts:
        print(json.dumps(one)[:600])  # noqa: T201 - shown where the test fails
    return float(sum(one[0] for one in shifts))


async def texts(page: "Page", selector: str) -> list[str]:
    """The texts of all elements in the section."""
    found: list[str] = await page.locator(f"hansard-comments {selector}").all_text_contents()
    return found


async def ids(page: "Page", below: str = ".rows") -> list[str]:
    """The comments on screen, in order."""
    found: list[str] = await page.evaluate(
        "(below) => [...section().querySelectorAll(`${below} li[data-key]`)].map((li) => li.dataset.key)", below
    )
    return found


async def frames(page: "Page") -> None:
    """Wait until what was asked for has been painted."""
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


async def until(page: "Page", true: str, arg: Any = None) -> None:
    """Wait until an expression is true, in which `arg` may stand. Playwright's own wait would need `eval`."""
    await page.evaluate(
        f"(arg) => new Promise((done, failed) => {{ const end = performance.now() + {BOUND * 1000};"
        f" const look = () => ({true}) ? done() : performance.now() > end ? failed('never so') : setTimeout(look, 10);"
        " look(); })",
        arg,
    )
