"""The stage of the attacks: a server, a projector and a gateway as processes, a site with two threads, tokens."""

import json
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
from msgspec import Struct

from core.events.envelope import decode
from core.log.redis import RedisLog
from core.position import START
from core.redis.deployment import open_deployment
from tests.abuse.attack import Scale, Target
from tests.bench import http, usage
from tests.bench.asks import token
from tests.bench.copying import PARTITIONS
from tests.bench.filling import Fill
from tests.bench.house import OK, open_site, open_site_elsewhere
from tests.bench.http import request
from tests.bench.people import MEMBERS, ROOT, SITE
from tests.bench.processes import ADMIN_SECRET, server
from tests.faults.workers import Hansard

THREAD: Final = "in-the-news"
LONG: Final = "long-ago"
ELSEWHERE: Final = "elsewhere"
"""A site whose key set is at a host that takes connections and says nothing."""
WRITERS: Final = 4
"""Honest clients that write."""
EACH: Final = 100
"""Members whom each of them writes for, by turns: so many that none comes near a rate."""
HONEST: Final = WRITERS * EACH
"""Members who write honestly. The others are the attacker's."""
HOSTILE: Final = 200
POLL: Final = 0.02
"""Seconds between two looks at a process, or at views: neither tells by itself."""
SHOWN_WITHIN: Final = 60.0
LOUD: Final = frozenset({"error", "critical"})


class Stage(Struct, kw_only=True):
    """A deployment that is ready to be attacked."""

    gateway: Hansard
    honest: tuple[tuple[str, ...], ...]
    """Tokens of the members of each honest writer."""
    hostile: tuple[str, ...]
    """Tokens of the attacker's members."""
    positions: tuple[str, ...]
    """Positions of the long thread."""

    @property
    def pid(self) -> int:
        """The gateway's process."""
        return self.gateway.pid

    def target(self, scale: Scale, *, tokens: bool) -> Target:
        """What an attack gets to know."""
        return Target(
            url=self.gateway.url,
            thread=THREAD,
            long_thread=LONG,
            elsewhere=ELSEWHERE,
            positions=self.positions,
            feed_start=self.positions[0],
            tokens=self.hostile if tokens else (),
            scale=scale,
        )

    def memory(self) -> int:
        """Bytes of memory that the gateway has; 0 where the system does not tell."""
        return usage.resident(self.pid) or 0

    def files(self) -> int:
        """Files and connections that the gateway has open; 0 where the system does not tell."""
        try:
            return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())
        except FileNotFoundError:
            return 0

    def errors(self, since: int) -> list[str]:
        """Events that the gateway logged at level error, from this character of its log on."""
        return [line["event"] for line in _lines(self.gateway.said[since:]) if line.get("level") in LOUD]


@asynccontextmanager
async def staged(comments: int, settings: Mapping[str, str]) -> AsyncIterator[Stage]:
    """Run everything for the block. The long thread has so many comments; `settings` are the gateway's."""
    with (
        tempfile.TemporaryDirectory(prefix="hansard-abuse-") as home,
        server(frozenset()) as url,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        # Attacks of one network send its address; all other clients send none, and are of no network.
        settings = {"PRIVATE_HOOKS": "127.0.0.1", "TRUSTED_PROXIES": "1", **settings}
        given = {"REDIS_URL": url, "ADMIN_SECRET": ADMIN_SECRET, "DURABILITY": "fsynced"}
        gateway = Hansard("gateway", Path(home), given | dict(settings))
        projector = Hansard("projector", Path(home), given)
        try:
            for process in (gateway, projector):
                await process.restart()
            await open_site(gateway.url, (THREAD, LONG), guests=True, rates="normal")
            keys = f"https://127.0.0.1:{silent.getsockname()[1]}/jwks.json"
            await open_site_elsewhere(gateway.url, ELSEWHERE, keys)
            positions = await _fill(url, comments)
            await _shown(gateway.url, comments)
            yield Stage(
                gateway=gateway,
                honest=tuple(tuple(map(_token, range(first, first + EACH))) for first in range(0, HONEST, EACH)),
                hostile=tuple(map(_token, range(HONEST, HONEST + HOSTILE))),
                positions=positions,
            )
        finally:
            gateway.end()
            projector.end()


async def _fill(url: str, comments: int) -> tuple[str, ...]:
    """Write the long thread, and return the positions of its comments, oldest first."""
    async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
        await Fill(deployment).comments([LONG], comments)
        number = deployment.keys.of(SITE, LONG).number
        entries = await RedisLog(deployment).read(number, START, limit=10 * comments)
        recorded = [decode(*entry) for entry in entries]
        posted = [one for one in recorded if one.envelope.thread == LONG and one.envelope.comment is not None]
    return tuple(str(one.position) for one in posted)


async def _shown(url: str, comments: int) -> None:
    """Wait until the page counts every comment of the long thread. Raises TimeoutError."""
    line = await http.connected(url)
    with anyio.fail_after(SHOWN_WITHIN):
        while True:
            answer = await line.ask(request("GET", f"{ROOT}/threads/{LONG}?limit=1"))
            if answer.status == OK and json.loads(answer.body)["thread"]["comments"] == comments:
                break
            await anyio.sleep(POLL)
    line.close()


def _token(number: int) -> str:
    member = MEMBERS[number]
    return token({"sub": member.id, "name": member.name, "aud": SITE})


def _lines(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]
