"""`make faults` and `make soak`: break everything that can break, and look whether anything was lost.

Servers, gateways and projectors are started here, on the loopback interface, and end with the run. A finding names
what replays it: `--fault` and `--seed`. Exit status 1 where there is one.
"""

import argparse
import secrets
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, get_args

import anyio
import msgspec
from msgspec import Struct

from tests.faults import catalogue, cutting, engines, table
from tests.faults.campaign import Plan, Played, played
from tests.faults.rounds import Outcome, Sizes
from tests.faults.stage import Kind
from workers.runtime import logs

DOCUMENT: Final = Path("docs/faults.md")
JSON: Final = Path("build/faults.json")
BOUNDED: Final = (1, 40)
"""Rounds of each fault and cuts, of a run of minutes."""
LONG: Final = (8, 400)
"""And of a long one."""
SECONDS: Final = 3
"""Of the load that a `--rate` asks for, before the fault and after it."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Kept(Struct, kw_only=True):
    """What came of a run."""

    seed: str
    outcomes: list[Played]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, print, write; the exit status."""
    given = _parser().parse_args(arguments)
    rounds, cuts = LONG if given.soak else BOUNDED
    names = {fault.name for fault in catalogue.FAULTS} | {cutting.NAME}
    if given.fault not in {None, *names}:
        print(f"There is no fault {given.fault!r}; there are: {', '.join(sorted(names))}", file=sys.stderr)
        return 2
    programs = engines.programs()
    missing = [name for name in given.server or () if name not in programs]
    if missing:
        print(f"There is no server {missing[0]!r} here; there are: {', '.join(programs)}", file=sys.stderr)
        return 2
    plan = Plan(
        kinds=tuple(given.on or KINDS),
        rounds=given.rounds or rounds,
        cuts=given.rounds or cuts,
        seed=given.seed or secrets.token_hex(3),
        sizes=_sizes(given.rate) if given.rate else Sizes(),
        only=given.fault,
    )
    if given.join:
        kept = [msgspec.json.decode(Path(name).read_bytes(), type=Kept) for name in given.join]
        run = Kept(
            seed=" ".join(dict.fromkeys(one.seed for one in kept)), outcomes=[o for one in kept for o in one.outcomes]
        )
    else:
        used = given.server or (list(programs) if given.soak else [engines.OURS])
        run = _run(plan, [programs[name] for name in used], given.elsewhere or plan.rounds)
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_bytes(msgspec.json.encode(run))
    text = table.table(table.rows(run.outcomes))
    if len({server for _, server, _ in run.outcomes}) > 1:
        text = f"{table.table(table.by_server(run.outcomes), everything=False)}\n\n{text}"
    print(f"\n{text}\n\nseed {run.seed}")
    if given.write:
        table.write(DOCUMENT, "soak" if given.soak else "faults", f"Seed `{run.seed}`.\n\n{text}")
    return 1 if any(outcome.findings for _, _, outcome in run.outcomes) else 0


def _run(plan: Plan, programs: Sequence[Path], elsewhere: int) -> Kept:
    """Play the plan on the first of these programs, and on the others with so many rounds of each fault."""
    print(f"seed {plan.seed}; servers: {', '.join(map(engines.version, programs))}", flush=True)
    logs.configure("console", "error")  # what the processes say matters, and they say it themselves
    fast = {"use_uvloop": find_spec("uvloop") is not None}
    begun = time.monotonic()
    less = msgspec.structs.replace(plan, rounds=elsewhere, cuts=min(plan.cuts, elsewhere))
    plans = [(plan, programs[0]), *((less, program) for program in programs[1:])]
    outcomes = anyio.run(_play, plans, backend_options=fast)
    print(f"\n{(time.monotonic() - begun) / 60:.0f} minutes")
    return Kept(seed=plan.seed, outcomes=outcomes)


async def _play(plans: Sequence[tuple[Plan, Path]]) -> list[Played]:
    outcomes: list[Played] = []
    for plan, program in plans:
        async for one in played(plan, program):
            outcomes.append(one)
            deployment, server, outcome = one
            told = f"{outcome.fault} ({deployment}, {server}) {outcome.round}: {len(outcome.findings)} findings"
            print(told, *_figures(outcome), sep=", ", flush=True)
            for finding in outcome.findings:
                print(f"  {finding}", flush=True)
    return outcomes


def _sizes(rate: float) -> Sizes:
    """Clients enough for so many writes a second, and a few seconds of them before the fault and after it."""
    clients, some = Sizes().clients, int(rate * SECONDS)
    return Sizes(rate=rate, clients=max(clients, int(rate // 10)), before=some, after=some)


def _figures(outcome: Outcome) -> list[str]:
    told = (("back", outcome.back, "s"), ("level", outcome.level, "s"), ("before the fault", outcome.rate, "writes/s"))
    found = [f"{said} {value:.2f} {unit}" for said, value, unit in told if value is not None]
    if (judged := outcome.judged) is not None:
        found += [f"{judged.texts} texts judged", f"{judged.asked_again} asked about again"]
        found.append(f"the longest wait {judged.longest:.1f} s")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description="Inject every fault, and check what was acknowledged."
    )
    parser.add_argument("--soak", action="store_true", help="many rounds, on every server program that is available")
    parser.add_argument("--fault", help="only this fault, by its name in the table")
    parser.add_argument("--seed", help="seed of the random choices; a finding names it")
    parser.add_argument("--rounds", type=int, help="rounds per fault and kind of deployment")
    parser.add_argument("--elsewhere", type=int, help="like --rounds, on all servers but the first")
    parser.add_argument("--on", action="append", choices=KINDS, help="a kind of deployment; default: all")
    parser.add_argument("--server", action="append", help=f"a server program: {', '.join(engines.programs())}")
    parser.add_argument("--rate", type=float, help="writes per second that the load requests")
    parser.add_argument("--json", type=Path, default=JSON, help=f"file for all results ({JSON})")
    parser.add_argument(
        "--join", nargs="+", metavar="FILE", help="run nothing: make one table of the results in these files"
    )
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
