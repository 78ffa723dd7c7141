"""Two laws of the section: the gateway and the script write the same rows, and frames lead to what a fresh page has."""

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import anyio
import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.bounds import BOUND
from tests.support.following import until as until_true
from tests.support.fragments import document, pages
from tests.support.house import ADA, BEN, EVE, MOD, House, Who, at
from tests.web.feed_proxy import FeedProxy
from tests.web.reading import Articles, frames, live, until
from tests.web.visiting import STRICT, WIDE, Visitors
from workers.gateway.html.fragment import SectionContext, write_section
from workers.gateway.html.page import decode
from workers.gateway.html.words import words_of

if TYPE_CHECKING:
    from playwright.async_api import Page

SILENT_MS: Final = 30_000
"""Milliseconds of silence after which a stream is lost."""

NORMAL: Final = """
window.normal = (node) => {
  const copy = node.cloneNode(true);
  for (const link of copy.querySelectorAll("noscript")) link.remove();
  for (const time of copy.querySelectorAll("time")) time.replaceChildren();
  for (const node of copy.querySelectorAll(".new, .can")) node.remove();
  for (const row of copy.querySelectorAll("[data-equipped]")) row.removeAttribute("data-equipped");
  for (const shown of copy.querySelectorAll(".votes > *")) {
    const tally = document.createElement("span");
    tally.className = shown.className.replace("act ", "");
    tally.textContent = /\\d/.test(shown.textContent) ? shown.textContent : "";
    shown.replaceWith(tally);
  }
  for (const node of copy.querySelectorAll(".fresh, .here, .kept")) {
    node.classList.remove("fresh", "here", "kept");
    node.removeAttribute("style");
  }
  copy.normalize();
  return copy.outerHTML;
};
window.parsed = (html) => {
  const place = document.createElement("div");
  place.setHTMLUnsafe(html);
  return normal(place.firstElementChild);
};
"""
"""Script: a node as one text, without the words of times, which are told in the reader's zone, and without what is
offered beside the rows that came near."""


@pytest.fixture
async def renderer(articles: Articles, visitors: Visitors) -> "Page":
    """A page that makes a section as the script does, with `made(page)`, and as a parser does, with `parsed(html)`."""
    visitor = await visitors.arrive()
    page = await visitor.open(
        articles.bare(script=NORMAL, policy=STRICT.replace("require-trusted-types-for 'script';", ""))
    )
    release = (await articles.station.client.get("/embed.js")).text.partition("embed/")[2].partition("/")[0]
    await page.evaluate(
        """async ([base, given]) => {
          const { frame } = await import(`${base}/section/made.js`);
          const { Discussion } = await import(`${base}/section/discussion.js`);
          const { words } = await import(`${base}/shared/words.js`);
          const en = await words("en");
          const api = { thread: new URL("/v1/sites/kew/threads/palm-house", location.href) };
          window.made = async (page) => {
            const section = frame(page, en, given);
            const ended = new AbortController();
            const element = document.createElement("div");
            const discussion = new Discussion({ element, section, api, words: en, signal: ended.signal });
            await (await discussion.paging()).fill(page);
            ended.abort();
            return normal(section);
          };
        }""",
        [f"{articles.publisher.gateway}/embed/{release}", GIVEN],
    )
    return page


GIVEN: Final[dict[str, Any]] = {
    "level": 3,
    "query": "sort=top&limit=20",
    "history": True,
    "read": "/read/kew/1",
    "audit": "/audit/kew/1",
}
"""What a section is made with besides its page."""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(page=pages())
async def test_the_gateway_and_the_script_write_the_same_section(renderer: "Page", page: dict[str, Any]) -> None:
    context = SectionContext(words=words_of("en"), zone=UTC, now=datetime.now(UTC), **GIVEN)
    html = write_section(decode(document(page)), context)
    section = "<section" + html.partition("<section")[2].partition("</template>")[0]
    parsed, made = await renderer.evaluate("async ([html, page]) => [parsed(html), await made(page)]", [section, page])
    assert made == parsed


