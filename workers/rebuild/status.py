"""The record of a rebuild, and the generations of views with the position of each."""

from collections.abc import Iterable, Mapping
from functools import partial

from msgspec import Struct, field

from core.concurrency import gathered
from core.keys import Partition
from core.position import Position, kept
from core.redis.deployment import Deployment
from core.redis.errors import retry
from projections.views.generations import generations, scope_of
from projections.views.stored_thread import together
from projections.views.versions import OWN, UNSIGNED, Versions


class Run(Struct, frozen=True, kw_only=True):
    """A rebuild that has begun, and the version that it builds."""

    id: str
    began: int
    """Start time, in milliseconds since 1970."""
    fold: int
    renderer: int
    layout: Mapping[str, int] = field(default_factory=lambda: dict(UNSIGNED.layout))

    @property
    def versions(self) -> Versions:
        """The version that writes all views of this rebuild."""
        return Versions(fold=self.fold, renderer=self.renderer, layout=self.layout)


class Generation(Struct, frozen=True, kw_only=True):
    """A generation of a partition's views, and the last event in it."""

    generation: int
    cursor: str
    events: int
    fold: int | None = None
    """Version of the fold that has written into the views. None if there was none, or more than one."""
    renderer: int | None = None
    """Version of the HTML renderer, as `fold`."""
    versions: tuple[str, ...] = ()
    """All versions that have written into the views."""


class Standing(Struct, frozen=True, kw_only=True):
    """The views of one partition: the served generation, the others, and the current builder."""

    partition: int
    served: Generation
    kept: tuple[Generation, ...] = ()
    """Generations that were served before."""
    building: tuple[Generation, ...] = ()
    """Generations that a rebuild has begun."""
    builder: str | None = None
    """The worker that holds the building lease, or that last held it without releasing it."""


async def standings(deployment: Deployment) -> list[Standing]:
    """Return the state of every partition's views, in order. Raises `core.refusals.Unavailable`."""
    return await gathered([partial(_standing, deployment, keys) for keys in deployment.keys])


async def _standing(deployment: Deployment, keys: Partition) -> Standing:
    reads = deployment.reads
    known = await retry(partial(generations, reads, keys), "rebuild_status")
    numbers = sorted({known.served, *known.built})
    commands: list[tuple[str | int, ...]] = [("GET", keys.cursor(number)) for number in numbers]
    *cursors, builder = await retry(
        partial(together, reads, [*commands, ("HGET", keys.building, "worker")]), "rebuild_status"
    )
    found: dict[int, Generation] = {}
    for number, cursor in zip(numbers, cursors, strict=True):
        at: Position = kept(cursor)
        versions = (await retry(partial(scope_of, reads, keys, number), "rebuild_status")).versions
        found[number] = Generation(
            generation=number,
            cursor=str(at),
            events=at.n,
            fold=_only(one.fold for one in versions),
            renderer=_only(one.renderer for one in versions),
            versions=tuple(sorted(map(str, versions))),
        )
    served = found.pop(known.served)
    return Standing(
        partition=keys.number,
        served=served,
        kept=tuple(one for number, one in found.items() if known.of(number).served),
        building=tuple(one for number, one in found.items() if not known.of(number).served),
        builder=None if builder is None else builder.decode(),
    )


def is_mixed(views: Generation) -> bool:
    """True if versions other than this one have written into these views."""
    return not set(views.versions) <= {str(OWN)}


def _only(numbers: Iterable[int]) -> int | None:
    found = set(numbers)
    return found.pop() if len(found) == 1 else None
