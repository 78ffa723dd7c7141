"""The page of docs/integrate.md lists, posts, votes and follows, in a browser, on the server that the guide has."""

import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.integrating import GATEWAY, PAGE, SITE, THREAD, opening, snippets
from tests.support.bounds import BOUND
from tests.support.following import Station
from tests.support.house import House
from tests.web.reading import until

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

Serve = Callable[[str, str], str]


@pytest.fixture
def serve(gateway: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Runs the web server of the guide for one reader; where it listens."""
    page = PAGE.read_text()
    assert page.count(GATEWAY) == 1
    (tmp_path / "section.html").write_text(page.replace(GATEWAY, gateway.url))
    monkeypatch.chdir(tmp_path)
    sign = ModuleType("sign")
    exec(snippets()["sign.py"], vars(sign))  # noqa: S102 - it is ours
    monkeypatch.setitem(sys.modules, "sign", sign)
    made: list[http.server.ThreadingHTTPServer] = []
    listening = threading.Semaphore(0)

    class Server(http.server.ThreadingHTTPServer):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)
            listening.release()

    monkeypatch.setattr(http.server, "ThreadingHTTPServer", Server)
    monkeypatch.setattr(http.server.BaseHTTPRequestHandler, "log_message", lambda *_: None)
    threads: list[threading.Thread] = []

    def start(user: str, name: str) -> str:
        monkeypatch.setattr(sys, "argv", ["serve.py", "0", user, name])
        thread = threading.Thread(target=exec, args=(snippets()["serve.py"], {}))
        threads.append(thread)
        thread.start()
        assert listening.acquire(timeout=BOUND)
        return f"http://localhost:{made[-1].server_port}"

    yield start
    for server in made:
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


async def opened(browser: "Browser", url: str) -> "Page":
    """The article in a browser of its own, followed. An error in its script fails what is waited for."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(BOUND * 1000)
    async with page.expect_response("**/feed*"):
        await page.goto(f"{url}/section.html")
    return page


async def test_two_readers_see_what_the_other_writes_and_how_the_other_votes(
    serve: Serve, house: House, browser: "Browser"
) -> None:
    url = serve("u-7", "Sayantani")
    other = serve("u-8", "Toby")
    body = opening()
    body["policy"]["origins"] = [url]
    answer = await house.ask("PUT", f"/v1/sites/{SITE}", body=body, operator=True)
    assert answer.status_code == 201, answer.text
    ours, theirs = await opened(browser, url), await opened(browser, other)
    errors: list[str] = []
    for page in (ours, theirs):
        page.on("pageerror", lambda error: errors.append(str(error)))

    await ours.fill("textarea", "The *Senate* never voted.")
    await ours.click("form button")
    await ours.wait_for_selector("#comments > li em:text-is('Senate')")
    await theirs.wait_for_selector("#comments > li em:text-is('Senate')")
    assert await ours.input_value("textarea") == ""
    await theirs.click("#comments > li > button")
    await theirs.wait_for_selector("#comments > li > button:text-is('▲ 1')")
    await ours.wait_for_selector("#comments > li > button:text-is('▲ 1')")
    await ours.click("#comments > li > button")
    await ours.wait_for_selector("#said:has-text('own comment')")

    await theirs.reload()
    row = await theirs.wait_for_selector("#comments > li")
    assert row is not None
    assert (await row.inner_text()).startswith("Sayantani ▲ 1")
    comments = (await house.get(f"/v1/sites/{SITE}/threads/{THREAD}")).json()["comments"]
    moderator = sys.modules["sign"].token("u-2", "Wilma", roles=["moderator"])
    decided = await house.ask(
        "POST",
        f"/v1/sites/{SITE}/threads/{THREAD}/comments/{comments[0]['id']}/decisions",
        body={"verdict": "reject", "revision": 1},
        Authorization=f"Bearer {moderator}",
    )
    assert decided.status_code == 200, decided.text
    await theirs.wait_for_selector("#comments:not(:has(li))", state="attached")
    assert errors == []


async def test_what_waits_is_seen_by_its_author_alone_and_by_everybody_once_it_is_approved(
    serve: Serve, house: House, browser: "Browser"
) -> None:
    url = serve("u-7", "Sayantani")
    body = opening()
    body["policy"] |= {"origins": [url], "premoderation": "all"}
    assert (await house.ask("PUT", f"/v1/sites/{SITE}", body=body, operator=True)).status_code == 201
    ours = await opened(browser, url)
    await ours.fill("textarea", "May I?")
    await ours.click("form button")
    row = await ours.wait_for_selector("#comments > li")
    assert row is not None
    assert (await row.inner_text()).startswith("Sayantani (waiting)")
    moderator = f"Bearer {sys.modules['sign'].token('u-2', 'Wilma', roles=['moderator'])}"
    queue = (await house.ask("GET", f"/v1/sites/{SITE}/moderation/queue", Authorization=moderator)).json()
    path = f"/v1/sites/{SITE}/threads/{THREAD}/comments/{queue['items'][0]['comment']['id']}/decisions"
    decided = await house.ask("POST", path, body={"verdict": "approve", "revision": 1}, Authorization=moderator)
    assert decided.status_code == 200, decided.text
    await until(ours, "!document.querySelector('#comments').innerText.includes('waiting')")
