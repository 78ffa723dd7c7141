"""docs/embed.md is true: its pages, its recipes and its tables, in a browser and beside the files they tell of."""

import json
import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import pytest

from tests.clients import embedding
from tests.support.bounds import BOUND
from tests.support.following import Station
from tests.support.needed import insist
from tests.web.reading import until
from tests.web.visiting import Publisher, Visitor, Visitors
from workers.gateway.html.words import languages
from workers.gateway.web.assets import release

if TYPE_CHECKING:
    from playwright.async_api import Page

CSS: Final = Path(__file__).parents[2] / "workers" / "gateway" / "web" / "static" / "css"
ICON: Final = "<link rel=icon href='data:,'>"


@pytest.fixture
async def reader(visitors: Visitors, sample: Station) -> Visitor:
    """A reader of the sample."""
    del sample
    return await visitors.arrive()


async def live(page: "Page", number: int = 1) -> None:
    """So many sections of the page follow their discussion, each with its comments."""
    await page.locator("hansard-comments .live").nth(number - 1).wait_for()
    assert await page.locator("hansard-comments .rows").count() == number
    assert await page.locator("hansard-comments .row").count() >= 12 * number


@pytest.mark.parametrize("name", ["element", "one-tag", "looks"])
async def test_a_page_of_the_guide_shows_the_discussion(publisher: Publisher, reader: Visitor, name: str) -> None:
    html = embedding.pages(publisher.gateway)[name]
    head = ICON if name != "looks" else f'{ICON}<script type="module" src="{publisher.gateway}/embed.js"></script>'
    page = await reader.open(publisher.put("/article", html, policy="", head=head))
    await live(page)
    if name == "looks":
        assert await styled(page, ".back", "color") == "rgb(163, 18, 63)"
        assert await styled(page, ".row", "fontFamily") == "Georgia, serif"
        assert await styled(page, ".head", "paddingBottom") == "16px"


async def styled(page: "Page", selector: str, name: str) -> str:
    """The computed value of a property of the first such node of the section."""
    node = page.locator(f"hansard-comments {selector}").first
    found: str = await node.evaluate("(node, name) => getComputedStyle(node)[name]", name)
    return found


async def test_the_policy_of_the_guide_lets_everything_through_and_nothing_else(
    publisher: Publisher, reader: Visitor
) -> None:
    policy = f"default-src 'none'; {embedding.policy(publisher.gateway)}"
    fragment = await _recipe_in_python(publisher.gateway)
    body = embedding.pages(publisher.gateway)["fragment"].replace(embedding.MARK, fragment)
    script = f'<script type="module" src="{publisher.gateway}/embed.js"></script>'
    page = await reader.open(publisher.put("/article", body, policy=f"{policy}; img-src data:", head=ICON + script))
    await live(page)
    await page.locator("hansard-comments .changes").first.click()
    await page.locator("hansard-comments .past").wait_for()
    assert {address.split("/")[2] for address in reader.requests if not address.startswith("data:")} == {
        publisher.url.split("/")[2],
        publisher.gateway.split("/")[2],
    }
    assert await reader.context.cookies() == []
    stored = await page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage)]")
    assert stored == [[], []]
    await page.locator("hansard-comments .fold").first.click()
    named = [row[0].strip("`") for row in embedding.rows("stored in the browser") if row[0].startswith("`")]
    fold, draft, guest = (name.format(site="sample", thread="night-train", target="new") for name in named)
    assert await page.evaluate("Object.keys(sessionStorage)") == [fold]
    await page.locator("hansard-comments .writing textarea").fill("Not sent yet.")
    await until(page, "sessionStorage.length === 2")
    stored = await page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage).sort()]")
    assert stored == [[], sorted([fold, draft])]
    assert guest not in stored[1], "it is for guests, who may not write here"


def _patient(recipe: str, short: str, long: str) -> str:
    """The recipe for a machine that is not quiet."""
    assert short in recipe
    return recipe.replace(short, long)


