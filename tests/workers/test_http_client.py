"""Requests to hosts that somebody else names: where they may lead, and how much they may cost."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from tests.support.bounds import BOUND
from tests.support.key_host import LOOPBACK, KeyHost, http, key_host, tls_client
from workers.http_client import HttpClient, Reply, RequestFailed
from workers.runtime.address_guard import parse_private_hosts

INWARDS = (
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "localhost",
    "LOCALHOST.",
    "[::1]",
    "[::ffff:7f00:1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "[fd00::1]",
    "100.64.0.1",
    "10.0.0.1",
)


@pytest.fixture
async def host() -> AsyncIterator[KeyHost]:
    async with key_host() as found:
        found.reply = http(b"hello")
        yield found


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    """A client to which this machine is permitted."""
    made = HttpClient(LOOPBACK, tls=tls_client())
    yield made
    await made.close()


async def refused(client: HttpClient, url: str, **more: Any) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        await client.send("GET", url, **more)
    return caught.value


async def test_a_response_comes_with_status_headers_and_body(host: KeyHost, client: HttpClient) -> None:
    host.reply = http(b"hello", "404 Not Found", "X-Kind: none")
    reply = await client.send("POST", host.url, headers={"Accept": "text/plain"}, body=b"a body", within=BOUND)
    assert (reply.status, reply.headers[b"x-kind"], reply.body) == (404, b"none", b"hello")
    (head,) = host.requests
    for line in (
        f"Host: localhost:{host.port}",
        "Accept: text/plain",
        "Content-Length: 6",
        "Accept-Encoding: identity",
    ):
        assert f"\r\n{line}\r\n".encode() in head
    assert head.startswith(b"POST /jwks.json HTTP/1.1\r\n")


@pytest.mark.parametrize("name", INWARDS)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_no_spelling_of_an_address_leads_inwards(host: KeyHost, name: str, scheme: str) -> None:
    client = HttpClient(tls=tls_client())
    failed = await refused(client, f"{scheme}://{name}:{host.port}/", within=BOUND)
    # Some systems do not know some of the spellings, which leads nowhere either.
    assert failed.cause in {"refused", "unreachable"}
    assert host.requests == []
    await client.close()


async def test_a_host_with_one_private_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name server is the publication's own. Only its answer is made up: no test asks the internet."""
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*kind, ("93.184.216.34", 443)), (*kind, ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert (await refused(HttpClient(), "https://keys.example/", within=BOUND)).cause == "refused"


async def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    host: KeyHost, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers differently a second time (DNS rebinding) is not asked a second time."""
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def counted(name: str, *rest: Any, **more: Any) -> Any:
        asked.append(name)
        return resolve("127.0.0.1" if len(asked) == 1 else "10.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    assert (await client.send("GET", host.url, within=BOUND)).status == 200
    assert asked == ["localhost"]


async def test_a_redirect_is_not_followed(host: KeyHost, client: HttpClient) -> None:
    host.reply = http(b"", "302 Found", f"Location: {host.url}/other")
    assert (await client.send("GET", host.url, within=BOUND)).status == 302
    assert len(host.requests) == 1


async def test_no_proxy_of_the_environment_is_used(
    host: KeyHost, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await client.send("GET", host.url, within=BOUND)).body == b"hello"


async def test_a_certificate_that_nobody_vouches_for_is_refused(host: KeyHost) -> None:
    failed = await refused(HttpClient(LOOPBACK), host.url, within=BOUND)
    assert failed.cause == "unreachable"
    assert "certificate" in str(failed)
    assert host.requests == []


async def test_a_host_that_never_ends_is_given_up_in_time(host: KeyHost, client: HttpClient) -> None:
    host.hang()
    assert (await refused(client, host.url, within=0.5)).cause == "late"
    host.open.set()
    host.drip = 0.02
    host.reply = http(b"x" * 10_000)
    assert (await refused(client, host.url, within=0.5)).cause == "late"


@pytest.mark.parametrize(
    "reply",
    [
        http(b"x" * 101),
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 101,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"33\r\n" + b"x" * 51 + b"\r\n33\r\n" + b"x" * 51,
    ],
)
async def test_a_large_response_is_not_read_to_its_end(host: KeyHost, client: HttpClient, reply: bytes) -> None:
    host.reply = reply
    assert (await refused(client, host.url, most_bytes=100, within=BOUND)).cause == "large"


async def test_a_response_of_just_the_size_is_taken(host: KeyHost, client: HttpClient) -> None:
    host.reply = http(b"x" * 100)
    assert len((await client.send("GET", host.url, most_bytes=100, within=BOUND)).body) == 100


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.7\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        http(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"),
    ],
)
async def test_what_is_no_response_is_said_to_be_none(host: KeyHost, client: HttpClient, reply: bytes) -> None:
    host.reply = reply
    assert (await refused(client, host.url, within=BOUND)).cause == "malformed"


async def test_a_host_that_is_away_is_unreachable(client: HttpClient) -> None:
    async with key_host() as gone:
        url = gone.url
    assert (await refused(client, url, within=BOUND)).cause == "unreachable"
    assert (await refused(client, "https://nowhere.invalid/", within=BOUND)).cause == "unreachable"
    assert (await refused(client, f"https://{'a' * 70}.example/", within=BOUND)).cause == "unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "keys.example",
        "ftp://keys.example/",
        "file:///etc/passwd",
        "https://",
        "https://me@keys.example/",
        "https://me:word@keys.example/",
        "https://keys.example:port/",
        "https://keys.example/a b",
        "https://keys.example/\r\nX: y",
        "https://käse.example/",
        "unix:/run/redis.sock",
    ],
)
async def test_what_is_no_https_address_is_refused(client: HttpClient, url: str) -> None:
    assert (await refused(client, url)).cause == "refused"


async def test_http_without_tls_leads_to_permitted_hosts_alone() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here

    async def answer(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(http(b"plain"))

    client, stranger = HttpClient(LOOPBACK), HttpClient(parse_private_hosts("10.0.0.0/8"))
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        assert await client.send("GET", f"http://localhost:{port}/", within=BOUND) == Reply(
            200, {b"content-length": b"5", b"connection": b"close"}, b"plain"
        )
        assert (await refused(stranger, f"http://localhost:{port}/", within=BOUND)).cause == "refused"
        tasks.cancel_scope.cancel()
    assert (await refused(client, "http://93.184.216.34/", within=BOUND)).cause == "refused"


async def test_who_waits_for_a_slow_host_holds_up_nobody_else(host: KeyHost, client: HttpClient) -> None:
    host.hang()
    async with key_host() as other, anyio.create_task_group() as tasks:
        other.reply = http(b"quick")
        for _ in range(20):
            tasks.start_soon(client.send, "GET", host.url)
        await host.asked.wait()
        assert (await client.send("GET", other.url, within=BOUND)).body == b"quick"
        tasks.cancel_scope.cancel()
