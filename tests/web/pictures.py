"""Pictures of the pages in their states, for README and docs: `make pictures` writes them to docs/pictures.

The sample discussion, a fixed clock and a fixed size of the window make them the same each time, as far as fonts go.
They are looked at, not compared: what must hold is tested elsewhere.
"""

import base64
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import anyio
import structlog

from tests.support.following import Station, station
from tests.support.house import ADMIN_SECRET, AUDITOR, SECRET, Who, built, token
from tests.support.servers import engines, started
from tests.web.chromium import launched, missing
from tests.web.visiting import Publisher, publishing
from workers.gateway.html.words import languages
from workers.gateway.web.desk import Sample
from workers.importers import importer
from workers.roles.up import load_sample
from workers.runtime.settings import Secrets

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST: Final = 80_000
"""Bytes of a picture."""
MOST: Final = 30
"""Pictures in all."""

_MORE: Final = Path(__file__).with_name("right_to_left.json")
"""Two short discussions in Arabic and Hebrew."""
_NOW: Final = datetime(2026, 10, 13, 9, 30, tzinfo=UTC)
"""What a browser's clock says: the day after the sample discussion."""
_QUALITY: Final = 82
_WIDE: Final = {"width": 1120, "height": 760}
_PHONE: Final = {"width": 390, "height": 760}
_SITE: Final = "sample"
_THREAD: Final = "night-train"
_ILSE: Final = Who("ilse", more={"entitlements": ["subscriber"], "name": "Ilse Marchetti"})

