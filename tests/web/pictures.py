"""Pictures of the pages in their states, for README and docs: `make pictures` writes them to docs/pictures.

The sample discussion, a fixed clock and a fixed size of the window make them the same each time, as far as fonts go.
They are looked at, not compared: what must hold is tested elsewhere.
"""

import base64
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
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
from workers.runtime.generated_secrets import Secrets

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
_QUALITY: Final = 76
_WIDE: Final = {"width": 1120, "height": 760}
_DESK: Final = {"width": 1280, "height": 860}
_PHONE: Final = {"width": 390, "height": 760}
_SITE: Final = "sample"
_THREAD: Final = "night-train"
_ILSE: Final = Who("ilse", more={"entitlements": ["subscriber"], "name": "Ilse Marchetti"})


def _subscriber(name: str, called: str) -> Who:
    return Who(name, more={"entitlements": ["subscriber"], "name": called})


_GUS: Final = _subscriber("gus", "Gus T.")
_NADIA: Final = _subscriber("nadia", "Nadia Brandt")
_WILMA: Final = Who("wilma", ("moderator", "admin"), {"name": "Wilma Drost"})
_SAMIR: Final = Who("samir", ("moderator",), {"name": "Samir Haddad"})
_NOTICE: Final = "It says where I live and when I am not at home. I never told anybody here."
_LAW: Final = "General Data Protection Regulation, Article 17"
_WAITING: Final[Sequence[tuple[Who, str, str, dict[str, str]]]] = (
    (
        _subscriber("kassandra", "kassandra_w"),
        "night-train",
        (
            "I rang the traffic office. They say that Standing Order 114 is here, https://orders.example/114, and that "
            "nobody has asked for it since 1987."
        ),
        {},
    ),
    (
        _subscriber("piet", "Piet Vanhoutte"),
        "night-train",
        (
            "The noise survey for the junction is public: https://traffic-office.example/halden/noise-2026.pdf, "
            "table 3. For the hour after four it gives 61 decibels at the nearest house, and the limit is 55. You have "
            "a case, and it is already typed up."
        ),
        {"parent": "nt-06"},
    ),
    (
        _subscriber("jun", "Jun Aldana"),
        "library",
        (
            "There is a drawing of the old roof in the city archive, https://archive.example/plan/1931-04, and it "
            "shows a skylight where everybody now swears there was none."
        ),
        {},
    ),
    (
        _subscriber("maarten", "M. Achterberg"),
        "night-train",
        "The timetable in force from December: https://night-lines.example/mirena. Tuesdays have gone.",
        {},
    ),
)
"""What waits in the console: who wrote it, where, and what."""
_REASONS: Final = [
    {"code": code, "ground": "terms", "label": {"en": label}, "tells": {"en": tells}}
    for code, label, tells in (
        ("insult", "It attacks a person", "Argue with what they said, not with them."),
        ("off-topic", "Off topic", "Not what this article is about; the junction has a discussion of its own."),
        ("deception", "A claim of fact without a source", "Please say where you have this from."),
        ("private-data", "It gives away private data", "It gives away where somebody lives."),
    )
]
_LATER: Final = timedelta(minutes=19)
"""How long ago the gateway took what waits in the console, as its clock in the browser says."""

