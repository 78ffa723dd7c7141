"""Pages in a real Chromium: how long each takes until it is on the screen, and for how long its scripts run.

Every page is opened with an empty cache. The phone is 390 pixels wide, and its processor is slowed down six times. A
page is there in the first frame after the last of its rows. For how long scripts ran, a trace of the browser says
(`tests.bench.tracing`). Scripts that take rows over or make them are measured from the moment at which the element is
in the document until its rows are there and it follows its thread; a frame of the feed, from one notice to the next;
tasks, from the first that the page itself begins.

The browser slows a processor down by the clock (CDP, `Emulation.setCPUThrottlingRate`): a thread is held up for five
sixths of the time that goes by, whether it runs or waits for a core. On a machine that is busy otherwise, pages take
ten to twenty times as long of the processor instead of six, a bare article like any other. So the times of scripts are
measured at full speed and multiplied by six. The longest task is measured slowed down, because a page that is slow
does less at a time; it is corrected by how many times as long all tasks took of the page that has its rows from the
gateway, and so does the same at any speed.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import anyio
from msgspec import Struct

from tests.bench import http
from tests.bench.asks import Post
from tests.bench.house import CREATED
from tests.bench.people import ROOT, SITE
from tests.bench.tracing import CATEGORIES, MARK, scripted, tasks
from tests.web.visiting import PHONE, STRICT, WIDE, Publisher, Visitor

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

WITHIN: Final = 60.0
"""Seconds in which a page is there, and what is measured in it is done. What lacks a part of it never is."""
APART: Final = 0.2
"""Seconds between two comments: each is a frame of its own."""

_TIMED: Final = """
window.when = (there) => new Promise((done) => {
  const look = () => requestAnimationFrame(there() ? () => done(performance.now()) : look);
  look();
});
"""
_ARTICLE: Final = "() => document.readyState !== 'loading'"
_ROWS: Final = """
() => document.querySelector("hansard-comments")?.shadowRoot?.querySelectorAll("li[data-key]").length >= {rows}
"""
_ROOM: Final = """
() => {
  const room = document.querySelector("hansard-audit")?.shadowRoot;
  return room?.querySelector(".then .row") && room.querySelector(".trail .now");
}
"""
_SECOND: Final = """
([html]) => {
  window.second = document.createElement("div");
  second.setHTMLUnsafe(html);
}
"""
"""Parses a second section, which is not in the document yet."""
_SHOW: Final = f"""
async ([rows]) => {{
  // In a task of its own, which a trace tells of. The element begins in a microtask after it.
  await new Promise((done) => setTimeout(() => {{
    document.querySelector("main").prepend(second);
    {MARK}
    setTimeout(done);
  }}));
  const root = second.firstElementChild.shadowRoot;
  await new Promise((done) => {{
    // Asked after each change, in the time that is measured. It follows its thread after its rows are there.
    const look = () => {{
      if (!root.querySelector(".stream")?.firstChild) return;
      {MARK}
      watcher.disconnect();
      done();
    }};
    const watcher = new MutationObserver(look);
    watcher.observe(root, {{ childList: true, subtree: true }});
    look();
  }});
  if (root.querySelectorAll("li[data-key]").length < rows) throw new Error("rows are missing");
}}
"""
"""Shows the second section, and waits until it has its rows and follows its thread."""
_WATCH: Final = f"""
([wanted]) => {{
  const told = document.querySelector("hansard-comments").shadowRoot.querySelector(".told");
  window.told = [];
  window.enough = new Promise((done) => new MutationObserver(() => {{
    const n = parseInt(told.textContent);
    if (!n || window.told[n]) return;
    {MARK}
    window.told[n] = true;
    requestAnimationFrame(() => {{
      window.told[n] = performance.timeOrigin + performance.now();
      if (n === wanted) done();
    }});
  }}).observe(told, {{ childList: true, subtree: true, characterData: true }}));
}}
"""
"""Notes when the notice of each new comment was on the screen."""


class Screen(NamedTuple):
    """A kind of device."""

    name: str
    options: Mapping[str, Any]
    """Of Playwright's `new_context`."""
    slower: int
    """How many times its processor is slowed down."""


