"""What a request takes of each process that serves it, as time of the processor: a busy machine hardly changes it."""

from statistics import mean
from typing import Final, NamedTuple

import anyio
from msgspec import Struct

from core.keys import Keys
from projections.views.pointer import FIRST
from tests.bench import usage
from tests.bench.asks import Asks
from tests.bench.copying import PARTITIONS
from tests.bench.driving import Load
from tests.bench.figures import Figure, Target
from tests.bench.house import LOOK, SHOWN_WITHIN
from tests.bench.processes import Program
from tests.bench.stage import Stage
from tests.support.servers import client

_MICRO: Final = 1e6


class Taken(NamedTuple):
    """Microseconds of processor time of each process."""

    gateway: float
    server: float
    projector: float = 0.0


class Turn(Struct, frozen=True):
    """What came of driving a gateway for a while."""

    load: Load
    taken: Taken | None
    """By each request; None where the system does not tell."""


class Sides(Struct, frozen=True):
    """The processes whose time is measured."""

    url: str
    """Of the server."""
    gateway: Program
    projector: Program | None = None

    async def turn(self, stage: Stage, asks: Asks, clients: int, seconds: float) -> Turn:
        """Drive the gateway for so long; with a projector, until the views have all of it."""
        await self.level()
        before = self.busy()
        load = await stage.load.turns(self.gateway.url, asks, clients, seconds)
        await self.level()
        after = self.busy()
        if before is None or after is None:
            return Turn(load, None)
        return Turn(load, Taken(*((new - old) / load.answers for old, new in zip(before, after, strict=True))))

    def busy(self) -> Taken | None:
        """Microseconds that they have needed so far; None where the system does not tell."""
        gateway = usage.busy(self.gateway.pid)
        projector = 0.0 if self.projector is None else usage.busy(self.projector.pid)
        if gateway is None or projector is None:
            return None
        with client(self.url) as connection:
            told = connection.info("cpu")
        of_server = told["used_cpu_user"] + told["used_cpu_sys"]
        return Taken(gateway * _MICRO, of_server * _MICRO, projector * _MICRO)

    async def level(self) -> None:
        """Wait until the views have every event, where there is a projector. Raises TimeoutError."""
        if self.projector is None:
            return
        with client(self.url) as connection, anyio.fail_after(SHOWN_WITHIN):
            for partition in Keys(PARTITIONS):
                newest = connection.xrevrange(partition.log, count=1)
                at = partition.cursor(FIRST.generation)
                while newest and connection.get(at) != newest[0][0]:  # noqa: ASYNC110 - nobody tells who only looks
                    await anyio.sleep(LOOK)


def costs(
    name: str, measured: list[list[Turn]], beside: list[list[Turn]], beside_name: str, target: Target | None = None
) -> list[Figure]:
    """What a request took of gateway and server beside another one, by rounds of turns. The target is the gateway's."""
    both = [(_mean(turns), _mean(others)) for turns, others in zip(measured, beside, strict=True)]
    known = [(one, other) for one, other in both if one is not None and other is not None]
    return [
        Figure(
            name=f"{name}: CPU time of the {part}",
            unit="µs",
            measured=tuple(getattr(one, part) for one, _ in known),
            limit_name=beside_name,
            limit=tuple(getattr(other, part) for _, other in known),
            target=target if part == "gateway" else None,
        )
        for part in ("gateway", "server")
        if known
    ]


def _mean(turns: list[Turn]) -> Taken | None:
    taken = [turn.taken for turn in turns if turn.taken is not None]
    return Taken(*map(mean, zip(*taken, strict=True))) if taken else None
