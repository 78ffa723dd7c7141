"""`make abuse`: hostile clients against a running gateway, while honest ones go on.

Everything runs on the loopback interface and ends with the run. Exit status 1 where a count is beyond its bound: honest
requests refused, connections left, memory held, files open. Times are written, never judged.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio

from tests.abuse import catalogue, plans
from tests.abuse.run import Plan, Played, played
from tests.abuse.table import table
from tests.faults.table import write

DOCUMENT: Final = Path("docs/abuse.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack, print, write; the exit status."""
    given = _parser().parse_args(arguments)
    plan = plans.SHORT if given.short else plans.WHOLE
    attacks = catalogue.ATTACKS
    if given.only:
        names = given.only.split(",")
        unknown = sorted(set(names) - {attack.name for attack in attacks})
        if unknown:
            known = ", ".join(attack.name for attack in attacks)
            print(f"There is no attack {unknown[0]!r}; there are: {known}", file=sys.stderr)
            return 2
        attacks = tuple(attack for attack in attacks if attack.name in names)
    told = anyio.run(_attack, plans.with_attacks(plan, attacks))
    text = table(told)
    print(f"\n{text}")
    if given.write and not (given.short or given.only):
        write(DOCUMENT, "abuse", text)
    return 1 if any(one.findings for one in told) else 0


async def _attack(plan: Plan) -> list[Played]:
    told = []
    async for one in played(plan):
        told.append(one)
        print(f"{one.attack}: {len(one.findings)} findings", flush=True)
        for finding in one.findings:
            print(f"  {finding}", flush=True)
    return told


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description="Attack a gateway.")
    parser.add_argument("--short", action="store_true", help="small limits and short attacks: one minute in total")
    parser.add_argument("--only", help="attacks, by their names in the table, separated by commas")
    parser.add_argument("--write", action="store_true", help=f"write the table of a complete run into {DOCUMENT}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
