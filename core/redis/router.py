"""Calls by key: each goes to the node that serves its slot, with all that go there in the same tick.

A node that says that a slot is, or is going, elsewhere has not carried the call out: it is sent there at once. Any
other failure is the caller's, who may ask again (`core.redis.errors.retry`); before it hears of one that may mean
that the map of the nodes is old, somebody has looked.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import anyio
import redis.exceptions

from core.concurrency import gathered
from core.redis import errors
from core.redis.command import Argument, Command, ScriptArguments, commands_of, script_command
from core.redis.in_flight import CommandGroup
from core.redis.metrics import REDIRECTIONS
from core.redis.node import Node
from core.redis.pipeline import Pipeline
from core.redis.script import Script
from core.redis.slots import slot_of
from core.redis.topology import Topology

REDIRECTED_AT_MOST: Final = 5
"""Times that one call is sent elsewhere. A slot that is on the move needs two."""

_KEY_IS_SECOND: Final = frozenset({"XINFO", "XGROUP", "OBJECT", "MEMORY"})
"""Commands of two words. Of every other that is sent here, the first argument is the key."""

_DOUBTS: Final = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.MovedError,
)
"""What a node fails with that may not be the right one any more."""


class ProvenReply(NamedTuple):
    """The reply to an append, and whether it is as safe as the deployment promises."""

    reply: Any
    proven: bool


class PendingCommand(NamedTuple):
    """A command that is on its way."""

    call: Command
    pipe: Pipeline
    posted: CommandGroup


class Router:
    """The pipelines of one purpose, `pipe` of a node being that node's."""

    def __init__(self, topology: Topology, pipe: Callable[[Node], Pipeline]) -> None:
        self._topology = topology
        self._pipe = pipe

    async def call(self, *command: Argument) -> Any:
        """The reply to one command on one key. Raises `redis.exceptions.RedisError`.

        Where that is a ConnectionError or a TimeoutError, or the caller is cancelled, it may have been carried out.
        """
        call = Command(command)
        await self._carry([call])
        return call.answer()

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """The reply of a script, which has at least one key. Raises as `call`."""
        call = script_command(script, keys, args)
        await self._carry([call])
        return call.answer()

    async def run_all(self, script: Script, asked: Sequence[ScriptArguments]) -> list[Any]:
        """The replies of a script that is run several times, one pipeline a node. Raises as the first that failed."""
        return await self.all(commands_of(script, asked))

    async def all(self, calls: list[Command]) -> list[Any]:
        """The replies of several calls, one pipeline a node. Raises as the first that failed."""
        await self._carry(calls)
        return [call.answer() for call in calls]

    async def carry(self, calls: list[Command]) -> None:
        """Have an outcome for each of these calls, one pipeline a node. Raises nothing of theirs."""
        await self._carry(calls)

    async def run_proven(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> ProvenReply:
        """The reply of a script that writes, and whether what it wrote is safe. Raises as `call`."""
        call = script_command(script, keys, args)
        await self._carry([call])
        return ProvenReply(call.answer(), call.proven)

    def begin(self, *command: Argument) -> PendingCommand:
        """Send one command on one key with what else is asked in this tick. `finish` waits for its reply."""
        return self._begin(Command(command))

    def begin_script(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> PendingCommand:
        """As `begin`, for a script, which has at least one key."""
        return self._begin(script_command(script, keys, args))

    async def finish(self, begun: PendingCommand) -> Any:
        """The reply to a command that was begun. Raises as `call`."""
        await begun.pipe.settle(begun.posted)
        if isinstance(begun.call.outcome, _Redirection):
            begun.call.again(asking=False)
            await self._carry([begun.call])
        elif _in_doubt([begun.call]):
            await self._look()
        return begun.call.answer()

    def _begin(self, call: Command) -> PendingCommand:
        pipe = self._pipe(self._topology.only or self._topology.of(slot_of(_key(call))))
        return PendingCommand(call, pipe, pipe.post([call], alone=False))

    def each(self) -> list[Pipeline]:
        """The pipelines to every primary, for what is about a server and not about a key."""
        return [self._pipe(node) for node in self._topology.primaries()]

    async def _carry(self, calls: list[Command]) -> None:
        only = self._topology.only
        if only is not None:
            pipe = self._pipe(only)
            await pipe.settle(pipe.post(calls))
        else:
            await self._spread([(call, self._topology.of(slot_of(_key(call)))) for call in calls])
        if _in_doubt(calls):
            await self._look()

    async def _look(self) -> None:
        """Look who serves what now, for no longer than the caller waits."""
        with anyio.move_on_after(errors.wait()):
            await self._topology.look()

    async def _spread(self, sent: list[tuple[Command, Node]]) -> None:
        """Have an outcome for each of these calls, of the node that it is sent to or of one that this one names."""
        for left in reversed(range(1 + REDIRECTED_AT_MOST)):
            by_node: dict[Node, list[Command]] = {}
            for call, node in sent:
                by_node.setdefault(node, []).append(call)
            pipelines = [partial(self._pipe(node).carry, there) for node, there in by_node.items()]
            if len(pipelines) == 1:
                await pipelines[0]()
            else:
                await gathered(pipelines)
            redirected = [(call, node) for call, node in sent if isinstance(call.outcome, _Redirection)]
            if not redirected or not left:
                return
            sent = [(call, self._elsewhere(call, node)) for call, node in redirected]

    def _elsewhere(self, call: Command, node: Node) -> Node:
        moved = isinstance(call.outcome, redis.exceptions.MovedError)
        REDIRECTIONS.labels("moved" if moved else "ask").inc()
        there = self._topology.redirected(node, call.outcome)
        call.again(asking=not moved)
        return there


_Redirection: Final = redis.exceptions.AskError
"""MOVED is an ASK with consequences, in the library too."""


def _in_doubt(calls: list[Command]) -> bool:
    """True where any of these calls failed with an error that may mean that the map of the nodes is old."""
    for call in calls:  # noqa: SIM110 - a generator takes longer than the one call that there nearly always is
        if isinstance(call.outcome, _DOUBTS):
            return True
    return False


def _key(call: Command) -> str:
    if call.beside is not None:
        return call.beside
    at = 3 if call.script is not None else 2 if call.command[0] in _KEY_IS_SECOND else 1
    key = call.command[at]
    return key if isinstance(key, str) else bytes(key).decode(errors="surrogateescape")
