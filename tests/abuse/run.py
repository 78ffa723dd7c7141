"""One run: honest clients alone, and then beside each attack; what the gateway held, and what it let happen."""

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

import anyio
import msgspec
from msgspec import Struct

from tests.abuse.attack import Attack, Outcome, Scale, Target, outcome_of
from tests.abuse.honest import Honest, Served
from tests.abuse.stage import POLL, THREAD, Stage, staged

CLOSED_WITHIN: Final = 5.0
"""Seconds after an attack within which the gateway has let go of every connection of the attacker."""
SPARE_FILES: Final = 8
"""Files that a gateway may have open more than before: connections to the server, and of honest clients."""


Work = Callable[[Target], Awaitable[Outcome]]
"""Carries out an attack and returns its counts."""


class Bounds(Struct, frozen=True, kw_only=True):
    """Counts that no attack may go beyond."""

    memory: int
    """Bytes that the gateway's memory may grow by while an attack lasts."""
    files: int
    """Files that the gateway may have open while an attack lasts."""


class Plan(Struct, frozen=True, kw_only=True):
    """A run."""

    attacks: tuple[Attack, ...]
    connections: int
    """Connections that an attack opens, where it does not say otherwise."""
    seconds: float | None
    """Seconds that an attack lasts which does not end by itself; None takes those of the attack."""
    patience: float | None
    """Seconds that one lasts at most which ends when the gateway has closed its connections; None likewise."""
    bounds: Bounds
    comments: int
    """Comments of the long thread."""
    readers: int
    """Honest readers."""
    settings: Mapping[str, str]
    """Settings of the gateway."""


class Held(Struct, kw_only=True):
    """What the gateway held during an attack, and after."""

    memory: int = 0
    """Bytes that its memory grew by, at most."""
    files: int = 0
    """Files that it had open, at most."""
    left: int = 0
    """Files open after the attack beyond those before it."""


class Played(Struct, kw_only=True):
    """One attack and what came of it."""

    attack: str
    token: bool
    does: str
    outcome: Outcome
    served: Served
    held: Held
    findings: list[str]


async def played(plan: Plan) -> AsyncIterator[Played]:
    """Carry out every attack of the plan, the quiet round first. Each begins where the one before is over."""
    async with staged(plan.comments, plan.settings) as stage:
        yield await _quiet(stage, plan)
        for attack in plan.attacks:
            yield await _attacked(stage, plan, attack)


async def _quiet(stage: Stage, plan: Plan) -> Played:
    async def nothing(target: Target) -> Outcome:
        await anyio.sleep(target.scale.seconds)
        return Outcome()

    quiet = Attack(name="none", does="", run=lambda _: anyio.lowlevel.checkpoint())
    return await _beside(stage, plan, quiet, nothing)


async def _attacked(stage: Stage, plan: Plan, attack: Attack) -> Played:
    async def carry_out(target: Target) -> Outcome:
        command = [sys.executable, "-m", "tests.abuse.client", attack.name]
        done = await anyio.run_process(command, input=msgspec.json.encode(target), stderr=None)
        return outcome_of(done.stdout)

    return await _beside(stage, plan, attack, carry_out)


async def _beside(stage: Stage, plan: Plan, attack: Attack, carry_out: Work) -> Played:
    """Let honest clients go on beside an attack, and judge by counts."""
    honest = Honest(stage.gateway.url, THREAD, stage.honest, plan.readers)
    over, watched = anyio.Event(), anyio.Event()
    held, logged = Held(), len(stage.gateway.said)
    memory, files = stage.memory(), stage.files()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(honest.go_on, over)
        tasks.start_soon(_watch, stage, held, memory, watched)
        scale = Scale(connections=plan.connections, seconds=_seconds(plan, attack))
        begun = time.monotonic()
        outcome = await carry_out(stage.target(scale, tokens=attack.token))
        lasted = time.monotonic() - begun
        over.set()
        watched.set()
    held.left = await _left(stage, files)
    findings = _findings(plan, attack, outcome, honest.served, held)
    findings += beyond(attack, outcome, lasted)
    findings += [f"logged at level error: {event}" for event in sorted(set(stage.errors(logged)))]
    if not stage.gateway.alive:
        findings.append("the gateway exited")
    return Played(
        attack=attack.name,
        token=attack.token,
        does=attack.does,
        outcome=outcome,
        served=honest.served,
        held=held,
        findings=findings,
    )


def _seconds(plan: Plan, attack: Attack) -> float:
    return (plan.patience if attack.closes else plan.seconds) or attack.lasts


async def _watch(stage: Stage, held: Held, memory: int, over: anyio.Event) -> None:
    """Keep the largest counts until the attack is over."""
    while not over.is_set():
        held.memory = max(held.memory, stage.memory() - memory)
        held.files = max(held.files, stage.files())
        with anyio.move_on_after(POLL):
            await over.wait()


async def _left(stage: Stage, files: int) -> int:
    """Wait until the gateway has let go of what the attack held; the files that it still has beyond those before."""
    with anyio.move_on_after(CLOSED_WITHIN):
        while stage.files() > files + SPARE_FILES:  # noqa: ASYNC110 - /proc tells when it is asked
            await anyio.sleep(POLL)
    return max(0, stage.files() - files)


def beyond(attack: Attack, outcome: Outcome, lasted: float) -> list[str]:
    """The writes that were taken beyond the rates of the site, in words."""
    if attack.allowed is None:
        return []
    taken = sum(outcome.answers[status] for status in attack.allowed.counted)
    most = attack.allowed.most(lasted)
    return [f"{taken} writes were taken, and the rates allow {most}"] if taken > most else []


def _findings(plan: Plan, attack: Attack, outcome: Outcome, served: Served, held: Held) -> list[str]:
    """The counts beyond their bounds, in words."""
    found = []
    if served.refused or served.failed:
        found.append(f"of {served.requests} honest requests {served.refused} were refused and {served.failed} failed")
    if served.ended:
        found.append("an honest feed was ended")
    if not served.frames:
        found.append("an honest feed got no frames")
    if held.memory > plan.bounds.memory:
        found.append(f"memory grew by {held.memory >> 20} MB")
    if held.files > plan.bounds.files:
        found.append(f"{held.files} files were open")
    if held.left > SPARE_FILES:
        found.append(f"{held.left} connections were left open")
    if attack.closes and outcome.closed < outcome.opened:
        found.append(f"{outcome.opened - outcome.closed} of {outcome.opened} connections were not closed")
    if outcome.answers[500]:
        found.append(f"{outcome.answers[500]} responses were 500")
    return found
