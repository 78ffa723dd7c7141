"""Two laws of the section: the gateway and the script write the same rows, and frames lead to what a fresh page has."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.following import Station
from tests.support.fragments import document, pages
from tests.support.house import ADA, BEN, EVE, MOD, House, Who, at
from tests.web.reading import Articles, frames, live, until
from tests.web.visiting import STRICT, WIDE, Visitors, publishing
from workers.gateway.html.fragment import SectionContext, write_rows
from workers.gateway.html.page import decode
from workers.gateway.html.words import words_of

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

NORMAL: Final = """
window.normal = (list) => {
  const copy = list.cloneNode(true);
  for (const time of copy.querySelectorAll("time")) time.replaceChildren();
  for (const node of copy.querySelectorAll(".new")) node.remove();
  for (const node of copy.querySelectorAll(".fresh, .here, .kept")) {
    node.classList.remove("fresh", "here", "kept");
    node.removeAttribute("style");
  }
  copy.normalize();
  return copy.innerHTML;
};
window.parsed = (html) => {
  const list = document.createElement("ol");
  list.setHTMLUnsafe(html);
  return normal(list);
};
"""
"""Script: rows as one text, without the words of times, which are told in the reader's zone."""


@pytest.fixture
async def palms(gateway: Station) -> AsyncIterator[Articles]:
    """An article of the house."""
    async with publishing(str(gateway.client.base_url).rstrip("/")) as publisher:
        yield Articles(publisher, gateway)


@pytest.fixture
async def renderer(palms: Articles, visitors: Visitors) -> "Page":
    """A page that can make rows as the script does, with `made(page)`, and as a parser does, with `parsed(html)`."""
    visitor = await visitors.arrive()
    page = await visitor.open(
        palms.bare(script=NORMAL, policy=STRICT.replace("require-trusted-types-for 'script';", ""))
    )
    release = (await palms.station.client.get("/embed.js")).text.partition("embed/")[2].partition("/")[0]
    await page.evaluate(
        """async (base) => {
          const { Rows } = await import(`${base}/section/rows.js`);
          const { words } = await import(`${base}/shared/words.js`);
          const en = await words("en");
          window.made = async (page) => {
            const list = document.createElement("ol");
            const given = { words: en, link: `${page.thread.url}#comment-`, history: true };
            const rows = new Rows(list, given, "1-1", { has: () => false, set: () => {} });
            await rows.append(page.comments, null);
            rows.end();
            return normal(list);
          };
        }""",
        f"{palms.publisher.gateway}/embed/{release}",
    )
    return page


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(page=pages())
async def test_the_gateway_and_the_script_write_the_same_rows(renderer: "Page", page: dict[str, Any]) -> None:
    html = write_rows(decode(document(page)), SectionContext(words=words_of("en"), zone=UTC, now=datetime.now(UTC)))
    parsed, made = await renderer.evaluate("async ([html, page]) => [parsed(html), await made(page)]", [html, page])
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


class Cut:
    """Breaks the streams of a page off, where the seed says so, as a proxy on the way does."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.cuts = 0

    async def __call__(self, route: "Route") -> None:
        if self.cuts < 3 and self.chance.random() < 0.5:
            self.cuts += 1
            await route.abort()
        else:
            await route.continue_()


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("seed", range(4))
async def test_with_every_notice_pressed_and_every_edit_shown_it_is_what_a_fresh_page_shows(
    palms: Articles, house: House, visitors: Visitors, order: str, seed: int
) -> None:
    life = Life(house, seed)
    await life.go_on(6)
    visitor = await visitors.arrive(**WIDE)
    await visitor.context.route("**/feed?*", Cut(seed))
    page = await visitor.open(await palms.served(start="now", sort=order, script=NORMAL))
    await live(page)
    for _ in range(3):
        await life.go_on(6)
        await page.evaluate("window.dispatchEvent(new Event('pagehide'))")
        await life.go_on(3)
        await page.evaluate("window.dispatchEvent(new Event('pageshow'))")
    end = (await house.get(f"threads/palm-house?limit=200&sort={order}")).json()
    fresh = await visitor.open(await palms.served(start="now", sort=order, script=NORMAL))
    await live(fresh)
    await opened(fresh)
    wanted = await fresh.evaluate("normal(section().querySelector('.rows'))")
    await until(page, f"section().querySelector('.title').textContent === 'Discussion {end['thread']['comments']}'")
    for _ in range(50):
        await frames(page)
        await opened(page)
        found = await page.evaluate("normal(section().querySelector('.rows'))")
        if found == wanted:
            break
    assert found == wanted
    if visitor.errors:
        visitor.excuse("ERR_FAILED")


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
          await rest();
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          scrollTo(0, 0);
          spacer.remove();
        }"""
    )
