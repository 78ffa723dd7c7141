"""A small deployment in one process, on a real server that can die: for tests that have seconds, not minutes.

Deeds are carried out by `transact` as a gateway does, and land in the same record; projectors are tasks that can be
killed and frozen. The oracle is the same.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from pathlib import Path
from typing import Any, Final

import anyio
import redis.exceptions
from anyio.abc import TaskGroup, TaskStatus
from anyio.to_thread import run_sync
from msgspec import Struct

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.handler import Command
from core.domain.moderation import Decide
from core.domain.site import OpenSite
from core.domain.thread import OpenThread
from core.domain.vote import CastVote
from core.durability import Durability
from core.keys import WORKERS
from core.log.redis import RedisLog
from core.policy import Policy
from core.redis.command import RedisCommand
from core.redis.deployment import Deployment, open_deployment
from core.redis.script import Script
from core.refusals import Refusal, Unavailable
from tests.faults import engines
from tests.faults.oracle import Verdict, judge, never_level
from tests.faults.people import MODERATOR, SITE
from tests.faults.proxy import Proxy
from tests.faults.record import UNCONFIRMED, Deed, Record, Try, now, sure
from tests.faults.scene import Scene
from tests.faults.stage import alone
from tests.faults.zombies import Zombies
from tests.support.bounds import BOUND
from tests.support.clusters import Node
from workers.gateway.http.problems import KINDS
from workers.projector.projector import Projector

PARTITIONS: Final = 2
PATIENCE: Final = 1.0
_OPERATOR: Final = Caller(id="op", name="Op", roles=frozenset({"operator"}))
_MODERATOR: Final = Caller(id=MODERATOR, name="Mo", roles=frozenset({"moderator"}))


class Gate:
    """Stands before a deployment's urgent calls: while it is shut, who calls is frozen."""

    def __init__(self, calls: Any) -> None:
        self._calls = calls
        self._open = anyio.Event()
        self._open.set()
        self._gone = False
        self.waiting: list[Script] = []
        """What those who are frozen were about to run."""

    def shut(self) -> None:
        """Freeze."""
        if self._open.is_set():  # another event would leave those alone who wait for this one
            self._open = anyio.Event()

    def open(self) -> None:
        """Thaw."""
        self._open.set()

    def wall_up(self) -> None:
        """Let nobody through any more."""
        self._gone = True
        self._open.set()

    async def call(self, *command: Any) -> Any:
        """As the calls behind it."""
        await self._passed()
        return await self._calls.call(*command)

    async def run(self, script: Script, *asked: Any) -> Any:
        """As the calls behind it."""
        self.waiting.append(script)
        try:
            await self._passed()
        finally:
            self.waiting.remove(script)
        return await self._calls.run(script, *asked)

    async def execute(self, calls: list[RedisCommand]) -> None:
        """As the calls behind it."""
        try:
            await self._passed()
        except redis.exceptions.ConnectionError as error:
            for call in calls:
                call.outcome = error
        else:
            await self._calls.execute(calls)

    async def _passed(self) -> None:
        await self._open.wait()
        if self._gone:
            raise redis.exceptions.ConnectionError("who asks is dead")


class Projecting(Struct):
    """A projector that runs, and how to stop it."""

    projector: Projector
    gate: Gate
    scope: anyio.CancelScope


