"""The two runs: the whole one with the bounds as they are shipped, the short one with small bounds."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tests.abuse.attack import Attack
from tests.abuse.catalogue import ATTACKS
from tests.abuse.run import Bounds, Plan

MB: Final = 2**20

SMALL: Final[Mapping[str, str]] = {
    "HEAD_TIMEOUT": "0.5",
    "BODY_TIMEOUT": "0.5",
    "IDLE_TIMEOUT": "1",
    "SEND_TIMEOUT": "1",
    "LINGER_TIMEOUT": "0.3",
    "MAX_CONNECTIONS": "384",
}
"""Settings of a gateway that does within a second what it otherwise does within a minute."""

WHOLE: Final = Plan(
    attacks=ATTACKS,
    connections=400,
    seconds=None,
    patience=None,
    bounds=Bounds(memory=192 * MB, files=4_096),
    comments=5_000,
    readers=8,
    settings={},
)
SHORT: Final = Plan(
    attacks=ATTACKS,
    connections=64,
    seconds=1.5,
    patience=60.0,
    bounds=Bounds(memory=96 * MB, files=512),
    comments=500,
    readers=4,
    settings=SMALL,
)


def with_attacks(plan: Plan, attacks: tuple[Attack, ...]) -> Plan:
    """The plan with these attacks alone."""
    return msgspec.structs.replace(plan, attacks=attacks)
