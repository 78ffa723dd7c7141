"""The files of a release: whole, compressed once, for ever under their digest and nowhere else."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.house import House, problem, told
from workers.gateway import web
from workers.gateway.http import compression
from workers.gateway.web import assets
from workers.gateway.web.assets import COUNTER, LOADER, MEDIA, release, release_of, slimmed, without_comments
from workers.runtime import metrics

STATIC = Path(web.__file__).parent / "static"
FILES = sorted(
    str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file() and not path.name.startswith(".")
)
EMBEDDED = [path for path in FILES if path not in assets.STABLE.values()]
FOR_EVER = "public, max-age=31536000, immutable"
COMPARED = "public, max-age=0, must-revalidate"


@pytest.fixture(scope="module")
def house(standing: House) -> House:
    return standing


def ask(house: House) -> Callable[..., Any]:
    async def asking(path: str, method: str = "GET", **headers: str) -> httpx2.Response:
        return await house.client.request(
            method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    return asking


@pytest.mark.parametrize("path", EMBEDDED)
async def test_every_file_is_served_whole_for_ever_and_to_every_page(house: House, path: str) -> None:
    url = release().address(path)
    for encoding in ("gzip", "identity"):
        answer = await ask(house)(url, accept_encoding=encoding)
        assert answer.status_code == 200
        assert answer.content == slimmed(path, (STATIC / path).read_bytes())
        assert answer.headers["content-type"] == MEDIA[path.rpartition(".")[2]].decode()
        assert answer.headers["cache-control"] == FOR_EVER
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        long = len(answer.content) >= compression.LEAST
        assert answer.headers.get("content-encoding") == ("gzip" if long and encoding == "gzip" else None)
        assert answer.headers.get("vary") == ("Accept-Encoding" if long else None)


@pytest.mark.parametrize("path", [LOADER, COUNTER])
async def test_a_stable_script_is_compared_each_time_and_names_the_release(house: House, path: str) -> None:
    answer = await ask(house)(path)
    source = (STATIC / path[1:]).read_text()
    served = without_comments(path, source.encode()).decode()
    assert answer.text == served.replace("@release@", release().digest)
    assert ("@release@" in source) is (path == LOADER)
    assert answer.headers["cache-control"] == COMPARED
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    again = await ask(house)(path, if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == COMPARED
    assert "content-encoding" not in again.headers


@pytest.mark.parametrize("path", [LOADER, "/embed/{digest}/css/tokens.css"])
async def test_a_head_says_what_a_get_would_and_options_what_is_offered(house: House, path: str) -> None:
    url = path.format(digest=release().digest)
    got, head = await ask(house)(url), await ask(house)(url, "HEAD")
    assert head.content == b""
    assert got.headers == head.headers
    options = await ask(house)(url, "OPTIONS")
    assert (options.status_code, options.headers["allow"]) == (200, "GET, HEAD, OPTIONS")
    assert options.headers["access-control-allow-origin"] == "*"
    refused = await ask(house)(url, "POST")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_a_file_of_another_release_is_gone_never_the_file_of_this_one(house: House) -> None:
    for digest in ("0" * 16, "latest", release().digest.upper().replace("0", "1") + "a"):
        answer = await ask(house)(f"/embed/{digest}/css/tokens.css")
        problem(answer, 410, "other-release")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        *("embed.js", "count.js", "css", "css/", "css/none.css", "../assets.py", "css/%2E%2E/css/tokens.css", ""),
        *("%2e", "~0/css/tokens.css", "~100/css/tokens.css", "~1/~2/css/tokens.css", "~1", "~1/css/none.css"),
    ],
)
async def test_nothing_else_is_served(house: House, path: str) -> None:
    answer = await house.client.get(f"/embed/{release().digest}/{path}")
    problem(answer, 404, "not-found")


@pytest.mark.parametrize("number", [1, 10, 99])
async def test_each_file_has_further_addresses_for_further_tries(house: House, number: int) -> None:
    first = await house.client.get(release().address("shared/live.js"))
    answer = await house.client.get(f"/embed/{release().digest}/~{number}/shared/live.js")
    assert (answer.status_code, answer.content) == (200, first.content)
    assert answer.headers["etag"] == first.headers["etag"]


async def test_requests_are_counted_by_template_never_by_name(house: House) -> None:
    def counted(route: str, status: int) -> float:
        found: float = metrics.HTTP_REQUESTS.labels(route, "GET", status)._value.get()
        return found

    before = counted(assets.FILE, 200), counted(assets.FILE, 410), counted(LOADER, 200)
    await ask(house)(release().address("css/tokens.css"))
    await ask(house)("/embed/other/css/tokens.css")
    await ask(house)(LOADER)
    after = counted(assets.FILE, 200), counted(assets.FILE, 410), counted(LOADER, 200)
    assert [one - other for one, other in zip(after, before, strict=True)] == [1, 1, 1]
    assert assets.FILE == "/embed/{digest}/{path:path}"


async def test_only_what_is_missing_is_logged(house: House) -> None:
    with told() as lines:
        await ask(house)(LOADER)
        await ask(house)(release().address("css/tokens.css"))
        await ask(house)("/embed/other/css/tokens.css")
    assert [line["status"] for line in lines if line["event"] == "request_answered"] == [410]


def test_the_digest_tells_every_change_of_a_name_or_a_byte_and_nothing_else() -> None:
    contents = {"a.js": b"1", "b/c.css": b"22"}
    others: list[dict[str, bytes]] = [
        {"a.js": b"2", "b/c.css": b"22"},
        {"a.css": b"1", "b/c.css": b"22"},
        {"a.js": b"1"},
        {"a.js": b"122", "b/c.css": b""},
        {},
    ]
    digests = {release_of(one).digest for one in (contents, *others)}
    assert len(digests) == 6
    assert release_of(dict(reversed(contents.items()))).digest == release_of(contents).digest


def test_a_change_of_any_file_changes_the_tag_of_the_loader() -> None:
    one, other = (release_of({"embed.js": b"@release@", "a.js": body}) for body in (b"1", b"2"))
    assert one.stable[LOADER].body == one.digest.encode()
    assert one.stable[LOADER].tag != other.stable[LOADER].tag


def test_a_file_that_no_browser_would_be_told_the_type_of_is_an_error() -> None:
    with pytest.raises(KeyError):
        release_of({"a.exe": b""})


def test_what_is_compressed_is_the_file() -> None:
    for path, asset in release().files.items():
        assert asset.packed is None or gzip.decompress(asset.packed) == asset.body, path


COMMENTED = b"""// first
/* one */ const a = 1;
const b = "/* no comment */"; // beside
  /** of
   * several */
  /** @type {A} */ (b).c();
