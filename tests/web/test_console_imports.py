"""What imports brought, in the console's queue: below all else, under a heading of its own."""

from core.caller import Actor
from core.events.comment_events import CommentPosted
from tests.support.bringing import bring
from tests.support.following import Station
from tests.support.house import ADA, BEN, House
from tests.web.consoles import enter, waiting
from tests.web.visiting import Visitors, accessible

OLD = "Waits since long ago: {n}"
HEADING = "Brought by an import"


async def brought(house: House, number: int) -> None:
    posted = CommentPosted(comment=f"wp-{number}", body=OLD.format(n=number), name="Wanda", rule="import")
    await bring(house, posted, by=Actor(id="wp:7"))


async def test_what_imports_brought_stands_below_all_else_under_a_heading(
    house: House, gateway: Station, visitors: Visitors
) -> None:
    for number in range(2):
        await brought(house, number)
    await waiting(house, ADA, body="Now: https://example.org")
    console = await enter(visitors, gateway)
    heading = console.part(".slips > h2")
    await heading.wait_for()
    assert await heading.inner_text() == HEADING
    texts = await console.part(".slips > *").all_inner_texts()
    assert [HEADING in text for text in texts] == [False, True, False, False]
    assert "Now: https" in texts[0]
    assert [f": {n}" in texts[n + 2] for n in range(2)] == [True, True]
    await accessible(console.page)
    # What comes meanwhile stands above it.
    await house.post(BEN, "Later: https://example.org")
    await console.part(".slip", has_text="Later:").wait_for()
    await console.part(".slip:nth-child(2)", has_text="Later:").wait_for()
    await console.part("h2:nth-child(3)").wait_for()
    await console.press("a")
    await console.holds("Later:")
    await console.press("a")
    await console.holds(OLD.format(n=0))
    await console.press("a")
    await console.holds(OLD.format(n=1))
    await console.press("a")
    await heading.wait_for(state="detached")


async def test_without_anything_of_an_import_there_is_no_heading(
    house: House, gateway: Station, visitors: Visitors
) -> None:
    await waiting(house, ADA, BEN)
    console = await enter(visitors, gateway)
    assert await console.part(".slip").count() == 2
    assert await console.part(".slips > h2").count() == 0


async def test_a_text_that_nobody_knows_says_so(house: House, gateway: Station, visitors: Visitors) -> None:
    for number in range(2):
        posted = CommentPosted(comment=f"wp-{number}", unknown=True, name="Wanda", rule="import")
        await bring(house, posted, by=Actor(id="wp:7"))
    console = await enter(visitors, gateway)
    await console.part(".slip.here .said", has_text="not known").wait_for()
    assert await console.texts() == ["[The text of this version is not known.]"] * 2
    await console.press("a")
    await console.part(".slip:only-of-type").wait_for()
    assert await console.texts() == ["[The text of this version is not known.]"]
