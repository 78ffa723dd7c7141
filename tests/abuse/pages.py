"""Attacks by what browsers load: sections as HTML, hosted pages, files."""

from typing import Final

from tests.abuse.attack import Attack, Hostile, request
from tests.bench.people import SITE
from workers.gateway.web.assets import LOADER, release

READERS: Final = 16
"""Connections that ask without a pause."""
PAST_TURN: Final = 4
"""One section of so many is of a past moment."""


async def sections(hostile: Hostile) -> None:
    """Ask for the largest sections as HTML, with other parameters each time, some of them as of a past moment."""
    positions, long = hostile.target.positions, hostile.target.long_thread

    def ask(number: int, turn: int) -> bytes:
        query = f"limit={1 + (number * 31 + turn) % 200}&replies=200&depth=50&linked=1&level={1 + turn % 6}"
        if turn % PAST_TURN == 0:
            query += f"&at={positions[(number * 7919 + turn * 104_729) % len(positions)]}"
        return request("GET", f"{hostile.path('/section', thread=long)}?{query}")

    await hostile.again_and_again(ask, READERS)


async def hosted(hostile: Hostile) -> None:
    """Ask for hosted pages of a long thread, whole, under an address that no cache has."""
    long = hostile.target.long_thread

    def ask(number: int, turn: int) -> bytes:
        address = (f"/read/{SITE}/{long}?all&", f"/audit/{SITE}/{long}?", f"/read/{SITE}/{long}?sort=newest&", "/?")
        return request(
            "GET",
            f"{address[(number + turn) % len(address)]}from={number}-{turn}",
            headers={"Accept": "text/html"},
        )

    await hostile.again_and_again(ask, READERS)


async def files(hostile: Hostile) -> None:
    """Ask for files: packed, plain, under a digest of no release, and the loader."""
    section = release().address("section/section.js")

    def ask(number: int, turn: int) -> bytes:
        kinds: tuple[tuple[str, dict[str, str]], ...] = (
            (section, {"Accept-Encoding": "gzip"}),
            (section, {}),
            (f"/embed/{number:08x}{turn:08x}/section/section.js", {}),
            (LOADER, {}),
        )
        path, headers = kinds[(number + turn) % len(kinds)]
        return request("GET", path, headers=headers)

    await hostile.again_and_again(ask, READERS)


ATTACKS: Final = (
    Attack(
        name="sections",
        does=f"requests the largest sections as HTML, every fourth of a past moment, {READERS} at a time",
        run=sections,
    ),
    Attack(
        name="hosted pages",
        does=f"requests whole reading pages, the audit room and the front page past the cache, {READERS} at a time",
        run=hosted,
    ),
    Attack(name="files", does=f"requests files of this and of no release, {READERS} at a time", run=files),
)