async def _recipe_in_python(gateway: str, thread: str = "night-train") -> str:
    recipe: dict[str, Any] = {}
    exec(_patient(embedding.files(gateway)["fragment.py"], "timeout=0.3", f"timeout={BOUND}"), recipe)  # noqa: S102 - it is ours
    found: str = await anyio.to_thread.run_sync(recipe["section"], "sample", thread)
    return found


async def _recipe_in_javascript(gateway: str, folder: Path) -> str:
    node = shutil.which("node")
    if node is None:
        insist("tests/web: no Node found", "HANSARD_NEEDS_NODE")
    patient = _patient(embedding.files(gateway)["fragment.mjs"], "timeout(300)", f"timeout({BOUND * 1000})")
    (folder / "fragment.mjs").write_text(patient)
    ask = "console.log(JSON.stringify(await (await import('./fragment.mjs')).section('sample', 'night-train')))"
    done = await anyio.run_process([str(node), "--input-type=module", "--eval", ask], cwd=folder)
    found: str = json.loads(done.stdout)
    return found


async def test_what_the_recipes_return_is_read_without_a_script_and_taken_over_by_one(
    publisher: Publisher, visitors: Visitors, tmp_path: Path
) -> None:
    fragment = await _recipe_in_python(publisher.gateway)
    assert fragment == await _recipe_in_javascript(publisher.gateway, tmp_path)
    body = embedding.pages(publisher.gateway)["fragment"].replace(embedding.MARK, fragment)
    script = f'<script type="module" src="{publisher.gateway}/embed.js"></script>'
    url = publisher.put("/article", body, policy="", head=ICON + script)
    without = await visitors.arrive(java_script_enabled=False)
    page = await without.open(url)
    await page.get_by_text("Nobody has mentioned the soup.").wait_for()
    reader = await visitors.arrive()
    await live(await reader.open(url))
    assert not [address for address in reader.requests if re.search(r"/threads/night-train\?", address)]


