"""Attacks by connections: silent ones, slow heads, requests piled up, answers left unread."""

from typing import Final

from tests.abuse.attack import Attack, Connection, Hostile, request

PIPELINED: Final = 4_000
"""Requests that one connection sends without reading an answer."""
UNREAD: Final = 24
"""Answers that one connection asks for and does not read: more than the buffers of the system take."""
UNREADING: Final = 40
"""Connections that do so."""
TIMES: Final = 8
PILES: Final = 10
"""Connections that do so."""


async def silent(hostile: Hostile) -> None:
    """Open connections and send nothing."""
    await _open_and_wait(hostile, hostile.scale.connections)


async def half_heads(hostile: Hostile) -> None:
    """Send the first line of a request, and then a header a byte at a time, for ever."""

    async def use(connection: Connection, number: int) -> None:
        del number
        await connection.trickle(f"GET {hostile.path()} HTTP/1.1\r\nHost: abuse.example\r\nX-Slow: ".encode())

    await hostile.each(use)


async def idle(hostile: Hostile) -> None:
    """Ask once on each connection, and keep it open without another request."""

    async def use(connection: Connection, number: int) -> None:
        del number
        await connection.ask(request("GET", hostile.path()))
        await connection.until_closed()

    await hostile.each(use)


async def pipelined(hostile: Hostile) -> None:
    """Send thousands of requests on one connection and read no answer."""
    await _read_nothing(hostile, "?limit=200", PIPELINED, PILES)


async def unread(hostile: Hostile) -> None:
    """Ask for the largest page and never read the answer."""
    await _read_nothing(hostile, "?limit=200&replies=200", UNREAD, UNREADING)


async def many(hostile: Hostile) -> None:
    """Open more connections than a gateway may have, and send nothing."""
    await _open_and_wait(hostile, hostile.scale.connections * TIMES)


async def _open_and_wait(hostile: Hostile, connections: int) -> None:
    async def use(connection: Connection, number: int) -> None:
        del number
        await connection.until_closed()

    await hostile.each(use, connections)


async def _read_nothing(hostile: Hostile, query: str, requests: int, connections: int) -> None:
    """Ask so often for a page of the long thread on each connection, and read no answer."""

    async def use(connection: Connection, number: int) -> None:
        del number
        one = request("GET", hostile.path(thread=hostile.target.long_thread) + query)
        await connection.send(one * requests)
        await connection.until_refused(b"\r\n")

    await hostile.each(use, connections)


ATTACKS: Final = (
    Attack(name="silent connections", does="opens connections and sends nothing", run=silent, closes=True, lasts=80),
    Attack(name="slow heads", does="sends a head a byte at a time", run=half_heads, closes=True, lasts=15),
    Attack(name="idle connections", does="sends one request and keeps the connection", run=idle, closes=True, lasts=80),
    Attack(
        name="pipelined requests",
        does=f"sends {PIPELINED:,} requests on each of {PILES} connections and reads no response",
        run=pipelined,
        closes=True,
        lasts=45,
    ),
    Attack(
        name="unread responses",
        does=f"requests the largest page {UNREAD} times on each of {UNREADING} connections and reads no response",
        run=unread,
        closes=True,
        lasts=60,
    ),
    Attack(
        name="many connections",
        does=f"opens {TIMES} times as many connections and sends nothing",
        run=many,
        closes=True,
        lasts=80,
    ),
)