/** of several
 * and code */ d();
e(/* within */);
// last"""
PLAIN = b"""
/* one */ const a = 1;
const b = "/* no comment */"; // beside


  /** @type {A} */ (b).c();
/** of several
 * and code */ d();
e(/* within */);
"""


@pytest.mark.parametrize("ending", ["js", "css"])
def test_lines_of_comment_are_empty_and_every_other_stays_where_it_is(ending: str) -> None:
    assert without_comments(f"a.{ending}", COMMENTED) == PLAIN
    assert without_comments("a.json", COMMENTED) == COMMENTED


@pytest.mark.parametrize("path", [path for path in FILES if path.endswith(".js")])
def test_no_text_of_a_script_has_a_line_that_looks_like_a_comment(path: str) -> None:
    lines = (STATIC / path).read_text().split("\n")
    served = without_comments(path, "\n".join(lines).encode()).decode().split("\n")
    assert len(served) == len(lines)
    quotes = 0
    for line, left in zip(lines, served, strict=True):
        if left != line:
            assert quotes % 2 == 0, line  # within a template literal there is an odd number before it
        else:
            quotes += left.count("`")


BUDGETS = {LOADER: 1024, COUNTER: 1024}


@pytest.mark.parametrize("path", BUDGETS)
def test_the_scripts_of_every_page_are_small(path: str) -> None:
    assert release().stable[path].served <= BUDGETS[path]