SCREENS: Final = (Screen("desk", WIDE, 1), Screen("phone", PHONE, 6))


class Seen(Struct, kw_only=True):
    """Milliseconds of one round on one screen."""

    bare: float
    """The same article without a section, until it is there."""
    fragment: float
    """With the gateway's HTML, until the rows are there."""
    json: float
    """Without it, until the rows are there."""
    longest: float
    """Longest task of that page, from the first that the page itself begins."""
    adopt: float
    """Script that takes the gateway's HTML over."""
    render: float
    """Script that makes the rows from JSON."""
    frame: float
    """Script of a frame of the feed, the median of all: for the first, parts are loaded."""
    post: float
    """From the request of a comment until its notice is there."""
    room: float
    """The audit room, until its first picture is there."""


class Pages(NamedTuple):
    """Addresses of the pages that are measured."""

    bare: str
    fragment: str
    json: str
    modules: str
    """An article with a section of few rows, whose modules are loaded."""
    room: str


class Articles:
    """Puts the pages on the site of a publisher. Each has the same article."""

    def __init__(self, publisher: Publisher, paragraphs: Sequence[str]) -> None:
        self._publisher = publisher
        self._text = "<h1>The palm house</h1>" + "".join(f"<p>{one}</p>" for one in paragraphs)
        self._loader = f'<script type="module" src="{publisher.gateway}/embed.js"></script>'

    def put(self, path: str, section: str = "", *, trusted: bool = True) -> str:
        """Serve the article with this section below it; its address. Not `trusted`: markup may be inserted there."""
        head = '<meta name="viewport" content="width=device-width, initial-scale=1">'
        policy = STRICT if trusted else STRICT.partition("require-trusted-types-for")[0]
        body = f"<main><article>{self._text}</article>{section}</main>"
        return self._publisher.put(path, body, head=head + (self._loader if section else ""), policy=policy)

    @staticmethod
    def section(thread: str, inside: str = "") -> str:
        """Return the tag of a section."""
        return f'<hansard-comments site="{SITE}" thread="{thread}" start="now">{inside}</hansard-comments>'