_HEAD: Final = "<link rel=icon href='data:,'><meta name=viewport content='width=device-width'>"
_PAPER: Final = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-inline-size: 48rem; padding: 1.5rem 1.25rem;
  font: 1.0625rem/1.55 Georgia, "DejaVu Serif", serif;
  background: light-dark(#fffdf8, #141411); color: light-dark(#1c1b18, #ebe6da); }
hansard-comments { --hansard-label: system-ui, "DejaVu Sans", sans-serif; }
"""
_SIGNED_IN: Final = """
(token) => new MutationObserver(() => {
  for (const found of document.querySelectorAll("hansard-comments, hansard-console")) found.token ??= async () => token;
}).observe(document, { childList: true, subtree: true })
"""
"""Script of a page in which somebody is signed in."""
_BRANDED: Final = """
hansard-comments { --hansard-accent: light-dark(#a3123f, #ff9db8); --hansard-rule-2: light-dark(#a3123f, #ff9db8);
  --hansard-text: system-ui, "DejaVu Sans", sans-serif; --hansard-size: 1rem; --hansard-measure: 34rem; }
"""


class Stage(NamedTuple):
    """Everything that a picture is made of: the gateway with the sample, and a publisher's site."""

    gateway: Station
    publisher: Publisher
    posted: dict[tuple[str, str], str]
    """Ids of comments that were posted, by their authors and texts."""

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

    async def ask(self, method: str, path: str, who: Who | None, body: Any) -> Any:
        """What the gateway answers, as JSON."""
        headers = {"Authorization": f"Bearer {token(who, _SITE)}"} if who is not None else {}
        answer = await self.gateway.client.request(method, f"/v1/sites/{_SITE}/{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    async def post(self, body: str, who: Who = _ILSE, thread: str = _THREAD, **more: Any) -> str:
        """Post a comment as a subscriber; its id."""
        answer = await self.ask("POST", f"threads/{thread}/comments", who, {"body": body, **more})
        self.posted[who.id, body] = str(answer["comment"]["id"])
        return self.posted[who.id, body]


class Picture(NamedTuple):
    """One picture: its name, how the page comes to what it shows, and what window and colours it is looked at in."""

    name: str
    shoot: Callable[["Page", Stage], Awaitable[None]]
    window: dict[str, int] = _WIDE
    scheme: str = "light"
    scripts: bool = True
    locale: str = "en-GB"
    """Language of the browser, which is that of the audit room."""
    who: Who | None = None
    """Who is signed in, in the section or in the console."""


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


async def writing(page: "Page", stage: Stage) -> None:
    """A subscriber's own comment that waits, with why, and a reply that is being written."""
    link = "The timetable from December is out: https://night-lines.example/mirena. Tuesdays have gone."
    if (_ILSE.id, link) not in stage.posted:
        await stage.post(link, parent="nt-01")
    await _shown(page, stage.article(sort="oldest"))
    section = page.locator("hansard-comments")
    await section.locator(".own.pending").wait_for()
    await section.locator("#comment-nt-02 .can.reply").click()
    field = section.locator(".rows .write textarea")
    await field.fill("Window 4 at Port Ansel closes at seven. Is there *any* way to ask for the stove end after that?")
    await section.locator("#comment-nt-02").evaluate("node => node.scrollIntoView({ block: 'start' })")
    await page.evaluate("scrollBy(0, -12)")


async def refused(page: "Page", stage: Stage) -> None:
    """What was not published, with the whole decision, and an appeal that can be made."""
    comment = await stage.post("Then move. Nobody made you buy a house beside a railway.", _GUS)
    words = {"code": "insult", "reason": "Argue with what she says, not with her being there."}
    path = f"threads/{_THREAD}/comments/{comment}/decisions"
    await stage.ask("POST", path, _WILMA, {"verdict": "reject", "revision": 1, **words})
    await _shown(page, stage.article(sort="newest"))
    own = page.locator(f"hansard-comments #own-{comment}")
    await own.get_by_text("The full decision").click()
    await own.evaluate("node => node.scrollIntoView({ block: 'start' })")
    await page.evaluate("scrollBy(0, -24)")


async def _console(page: "Page", stage: Stage) -> None:
    """The console with something in it, as a moderator has it in the middle of a morning."""
    if not any(author == _WAITING[0][0].id for author, _ in stage.posted):
        await _fill(stage)
    await page.goto(f"{stage.publisher.gateway}/console/{_SITE}")
    await page.locator("hansard-console .slip.here").wait_for()


async def _fill(stage: Stage) -> None:
    library = {"url": "https://lamplighter.example/2026/10/library", "title": "A library without a roof"}
    await stage.ask("PUT", "threads/library", _WILMA, {**library, "labels": ["culture"]})
    night = {"url": "https://lamplighter.example/2026/10/night-train", "title": "The night train to Mirena runs again"}
    await stage.ask("PUT", f"threads/{_THREAD}", _WILMA, {**night, "labels": ["travel"]})
    for who, thread, body, more in _WAITING:
        await stage.post(body, who, thread, **more)
    await stage.ask("PATCH", "policy", _WILMA, {"reasons": _REASONS})
    for who, note in ((_ILSE, "He has a point about railways, and then throws it away."), (_NADIA, None)):
        report = {"reason": "insult", **({} if note is None else {"note": note})}
        await stage.ask("POST", f"threads/{_THREAD}/comments/nt-05/reports", who, report)
    notice = {"thread": _THREAD, "comment": "nt-07", "explanation": _NOTICE, "law": _LAW, "good_faith": True}
    await stage.ask("POST", "notices", None, notice)
    await stage.ask("POST", "members/piet/notes", _SAMIR, {"text": "Works for the traffic office; said so himself."})


async def console(page: "Page", stage: Stage) -> None:
    """An item in hand with its reasons, others that somebody else reads or has decided, and the member beside."""
    await stage.post("Two sources, both good: https://night-lines.example/1 and https://night-lines.example/2.", _NADIA)
    rude = await stage.post("And the harbour master is a coward: https://harbour.example/1953.", _GUS)
    await _console(page, stage)
    taken = stage.posted[_WAITING[0][0].id, _WAITING[0][2]]
    await stage.ask("PUT", "moderation/hands", _SAMIR, {"thread": _THREAD, "comment": taken})
    part = page.locator("hansard-console")
    await part.locator(".hand", has_text="is reading this").wait_for()
    await part.locator(".slip", has_text="Two sources, both good").locator(".said").click()
    await page.keyboard.press("a")
    await part.locator(".done", has_text="Approved: Nadia Brandt").wait_for()
    await part.locator(".slip", has_text="noise survey").locator(".said").click()
    decision = {"verdict": "reject", "revision": 1, "reason": "Argue with what he did."}
    await stage.ask("POST", f"threads/{_THREAD}/comments/{rude}/decisions", _SAMIR, decision)
    await page.keyboard.press("r")
    await page.keyboard.press("2")
    await part.locator(".drawer li", has_text="traffic office").wait_for()
    await part.locator(".here").evaluate("node => node.scrollIntoView({ block: 'start' })")


async def console_reasons(page: "Page", stage: Stage) -> None:
    """The reasons in a sheet."""
    await _console(page, stage)
    await page.locator("hansard-console .here .decide .no").click()
    await page.locator("hansard-console .reasons label", has_text="Off topic").click()


async def console_notice(page: "Page", stage: Stage) -> None:
    """A notice that a comment is illegal, and the form that decides on it."""
    await _console(page, stage)
    await page.locator("hansard-console .place", has_text="Legal notices").click()
    await page.locator("hansard-console .grounds").wait_for()
    await page.locator("hansard-console").get_by_label("Reason").select_option("private-data")
    await page.locator("hansard-console").get_by_label("The law").check()


async def console_member(page: "Page", stage: Stage) -> None:
    """The member as a sheet on a phone, about to be warned."""
    await _console(page, stage)
    await page.locator("hansard-console .here").get_by_role("button", name="The member").click()
    await page.locator("hansard-console .drawer").get_by_role("button", name="Warn …").click()
    await page.locator("hansard-console .drawer select").select_option("off-topic")


PICTURES: Final[Sequence[Picture]] = (
    Picture("front-light", front),
    Picture("front-dark", front, scheme="dark"),
    Picture("section-light", section),
    Picture("section-dark", section, scheme="dark"),
    Picture("section-phone-light", section, _PHONE),
    Picture("history-light", history),
    Picture("history-dark", history, scheme="dark"),
    Picture("permalink", permalink),
    Picture("asked", asked, {"width": 640, "height": 200}),
    Picture("failed", failed, {"width": 640, "height": 240}),
    Picture("no-script", plain, scripts=False),
    Picture("branded-light", branded, {"width": 760, "height": 560}),
    Picture("branded-dark", branded, {"width": 760, "height": 560}, "dark"),
    Picture("german", language("de"), _PHONE),
    Picture("arabic", arabic),
    Picture("hebrew-phone", hebrew, _PHONE, "dark"),
    Picture("audit-light", audit),
    Picture("audit-dark", audit, scheme="dark"),
    Picture("audit-phone-light", audit, _PHONE),
    Picture("audit-phone-dark", audit, _PHONE, "dark"),
    Picture("audit-hebrew-phone", audit, _PHONE, locale="he"),
    # These write, so they come after all others.
    Picture("news", news, {"width": 760, "height": 560}),
    Picture("writing-light", writing, {"width": 760, "height": 620}, who=_ILSE),
    Picture("writing-phone-dark", writing, _PHONE, "dark", who=_ILSE),
    Picture("refused", refused, {"width": 760, "height": 460}, who=_GUS),
    Picture("console-light", console, _DESK, who=_WILMA),
    Picture("console-dark", console, _DESK, "dark", who=_WILMA),
    Picture("console-phone-light", console_reasons, _PHONE, who=_WILMA),
    Picture("console-phone-dark", console_member, _PHONE, "dark", who=_WILMA),
    Picture("console-notice", console_notice, _DESK, who=_WILMA),
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
    if picture.window is _PHONE and picture.who is not None:
        options |= {"has_touch": True, "is_mobile": True}
    context: BrowserContext = await browser.new_context(
        **options,
        locale=picture.locale,
        timezone_id="UTC",
        reduced_motion="reduce",
        java_script_enabled=picture.scripts,
    )
    if picture.who is not None:
        await context.add_init_script(f"({_SIGNED_IN})({token(picture.who, _SITE)!r})")
        await context.clock.set_fixed_time(datetime.now(UTC) + _LATER)
    elif picture.scripts:
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
                publishing(gateway.url) as publisher,
            ):
                yield Stage(gateway, publisher, {})


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
