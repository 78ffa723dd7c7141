"""Attacks by single requests: heads, targets and bodies without end, malformed ones, bodies that never come."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

from tests.abuse.attack import Attack, Connection, Hostile, request

ASKERS: Final = 200
"""Connections that send made-up tokens: more than the gateway handles at a time."""
LINE: Final = 16_384
"""Bytes per piece of a head without end."""
PIECES: Final = 1_024
MALFORMED: Final = (
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /v1/sites/bench/threads/a\x00b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


async def long_heads(hostile: Hostile) -> None:
    """Send one header value without end."""
    await _endless(hostile, b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", b"a" * LINE)


async def many_lines(hostile: Hostile) -> None:
    """Send header lines without end."""
    await _endless(hostile, b"GET / HTTP/1.1\r\nHost: a\r\n", b"x: y\r\n" * (LINE // 6))


async def long_targets(hostile: Hostile) -> None:
    """Send a target without end."""
    await _endless(hostile, b"GET /", b"a" * LINE)


async def malformed(hostile: Hostile) -> None:
    """Send what is no request of HTTP/1.1, or has two meanings."""

    async def use(connection: Connection, number: int) -> None:
        await connection.send(MALFORMED[number % len(MALFORMED)])
        await connection.until_closed()

    await hostile.each(use)


async def bodies_without_a_token(hostile: Hostile) -> None:
    """Announce a body without a token, and never send it."""
    await _never_sent(hostile, tokens=False)


async def bodies_with_a_token(hostile: Hostile) -> None:
    """Announce bodies with the token of one member, and never send them."""
    await _never_sent(hostile, tokens=True)


async def slow_bodies(hostile: Hostile) -> None:
    """Send bodies a byte at a time, with the token of one member."""

    async def use(connection: Connection, number: int) -> None:
        del number
        head = request("POST", hostile.path("/comments"), token=hostile.token(0), announced=200_000)
        await connection.trickle(head + b'{"body": "')

    await hostile.each(use)


async def large_bodies(hostile: Hostile) -> None:
    """Send bodies that are larger than any may be, with tokens of many members."""

    async def use(connection: Connection, number: int) -> None:
        head = request("POST", hostile.path("/comments"), token=hostile.token(number), announced=LINE * PIECES)
        alive = await connection.send(head)
        for _ in range(PIECES):
            alive = alive and await connection.send(b" " * LINE)
        await connection.until_closed()

    await hostile.each(use)


async def made_up_keys(hostile: Hostile) -> None:
    """Send tokens that name keys which nobody has, to a site whose key set never comes."""

    def ask(number: int, turn: int) -> bytes:
        token = made_up({"alg": "ES256", "kid": f"{number}-{turn}"}, {"sub": "eve", "aud": hostile.target.elsewhere})
        path = f"/v1/sites/{hostile.target.elsewhere}/threads/{hostile.target.thread}/me"
        return request("GET", path, token=token)

    await hostile.again_and_again(ask, ASKERS)


def made_up(*parts: Mapping[str, str]) -> str:
    """A token with this header and these claims, which no key has signed."""
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*encoded, "A" * 86))


async def _endless(hostile: Hostile, begin: bytes, more: bytes) -> None:
    async def use(connection: Connection, number: int) -> None:
        del number
        alive = await connection.send(begin)
        for _ in range(PIECES):
            if not alive:
                break
            alive = await connection.send(more)
        await connection.until_closed()

    await hostile.each(use)


async def _never_sent(hostile: Hostile, *, tokens: bool) -> None:
    async def use(connection: Connection, number: int) -> None:
        del number
        token = hostile.token(0) if tokens else None
        await connection.send(request("POST", hostile.path("/comments"), token=token, announced=5_000))
        await connection.until_closed()

    await hostile.each(use)


ATTACKS: Final = (
    Attack(name="endless header", does="sends up to 16 MB of one header value", run=long_heads, closes=True),
    Attack(name="endless header lines", does="sends up to 16 MB of short lines", run=many_lines, closes=True),
    Attack(name="endless target", does="sends up to 16 MB of one target", run=long_targets, closes=True),
    Attack(name="malformed requests", does="sends invalid or ambiguous requests", run=malformed, closes=True),
    Attack(
        name="bodies announced, no token",
        does="announces bodies and never sends them",
        run=bodies_without_a_token,
        closes=True,
        lasts=15,
    ),
    Attack(
        name="bodies announced",
        does="announces bodies and never sends them",
        token=True,
        run=bodies_with_a_token,
        closes=True,
        lasts=15,
    ),
    Attack(
        name="slow bodies", does="sends bodies a byte at a time", token=True, run=slow_bodies, closes=True, lasts=15
    ),
    Attack(
        name="large bodies", does="announces bodies of 16 MB and sends them", token=True, run=large_bodies, closes=True
    ),
    Attack(
        name="made-up keys",
        does=f"names keys that nobody has in its tokens, {ASKERS} at a time, at a site whose key set never comes",
        run=made_up_keys,
    ),
)