class Browsing(Struct, kw_only=True):
    """What is measured on one screen."""

    browser: Any
    screen: Screen
    gateway: str
    pages: Pages
    rows: int
    fragment: str
    """Of as many rows."""
    thread: str
    live: str
    """The thread in which comments are posted, with as many rows at first."""
    articles: Articles
    posts: int
    """Comments of which the frames are measured."""
    within: float = WITHIN

    async def round(self, series: str) -> Seen:
        """Measure everything once. `series` keeps the comments apart from those of other rounds.

        Raises TimeoutError.
        """
        rows = _ROWS.format(rows=self.rows)
        bare, _ = await self._load(self.pages.bare, _ARTICLE)
        room, _ = await self._load(self.pages.room, _ROOM)
        json, tasks_of_json = await self._load(self.pages.json, rows)
        fragment, slow = await self._load(self.pages.fragment, rows)
        _, fast = (
            (fragment, slow) if self.screen.slower == 1 else await self._load(self.pages.fragment, rows, slowed=False)
        )
        return Seen(
            bare=bare,
            fragment=fragment,
            json=json,
            longest=max(tasks_of_json) / (sum(slow) / sum(fast)) * self.screen.slower,
            adopt=await self._script(Articles.section(self.thread, self.fragment)),
            render=await self._script(Articles.section(self.thread)),
            frame=await self._frame(f"{series}f"),
            post=await self._posted(f"{series}p"),
            room=room,
        )

    @asynccontextmanager
    async def _page(self, url: str, there: str, *, slowed: bool = True, traced: bool = False) -> "AsyncIterator[Page]":
        """A page in a browser with an empty cache, once it is there. `traced` from before it was asked for.

        Raises TimeoutError, also for what is done in it. The message has the errors of the page.
        """
        browser: Browser = self.browser
        errors: list[str] = []
        try:
            with anyio.fail_after(self.within):
                context = await browser.new_context(**self.screen.options)
                errors = Visitor(context).errors
                await context.add_init_script(f"{MARK}\n{_TIMED}\nwindow.shown = when({there});")
                page = await context.new_page()
                if slowed:
                    session = await context.new_cdp_session(page)
                    await session.send("Emulation.setCPUThrottlingRate", {"rate": self.screen.slower})
                if traced:
                    await browser.start_tracing(page=page, categories=CATEGORIES)
                await page.goto(url)
                await page.evaluate("shown")
                yield page
                await context.close()
        except TimeoutError as error:
            late = f"{self.screen.name}: {url} is not done within {self.within} s"
            raise TimeoutError(f"{late}; its errors: {errors or 'none'}") from error

    async def _load(self, url: str, there: str, *, slowed: bool = True) -> tuple[float, list[float]]:
        """Milliseconds until a page is there, and those of each of its tasks until then."""
        async with self._page(url, there, slowed=slowed, traced=True) as page:
            trace = await self.browser.stop_tracing()
            return float(await page.evaluate("shown")), tasks(trace)

    async def _script(self, section: str) -> float:
        """Milliseconds of script for a second section in a page that has the modules."""
        async with self._page(self.pages.modules, _ROWS.format(rows=1), slowed=False) as page:
            await page.evaluate(_SECOND, [section])
            await self.browser.start_tracing(page=page, categories=CATEGORIES)
            await page.evaluate(_SHOW, [self.rows])
            return sum(scripted(await self.browser.stop_tracing())) * self.screen.slower

    async def _frame(self, series: str) -> float:
        """Milliseconds of script per frame."""
        async with self._following(slowed=False) as page:
            await self.browser.start_tracing(page=page, categories=CATEGORIES)
            await page.evaluate(MARK)
            await self._post(series)
            await page.evaluate("enough")
            return median(scripted(await self.browser.stop_tracing())) * self.screen.slower

    async def _posted(self, series: str) -> float:
        """Milliseconds from the request of a comment until its notice is there."""
        async with self._following() as page:
            asked = await self._post(series)
            await page.evaluate("enough")
            told: list[float | None] = (await page.evaluate("told"))[1:]
            took, then = [], told[-1]
            for at, shown in zip(reversed(asked), reversed(told), strict=True):
                then = shown or then  # two that came in one frame have one notice
                assert then is not None
                took.append(then - at)
            return median(took)

    @asynccontextmanager
    async def _following(self, *, slowed: bool = True) -> "AsyncIterator[Page]":
        """A page that follows the thread in which comments are posted, and notes when it tells of each."""
        query = "sort=newest&limit=200&replies=3&depth=4"
        asking = http.request("GET", f"{ROOT}/threads/{self.live}/section?{query}")
        with anyio.fail_after(self.within):
            fragment = (await http.asked(self.gateway, asking)).body.decode()
        url = self.articles.put("/live", self.articles.section(self.live, fragment))
        async with self._page(url, _ROWS.format(rows=self.rows), slowed=slowed) as page:
            await page.wait_for_selector("hansard-comments .live:not(.off)", state="attached")
            await page.evaluate(_WATCH, [self.posts])
            yield page

    async def _post(self, series: str) -> list[float]:
        """Post the comments; when each was asked for, in milliseconds since 1970."""
        line, asked = await http.connected(self.gateway), []
        requests = Post(series=series, threads=(self.live,)).of_client(0, 1)
        for _ in range(self.posts):
            asked.append(time.time() * 1000)
            answer = await line.ask(next(requests))
            assert answer.status == CREATED, answer
            await anyio.sleep(APART)
        line.close()
        return asked