class Life:
    """What people do in a thread, from a seed."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.chance = random.Random(seed)
        self.revisions: dict[str, int] = {}
        self.authors: dict[str, Who] = {}
        self.gone: set[str] = set()
        self.last = ""

    async def go_on(self, steps: int) -> None:
        """Do so many things. The views have them."""
        for _ in range(steps):
            await self._step()
        if self.last:
            await self.house.settled(self.last)

    async def _step(self) -> None:
        there = [one for one in self.revisions if one not in self.gone]
        deed = self.chance.choice(("post", "reply", "reply", "edit", "vote", "vote", "reject", "approve", "feature"))
        if not there or deed == "post":
            await self._post(None)
        elif deed == "approve":
            if self.gone:
                comment = self.chance.choice(sorted(self.gone))
                self.gone.discard(comment)
                await self._decide(comment, "approve")
        else:
            comment = self.chance.choice(there)
            await getattr(self, f"_{deed}")(comment)

    async def _ask(self, method: str, path: str, who: Who, body: Any = None, **headers: str) -> Any:
        answer = await self.house.ask(method, path, who, body, operator=False, **headers)
        assert answer.status_code in (200, 201), answer.text
        self.last = answer.json()["position"]
        return answer.json()

    async def _post(self, parent: str | None) -> None:
        body = {"body": f"Words {self.chance.random()}. " * self.chance.choice((1, 5, 80))}
        who = self.chance.choice((BEN, EVE))
        told = await self._ask(
            "POST", "threads/palm-house/comments", who, body | ({"parent": parent} if parent else {})
        )
        self.revisions[told["comment"]["id"]] = 1
        self.authors[told["comment"]["id"]] = who
        await self.house.settled(self.last)

    _reply = _post

    async def _edit(self, comment: str) -> None:
        tag = f'"{self.revisions[comment]}"'
        await self._ask(
            "PATCH", at(comment), self.authors[comment], {"body": f"Edited {self.chance.random()}"}, If_Match=tag
        )
        self.revisions[comment] += 1

    async def _vote(self, comment: str) -> None:
        await self._ask("PUT", f"{at(comment)}/vote", ADA, {"value": self.chance.choice((-1, 1))})

    async def _reject(self, comment: str) -> None:
        await self._decide(comment, "reject")
        self.gone.add(comment)

    async def _decide(self, comment: str, verdict: str) -> None:
        told = (await self.house.decide(comment, verdict, self.revisions[comment])).json()
        self.last = told["position"]
        await self.house.settled(self.last)

    async def _feature(self, comment: str) -> None:
        await self._ask(self.chance.choice(("PUT", "DELETE")), f"{at(comment)}/featured", MOD)


class Cuts:
    """Cuts the stream of a page on its way, where and how the seed says."""

    def __init__(self, proxy: FeedProxy, page: "Page", seed: int) -> None:
        self.proxy = proxy
        self.page = page
        self.chance = random.Random(seed)
        self.kinds: list[str] = []

    async def begin(self) -> None:
        """Cut the stream in one way or another."""
        if not self.kinds:
            self.kinds = ["ended", "reset", "bytes", "bytes", "refused", "silent", "hidden"]
            self.chance.shuffle(self.kinds)
        self.kind = self.kinds.pop()
        match self.kind:
            case "ended" | "reset":
                self.proxy.cut(reset=self.kind == "reset")
            case "bytes":
                self.proxy.cut_after(self.chance.randrange(4000))
            case "refused":
                self.proxy.refuse()
            case "silent":
                self.proxy.silence()
            case _:
                await self.page.evaluate("window.dispatchEvent(new Event('pagehide'))")

    async def end(self) -> None:
        """Let the page go on with a stream that is whole."""
        if self.kind == "silent":
            await self._open()
            await self.page.clock.fast_forward(SILENT_MS)
            await until_true(lambda: not self.proxy.open)
        await self.proxy.mend()
        await self.page.evaluate("window.dispatchEvent(new Event('pageshow'))")
        await self._open()

    async def _open(self) -> None:
        with anyio.fail_after(BOUND):
            while not self.proxy.open:
                await self.page.evaluate("window.dispatchEvent(new Event('online'))")


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("seed", range(4))
async def test_with_every_notice_pressed_and_every_edit_shown_it_is_what_a_fresh_page_shows(
    proxied: Articles, house: House, visitors: Visitors, proxy: FeedProxy, order: str, seed: int
) -> None:
    life = Life(house, seed)
    await life.go_on(6)
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.clock.install()
    page = await visitor.open(await proxied.served(start="now", sort=order, script=NORMAL))
    await page.clock.resume()
    await live(page)
    # The parts that apply frames, and those for writing, are loaded before connections are refused.
    await page.locator("hansard-comments .writing[data-drawn]").wait_for(state="attached")
    await life.go_on(2)
    await counted(page, house)
    cuts = Cuts(proxy, page, seed)
    for _ in range(4):
        await cuts.begin()
        await life.go_on(5)
        await cuts.end()
        await life.go_on(2)
    fresh = await visitor.open(await proxied.served(start="now", sort=order, script=NORMAL))
    await live(fresh)
    await opened(fresh)
    wanted = await fresh.evaluate("normal(section().querySelector('.rows'))")
    await counted(page, house)
    for _ in range(12):
        await frames(page)
        await opened(page)
        found = await page.evaluate("normal(section().querySelector('.rows'))")
        if found == wanted:
            break
    assert found == wanted
    if visitor.errors:
        visitor.excuse("net::ERR_")


async def counted(page: "Page", house: House) -> None:
    """Wait until the heading has the number of comments that there are: frames come in order."""
    comments = (await house.get("threads/palm-house?limit=1")).json()["thread"]["comments"]
    await until(page, f"section().querySelector('.title').textContent === 'Discussion {comments}'")


async def opened(page: "Page") -> None:
    """Press every notice, show every edit, load all there is more, and look away from what is removed."""
    await page.evaluate(
        """async () => {
          const rest = () => new Promise((done) => setTimeout(done, 20));
          for (let pressed = 0; ; pressed += 1) {
            const button = section().querySelector(".news, .notes button, .more:not([aria-busy])");
            if (!button && !section().querySelector(".more")) break;
            if (pressed > 100) throw new Error(button?.parentElement.outerHTML);
            button?.click();
            await rest();
          }
          const spacer = document.createElement("div");
          spacer.style.blockSize = "6000px";
          document.body.append(spacer);
          scrollTo(0, document.body.scrollHeight);
          // The section's own observer is older than this one, and so is told first.
          await new Promise((done) => {
            const watcher = new IntersectionObserver(([list]) => {
              if (!list.isIntersecting) done(watcher.disconnect());
            });
            watcher.observe(section().querySelector(".rows"));
          });
          scrollTo(0, 0);
          spacer.remove();
        }"""
    )
