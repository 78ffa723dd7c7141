"""The two runs: the whole one with the bounds as they are shipped, the short one with small bounds."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tests.abuse.attack import Attack, Scale
from tests.abuse.catalogue import ATTACKS
from tests.abuse.run import Bounds, Plan

MB: Final = 2**20

SMALL: Final[Mapping[str, str]] = {}
"""Bounds of a gateway that closes within a second what it otherwise closes within a minute."""

WHOLE: Final = Plan(
    attacks=ATTACKS,
    scale=Scale(connections=400, seconds=90),
    bounds=Bounds(memory=192 * MB, files=4_096),
    comments=5_000,
    readers=8,
    settings={},
)
SHORT: Final = Plan(
    attacks=ATTACKS,
    scale=Scale(connections=64, seconds=2.5),
    bounds=Bounds(memory=128 * MB, files=1_024),
    comments=500,
    readers=4,
    settings=SMALL,
)


def with_attacks(plan: Plan, attacks: tuple[Attack, ...]) -> Plan:
    """The plan with these attacks alone."""
    return msgspec.structs.replace(plan, attacks=attacks)
