"""Attacks by reads that cost more than they ask: the past, counts, operations, feeds."""

from typing import Final

import anyio

from tests.abuse.attack import Attack, Connection, Hostile, request
from tests.bench.people import ROOT

READERS: Final = 16
"""Connections that ask without a pause."""
COUNTED: Final = 100
FEEDS: Final = 200
"""Feeds that one client opens."""
NAMES: Final = 20
"""Threads that are not opened, per connection of a client that follows them."""


async def past(hostile: Hostile) -> None:
    """Ask for the past of a long thread, at another position each time."""
    positions = hostile.target.positions

    def ask(number: int, turn: int) -> bytes:
        at = positions[(number * 7919 + turn * 104_729) % len(positions)]
        return request("GET", f"{hostile.path(thread=hostile.target.long_thread)}?at={at}&limit=200&replies=200")

    await hostile.again_and_again(ask, READERS)


async def records(hostile: Hostile) -> None:
    """Ask for records: of a thread that is written to, and of a long one its strips, its pages, and what it lacks."""
    long, positions = hostile.target.long_thread, hostile.target.positions

    def ask(number: int, turn: int) -> bytes:
        around = positions[(number * 7919 + turn * 104_729) % len(positions)]
        asked = (
            (hostile.target.thread, f"strip={1 + turn % 1000}"),
            (long, f"strip={1 + turn % 1000}"),
            (long, f"around={around}&limit=500"),
            (long, f"q=no-{number}-{turn}&around={around}"),
        )
        thread, query = asked[(number + turn) % len(asked)]
        return request("GET", f"{hostile.path('/record', thread=thread)}?{query}")

    await hostile.again_and_again(ask, READERS)


async def counts(hostile: Hostile) -> None:
    """Ask for the counts of a hundred threads, others each time."""

    def ask(number: int, turn: int) -> bytes:
        names = "&".join(f"thread=t-{number}-{turn}-{one}" for one in range(COUNTED))
        return request("GET", f"{ROOT}/counts?{names}")

    await hostile.again_and_again(ask, READERS)


async def pages(hostile: Hostile) -> None:
    """Ask for the largest pages, with other parameters each time."""

    def ask(number: int, turn: int) -> bytes:
        limit = 1 + (number * 31 + turn) % 200
        return request("GET", f"{hostile.path(thread=hostile.target.long_thread)}?limit={limit}&replies=200&depth=50")

    await hostile.again_and_again(ask, READERS)


async def operations(hostile: Hostile) -> None:
    """Ask for readiness and metrics without a pause."""

    def ask(number: int, turn: int) -> bytes:
        return request("GET", ("/readyz", "/metrics", "/openapi.json", "/docs")[(number + turn) % 4])

    await hostile.again_and_again(ask, READERS)


async def replays(hostile: Hostile) -> None:
    """Open feeds of a long thread from the beginning, and read nothing."""

    async def use(connection: Connection, number: int) -> None:
        del number
        after = hostile.target.feed_start
        await connection.send(
            request("GET", f"{hostile.path('/feed', thread=hostile.target.long_thread)}?after={after}")
        )
        await anyio.sleep_forever()

    await hostile.each(use, FEEDS)


async def unopened(hostile: Hostile) -> None:
    """Follow threads that nobody has opened, thousands of names."""

    async def use(connection: Connection, number: int) -> None:
        await connection.send(request("GET", hostile.path("/feed", thread=f"unopened-{number}")))
        await connection.until_closed()

    await hostile.each(use, hostile.scale.connections * 2)


ATTACKS: Final = (
    Attack(name="pages of the past", does=f"requests other moments of a long thread, {READERS} at a time", run=past),
    Attack(
        name="records",
        does=f"requests strips, pages and searches of the records of a live and a long thread, {READERS} at a time",
        run=records,
    ),
    Attack(
        name="counts", does=f"requests the counts of {COUNTED} other threads each time, {READERS} at a time", run=counts
    ),
    Attack(name="large pages", does=f"requests the largest pages, {READERS} at a time", run=pages),
    Attack(name="operations", does=f"requests readiness, metrics and documents, {READERS} at a time", run=operations),
    Attack(name="unread replays", does=f"opens {FEEDS} feeds from their beginning and reads nothing", run=replays),
    Attack(name="feeds of unopened threads", does="follows threads that are not opened yet", run=unopened),
)
