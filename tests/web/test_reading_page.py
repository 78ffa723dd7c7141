"""The reading page in a browser: readable and accessible without a script, on a phone, in the dark and on paper."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.following import Station
from tests.web.reading import until
from tests.web.visiting import PHONE, WIDE, Visitors, accessible, fits

if TYPE_CHECKING:
    from playwright.async_api import Page

READ = "/read/sample/night-train"
DEVICES: Mapping[str, Mapping[str, Any]] = {"phone": PHONE, "wide": WIDE}


def at(sample: Station, path: str = READ) -> str:
    return sample.url + path


async def rows(page: "Page") -> list[str]:
    found: list[str] = await page.locator("article.row").evaluate_all("(all) => all.map((one) => one.id)")
    return found


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_accessible_and_fits_and_loads_no_script(
    sample: Station, visitors: Visitors, device: str, scheme: str
) -> None:
    visitor = await visitors.arrive(color_scheme=scheme, **DEVICES[device])
    for path in (READ, f"{READ}?all", f"{READ}/nt-07"):
        page = await visitor.open(at(sample, path))
        await page.get_by_text("I make up those beds.").wait_for()
        await fits(page)
        await accessible(page)
        await page.close()
    assert [address for address in visitor.requests if address.endswith(".js")] == []


async def test_a_refusal_is_accessible(sample: Station, visitors: Visitors) -> None:
    visitor = await visitors.arrive()
    page = await visitor.open(at(sample, f"{READ}/nothing"))
    await page.get_by_role("heading", name="Not found").wait_for()
    await accessible(page)
    visitor.excuse("404")


async def test_everything_is_reached_by_keyboard_and_links_alone(sample: Station, visitors: Visitors) -> None:
    visitor = await visitors.arrive(java_script_enabled=False)
    page = await visitor.open(at(sample))
    before = await rows(page)
    assert len(before) == 15  # fourteen comments, and a removed one whose reply stands
    await page.get_by_role("link", name="Oldest").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**?sort=oldest")
    after = await rows(page)
    assert set(after) == set(before)
    assert after[0] == "comment-nt-01"
    assert after != before
    await page.get_by_role("link", name="Back to the beginning of the discussion").click()
    await page.get_by_role("link", name="The whole discussion for printing").click()
    await page.wait_for_url("**?all")
    assert set(await rows(page)) == set(before)


async def test_on_paper_there_are_only_words(sample: Station, visitors: Visitors) -> None:
    page = await (await visitors.arrive()).open(at(sample, f"{READ}?all"))
    await page.emulate_media(media="print")
    await page.get_by_text("I make up those beds.").wait_for()
    for hidden in (".sorts", ".state", ".end"):
        assert not await page.locator(hidden).first.is_visible(), hidden
    assert await page.locator("article.row").last.is_visible()


async def test_a_link_to_a_comment_leads_there_and_marks_it(sample: Station, visitors: Visitors) -> None:
    page = await (await visitors.arrive()).open(at(sample, f"{READ}#comment-nt-07"))
    row = page.locator("#comment-nt-07")
    await until(page, "scrollY > 0")
    box = await row.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900
    assert await row.evaluate("(row) => getComputedStyle(row).outlineStyle") == "solid"
    assert await page.locator("#comment-nt-03").evaluate("(row) => getComputedStyle(row).outlineStyle") == "none"
    page = await (await visitors.arrive()).open(at(sample, f"{READ}/nt-07"))
    assert await page.locator("#comment-nt-07").evaluate("(row) => getComputedStyle(row).outlineStyle") == "solid"
