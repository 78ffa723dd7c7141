"""Routing of commands by key: each goes to the node that serves its slot, with all others for that node in the tick.

A node that replies MOVED or ASK has not executed the command, which is then sent to the named node at once. Any other
failure is left to the caller, who may retry (`core.redis.errors.retry`). If the failure may mean that the slot map is
outdated, the map is refreshed before the error is raised.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import anyio
import redis.exceptions

from core.concurrency import gathered
from core.redis import errors
from core.redis.command import Argument, RedisCommand, ScriptArguments, commands_of, script_command
from core.redis.in_flight import CommandGroup
from core.redis.metrics import REDIRECTIONS
from core.redis.node import Node
from core.redis.pipeline import Pipeline
from core.redis.script import Script
from core.redis.slots import slot_of
from core.redis.topology import Topology

REDIRECTED_AT_MOST: Final = 5
"""Redirections per command. A slot that is being moved needs two."""

_KEY_IS_SECOND: Final = frozenset({"XINFO", "XGROUP", "OBJECT", "MEMORY"})
"""Commands of two words. For all others that are sent here, the first argument is the key."""

_DOUBTS: Final = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.MovedError,
)
"""Errors of a node that may no longer serve the slot."""


class ProvenReply(NamedTuple):
    """Reply to an append. `proven` is set if the write is as safe as the deployment promises."""

    reply: Any
    proven: bool


class PendingCommand(NamedTuple):
    """A posted command that awaits its reply."""

    call: RedisCommand
    pipe: Pipeline
    posted: CommandGroup


class Router:
    """Routes commands to the pipelines of one purpose. `pipe` selects the pipeline of a node."""

    def __init__(self, topology: Topology, pipe: Callable[[Node], Pipeline]) -> None:
        self._topology = topology
        self._pipe = pipe

    async def call(self, *command: Argument) -> Any:
        """Send one command on one key and return its reply. Raises `redis.exceptions.RedisError`.

        After a ConnectionError, a TimeoutError or a cancellation, the command may have been executed.
        """
        call = RedisCommand(command)
        await self._execute([call])
        return call.answer()

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run a script with at least one key and return its reply. Raises as `call`."""
        call = script_command(script, keys, args)
        await self._execute([call])
        return call.answer()

    async def run_all(self, script: Script, asked: Sequence[ScriptArguments]) -> list[Any]:
        """Run a script several times, one pipeline per node, and return the replies. Raises the first error."""
        return await self.all(commands_of(script, asked))

    async def all(self, calls: list[RedisCommand]) -> list[Any]:
        """Send several commands, one pipeline per node, and return the replies. Raises the first error."""
        await self._execute(calls)
        return [call.answer() for call in calls]

    async def execute(self, calls: list[RedisCommand]) -> None:
        """Send commands, one pipeline per node, until each has an outcome. Raises none of their errors."""
        await self._execute(calls)

    async def run_proven(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> ProvenReply:
        """Run a script that writes. Return its reply, and the confirmation of the write. Raises as `call`."""
        call = script_command(script, keys, args)
        await self._execute([call])
        return ProvenReply(call.answer(), call.proven)

    def begin(self, *command: Argument) -> PendingCommand:
        """Post one command on one key to the pipeline of this tick. `finish` waits for its reply."""
        return self._begin(RedisCommand(command))

    def begin_script(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> PendingCommand:
        """Post a script with at least one key, like `begin`."""
        return self._begin(script_command(script, keys, args))

    async def finish(self, begun: PendingCommand) -> Any:
        """Wait for the reply to a posted command and return the reply. Raises as `call`."""
        await begun.pipe.settle(begun.posted)
        if isinstance(begun.call.outcome, _Redirection):
            begun.call.again(asking=False)
            await self._execute([begun.call])
        elif _in_doubt([begun.call]):
            await self._refresh()
        return begun.call.answer()

    def _begin(self, call: RedisCommand) -> PendingCommand:
        pipe = self._pipe(self._topology.only or self._topology.of(slot_of(_key(call))))
        return PendingCommand(call, pipe, pipe.post([call], alone=False))

    def each(self) -> list[Pipeline]:
        """Pipelines to every primary, for commands about a server rather than a key."""
        return [self._pipe(node) for node in self._topology.primaries()]

    async def _execute(self, calls: list[RedisCommand]) -> None:
        only = self._topology.only
        if only is not None:
            pipe = self._pipe(only)
            await pipe.settle(pipe.post(calls))
        else:
            await self._spread([(call, self._topology.of(slot_of(_key(call)))) for call in calls])
        if _in_doubt(calls):
            await self._refresh()

    async def _refresh(self) -> None:
        """Refresh the slot map, for no longer than the caller waits."""
        with anyio.move_on_after(errors.wait()):
            await self._topology.refresh()

    async def _spread(self, sent: list[tuple[RedisCommand, Node]]) -> None:
        """Send commands to their nodes, and follow redirections, until each has an outcome."""
        for left in reversed(range(1 + REDIRECTED_AT_MOST)):
            by_node: dict[Node, list[RedisCommand]] = {}
            for call, node in sent:
                by_node.setdefault(node, []).append(call)
            pipelines = [partial(self._pipe(node).execute, commands) for node, commands in by_node.items()]
            if len(pipelines) == 1:
                await pipelines[0]()
            else:
                await gathered(pipelines)
            redirected = [(call, node) for call, node in sent if isinstance(call.outcome, _Redirection)]
            if not redirected or not left:
                return
            sent = [(call, self._redirected(call, node)) for call, node in redirected]

    def _redirected(self, call: RedisCommand, node: Node) -> Node:
        moved = isinstance(call.outcome, redis.exceptions.MovedError)
        REDIRECTIONS.labels("moved" if moved else "ask").inc()
        target = self._topology.redirected(node, call.outcome)
        call.again(asking=not moved)
        return target


_Redirection: Final = redis.exceptions.AskError
"""Class of both redirections: in redis-py, MovedError is a subclass of AskError."""


def _in_doubt(calls: list[RedisCommand]) -> bool:
    """True if any of these commands failed with an error that may mean that the slot map is outdated."""
    for call in calls:  # noqa: SIM110 - a generator is slower for a single command, the usual case
        if isinstance(call.outcome, _DOUBTS):
            return True
    return False


def _key(call: RedisCommand) -> str:
    if call.beside is not None:
        return call.beside
    at = 3 if call.script is not None else 2 if call.command[0] in _KEY_IS_SECOND else 1
    key = call.command[at]
    return key if isinstance(key, str) else bytes(key).decode(errors="surrogateescape")