class Inside:
    """The deployment: `inside` makes one."""

    def __init__(self, node: Node, proxy: Proxy, far: Deployment, near: Deployment, tasks: TaskGroup) -> None:
        self.node = node
        self.proxy = proxy
        self.near = near
        """Past the proxy: for the oracle."""
        self.projecting: list[Projecting] = []
        self.record = Record(far.durability)
        self.scene = Scene((), "")
        self.log = RedisLog(far, patience=PATIENCE)
        self.zombies = Zombies(near)
        self._far = far
        self._tasks = tasks

    async def begin(self, series: str, threads: int = 2) -> None:
        """Open threads, with a record of their own."""
        opening = OpenSite(name="Kew", policy=Policy(max_depth=8), keys_kind="hs256", keys_number=1)
        await transact(self.log, opening, site=SITE, caller=_OPERATOR, key="open")
        names = tuple(f"{series}-{number}" for number in range(threads))
        for name in names:
            command = OpenThread(url=f"https://kew.example/{name}", title=name)
            await transact(self.log, command, site=SITE, thread=name, caller=_MODERATOR, key=f"open {name}")
        self.record, self.scene, self.zombies = Record(self._far.durability), Scene(names, series), Zombies(self.near)

    async def attempt(self, deed: Deed) -> None:
        """Try a deed once, and put what came of it into the record."""
        one = Try(sent=now())
        deed.tries.append(one)
        try:
            result = await transact(
                self.log, _command(deed), site=SITE, thread=deed.thread, caller=_caller(deed), key=deed.command_key
            )
        except Unavailable:
            one.status = 503
        except Refusal as refusal:
            kind = KINDS[type(refusal)]
            one.status, one.problem = kind.status, f"/problems/{kind.slug}"
            self.scene.learn(deed, refusal.extra.get("current"))
        else:
            one.position, one.level = result.position, result.durability
            one.status = 200 if sure(result.durability, self.record.level) else UNCONFIRMED
            self.scene.learn(deed)
        finally:
            one.ended = now()

    async def write(self, many: int, dice: random.Random) -> None:
        """Begin so many deeds at the same time, and try each once."""
        async with anyio.create_task_group() as tasks:
            for _ in range(many):
                tasks.start_soon(self.attempt, self.record.begin(self.scene.next(dice)))

    async def project(self, name: str) -> Projecting:
        """Start a projector."""
        # The same deployment, with a gate where its urgent calls are.
        own = copy(self._far)
        gate = Gate(own.calls)
        own.calls = gate  # type: ignore[assignment] # it does what a projector asks of calls
        one = Projecting(Projector(own, RedisLog(own), worker=name), gate, anyio.CancelScope())
        self.projecting.append(one)
        await self._tasks.start(_run, one)
        return one

    def kill(self, one: Projecting) -> None:
        """End a projector at once: what it holds is not given back."""
        one.gate.wall_up()
        one.scope.cancel()
        self.projecting.remove(one)

    async def forget_leases(self) -> None:
        """Let all leases run out, whoever has them, and everybody be taken for dead who does not say otherwise."""
        await self.near.calls.call("DEL", *(keys.lease for keys in self.near.keys), WORKERS)

    async def level(self) -> None:
        """Wait until the views have what is in the log."""
        assert await never_level(self.near, RedisLog(self.near), BOUND) == ""

    async def saved(self) -> dict[bytes, bytes]:
        """Everything that the server holds, as it would move it elsewhere."""
        names = await self.near.calls.call("KEYS", "*")
        return {name: await self.near.calls.call("DUMP", name) for name in names}

    async def go_back(self, saved: dict[bytes, bytes]) -> None:
        """Let the server be what it was, as after a failover that lost what came since."""
        await self.near.calls.call("FLUSHALL")
        for name, value in saved.items():
            await self.near.calls.call("RESTORE", name, 0, value)

    async def restart(self) -> None:
        """Let the server die and come back."""
        await run_sync(self.node.kill)
        await run_sync(self.node.restart)

    async def settle(self) -> Verdict:
        """Put everything right, ask for what is open, and let the oracle judge."""
        self.proxy.heal()
        for one in self.projecting:
            one.gate.open()
        with anyio.fail_after(BOUND):
            while left := self.record.open():
                for deed in left:
                    await self.attempt(deed)
        await self.zombies.rise()
        return await judge(self.near, self.record, self.zombies)


@asynccontextmanager
async def inside(home: Path, *, durability: Durability = "fsynced") -> AsyncIterator[Inside]:
    """Such a deployment, without a projector yet, for the block."""
    node = alone(home, engines.programs()[engines.OURS])
    node.start()
    try:
        await run_sync(node.ready)
        async with anyio.create_task_group() as ways:
            proxy = Proxy(node.port)
            await ways.start(proxy.run)
            far = f"redis://127.0.0.1:{proxy.port}"
            async with (
                open_deployment(far, partitions=PARTITIONS, durability=durability) as deployment,
                open_deployment(node.url, partitions=PARTITIONS) as near,
                anyio.create_task_group() as tasks,
            ):
                await tasks.start(deployment.pubsub.run)
                yield Inside(node, proxy, deployment, near, tasks)
                tasks.cancel_scope.cancel()
            # Last, when nobody connects any more: asyncio does not stand an accept that is cancelled as one comes.
            ways.cancel_scope.cancel()
    finally:
        node.kill()


async def _run(one: Projecting, *, task_status: TaskStatus[None]) -> None:
    with one.scope:
        await one.projector.run(task_status=task_status)


def _caller(deed: Deed) -> Caller:
    return _MODERATOR if deed.member == MODERATOR else Caller(id=deed.member, name=deed.member.title())


def _command(deed: Deed) -> Command:
    """A deed as the command that a gateway makes of it."""
    facts: dict[str, Any] = deed.facts
    match deed.kind:
        case "post":
            return PostComment(comment=deed.comment, **facts)
        case "edit":
            return EditComment(comment=deed.comment, revision=deed.revision or 0, **facts)
        case "vote":
            return CastVote(comment=deed.comment, **facts)
        case "decide":
            return Decide(comment=deed.comment, **facts)
        case "withdraw":
            return WithdrawComment(comment=deed.comment)
        case _:
            return RestoreComment(comment=deed.comment)
