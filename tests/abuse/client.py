"""The process of a hostile client: reads its target from standard input, attacks, and prints its counts.

The attack lasts until the time of its scale is over; then every connection is closed.
"""

import sys
from typing import Final

import anyio
import msgspec

from tests.abuse import catalogue
from tests.abuse.attack import Hostile, Target
from tests.bench import usage

_TARGET: Final = msgspec.json.Decoder(Target)


async def attack(name: str, target: Target) -> Hostile:
    """Carry out one attack for as long as its scale says."""
    hostile = Hostile(target)
    with anyio.move_on_after(target.scale.seconds):
        await catalogue.named(name).run(hostile)
    return hostile


def main() -> int:
    """Run the attack that the arguments name; the exit status."""
    usage.room()  # each connection is a file
    target = _TARGET.decode(sys.stdin.buffer.read())
    hostile = anyio.run(attack, sys.argv[1], target)
    sys.stdout.buffer.write(msgspec.json.encode(hostile.outcome))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