async def test_an_article_does_not_wait_for_a_gateway_that_is_silent_or_gone(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert await _recipe_in_python(address) == ""
        assert await _recipe_in_javascript(address, tmp_path) == ""
    assert await _recipe_in_python(address) == ""


async def test_before_the_first_comment_the_section_says_that_there_is_none(
    publisher: Publisher, reader: Visitor
) -> None:
    assert await _recipe_in_python(publisher.gateway, "silence") == ""
    body = '<hansard-comments site="sample" start="now"></hansard-comments>'
    script = f'<script type="module" src="{publisher.gateway}/embed.js"></script>'
    page = await reader.open(publisher.put("/article", body, policy="", head=ICON + script))
    await until(page, "customElements.get('hansard-comments') !== undefined")
    await page.locator("hansard-comments").evaluate("node => node.setAttribute('thread', 'silence')")
    await page.get_by_text("No comments yet.").wait_for()
    await page.locator("hansard-comments").evaluate("node => node.setAttribute('thread', 'night-train')")
    await live(page)
    await page.locator("hansard-comments").evaluate("node => node.setAttribute('site', 'nobody')")
    await page.get_by_text("The discussion cannot be shown at the moment.").wait_for()
    reader.excuse("status of 404")


async def test_the_numbers_of_the_guide_are_filled_in(publisher: Publisher, reader: Visitor) -> None:
    html = embedding.pages(publisher.gateway)["counts"]
    page = await reader.open(publisher.put("/front", html, policy="", head=ICON))
    await page.get_by_text("Comments: 14").wait_for()


async def test_a_loader_that_is_pinned_runs_only_as_it_was(publisher: Publisher, visitors: Visitors) -> None:
    body = '<hansard-comments site="sample" thread="night-train"></hansard-comments>'
    reader = await visitors.arrive()
    page = await reader.open(publisher.put("/", "", policy="", head=ICON))
    digest = await page.evaluate(
        """async (url) => {
          const bytes = await (await fetch(url)).arrayBuffer();
          return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-384", bytes))));
        }""",
        f"{publisher.gateway}/embed.js",
    )
    for pinned in (digest, digest[::-1]):
        pin = f'crossorigin integrity="sha384-{pinned}"'
        script = f'<script type="module" src="{publisher.gateway}/embed.js" {pin}></script>'
        url = publisher.put("/pinned", body, policy="", head=ICON + script)
        page = await reader.open(url)
        if pinned == digest:
            await live(page)
    assert await page.evaluate("customElements.get('hansard-comments') === undefined")
    reader.excuse("integrity")


def test_the_table_of_properties_is_that_of_the_style_sheets() -> None:
    tokens = (CSS / "tokens.css").read_text().partition("@media")[0]
    styles = "".join((CSS / f"{name}.css").read_text() for name in ("section", "write", "passages"))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", styles))
    wanted = []
    for name, setting, given in re.findall(r"^  (--[\w-]+): var\((--hansard-[\w-]+), (.*)\);$", tokens, re.MULTILINE):
        both = re.fullmatch(r"light-dark\((\S+), (\S+)\)", given)
        light, dark = (f"`{both[1]}`", f"`{both[2]}`") if both else (f"`{given}`", "")
        if name in used:
            wanted.append([f"`{setting}`", light, dark])
    assert [row[:3] for row in embedding.rows("property")] == wanted


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        (["html/fragment.py"], r'part="(\w+)"'),
        (["web/static/section/row.js", "web/static/section/made.js"], r'part: "(\w+)"'),
    ],
    ids=["server", "script"],
)
def test_the_table_of_parts_is_that_of_both_writers(files: list[str], pattern: str) -> None:
    written = {name for path in files for name in re.findall(pattern, (CSS.parents[2] / path).read_text())}
    field = {"write"}  # of the script alone
    assert written | field == {row[0].strip("`") for row in embedding.rows("part")}
    assert '{ part: "write"' in (CSS.parent / "section/composer.js").read_text()


def test_the_table_of_attributes_has_every_attribute_that_is_read_and_every_language() -> None:
    code = "".join(path.read_text() for path in (CSS.parent / "embed.js", *(CSS.parent / "section").glob("*.js")))
    read = set(re.findall(r'\b(?:this|element|tag)\.(?:get|has)Attribute\("([a-z-]+)"\)', code))
    read |= set(re.findall(r'\bleave\("hansard:\w+", "([a-z-]+)"', code))
    rows = embedding.rows("attribute")
    assert {row[0].strip("`") for row in rows} == read
    (lang,) = (row for row in rows if row[0] == "`lang`")
    assert sorted(re.findall(r"`(\w\w)`", lang[1])) == sorted(languages())


def test_the_table_of_storage_has_every_key_that_a_browser_keeps() -> None:
    scripts = "".join(path.read_text() for path in CSS.parent.rglob("*.js"))
    kept = set(re.findall(r"`(hansard:\w+):", scripts))
    told = {row[0].strip("`") for row in embedding.rows("stored in the browser")}
    assert {":".join(name.split(":")[:2]) for name in told if name.startswith("hansard:")} == kept


def test_the_table_of_events_has_every_event_that_is_sent() -> None:
    scripts = "".join(path.read_text() for path in (CSS.parent / "section").glob("*.js"))
    sent = set(re.findall(r'"(hansard:\w+)"', scripts))
    assert sent == {row[0].strip("`") for row in embedding.rows("event")}


def test_files_that_the_guide_names_are_there() -> None:
    text = embedding.GUIDE.read_text()
    for name in re.findall(r'(?:\(|src="|srcset=")((?:pictures/|\.\./|[a-z]+\.md)[^)#"]*)', text):
        assert (embedding.GUIDE.parent / name).exists(), name
    assert release().stable.keys() == {"/embed.js", "/count.js"}
