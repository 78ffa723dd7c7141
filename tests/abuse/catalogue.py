"""The registry of attacks. A new attack is a function in the module of its kind and a line in `ATTACKS` there."""

from typing import Final

from tests.abuse import connections, pages, reads, requests, writes
from tests.abuse.attack import Attack

ATTACKS: Final[tuple[Attack, ...]] = (
    *connections.ATTACKS,
    *requests.ATTACKS,
    *reads.ATTACKS,
    *pages.ATTACKS,
    *writes.ATTACKS,
)


def named(name: str) -> Attack:
    """The attack of this name. Raises KeyError."""
    return {attack.name: attack for attack in ATTACKS}[name]
