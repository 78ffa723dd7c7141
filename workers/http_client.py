"""HTTP client for addresses that publications name: key sets, and whatever else is asked of their servers.

The author of an address must gain nothing that is not open to the whole internet. So a host is resolved once, a
connection is made only if all its addresses are allowed (`workers.runtime.address_guard`), and to such an address, not
to the name. No redirect is followed, no proxy of the environment is used, and no cookie is kept. Time and size of an
exchange are bounded as a whole, so a server that sends a byte at a time gains nothing.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import anyio
import httpcore2
from anyio import CapacityLimiter, to_thread
from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

from workers.runtime.address_guard import NO_PRIVATE_HOSTS, Address, PrivateHosts, is_public, parsed

WITHIN: Final = 10.0
"""Default of the seconds for a whole exchange, from the look-up of the host to the last byte of the response."""
MOST_BYTES: Final = 65_536
"""Default of the most bytes of a body of a response."""
MOST_CONNECTIONS: Final = 100
"""Connections of one client at a time."""
MOST_LOOKUPS: Final = 8
"""Look-ups of hosts at a time. Each takes a thread, which a slow name server may hold after the request has ended."""
CONNECT_WITHIN: Final = 3.0
"""Most seconds for the connection to one address, so that the next address of the host gets its turn."""
_KEPT: Final = 20
_KEPT_FOR: Final = 30.0

Cause = Literal["refused", "unreachable", "late", "large", "malformed"]


class RequestFailed(Exception):
    """There is no response. `cause` is a code for metrics; the message names no address, for its readers may be many.

    refused: the address is not allowed. unreachable: no connection. late: the time is over. large: the response has too
    many bytes. malformed: it is not HTTP, or is encoded.
    """

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause: Cause = cause


class Reply(NamedTuple):
    """A response: its status, whatever it is, and its body. A redirect is a response like any other."""

    status: int
    headers: Mapping[bytes, bytes]
    """The headers, with names in lower case; of several with one name, the last."""
    body: bytes


class HttpClient:
    """Sends requests to hosts of the internet, and to the private ones that are permitted."""

    def __init__(self, private: PrivateHosts = NO_PRIVATE_HOSTS, *, tls: ssl.SSLContext | None = None) -> None:
        """`tls` replaces the certificates that the system trusts (`SSL_CERT_FILE`)."""
        self._private = private
        self._tls = tls
        self._lookups = CapacityLimiter(MOST_LOOKUPS)
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        within: float = WITHIN,
        most_bytes: int = MOST_BYTES,
    ) -> Reply:
        """Send a request and return the whole response. Raises RequestFailed."""
        target = _target(url)
        sent = {"Host": target.netloc, "Accept-Encoding": "identity", "User-Agent": "Hansard", **(headers or {})}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        opened = self._pool(target.scheme).stream(
            method,
            url.partition("#")[0],
            headers=[(name.encode(), value.encode()) for name, value in sent.items()],
            content=body,
            extensions={"timeout": {"connect": min(CONNECT_WITHIN, within)}},
        )
        async with _failing(within), opened as response:
            return await _read(response, most_bytes)

    async def close(self) -> None:
        """Close the kept connections."""
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, scheme: str) -> httpcore2.AsyncConnectionPool:
        """Return the pool of a scheme, made when first needed: reading the certificates of the system takes a while."""
        known = self._pools.get(scheme)
        if known is not None:
            return known
        # Nothing crosses the internet in the clear: http leads to permitted hosts alone.
        backend = _GuardedBackend(self._private, self._lookups, only_permitted=scheme == "http")
        made = self._pools[scheme] = httpcore2.AsyncConnectionPool(
            ssl_context=self._tls or ssl.create_default_context(),
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEPT_FOR,
            network_backend=backend,
        )
        return made


async def _read(response: httpcore2.Response, most_bytes: int) -> Reply:
    headers = {name.lower(): value for name, value in response.headers}
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        # Decoding would need a bound of its own: a few bytes can become many.
        raise RequestFailed("malformed", "the response is encoded, although that was not asked for")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length[:18]) > most_bytes:
        raise RequestFailed("large", f"the response has more than {most_bytes} bytes")
    read = bytearray()
    async for part in response.aiter_stream():
        read += part
        if len(read) > most_bytes:
            raise RequestFailed("large", f"the response has more than {most_bytes} bytes")
    return Reply(response.status, headers, bytes(read))


@asynccontextmanager
async def _failing(within: float) -> AsyncIterator[None]:
    """Bound the time of the block, and raise its failures as RequestFailed."""
    try:
        with anyio.fail_after(within):
            yield
    except (TimeoutError, httpcore2.TimeoutException):
        raise RequestFailed("late", f"the host did not answer completely within {within:g} s") from None
    except httpcore2.ProtocolError:
        raise RequestFailed("malformed", "the response is not HTTP") from None
    except (httpcore2.NetworkError, OSError) as error:
        # The certificate of a host is checked while its connection is made.
        raise RequestFailed("unreachable", _said(error)) from None


def _said(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate of the host is not valid: {cause.verify_message}"
    return "the host does not accept the connection, or ended it"


def _target(url: str) -> SplitResult:
    """Split an address. Raises RequestFailed unless it is http or https, ASCII, and names a host and no user."""
    try:
        target = urlsplit(url)
        target.port  # noqa: B018 - raises ValueError
    except ValueError:
        raise RequestFailed("refused", "this is not an address") from None
    if target.scheme not in {"http", "https"} or not target.hostname or "@" in target.netloc:
        raise RequestFailed("refused", "the address must be https, with a host and without a user")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RequestFailed("refused", "the address must be ASCII without spaces")
    return target


class _ClosingStream(AsyncNetworkStream):
    """A connection that is closed if it is cancelled before TLS is agreed: httpcore2 leaves it open."""

    def __init__(self, inner: AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - of httpcore2
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - of httpcore2
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - of httpcore2
    ) -> AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _GuardedBackend(AsyncNetworkBackend):
    """Network connections to allowed addresses alone.

    httpcore2 asks it for every connection, so no other path leads to the network.
    """

    def __init__(self, private: PrivateHosts, lookups: CapacityLimiter, *, only_permitted: bool) -> None:
        self._inner = AnyIOBackend()
        self._private = private
        self._lookups = lookups
        self._only_permitted = only_permitted

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - of httpcore2
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address of the host that answers. Raises RequestFailed if one is not allowed."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            if not self._allows(host, address):
                raise RequestFailed("refused", "the host has an address that is not public")
        for number, address in enumerate(addresses):
            try:
                stream = await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
                return _ClosingStream(stream)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number + 1 == len(addresses):
                    raise
        raise RequestFailed("unreachable", "the host has no address")

    def _allows(self, host: str, address: Address) -> bool:
        if self._private.permits(host, address):
            return True
        return not self._only_permitted and is_public(address)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            found = await to_thread.run_sync(look_up, abandon_on_cancel=True, limiter=self._lookups)
        except (OSError, UnicodeError):
            raise RequestFailed("unreachable", "the host has no address") from None
        return list(dict.fromkeys(parsed(str(place[0])) for *_, place in found))