_HEAD: Final = "<link rel=icon href='data:,'><meta name=viewport content='width=device-width'>"
_PAPER: Final = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-inline-size: 48rem; padding: 1.5rem 1.25rem;
  font: 1.0625rem/1.55 Georgia, "DejaVu Serif", serif;
  background: light-dark(#fffdf8, #141411); color: light-dark(#1c1b18, #ebe6da); }
hansard-comments { --hansard-label: system-ui, "DejaVu Sans", sans-serif; }
"""
_BRANDED: Final = """
hansard-comments { --hansard-accent: light-dark(#a3123f, #ff9db8); --hansard-rule-2: light-dark(#a3123f, #ff9db8);
  --hansard-text: system-ui, "DejaVu Sans", sans-serif; --hansard-size: 1rem; --hansard-measure: 34rem; }
"""


class Stage(NamedTuple):
    """Everything that a picture is made of: the gateway with the sample, and a publisher's site."""

    gateway: Station
    publisher: Publisher

    def article(self, *, inside: str = "", style: str = "", **given: str) -> str:
        """Put an article with a section; its address. `given` are attributes of the element."""
        lang = given.get("lang", "en")
        attributes = {"site": _SITE, "thread": _THREAD, "start": "now", **given}
        text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        body = (
            f'<div lang="{lang}" dir="{languages()[lang].direction}">'
            f"<hansard-comments {text}>{inside}</hansard-comments></div>"
            f'<script type="module" src="{self.publisher.gateway}/embed.js"></script>'
        )
        head = f"{_HEAD}<style>{_PAPER}{style}</style>"
        return self.publisher.put("/article", body, policy="", head=head)

    async def post(self, body: str) -> None:
        """Post a comment as a subscriber."""
        headers = {"Authorization": f"Bearer {token(_ILSE, _SITE)}"}
        path = f"/v1/sites/{_SITE}/threads/{_THREAD}/comments"
        answer = await self.gateway.client.post(path, json={"body": body}, headers=headers)
        answer.raise_for_status()


class Picture(NamedTuple):
    """One picture: its name, how the page comes to what it shows, and what window and colours it is looked at in."""

    name: str
    shoot: Callable[["Page", Stage], Awaitable[None]]
    window: dict[str, int] = _WIDE
    scheme: str = "light"
    scripts: bool = True
    locale: str = "en-GB"
    """Language of the browser, which is that of the audit room."""


async def _shown(page: "Page", address: str) -> None:
    """Open a page whose section follows its discussion."""
    await page.goto(address)
    await page.locator("hansard-comments .live").wait_for()


async def front(page: "Page", stage: Stage) -> None:
    """The sample article with its section."""
    await _shown(page, stage.publisher.gateway)
    await page.locator("hansard-comments").evaluate("node => node.scrollIntoView()")
    await page.evaluate("scrollBy(0, -170)")


async def section(page: "Page", stage: Stage) -> None:
    """A section, followed."""
    await _shown(page, stage.article(sort="oldest"))


async def history(page: "Page", stage: Stage) -> None:
    """The versions of a comment."""
    await _shown(page, stage.article(sort="oldest"))
    row = page.locator(".row:has(.changes)").first
    await row.locator(".changes").click()
    await row.locator(".past").wait_for()
    await row.evaluate("node => node.scrollIntoView()")


async def news(page: "Page", stage: Stage) -> None:
    """New comments that wait to be asked for."""
    await _shown(page, stage.article(sort="newest"))
    await stage.post("I took it *twice* last winter, and slept both times.")
    await page.locator(".news").wait_for()


async def permalink(page: "Page", stage: Stage) -> None:
    """A comment that the address names."""
    await _shown(page, stage.article(sort="oldest") + "#comment-nt-03")
    await page.locator(".here").wait_for()


async def asked(page: "Page", stage: Stage) -> None:
    """A section that loads when a reader asks for it."""
    await page.goto(stage.article(start="asked"))
    await page.locator("hansard-comments .do").wait_for()


async def failed(page: "Page", stage: Stage) -> None:
    """A gateway that does not answer."""
    await page.route("**/v1/**", lambda route: route.abort())
    await page.goto(stage.article())
    await page.locator("hansard-comments .notice").wait_for()


async def plain(page: "Page", stage: Stage) -> None:
    """A browser without script: what the publisher's server has included."""
    path = f"/v1/sites/{_SITE}/threads/{_THREAD}/section?sort=oldest&limit=20&replies=3&depth=4"
    fragment = (await stage.gateway.client.get(path)).text
    await page.goto(stage.article(inside=fragment))


async def branded(page: "Page", stage: Stage) -> None:
    """A section in a publisher's colours and faces."""
    await _shown(page, stage.article(sort="oldest", style=_BRANDED))


def language(name: str, thread: str = _THREAD) -> Callable[["Page", Stage], Awaitable[None]]:
    """Return what shows a section in a language."""

    async def shoot(page: "Page", stage: Stage) -> None:
        await _shown(page, stage.article(sort="oldest", lang=name, thread=thread))

    return shoot


arabic: Final = language("ar", "night-train-ar")
hebrew: Final = language("he", "night-train-he")


async def audit(page: "Page", stage: Stage) -> None:
    """The audit room at the moment at which a comment was taken down, as an auditor sees it."""
    headers = {"Authorization": f"Bearer {token(AUDITOR, _SITE)}"}
    path = f"/v1/sites/{_SITE}/threads/{_THREAD}/record?kind=decisions"
    events = (await stage.gateway.client.get(path, headers=headers)).json()["events"]
    (position,) = (event["position"] for event in events if event["type"] == "comment.rejected")
    await page.goto(f"{stage.publisher.gateway}/audit/{_SITE}/{_THREAD}?as=auditor&at={position}")
    await page.locator("hansard-audit .check .ok").wait_for(state="attached")
    await page.locator("hansard-audit .hit").wait_for(state="attached")


PICTURES: Final[Sequence[Picture]] = (
    Picture("front-light", front),
    Picture("front-dark", front, scheme="dark"),
    Picture("section-light", section),
    Picture("section-dark", section, scheme="dark"),
    Picture("section-phone-light", section, _PHONE),
    Picture("section-phone-dark", section, _PHONE, "dark"),
    Picture("history-light", history),
    Picture("history-dark", history, scheme="dark"),
    Picture("permalink", permalink),
    Picture("asked", asked, {"width": 640, "height": 200}),
    Picture("failed", failed, {"width": 640, "height": 240}),
    Picture("no-script", plain, scripts=False),
    Picture("branded-light", branded, {"width": 760, "height": 560}),
    Picture("branded-dark", branded, {"width": 760, "height": 560}, "dark"),
    Picture("german", language("de"), _PHONE),
    Picture("french", language("fr"), _PHONE, "dark"),
    Picture("spanish", language("es"), _PHONE),
    Picture("arabic", arabic),
    Picture("arabic-phone", arabic, _PHONE, "dark"),
    Picture("hebrew", hebrew, scheme="dark"),
    Picture("hebrew-phone", hebrew, _PHONE),
    Picture("audit-light", audit),
    Picture("audit-dark", audit, scheme="dark"),
    Picture("audit-phone-light", audit, _PHONE),
    Picture("audit-phone-dark", audit, _PHONE, "dark"),
    Picture("audit-arabic", audit, locale="ar"),
    Picture("audit-hebrew-phone", audit, _PHONE, locale="he"),
    # It writes a comment: after all others.
    Picture("news", news, {"width": 760, "height": 560}),
)


async def taken(page: "Page") -> bytes:
    """Return what the window shows, as WebP: a third of the size of PNG."""
    devtools = await page.context.new_cdp_session(page)
    shot = await devtools.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    return base64.b64decode(shot["data"])


@asynccontextmanager
async def looked_at(browser: "Browser", picture: Picture) -> "AsyncIterator[Page]":
    """A page in a browser as the picture wants it."""
    options: dict[str, Any] = {"viewport": picture.window, "color_scheme": picture.scheme}
    context: BrowserContext = await browser.new_context(
        **options,
        locale=picture.locale,
        timezone_id="UTC",
        reduced_motion="reduce",
        java_script_enabled=picture.scripts,
    )
    if picture.scripts:
        await context.clock.set_fixed_time(_NOW)
    yield await context.new_page()
    await context.close()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """A gateway with the sample on a server of its own, and a publisher."""
    with started(engines()["embedded"]) as url:
        async with built(url) as house:
            await load_sample(house.services, Secrets(admin=ADMIN_SECRET, sample=SECRET))
            await importer.import_source(house.log, importer.read(_MORE.read_bytes()))
            async with (
                station(house, sample=Sample(site=_SITE, thread=_THREAD)) as gateway,
                publishing(str(gateway.client.base_url).rstrip("/")) as publisher,
            ):
                yield Stage(gateway, publisher)


async def write(names: Sequence[str]) -> None:
    """Take the pictures of these names, or all. Raises ValueError for one that is too large."""
    FOLDER.mkdir(exist_ok=True)
    async with staged() as stage, launched() as browser:
        for picture in PICTURES:
            if names and picture.name not in names:
                continue
            async with looked_at(browser, picture) as page:
                await picture.shoot(page, stage)
                found = await taken(page)
            if len(found) > LARGEST:
                raise ValueError(f"{picture.name} has {len(found)} bytes, more than {LARGEST}")
            (FOLDER / f"{picture.name}.webp").write_bytes(found)
            print(f"{len(found):>7} docs/pictures/{picture.name}.webp")  # noqa: T201 - a command


if __name__ == "__main__":
    if (lacking := missing()) is not None:
        sys.exit(lacking)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    anyio.run(write, sys.argv[1:])
