"""The audit room in a browser: how tests enter it, walk in it, and read what it shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from anyio import to_thread

from core import heads
from core.caller import Caller
from core.events.comment_events import CommentPosted
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.events.vote_events import VoteCast
from core.log.port import Append, Appended, Load, NewEvent
from core.position import Position
from tests.support.following import Station
from tests.support.house import SITE, THREAD, House, Who, token
from tests.support.program import hansard
from tests.web.visiting import WIDE, Visitor, Visitors
from workers.importers import sample as sample_of

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

EVENTS: Final = 76
"""Events of the sample."""
REJECTED: Final = 38
"""The number of the event in the sample that rejects a comment."""
AT_ONCE: Final = 1000
"""Events of one append."""

_GIVEN: Final = """
(token) => {
  new MutationObserver(() => {
    const room = document.querySelector("hansard-audit");
    if (room && !room.token) room.token = async () => token;
  }).observe(document, { childList: true, subtree: true });
}
"""
_ROWS: Final = """
() => {
  const room = document.querySelector("hansard-audit").shadowRoot;
  return [...room.querySelectorAll(".then .row")].map((row) => ({
    id: row.id.slice("then-".length),
    name: row.querySelector("b")?.textContent ?? null,
    text: row.querySelector(".text")?.textContent ?? null,
    gone: row.querySelector(".gone")?.textContent ?? null,
    notes: row.querySelector(".v")?.textContent ?? "",
    hit: row.classList.contains("hit"),
  }));
}
"""


class Room:
    """The room in a page of a visitor."""

    def __init__(self, page: "Page", visitor: Visitor) -> None:
        self.page = page
        self.visitor = visitor

    def part(self, selector: str, **how: Any) -> "Locator":
        """Whatever is in the room."""
        return self.page.locator(f"hansard-audit {selector}", **how)

    @property
    def slider(self) -> "Locator":
        return self.part("input[type=range]")

    async def stands(self, number: int, total: int = EVENTS) -> None:
        """Wait until the room shows this event as the moment: slider, page and record."""
        await self.part(f'input[type=range][aria-valuetext^="Event {number:,} of {total:,},"]').wait_for(
            state="attached"
        )
        await self.part(".trail .now").wait_for(state="attached")

    async def press(self, *keys: str) -> None:
        """Press keys on the slider."""
        for key in keys:
            await self.slider.press(key)

    async def rows(self) -> list[dict[str, Any]]:
        """The rows of the page then, in order."""
        found: list[dict[str, Any]] = await self.page.evaluate(_ROWS)
        return found

    async def sentences(self) -> list[str]:
        """The sentences of the record, without quotes."""
        found: list[str] = await self.part(".trail details summary > span:first-child").all_text_contents()
        return found

    async def said(self) -> str:
        """Every word on the screen."""
        found: str = await self.part(".audit").inner_text()
        return found


async def enter_sample(visitors: Visitors, sample: Station, who: str | None, at: str = "", **options: Any) -> Room:
    """The room of the sample, as somebody of the desk, standing at a moment. It is there when it stands somewhere."""
    visitor = await visitors.arrive(**{**WIDE, **options})
    query = "&".join(part for part in (f"as={who}" if who else "", f"at={at}" if at else "") if part)
    page = await visitor.open(f"{sample.url}/audit/{sample_of.SITE}/{sample_of.THREAD}?{query}")
    room = Room(page, visitor)
    await room.part(".trail .now").wait_for(state="attached")
    return room


async def enter(visitors: Visitors, gateway: Station, who: Who | None, at: str = "", **options: Any) -> Room:
    """The room of the thread of a house, with a token of somebody's. Whatever it shows."""
    visitor = await visitors.arrive(**{**WIDE, **options})
    if who is not None:
        await visitor.context.add_init_script(f"({_GIVEN})({token(who)!r})")
    page = await visitor.open(f"{gateway.url}/audit/{SITE}/{THREAD}{'?at=' + at if at else ''}")
    return Room(page, visitor)


async def replayed(url: str, *options: str, site: str = SITE, thread: str = THREAD) -> bytes:
    """What `hansard replay --json` prints of a thread on the server at `url`."""
    arguments = ("replay", "--json", "--site", site, "--thread", thread, *options)
    ended = await to_thread.run_sync(lambda: hansard(*arguments, HANSARD_REDIS_URL=url))
    assert ended.status == 0, ended.err
    return ended.out.encode()


def documents(lines: bytes) -> list[dict[str, Any]]:
    """The documents of some lines."""
    return [msgspec.json.decode(line) for line in lines.splitlines()]


async def write(house: House, facts: Sequence[tuple[Event, Caller]]) -> Position:
    """Write events of the thread into the log as they are, as fast as that goes; the position of the last one."""
    last: Position | None = None
    for start in range(0, len(facts), AT_ONCE):
        now = (await house.log.load(Load(site=SITE, thread=THREAD, heads=()))).now
        events = tuple(_new(event, who) for event, who in facts[start : start + AT_ONCE])
        done = await house.log.append(Append(site=SITE, thread=THREAD, expected={}, events=events, now=now))
        assert isinstance(done, Appended)
        last = done.positions[-1]
    assert last is not None
    return last


def _new(event: Event, who: Caller) -> NewEvent:
    e, c = encode(event, Stamp(actor=who.actor, site=SITE, thread=THREAD))
    return NewEvent(head=heads.of(event, who.actor), e=e, c=c)


async def long_thread(house: House, events: int) -> Position:
    """Fill an open thread up to this many events, one in a hundred a comment and the others votes."""
    facts: list[tuple[Event, Caller]] = []
    for number in range(events - 1):
        comment = f"c{number // 100}"
        if number % 100 == 0:
            author = Caller(id=f"a{number % 7}", name=f"Author {number % 7}")
            facts.append((CommentPosted(comment=comment, body=f"Words of number {number}.", name=author.name), author))
        else:
            facts.append((VoteCast(comment=comment, value=1), Caller(id=f"v{number}", name="Somebody")))
    return await write(house, facts)
