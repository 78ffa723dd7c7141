"""Attacks by connections: silent ones, half a head, requests piled up, answers left unread."""

from typing import Final

import anyio

from tests.abuse.attack import Attack, Connection, Hostile, request

PIPELINED: Final = 4_000
"""Requests that one connection sends without reading an answer."""
PILES: Final = 10
"""Connections that do so."""


async def silent(hostile: Hostile) -> None:
    """Open connections and send nothing."""

    async def use(connection: Connection, number: int) -> None:
        del number
        await connection.until_closed()

    await hostile.each(use)


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

    async def use(connection: Connection, number: int) -> None:
        del number
        one = request("GET", hostile.path(thread=hostile.target.long_thread) + "?limit=200")
        for _ in range(PIPELINED):
            if not await connection.send(one):
                hostile.outcome.closed += 1
                return
        await anyio.sleep_forever()

    await hostile.each(use, PILES)


async def unread(hostile: Hostile) -> None:
    """Ask for the largest page and never read the answer."""

    async def use(connection: Connection, number: int) -> None:
        del number
        one = request("GET", hostile.path(thread=hostile.target.long_thread) + "?limit=200&replies=200")
        for _ in range(16):
            if not await connection.send(one):
                hostile.outcome.closed += 1
                return
        await anyio.sleep_forever()

    await hostile.each(use)


async def many(hostile: Hostile) -> None:
    """Open connection after connection, as many as the operating system gives, and keep them all."""

    async def use(connection: Connection, number: int) -> None:
        del number
        await connection.send(b"GET ")
        await connection.until_closed()

    await hostile.each(use, hostile.scale.connections * 4)


ATTACKS: Final = (
    Attack(name="silent connections", does="opens connections and sends nothing", run=silent, closes=True),
    Attack(name="half a head", does="sends a head a byte at a time", run=half_heads, closes=True),
    Attack(name="idle connections", does="asks once and keeps the connection", run=idle, closes=True),
    Attack(
        name="pipelined requests",
        does=f"sends {PIPELINED:,} requests on each of {PILES} connections and reads no answer",
        run=pipelined,
    ),
    Attack(name="unread answers", does="asks for the largest page and reads no answer", run=unread),
    Attack(name="connections to the limit", does="opens four times as many connections", run=many, closes=True),
)
