"""Hosted pages: their headers, what they escape, and how they refuse."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.types import Message, Receive, Scope

from core.refusals import Unavailable
from tests.support.elements import Elements
from tests.support.house import SITE, THREAD, House, told
from workers.gateway.app import Gateway, build, recorded
from workers.gateway.http.public_address import PublicAddress
from workers.gateway.http.response import Response
from workers.gateway.web.assets import release, release_of
from workers.gateway.web.audit_page import AuditPage
from workers.gateway.web.desk import ROLES, Sample
from workers.gateway.web.hosted import POLICY, HostedPage, Shell, attributes, text
from workers.runtime import metrics

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FRONT = "/"


@pytest.fixture(scope="module")
async def client(standing: House) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser's requests to a gateway that shows the site of the tests as its sample."""
    app = build(standing.services, sample=Sample(site=SITE, thread=THREAD))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8400", headers={"Accept": BROWSER}
    ) as found:
        yield found


PAGES = [FRONT, f"/read/{SITE}/{THREAD}", f"/read/{SITE}/{THREAD}?all", f"/audit/{SITE}/{THREAD}"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_nothing_from_elsewhere_and_is_read_and_framed_by_nobody(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert "require-trusted-types-for 'script'" in POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_in_a_page_is_inline_and_every_file_that_it_names_is_there(
    client: httpx2.AsyncClient, path: str
) -> None:
    found = Elements((await client.get(path)).text)
    assert [tag for tag, _ in found.all if tag == "style"] == []
    assert [given for _, given in found.all if "style" in given or any(name.startswith("on") for name in given)] == []
    assert [given for tag, given in found.all if tag == "script" and "src" not in given] == []
    loading = [given for tag, given in found.all if tag != "a" and given.get("rel") != "canonical"]
    named = [given[name] for given in loading for name in ("src", "href") if name in given]
    assert named
    for address in named:
        assert address is not None
        assert address.startswith("/")
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
async def test_a_head_says_what_a_get_would(client: httpx2.AsyncClient, path: str) -> None:
    head, got = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers


@pytest.mark.parametrize("path", PAGES[1:])
async def test_other_methods_are_refused_and_a_preflight_is_answered_for_no_origin(
    client: httpx2.AsyncClient, path: str
) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    preflight = await client.options(path, headers=asked)
    assert (preflight.status_code, preflight.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    posted = await client.post(path, json={})
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert posted.headers["content-type"] == "text/html; charset=utf-8"
    for answer in (preflight, posted):
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_machines_get_the_description_at_the_front_and_people_a_page(client: httpx2.AsyncClient) -> None:
    machine = await client.get(FRONT, headers={"Accept": "application/json"})
    assert machine.json()["name"] == "Hansard"
    assert machine.headers["access-control-allow-origin"] == "*"
    people = await client.get(FRONT)
    assert people.headers["vary"] == machine.headers["vary"] == "Accept"
    assert people.headers["cross-origin-opener-policy"] == "same-origin"
    assert people.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("who", [None, *ROLES, "operator", '"><script>'])
async def test_the_front_is_looked_at_as_somebody(client: httpx2.AsyncClient, who: str | None) -> None:
    answer = await client.get(FRONT, params={} if who is None else {"as": who})
    found = Elements(answer.text)
    (section,) = [given for tag, given in found.all if tag == "hansard-comments"]
    known = who in ROLES
    assert section["site"] == SITE
    assert section["thread"] == THREAD
    assert section.get("token-url") == (f"/desk/token?as={who}" if known else None)
    assert section["article"] == "#story"
    (current,) = [given for tag, given in found.all if tag == "a" and "aria-current" in given]
    assert current["href"] == (f"/?as={who}" if known else "/")
    assert "<script>" not in answer.text


@pytest.mark.parametrize("host", ["comments.example", "evil.example:8400"])
async def test_elsewhere_the_front_says_what_runs_here_and_nobody_is_looked_as(
    client: httpx2.AsyncClient, standing: House, host: str
) -> None:
    from_elsewhere = await client.get(FRONT, params={"as": "wilma"}, headers={"Host": host})
    without = await standing.client.get(FRONT, headers={"Accept": BROWSER})
    assert from_elsewhere.text == without.text
    assert "/docs" in without.text
    assert "desk" not in without.text
    assert "hansard-comments" not in without.text


async def test_no_header_of_a_request_is_in_a_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get(
        FRONT, headers={"Host": "localhost:8400", "X-Forwarded-Proto": "gopher", "Referer": "http://said.example/"}
    )
    for said in ("localhost", "gopher", "said.example"):
        assert said not in answer.text


async def test_a_page_is_logged_and_counted_by_its_template(client: httpx2.AsyncClient) -> None:
    before = metrics.HTTP_REQUESTS.labels(FRONT, "GET", 200)._value.get()
    with told() as lines:
        await client.get(FRONT)
    (line,) = [line for line in lines if line["event"] == "request_answered"]
    assert (line["route"], line["status"]) == (FRONT, 200)
    assert metrics.HTTP_REQUESTS.labels(FRONT, "GET", 200)._value.get() == before + 1


AUDIT_FILES = {
    "css/tokens.css": b"",
    "css/hosted.css": b"",
    "css/audit.css": b"",
    "audit/audit.js": b"",
    "shared/icon.svg": b"",
}


@pytest.mark.parametrize(
    ("site", "query", "host", "token"),
    [
        (SITE, b"as=auditor", b"127.0.0.1:8400", "/desk/token?as=auditor"),
        (SITE, b"at=1698579000000-42&comment=nt-12", b"127.0.0.1:8400", None),
        (SITE, b"as=operator", b"127.0.0.1:8400", None),
        (SITE, b"as=auditor", b"comments.example", None),
        ("another", b"as=auditor", b"127.0.0.1:8400", None),
    ],
)
async def test_the_audit_room_is_a_document_around_its_element(
    site: str, query: bytes, host: bytes, token: str | None
) -> None:
    made = AuditPage(Shell(release_of(AUDIT_FILES)), _there, Sample(site=SITE, thread=THREAD))
    scope = {
        "path_params": {"site": site, "thread": THREAD},
        "query_string": query,
        "headers": [(b"host", host)],
    }
    answer = await made.make(scope, _never)
    found = Elements(answer.body.decode())
    (room,) = [given for tag, given in found.all if tag == "hansard-audit"]
    assert (room["site"], room["thread"], room.get("token-url")) == (site, THREAD, token)
    assert (b"x-robots-tag", b"noindex") in answer.headers
    assert (b"content-security-policy", POLICY.encode()) in answer.headers
    # Another window that opened it has to keep hold of it.
    assert "cross-origin-opener-policy" not in {name.decode() for name, _ in answer.headers}
    assert not answer.cors
    assert "nt-12" not in answer.body.decode()
    assert f"/read/{site}/{THREAD}" in answer.body.decode()


@pytest.mark.parametrize(
    "path", ["/nope", "/audit/", f"/audit/{SITE}", f"/read/{SITE}/nowhere", f"/audit/{SITE}/nowhere"]
)
async def test_a_browser_that_asks_for_nothing_that_is_here_gets_a_page_with_a_link_to_the_front(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert [given["href"] for tag, given in Elements(answer.text).all if tag == "a"] == ["/"]


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_a_machine_that_asks_for_nothing_that_is_here_gets_a_problem(
    client: httpx2.AsyncClient, accept: str
) -> None:
    answer = await client.get("/nope", headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["vary"] == "Accept"


async def _there(site: str, thread: str, receive: Receive) -> None:
    """Find every thread."""
    del site, thread, receive


async def _never() -> Message:
    raise AssertionError


def test_a_public_address_is_the_setting_or_where_it_listens() -> None:
    public = PublicAddress()
    public.listens("http://127.0.0.1:8400")
    assert public.url == "http://127.0.0.1:8400"
    public = PublicAddress("https://comments.example")
    public.listens("http://127.0.0.1:8400")
    assert public.url == "https://comments.example"


@given(st.text(), st.text())
def test_text_comes_out_as_it_went_in_and_adds_nothing(value: str, other: str) -> None:
    found = Elements(f"<p{attributes(title=value, data_other=other)}>{text(value)}</p>")
    assert found.all == [("p", {"title": value, "data-other": other})]
    assert found.text == value


@given(st.text())
def test_a_document_is_as_its_parts_say(title: str) -> None:
    shell = Shell(release())
    found = Elements(shell.document(title, "<p>1</p>", scripts=("/embed.js",)).decode(errors="surrogatepass"))
    assert [tag for tag, _ in found.all if tag in ("p", "script", "title")] == ["title", "script", "p"]


def test_a_document_with_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        Shell(release()).document("", "", styles=("css/none.css",))


class Broken:
    """A page that cannot be made, behind the endpoint of hosted pages."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure
        shell = Shell(release())
        self._app = Gateway({"/broken": recorded(HostedPage("/broken", self.make, shell.refused))})

    async def make(self, scope: Scope, receive: Receive) -> Response:
        del scope, receive
        raise self._failure

    async def answer(self) -> httpx2.Response:
        transport = httpx2.ASGITransport(self._app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/broken")


@pytest.mark.parametrize("failure", [Unavailable("the log is on fire"), RedisConnectionError("redis at 10.0.0.7")])
async def test_what_cannot_be_shown_now_says_so_in_words_and_when_to_come_again(failure: Exception) -> None:
    answer = await Broken(failure).answer()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert "Try again in a few seconds." in Elements(answer.text).text
    assert "fire" not in answer.text
    assert "10.0.0.7" not in answer.text


async def test_a_defect_is_logged_and_nothing_of_it_is_shown() -> None:
    with told() as lines:
        answer = await Broken(RuntimeError("secret words")).answer()
    assert answer.status_code == 500
    assert "secret words" not in answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert [line["event"] for line in lines] == ["request_failed", "request_answered"]
