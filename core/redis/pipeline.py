"""Automatic pipelining: the commands of many callers in one tick of the event loop are sent as one pipeline.

Commands are sent at the end of the tick. Each caller waits for its own replies. A cancelled caller does not affect the
others: its commands are not sent, or have been sent and may be executed.

One `Pipeline` talks to one server. `core.redis.router` selects the server if there are several.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import anyio
import redis.exceptions
from anyio import CancelScope
from redis.asyncio import Redis

from core.redis import errors
from core.redis.client import REPLY_WITHIN
from core.redis.command import Argument, RedisCommand, ScriptArguments, commands_of
from core.redis.connection import Connection
from core.redis.in_flight import CommandGroup, ConfirmationCommand, SentPipeline, end
from core.redis.reply_deadlines import ReplyDeadlines
from core.redis.script import Script

FEW: Final = 4
"""Callers after which a pipeline is sent at once: the server works on it while others of the tick still ask."""


class Pipeline:
    """Sends commands to the server of a writing client, those of one tick of the event loop as one plain pipeline.

    The commands of a pipeline are not a transaction: others run in between, and each fails by itself. Pipelines follow
    each other on one connection without waiting. A confirmation keeps a connection busy. With `proof`, a pipeline
    therefore waits for one of `connections` to be idle, and takes along the commands queued meanwhile.
    """

    def __init__(
        self,
        client: Redis,
        *,
        within: float = REPLY_WITHIN,
        proof: ConfirmationCommand | None = None,
        connections: int = 1,
        slow: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a pipeline without connections. `slow` is called repeatedly while the server does not answer."""
        self._pool = client.connection_pool
        self.within = within
        """Seconds in which the server must reply, or accept a connection."""
        self._proof = proof
        self._most = connections
        self._slow = slow
        self._queue: list[CommandGroup] = []
        self._callers = 0
        """Number of callers of queued groups that send nothing more in this tick."""
        self.connections: list[Connection] = []
        """Open connections."""
        self._broken: list[Connection] = []
        """Lost connections that are yet to be released to the pool."""
        self._opening: CancelScope | None = None
        self._is_due = False
        """Set if the queue is sent at the end of this tick."""
        self._overdue = ReplyDeadlines()
        self._ran: set[str] = set()
        """Digests of the scripts that the server has run."""

    async def call(self, *command: Argument) -> Any:
        """Send one command and return its raw reply. Raises `redis.exceptions.RedisError`.

        After a ConnectionError, a TimeoutError or a cancellation, the command may have been executed.
        """
        return (await self.all([RedisCommand(command)]))[0]

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run a script, by text if the server does not know its digest, and return the reply. Raises as `call`."""
        return (await self.run_all(script, [(keys, args)]))[0]

    async def run_all(self, script: Script, asked: Sequence[ScriptArguments]) -> list[Any]:
        """Run a script several times, in one pipeline, and return the replies. Raises the first error."""
        return await self.all(commands_of(script, asked))

    async def all(self, calls: list[RedisCommand]) -> list[Any]:
        """Send several commands, in one pipeline, and return the replies. Raises the first error."""
        await self.execute(calls)
        return [call.answer() for call in calls]

    async def execute(self, calls: list[RedisCommand]) -> None:
        """Send commands together and wait until each has an outcome. Raises none of their errors."""
        await self.settle(self.post(calls))

    async def settle(self, posted: CommandGroup) -> None:
        """Wait until all commands of a posted group have an outcome, or the caller's patience is over."""
        done = posted.done
        if done.done():
            return
        is_sent = self._idle() is not None
        seconds = errors.wait()
        is_bound = seconds < self.within or not is_sent
        if is_bound:
            self._overdue.add(posted, seconds)
        try:
            if not is_sent and self._opening is None and len(self.connections) < self._most:
                await self._open()
            await done
        finally:
            if is_bound:
                self._overdue.discard(posted)

    def post(self, calls: list[RedisCommand], *, alone: bool = True) -> CommandGroup:
        """Queue commands for the pipeline of this tick. `settle` waits for them, and must be called.

        If they are not `alone`, the same caller queues more in this tick.
        """
        group = CommandGroup(calls, asyncio.get_running_loop().create_future())
        if not calls:
            group.done.set_result(None)  # no reply will complete it
            return group
        self._queue.append(group)
        self._callers += alone
        if self._idle() is not None:
            if self._callers >= FEW and self._proof is None:
                self._send()
            else:
                self._soon()
        return group

    def break_off(self) -> None:
        """Fail all commands that are pending at a server that will not answer."""
        if self._opening is not None:
            self._opening.cancel()
        for connection in [*self.connections]:
            connection.cut(redis.exceptions.ConnectionError("the server does not respond"))

    def _idle(self) -> Connection | None:
        """A connection that can send now."""
        for connection in self.connections:
            if self._proof is None or connection.is_idle:
                return connection
        return None

    def _soon(self) -> None:
        """Send the queue at the end of this tick, when all callers that run in it have queued their commands."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._is_due = False
        connection = self._idle()
        if connection is None:
            return
        # The commands of a caller that was cancelled meanwhile are not sent.
        groups = [group for group in self._queue if not group.done.done()]
        self._queue, self._callers = [], 0
        if groups:
            SentPipeline(groups, connection, self.within, self._proof, self._ran, self._on_end).send()

    def _on_end(self) -> None:
        if self._queue and self._idle() is not None:
            self._soon()

    async def _open(self) -> None:
        """Open a connection for all waiting callers, and send. A failure is the outcome of all of them."""
        fault: Exception = redis.exceptions.ConnectionError("the process cancelled the call")
        connection: Connection | None = None
        # The caller that opens the connection has a deadline, too.
        within = min(self.within, errors.wait(), anyio.current_effective_deadline() - anyio.current_time())
        try:
            with CancelScope(shield=True):
                try:
                    with anyio.fail_after(within) as self._opening:
                        connection = await self._opened()
                except TimeoutError:
                    fault = redis.exceptions.TimeoutError(f"no connection within {max(0.0, within):.3g} s")
                except Exception as error:  # noqa: BLE001 - every caller raises it
                    fault = error
                else:
                    fault = redis.exceptions.ConnectionError("the server does not respond")  # if there is no connection
        finally:
            self._opening = None
            if connection is None:
                self._fail(fault)
            else:
                self.connections.append(connection)
                self._soon()

    async def _opened(self) -> Connection:
        while self._broken:
            await self._pool.release(self._broken.pop().connection)
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
        return Connection(connection, slow=self._slow, lost=self._lost)

    def _lost(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self._broken.append(connection)
            if not self.connections and self._opening is None:
                self._fail(redis.exceptions.ConnectionError("the connection was lost"))

    def _fail(self, fault: Exception) -> None:
        queue, self._queue = self._queue, []
        for group in queue:
            end(group, fault)
