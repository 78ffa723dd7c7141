"""Every fault that is tried, by the name that the table has for it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults import engines, processes, screening, servers, versions
from tests.faults.stage import Kind
from tests.faults.trouble import Trouble

_ALL: Final[frozenset[Kind]] = frozenset({"single", "sentinel", "cluster"})
_COPIED: Final[frozenset[Kind]] = frozenset({"sentinel", "cluster"})
_SINGLE: Final[frozenset[Kind]] = frozenset({"single"})
_CLUSTER: Final[frozenset[Kind]] = frozenset({"cluster"})


class Fault(NamedTuple):
    """A fault, and the kinds of deployment where it can happen."""

    name: str
    do: Callable[[Trouble], Awaitable[None]]
    kinds: frozenset[Kind]
    proxied: bool = False
    """It needs `stage.proxy`."""
    altered: bool = False
    """It needs servers whose disk can be filled."""
    clock: bool = False
    """It needs servers whose clock can be set, and nobody else can use them afterwards: they remember the future."""

    mixed: bool = False
    """It needs processes of the version before, and nobody else can use the deployment afterwards."""
    screened: bool = False
    """It needs a screener that texts wait for."""

    @property
    def needs(self) -> dict[str, bool]:
        """What `stage.staged` has to put up for it."""
        return {name: getattr(self, name) for name in ("proxied", "altered", "clock", "mixed", "screened")}

    @property
    def slug(self) -> str:
        """The name as part of an id."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name.lower())


FAULTS: Final = (
    Fault("gateway killed", processes.kill_gateway, _ALL),
    Fault("projector killed", processes.kill_projector, _ALL),
    Fault("projector frozen", processes.freeze_projector, _ALL),
    Fault("requests cancelled", processes.cancelled_requests, _ALL),
    Fault("primary killed", servers.kill_primary, _ALL),
    Fault("primary frozen", servers.freeze_primary, _ALL),
    Fault("replica frozen", servers.freeze_replica, _COPIED),
    Fault("replication cut", servers.cut_replication, _COPIED),
    Fault("failover with a lagging replica", servers.lagging_failover, _COPIED),
    Fault("slot migrated", servers.migrate_slot, _CLUSTER),
    Fault("scripts flushed", servers.flush_scripts, _ALL),
    Fault("connections killed", servers.kill_connections, _ALL),
    Fault("way to the server cut", servers.cut_way, _SINGLE, proxied=True),
    Fault("clock jumped", servers.jump_clock, _ALL, clock=True),
    Fault("clock jumped at a promotion", servers.jump_clock_at_promotion, _COPIED, clock=True),
    Fault("disk full", servers.fill_disk, _SINGLE, altered=True),
    Fault("format raised beside an older version", versions.raise_format, _ALL, mixed=True),
    Fault("screener killed", screening.kill_screener, _ALL, screened=True),
    Fault("screener frozen", screening.freeze_screener, _ALL, screened=True),
    Fault("primary killed while texts wait for a screener", screening.kill_primary, _ALL, screened=True),
    Fault("lagging failover while texts wait for a screener", screening.lagging_failover, _COPIED, screened=True),
)


def of(kind: Kind, program: Path) -> list[Fault]:
    """The faults that can happen to this kind of deployment of this server, with what is installed here."""
    clock = engines.takes_clock(program)
    return [fault for fault in FAULTS if kind in fault.kinds and (clock or not fault.clock)]
