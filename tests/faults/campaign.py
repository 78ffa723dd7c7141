"""A campaign: many rounds of many faults, on stages that are put up for them and replaced before they grow old."""

import random
import sys
import traceback
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.faults import catalogue, cutting, engines
from tests.faults.catalogue import Fault
from tests.faults.findings import Finding
from tests.faults.rounds import Outcome, Sizes, play
from tests.faults.stage import Kind, staged
from tests.faults.workers import Hansard

ROUNDS_OF_A_STAGE: Final = 12
"""After so many rounds a stage is replaced: the oracle reads the whole log each time."""
CUT_BYTES: Final = 4096
"""The file is cut within its last so many bytes."""

Played = tuple[str, str, Outcome]
"""Deployment, server, and what came of it."""


class Plan(Struct, frozen=True, kw_only=True):
    """What to play."""

    kinds: tuple[Kind, ...]
    rounds: int
    """Of each fault on each kind of deployment."""
    cuts: int
    """So many places to cut the file of writes at."""
    seed: str
    sizes: Sizes
    only: str | None = None
    """The name of one fault."""


async def played(plan: Plan, program: Path) -> AsyncIterator[Played]:
    """Play everything on one server program; an outcome as soon as it is known."""
    for kind in plan.kinds:
        for some in _stages(plan, kind, program):
            async for outcome in _on_one_stage(plan, kind, program, some):
                yield kind, engines.version(program), outcome
    if "single" in plan.kinds and plan.cuts and plan.only in (None, cutting.NAME):
        async for outcome in _cut(plan, program):
            yield "single", engines.version(program), outcome


def _stages(plan: Plan, kind: Kind, program: Path) -> list[list[tuple[Fault, int]]]:
    """The rounds of a kind of deployment, by the stage that they are played on."""
    groups: dict[tuple[bool, ...], list[tuple[Fault, int]]] = {}
    for fault in catalogue.of(kind, program):
        if plan.only in (None, fault.name):
            some = groups.setdefault(tuple(fault.needs.values()), [])
            some += [(fault, number) for number in range(plan.rounds)]
    found = []
    for some in groups.values():
        first = some[0][0]
        # Not one fault after the other: what one leaves behind is what the next has to live with.
        random.Random(plan.seed).shuffle(some)
        many = 1 if first.clock or first.mixed else ROUNDS_OF_A_STAGE
        found += [some[at : at + many] for at in range(0, len(some), many)]
    return found


async def _on_one_stage(
    plan: Plan, kind: Kind, program: Path, some: Sequence[tuple[Fault, int]]
) -> AsyncIterator[Outcome]:
    first = some[0][0]
    left = list(some)
    while left:
        async with staged(kind, program=program, **first.needs) as stage:
            while left:
                fault, number = left.pop(0)
                try:
                    outcome = await play(stage, fault, number, plan.seed, plan.sizes)
                except Exception as error:  # noqa: BLE001 - a round that cannot be played to its end is a finding
                    outcome = _broken(fault, number, plan.seed, error)
                yield outcome
                if outcome.findings:
                    _tell_why(stage.workers)
                    break  # the next round begins on a stage where nothing went wrong


async def _cut(plan: Plan, program: Path) -> AsyncIterator[Outcome]:
    async with cutting.original(program, plan.seed) as there:
        for missing in there.cuts(CUT_BYTES, plan.cuts, random.Random(plan.seed)):
            found = await cutting.cut(there, missing, program)
            named = [
                Finding(what=one.what, detail=one.detail, fault=cutting.NAME, seed=plan.seed, round=missing)
                for one in found
            ]
            yield Outcome(
                fault=cutting.NAME,
                round=missing,
                acknowledged=0,
                events=there.book.length,
                findings=named,
                back=None,
                level=None,
                resets=0,
                zombies=0,
            )


def _broken(fault: Fault, number: int, seed: str, error: Exception) -> Outcome:
    traceback.print_exception(error)
    finding = Finding(what="defect", detail=f"the round failed: {error!r}", fault=fault.name, seed=seed, round=number)
    return Outcome(
        fault=fault.name,
        round=number,
        acknowledged=0,
        events=0,
        findings=[finding],
        back=None,
        level=None,
        resets=0,
        zombies=0,
    )


def _tell_why(workers: Sequence[Hansard]) -> None:
    """What the processes themselves take for a defect of theirs."""
    for worker in workers:
        for line in worker.said.splitlines():
            if any(f'"level":"{level}"' in line for level in ("error", "critical")) or not line.startswith("{"):
                print(f"  {worker.role}: {line}", file=sys.stderr)
