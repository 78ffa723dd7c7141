"""The console in a browser: how tests enter it, and what it has in hand."""

from typing import TYPE_CHECKING, Any, Final

import anyio

from tests.support.bounds import BOUND
from tests.support.following import Station
from tests.support.house import MOD, SITE, THREAD, House, Who, at, token
from tests.web.reading import until
from tests.web.visiting import WIDE, Visitor, Visitors, visitor_of

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

_GIVEN: Final = """
(token) => {
  new MutationObserver(() => {
    const found = document.querySelector("hansard-console");
    if (found && !found.token) found.token = async () => token;
  }).observe(document, { childList: true, subtree: true });
}
"""
FOCUS: Final = "document.querySelector('hansard-console').shadowRoot.activeElement"
_OPENED: Final = """
([address, token]) => {
  const there = new URL(address).origin;
  addEventListener("message", ({ source, origin, data }) => {
    if (origin !== there || data?.hansard !== "token") return;
    source.postMessage({ hansard: "token", token }, origin);
  });
  const opened = window.open(address);
  const begun = () => {
    try {
      return opened.location.href === null; // until it is there the window is of the page's own origin
    } catch {
      return true;
    }
  };
  setInterval(() => begun() && opened.postMessage({ hansard: "token", token }, there), 100);
}
"""
_ONCE_NAMED: Final = """
async () => {
  for (;;) {
    const name = (%s)();
    if (name) return name;
    await new Promise((done) => requestAnimationFrame(done));
  }
}
"""


class Console:
    """The console in a page of one moderator."""

    def __init__(self, page: "Page", visitor: Visitor) -> None:
        self.page = page
        self.visitor = visitor

    def part(self, selector: str, **how: Any) -> "Locator":
        """Whatever is in the console."""
        return self.page.locator(f"hansard-console {selector}", **how)

    @property
    def here(self) -> "Locator":
        """The item in hand."""
        return self.part(".slip.here")

    async def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def holds(self, text: str) -> None:
        """Wait until the item with this text is in hand and has the focus."""
        await self.part(".slip.here .said", has_text=text).wait_for()
        await until(self.page, f"{FOCUS}?.classList.contains('here')")

    async def leaves(self, text: str) -> None:
        """Wait until another item than the one with this text is in hand and has the focus."""
        other = f"{FOCUS}?.classList.contains('here') && {FOCUS}.querySelector('.said').innerText !== arg"
        await until(self.page, other, text)

    async def next_key(self, script: str) -> str:
        """Wait until a function in the page names a key."""
        with anyio.fail_after(BOUND):
            found: str = await self.page.evaluate(_ONCE_NAMED % script)
        return found

    async def focused(self) -> str:
        """The classes of what has the focus; empty where nothing in the console has it."""
        found: str = await self.page.evaluate(f"{FOCUS}?.className ?? ''")
        return found

    async def texts(self) -> list[str]:
        """The texts of the items, in order."""
        found: list[str] = await self.part(".slip .said").all_inner_texts()
        return found


async def enter(visitors: Visitors, gateway: Station, who: Who = MOD, *, waits: bool = True, **options: Any) -> Console:
    """The console of the site of a house, as somebody. Something is in hand if anything `waits`."""
    visitor = await visitors.arrive(**{**WIDE, **options})
    await visitor.context.add_init_script(f"({_GIVEN})({token(who)!r})")
    page = await visitor.open(f"{gateway.url}/console/{SITE}")
    console = Console(page, visitor)
    if waits:
        await console.here.wait_for()
    return console


async def waiting(house: House, *authors: Who, body: str = "Number {n}: https://example.org/{n}") -> list[str]:
    """Comments of these authors that wait for a moderator because of a link; their ids."""
    answer = await house.ask("PUT", f"threads/{THREAD}/policy", MOD, {"premoderation": "links"})
    assert answer.status_code == 200, answer.text
    return [await house.post(author, body.format(n=n)) for n, author in enumerate(authors)]


async def statuses(house: House, *comments: str) -> list[str]:
    """The statuses of comments, once the views have all that was written so far."""
    await house.settled(str(await house.log.thread_last(SITE, THREAD)))
    return [(await house.get(at(one), MOD)).json()["comment"]["status"] for one in comments]


async def opened(page: "Page", address: str, given: str) -> "Page":
    """The window that a page opens at an address. It is told this token again and again, and when it asks."""
    # A window that is not there yet is of another origin than it is told for, which the browser says.
    visitor_of(page).excused.append("postMessage.*does not match the recipient window's origin")
    async with page.context.expect_page() as opening:
        await page.evaluate(_OPENED, [address, given])
    return await opening.value
