"""The front page of `hansard up --sample`: an article with its discussion, to be looked at as somebody."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.support.following import Station
from tests.web.visiting import PHONE, WIDE, Publisher, Visitors, accessible, fits
from workers.gateway.web.desk import ROLES

if TYPE_CHECKING:
    from playwright.async_api import Page

DEVICES: Mapping[str, Mapping[str, Any]] = {"phone": PHONE, "wide": WIDE}
TEXTS = ("Nobody has mentioned the soup.", "Oona Pike", "founding subscriber", "11:15", "in reply to kassandra_w")
TOKEN = """
async (url) => {
  const answer = await fetch(url).catch(() => null);
  return answer && { status: answer.status, body: await answer.text() };
}
"""


def front(sample: Station, query: str = "") -> str:
    return f"{sample.client.base_url}/{query}".replace("//?", "/?")


async def asked(page: "Page", url: str) -> Any:
    return await page.evaluate(TOKEN, url)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_anybody_can_read_it_and_it_fits(sample: Station, visitors: Visitors, device: str, scheme: str) -> None:
    visitor = await visitors.arrive(color_scheme=scheme, **DEVICES[device])
    page = await visitor.open(front(sample, "?as=ilse"))
    await page.wait_for_selector("hansard-comments:defined")
    await page.get_by_role("heading", name="The night train to Mirena runs again").wait_for()
    for text in TEXTS:
        await page.get_by_text(text).first.wait_for()
    await fits(page)
    await accessible(page)
    for link in await page.locator(".switch a").all():
        box = await link.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= (40 if device == "phone" and box["width"] >= 40 else 24)


async def test_without_a_script_all_of_it_is_there(sample: Station, visitors: Visitors) -> None:
    visitor = await visitors.arrive(java_script_enabled=False)
    page = await visitor.open(front(sample))
    for text in TEXTS:
        await page.get_by_text(text).first.wait_for()
    assert [urlsplit(address).path for address in visitor.requests if address.endswith(".js")] == []


async def test_without_a_script_replies_that_are_left_out_are_one_link_away(
    sample: Station, visitors: Visitors
) -> None:
    page = await (await visitors.arrive(java_script_enabled=False)).open(front(sample))
    assert not await page.locator("hansard-comments button").first.is_visible()
    await page.get_by_role("link", name="More replies").click()
    await page.wait_for_url("**/read/sample/night-train/nt-07")
    await page.locator("#comment-nt-08").wait_for()


async def test_whom_to_look_as_is_chosen_by_keyboard(sample: Station, visitors: Visitors) -> None:
    page = await (await visitors.arrive()).open(front(sample))
    for name, role in ROLES.items():
        await page.get_by_role("link", name=role.label).focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/?as={name}")
        assert await page.locator(".switch [aria-current]").inner_text() == role.label
        section = page.locator("hansard-comments")
        told = await asked(page, await section.get_attribute("token-url") or "")
        assert told["status"] == 200
        audit = await page.get_by_role("link", name="Audit room").get_attribute("href")
        assert audit == f"/audit/sample/night-train?as={name}"
        heard = await page.request.get(f"{front(sample).rstrip('/')}{audit}")
        assert f'token-url="/desk/token?as={name}"' in await heard.text()
    await page.get_by_role("link", name="nobody").click()
    await page.wait_for_url(lambda url: "?" not in url)
    assert await page.get_by_role("link", name="Audit room").get_attribute("href") == "/audit/sample/night-train"
    await page.get_by_text("who decides in the console").wait_for()
    assert await page.locator("hansard-comments").get_attribute("token-url") is None


async def test_a_page_of_another_origin_gets_no_token(
    sample: Station, publisher: Publisher, visitors: Visitors
) -> None:
    visitor = await visitors.arrive()
    page = await visitor.open(publisher.put("/spy", "<main><h1>Spy</h1></main>", policy=""))
    assert await asked(page, f"{sample.client.base_url}/desk/token?as=wilma") is None
    visitor.excuse("CORS policy|404|ERR_FAILED")


async def test_a_name_that_leads_to_this_machine_gets_no_token_and_no_front(
    sample: Station, visitors: Visitors
) -> None:
    visitor = await visitors.arrive()
    stranger = f"http://rebound.example:{sample.client.base_url.port}"
    page = await visitor.open(f"{stranger}/?as=wilma")
    assert await page.locator("hansard-comments").count() == 0
    assert "This gateway serves" in await page.locator("main").inner_text()
    told = await asked(page, "/desk/token?as=wilma")
    assert told["status"] == 404
    assert "token" not in told["body"]
    visitor.excuse("404|Cross-Origin-Opener-Policy header has been ignored")  # the latter: it is not https
