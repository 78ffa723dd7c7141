"""How far the plots of `growth` go."""

from typing import Final

from msgspec import Struct


class Extent(Struct, frozen=True, kw_only=True):
    """How far it goes."""

    largest: int
    """Comments of the largest thread whose page is read."""
    backlog: int
    """Comments of a backlog."""
    clients: int
    kept: int
    """Comments whose memory is measured."""
    appends: int
    shards: tuple[int, ...]
    """Primaries of the clusters."""
    owned: tuple[int, ...]
    """Partitions of the deployments."""
    tries: int


WIDE: Final = Extent(
    largest=1_000_000,
    backlog=20_000,
    clients=10_000,
    kept=30_000,
    appends=4_000,
    shards=(1, 2, 3, 4),
    owned=(1, 4, 16, 64, 256),
    tries=3,
)
NARROW: Final = Extent(largest=100, backlog=100, clients=10, kept=200, appends=32, shards=(1,), owned=(1, 64), tries=1)
