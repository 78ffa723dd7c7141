"""The site that is measured, opened over HTTP, and its state as the gateway tells it."""

import json
import time
from collections.abc import Sequence
from typing import Any, Final

import anyio

from tests.bench import http
from tests.bench.asks import authorization, token
from tests.bench.people import ROOT, SECRET, SITE
from tests.bench.processes import ADMIN_SECRET

OK: Final = 200
CREATED: Final = 201
LOOK: Final = 0.01
"""Seconds between two looks at what is to come about."""
SHOWN_WITHIN: Final = 60.0
COUNTED_AT_ONCE: Final = 100


async def open_site(url: str, threads: Sequence[str] = (), **policy: Any) -> None:
    """Open the site, without rates unless they are given, and these threads in it. Raises AssertionError."""
    operator = token({"sub": "operator", "aud": "hansard", "roles": ["operator"]}, ADMIN_SECRET)
    opening = {"name": "Bench", "keys": {"hs256": [SECRET]}, "policy": {"rates": "off", **policy}}
    await _put(url, [(ROOT, opening)], operator)
    await open_threads(url, threads)


async def open_site_elsewhere(url: str, name: str, jwks: str) -> None:
    """Open another site, whose key set is at an address. Raises AssertionError."""
    operator = token({"sub": "operator", "aud": "hansard", "roles": ["operator"]}, ADMIN_SECRET)
    await _put(url, [(f"/v1/sites/{name}", {"name": "Elsewhere", "keys": {"jwks": jwks}})], operator)


async def open_threads(url: str, threads: Sequence[str]) -> None:
    """Open threads, and wait until their pages are there. Raises AssertionError, TimeoutError."""
    moderator = token({"sub": "mod", "name": "Mod", "aud": SITE, "roles": ["moderator"]})
    about = [{"url": f"https://bench.example/{thread}", "title": f"About {thread}"} for thread in threads]
    paths = [f"{ROOT}/threads/{thread}" for thread in threads]
    await _put(url, list(zip(paths, about, strict=True)), moderator)
    line = await http.connected(url)
    with anyio.fail_after(SHOWN_WITHIN):
        for path in paths:
            while (await line.ask(http.request("GET", path))).status != OK:  # noqa: ASYNC110 - over HTTP nobody tells
                await anyio.sleep(LOOK)
    line.close()


async def shown(url: str, threads: Sequence[str], posted: int) -> float:
    """Seconds until the views count everything that was posted. Raises AssertionError where they never do."""
    line = await http.connected(url)
    begun = time.perf_counter()
    counted = -1
    while counted < posted and time.perf_counter() - begun < SHOWN_WITHIN:
        counted = 0
        for start in range(0, len(threads), COUNTED_AT_ONCE):
            some = "&".join(f"thread={thread}" for thread in threads[start : start + COUNTED_AT_ONCE])
            answer = await line.ask(http.request("GET", f"{ROOT}/counts?{some}"))
            counted += sum(json.loads(answer.body)["counts"].values())
        await anyio.sleep(LOOK)
    took = time.perf_counter() - begun
    line.close()
    assert counted == posted, f"{posted} comments were acknowledged, the views count {counted}"
    return took


async def _put(url: str, wanted: Sequence[tuple[str, dict[str, Any]]], who: str) -> None:
    line = await http.connected(url)
    for path, document in wanted:
        asked = http.request("PUT", path, [authorization(who)], json.dumps(document).encode())
        answer = await line.ask(asked)
        assert answer.status == CREATED, answer.body
    line.close()
