"""Facts that change what an import brought: brought as an import's, on what is there."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct

from core.application.current_state import site_of
from core.application.fact_import import CHUNK, ConcurrentWrite, FactImport
from core.domain.import_fact import Fact
from core.log.port import Load, Log
from core.policy import Policy
from core.refusals import Unavailable
from core.times import rfc3339

_Item = TypeVar("_Item")

FactSource = Callable[[], Awaitable[Sequence[Fact]]]
"""Returns the facts of one append."""

ATTEMPTS: Final = 20
"""Maximum number of attempts to change something of a thread, where other writers get ahead."""


class ImportChange(Struct, frozen=True, kw_only=True):
    """A change of many comments of a site, in one batch."""

    site: str
    batch: str
    policy: Policy
    at: str
    """Time of the change (RFC 3339)."""


class ChangedFacts(Struct, frozen=True, kw_only=True):
    """The facts of one append, and how many of them changed something."""

    facts: Sequence[Fact]
    brought: int
    left: Sequence[Fact]
    """The facts that were left out."""


async def begin(log: Log, site: str, batch: str) -> ImportChange:
    """Return a change that is made now. Raises NotFound, Unavailable."""
    policy = (await site_of(log, site)).policy
    now = (await log.load(Load(site=site, thread="", heads=()))).now
    return ImportChange(site=site, batch=batch, policy=policy, at=rfc3339(now))


async def make(
    log: Log, change: ImportChange, thread: str, facts: Callable[[], Awaitable[Sequence[Fact]]]
) -> ChangedFacts:
    """Bring the facts of one append. They are asked for again where another writer got ahead. Raises Unavailable."""
    for _ in range(ATTEMPTS):
        chosen = await facts()
        bringing = FactImport(
            log, site=change.site, thread=thread, imported=change.batch, policy=change.policy, whole=False
        )
        try:
            await bringing.bring(chosen)
        except ConcurrentWrite:
            continue
        return ChangedFacts(facts=chosen, brought=bringing.brought, left=[one.fact for one in bringing.left_out])
    raise Unavailable(f"other writers kept getting ahead in the thread {thread}")


async def make_all(log: Log, change: ImportChange, thread: str, facts: Sequence[Fact]) -> list[ChangedFacts]:
    """Bring facts that do not depend on what is there, many per append. Raises Unavailable."""

    async def chosen(part: Sequence[Fact]) -> Sequence[Fact]:
        return part

    return [await make(log, change, thread, partial(chosen, part)) for part in parts(facts)]


def parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Yield items in the order in which they come, as many as one append takes."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
