"""The console at the speed of machines: four moderators at one queue, and keys that follow one another at once."""

from typing import TYPE_CHECKING, Final

import anyio

from tests.support.following import Station
from tests.support.house import ADA, MOD, SITE, THREAD, House, Who
from tests.web.consoles import Console, enter, waiting
from tests.web.visiting import Visitors

if TYPE_CHECKING:
    from playwright.async_api import Response

MODERATORS: Final = [Who(name, ("moderator",)) for name in ("max", "meg", "mia", "moe")]
MANY: Final = 100
MOST_COLLISIONS: Final = 4

_NEXT_KEY: Final = """
() => {
  const root = document.querySelector("hansard-console").shadowRoot;
  if (root.querySelector(".nothing:not([hidden])")) return "none";
  const here = root.querySelector(".slip.here");
  if (!here || root.activeElement !== here || here.ariaBusy || here.dataset.told === undefined) return null;
  if (here.classList.contains("done")) return "j";
  return here.classList.contains("held") ? null : "a";
}
"""
"""The key that a moderator presses next who leaves to others what they read; `none` where nothing waits."""


async def test_four_moderators_empty_a_queue_and_hardly_ever_decide_the_same(
    visitors: Visitors, gateway: Station, house: House
) -> None:
    comments = await waiting(house, *[ADA] * MANY)
    refused: list[str] = []

    def heard(response: "Response") -> None:
        if response.status == 409:
            refused.append(response.url)

    async def works(console: Console) -> None:
        while (key := await console.next_key(_NEXT_KEY)) != "none":
            await console.press(key)

    small = {"width": 900, "height": 500}
    consoles = [await enter(visitors, gateway, who, viewport=small) for who in MODERATORS]
    async with anyio.create_task_group() as tasks:
        for console in consoles:
            console.visitor.context.on("response", heard)
            console.visitor.excused.append("409")
            tasks.start_soon(works, console)
    assert len(refused) <= MOST_COLLISIONS, refused
    await house.settled(str(await house.log.thread_last(SITE, THREAD)))
    assert (await house.get("moderation/queue", MOD)).json()["total"] == 0
    decisions = [
        one["comment"]
        for who in MODERATORS
        for one in (await house.get(f"moderation/decisions?by={who.id}&limit=200", MOD)).json()["decisions"]
    ]
    assert sorted(decisions) == sorted(comments)
