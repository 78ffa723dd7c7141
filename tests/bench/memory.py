"""What the record and its views take in Redis: of a comment, a vote and an edit, by kind of key.

The keys of the feeds are left out: they are trimmed, and do not grow with what was written. Command keys are in it;
they go after two days.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from core.ids import comment_id
from core.redis.deployment import Deployment, open_deployment
from tests.bench.copying import PARTITIONS
from tests.bench.figures import Figure, Target
from tests.bench.filling import Fill, all_of
from tests.bench.people import MEMBERS, SITE
from tests.bench.processes import server
from tests.bench.projecting import project
from tests.bench.stage import Stage
from tests.support.servers import client

EACH: Final = 100
"""Comments of a thread."""
WORTH_TELLING: Final = 1.0
"""Bytes."""
_AT_ONCE: Final = 1000


async def measure(stage: Stage) -> list[Figure]:
    """Bytes of each, and of a comment by kind of key."""
    threads = [f"article-{number}" for number in range(max(1, stage.sizes.kept // EACH))]
    written = len(threads) * EACH
    with server(stage.cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS) as deployment:
            fill = Fill(deployment)
            await fill.site()
            await fill.open(threads)
            before = await taken(deployment, url)
            await fill.comments(threads, EACH)
            posted = await taken(deployment, url)
            await _each(threads, lambda thread, number: fill.vote(thread, number + 1, _name(thread, number)))
            voted = await taken(deployment, url)
            await _each(threads, lambda thread, number: fill.edit(thread, number, _name(thread, number), 1))
            edited = await taken(deployment, url)
    steps = {
        "published, unedited comment of 300 bytes": (before, posted, 2750.0),
        "vote": (posted, voted, 400.0),
        "edit": (voted, edited, 1500.0),
    }
    return [figure for what, (old, new, most) in steps.items() for figure in _figures(what, old, new, written, most)]


async def _each(threads: list[str], work: Callable[[str, int], Awaitable[object]]) -> None:
    async def one(thread: str) -> None:
        for number in range(EACH):
            await work(thread, number)

    await all_of(threads, one)


def _name(thread: str, number: int) -> str:
    """What `Fill.post` calls a comment."""
    return comment_id(SITE, thread, MEMBERS[number % len(MEMBERS)].id, str(number))


async def taken(deployment: Deployment, url: str) -> Counter[str]:
    """Bytes by kind of key, when the views have everything."""
    await project(deployment)
    sizes: Counter[str] = Counter()
    with client(url) as connection:
        names = list(connection.scan_iter(count=_AT_ONCE))
        for start in range(0, len(names), _AT_ONCE):
            pipeline = connection.pipeline(transaction=False)
            some = names[start : start + _AT_ONCE]
            for name in some:
                pipeline.memory_usage(name, samples=0)
            for name, size in zip(some, pipeline.execute(), strict=True):
                sizes[kind_of(name.decode())] += size or 0  # a lease may have gone meanwhile
    del sizes["feed"]
    return sizes


def kind_of(key: str) -> str:
    """What a key is, without where and of whom: `rows`, `site queue`, `heads`, `log`, …"""
    _, tag, *parts = key.split(":")
    if not tag.startswith("{"):
        return tag
    match parts:
        case [_, "thread", *_, name]:
            return name
        case [_, "site", _, *names]:
            return f"site {names[0]}"
        case ["feed", *_]:
            return "feed"
        case [name, *_]:
            return name
        case _:
            raise ValueError(key)


def _figures(what: str, old: Counter[str], new: Counter[str], number: int, most: float) -> list[Figure]:
    by_kind = {kind: (size - old[kind]) / number for kind, size in new.most_common()}
    whole = Figure(
        name=f"Redis memory per {what}",
        unit="B",
        measured=(sum(by_kind.values()),),
        target=Target(of="measured", at_most=most),
    )
    parts = [
        Figure(name=f"{whole.name}: {kind}", unit="B", measured=(size,))
        for kind, size in sorted(by_kind.items(), key=lambda one: -one[1])
        if size >= WORTH_TELLING
    ]
    return [whole, *parts]
