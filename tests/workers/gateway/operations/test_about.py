"""What stands outside all sites: what this is, and a page for each problem type."""

import re

import pytest

from tests.support.house import ADA, MOD, THREAD, House, problem
from workers.gateway.http.negotiation import prefers_html
from workers.gateway.http.problem_advice import ADVICE, pages
from workers.gateway.http.problems import ALL, STATUSES

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROGRAMS = ("*/*", "application/json", "application/problem+json", "", "text/plain")


@pytest.fixture(scope="module")
async def house(standing: House) -> House:
    return standing


def test_every_problem_type_has_advice_and_nothing_else_has() -> None:
    assert ADVICE.keys() == STATUSES.keys() == pages().keys()


def test_a_page_says_what_the_table_says() -> None:
    for kind in ALL:
        page = pages()[kind.slug]
        assert kind.status in page.statuses
        assert page.meaning.endswith((".", "`."))
        assert "None" not in page.meaning
        for text in (page.meaning, page.advice):
            assert text.count("`") % 2 == 0
    assert pages()["stale-revision"].statuses == [409, 412]
    assert re.search("409: .* 412: ", pages()["stale-revision"].meaning)


@pytest.mark.parametrize("slug", sorted(STATUSES))
async def test_the_type_of_a_problem_is_an_address_that_is_answered(house: House, slug: str) -> None:
    for accept in PROGRAMS:
        answer = await house.get(f"/problems/{slug}", Accept=accept)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["vary"].startswith("Accept")
        assert answer.json()["type"] == f"/problems/{slug}"
        assert answer.json()["statuses"] == list(STATUSES[slug])
    html = await house.get(f"/problems/{slug}", Accept=BROWSER)
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert html.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.json()["title"] in html.text
    assert "`" not in html.text
    assert "<script" not in html.text


async def test_a_problem_leads_to_its_page(house: House) -> None:
    for refused in (
        await house.get(f"threads/{THREAD}?limit=0"),
        await house.get("threads", ADA),
        await house.get("/nowhere"),
    ):
        page = await house.get(refused.json()["type"])
        assert refused.status_code in page.json()["statuses"]
        assert page.json()["title"] == refused.json()["title"]


async def test_the_root_says_what_this_is_and_where_to_read_on(house: House) -> None:
    told = (await house.get("/")).json()
    assert told["name"] == "Hansard"
    for place in ("documentation", "openapi", "health"):
        assert (await house.get(told[place])).status_code == 200
    html = await house.get("/", MOD, Accept=BROWSER)
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    for link in re.findall('href="([^"]*)"', html.text):
        assert (await house.get(link)).status_code == 200
    problem(await house.get("/?a=1"), 400, "bad-request")
    problem(await house.ask("POST", "/", body={}), 405, "method-not-allowed")
    assert (await house.ask("HEAD", "/")).status_code == 200


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False),
        (b"", False),
        (b"*/*", False),
        (b"text/html", True),
        (b"TEXT/HTML", True),
        (b"text/*", True),
        (b"text/html, application/json", False),
        (b"application/json;q=0.5, text/html", True),
        (b"text/html;q=0.5, application/json", False),
        (b"text/html;level=1;q=0.7, */*;q=0.6", True),
        (b"text/html;q=0, */*", False),
        (b"text/html;q=0", False),
        (b"application/*, text/html;q=0.9", False),
        (b"text/html;q=x", True),
        (b"\xff, ;;;, text", False),
        (BROWSER.encode(), True),
    ],
)
def test_html_is_for_who_would_rather_have_it(accept: bytes | None, html: bool) -> None:
    assert prefers_html(accept) is html
