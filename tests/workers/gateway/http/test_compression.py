"""Answers of a kilobyte and more are compressed where the client takes it; what is kept is compressed once."""

import gzip
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.house import ADA, THREAD, House
from workers.gateway.http import compression
from workers.gateway.http.response_cache import ResponseCache

LONG = "Many words. " * 60
PAGE = f"threads/{THREAD}"


async def raw(house: House, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer as they come over the wire."""
    url = path if path.startswith("/") else f"/v1/sites/kew/{path}"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = house.client.build_request("GET", url, headers={"Accept-Encoding": "identity", **given})
    answer = await house.client.send(request, stream=True)
    body = b"".join([piece async for piece in answer.aiter_raw()])
    assert int(answer.headers["content-length"]) == len(body)
    return dict(answer.headers), body


async def test_a_long_page_is_compressed_for_who_takes_it_and_says_that_it_varies(house: House) -> None:
    await house.post(ADA, LONG)
    plain, body = await raw(house, PAGE)
    assert "content-encoding" not in plain
    for _ in range(3):
        packed, small = await raw(house, PAGE, Accept_Encoding="gzip, deflate, br")
        assert packed["content-encoding"] == "gzip"
        assert len(small) < len(body)
        assert gzip.decompress(small) == body
        assert packed["etag"] == plain["etag"]
    assert plain["vary"] == packed["vary"] == "Accept-Encoding"
    known = await house.get(PAGE, If_None_Match=plain["etag"])
    assert (known.status_code, known.headers["vary"]) == (304, "Accept-Encoding")
    assert "content-encoding" not in known.headers


async def test_what_is_kept_is_compressed_once_and_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.post(ADA, LONG)
    ready = ResponseCache(house.states, fresh=3600)
    house.serve(replace(house.services, response_cache=ready))
    await raw(house, PAGE)
    before = ready.bytes
    done: list[bytes] = []
    compressed = compression.compressed

    async def counted(body: bytes) -> bytes:
        done.append(body)
        return await compressed(body)

    monkeypatch.setattr(compression, "compressed", counted)
    sizes = {len((await raw(house, PAGE, Accept_Encoding="gzip"))[1]) for _ in range(10)}
    assert len(done) == 1
    assert [ready.bytes - before] == [*sizes]
    small = ResponseCache(house.states, fresh=3600, most_bytes=4 * before)
    house.serve(replace(house.services, response_cache=small))
    for limit in range(1, 20):
        for encoding in ("identity", "gzip"):
            await raw(house, f"{PAGE}?limit={limit}", Accept_Encoding=encoding)
            assert small.bytes <= 4 * before


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, *", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("deflate, br, zstd", False),
        ("", False),
        ("gzip," * 100, False),
    ],
)
def test_a_client_says_what_it_takes(header: str, taken: bool) -> None:
    assert compression.accepts(header.encode()) is taken


async def test_short_answers_and_those_of_the_feed_go_as_they_are(house: House) -> None:
    for path in ("/healthz", "counts?thread=a", "threads/none", "threads/none/feed"):
        headers, body = await raw(house, path, Accept_Encoding="gzip")
        assert len(body) < compression.LEAST
        assert "content-encoding" not in headers
        assert "Accept-Encoding" not in headers.get("vary", "")


async def test_private_and_operational_answers_are_compressed_too(house: House) -> None:
    await house.post(ADA, LONG)
    then = (await house.get(PAGE)).json()["thread"]["position"]
    for path, vary in (
        ("/metrics", "Accept-Encoding"),
        ("/openapi.json", "Accept-Encoding"),
        (f"{PAGE}?at={then}", "Authorization, Accept-Encoding"),
    ):
        headers, body = await raw(house, path, Accept_Encoding="gzip")
        assert headers["content-encoding"] == "gzip", path
        assert headers["vary"] == vary
        assert gzip.decompress(body)


async def test_head_says_of_a_compressed_answer_what_get_says(house: House) -> None:
    await house.post(ADA, LONG)
    told: list[Any] = []
    for method in ("GET", "HEAD"):
        answer = await house.ask(method, PAGE, Accept_Encoding="gzip")
        told.append([answer.headers.get(name) for name in ("content-length", "content-encoding", "vary", "etag")])
    assert told[0] == told[1]
    assert told[0][1] == "gzip"


async def test_a_large_body_is_compressed_in_pieces() -> None:
    body = bytes(range(256)) * 2000
    assert gzip.decompress(await compression.compressed(body)) == body
