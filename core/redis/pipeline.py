"""One pipeline a tick: what many callers ask at the same time goes out together and comes back together.

What is asked in a tick of the event loop is sent at its end. The callers wait each for its own: one that is cancelled
takes nothing from the others; what it asked is not sent any more, or has been sent and may be carried out.

One batch speaks to one server. `core.redis.router` finds out which, where there are several.
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
from core.redis.command import Argument, Command, ScriptArguments, commands_of
from core.redis.connection import Connection
from core.redis.in_flight import CommandGroup, ConfirmationCommand, SentPipeline, end
from core.redis.reply_deadlines import ReplyDeadlines
from core.redis.script import Script

FEW: Final = 4
"""So many callers are not kept waiting for more: the server works on theirs while others of the tick still ask."""


class Pipeline:
    """Sends commands to the server of a writing client, those of one tick of the event loop as one plain pipeline.

    The commands of a pipeline are not a transaction: others run in between, and each fails by itself. Pipelines follow
    each other on one connection without waiting. Where a proof is asked, which keeps a connection busy, each waits for
    one of `lines` connections that has nothing under way, and takes with it what was asked meanwhile.
    """

    def __init__(
        self,
        client: Redis,
        *,
        within: float = REPLY_WITHIN,
        proof: ConfirmationCommand | None = None,
        lines: int = 1,
        slow: Callable[[], None] = lambda: None,
    ) -> None:
        """`slow` is called, again and again, while the server does not answer."""
        self._pool = client.connection_pool
        self.within = within
        """Seconds in which the server must have answered, or taken a connection."""
        self._proof = proof
        self._most = lines
        self._slow = slow
        self._queue: list[CommandGroup] = []
        self._callers = 0
        """Number of callers that wait for queued groups, and ask nothing more in this tick."""
        self.lines: list[Connection] = []
        """The connections that are open."""
        self._broken: list[Connection] = []
        """Lines that were lost, and whose connections are yet to be given back."""
        self._opening: CancelScope | None = None
        self._is_due = False
        """Whether what is queued goes out at the end of this tick."""
        self._overdue = ReplyDeadlines()
        self._ran: set[str] = set()
        """Digests of the scripts that the server has carried out."""

    async def call(self, *command: Argument) -> Any:
        """The reply to one command, as the server gives it. Raises `redis.exceptions.RedisError`.

        Where that is a ConnectionError or a TimeoutError, or the caller is cancelled, it may have been carried out.
        """
        return (await self.all([Command(command)]))[0]

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """The reply of a script, by its digest, or by its text where the server does not know it. Raises as `call`."""
        return (await self.run_all(script, [(keys, args)]))[0]

    async def run_all(self, script: Script, asked: Sequence[ScriptArguments]) -> list[Any]:
        """The replies of a script that is run several times, in one pipeline. Raises as the first that failed."""
        return await self.all(commands_of(script, asked))

    async def all(self, calls: list[Command]) -> list[Any]:
        """The replies of several calls, in one pipeline. Raises as the first that failed."""
        await self.carry(calls)
        return [call.answer() for call in calls]

    async def carry(self, calls: list[Command]) -> None:
        """Have an outcome for each of these calls, which go out together. Raises nothing of theirs."""
        await self.settle(self.post(calls))

    async def settle(self, posted: CommandGroup) -> None:
        """Wait until all calls that were posted have an outcome, or the patience of the caller has come to its end."""
        done = posted.done
        if done.done():
            return
        is_sent = self._idle() is not None
        seconds = errors.wait()
        is_bound = seconds < self.within or not is_sent
        if is_bound:
            self._overdue.add(posted, seconds)
        try:
            if not is_sent and self._opening is None and len(self.lines) < self._most:
                await self._open()
            await done
        finally:
            if is_bound:
                self._overdue.discard(posted)

    def post(self, calls: list[Command], *, alone: bool = True) -> CommandGroup:
        """Have these calls sent with what else is asked in this tick. `settle` waits for them, and must be called.

        Where they are not `alone`, the same caller asks more in this tick.
        """
        group = CommandGroup(calls, asyncio.get_running_loop().create_future())
        if not calls:
            group.done.set_result(None)  # there is no reply that would
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
        """Wait no longer for a server that will not answer: what is under way to it has failed."""
        if self._opening is not None:
            self._opening.cancel()
        for line in [*self.lines]:
            line.cut(redis.exceptions.ConnectionError("the server was given up"))

    def _idle(self) -> Connection | None:
        """A line on which something can be sent now."""
        for line in self.lines:
            if self._proof is None or line.is_idle:
                return line
        return None

    def _soon(self) -> None:
        """Send what is queued when everybody who runs in this tick has asked."""
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._is_due = False
        line = self._idle()
        if line is None:
            return
        # Who was cancelled meanwhile does not ask any more.
        groups = [group for group in self._queue if not group.done.done()]
        self._queue, self._callers = [], 0
        if groups:
            SentPipeline(groups, line, self.within, self._proof, self._ran, self._landed).leave()

    def _landed(self) -> None:
        if self._queue and self._idle() is not None:
            self._soon()

    async def _open(self) -> None:
        """Open a line, for everybody who waits by now, and send. Where that fails, it has failed for all of them."""
        fault: Exception = redis.exceptions.ConnectionError("the call was broken off by its process")
        line: Connection | None = None
        # Whoever opens it has to be told in time, too.
        within = min(self.within, errors.wait(), anyio.current_effective_deadline() - anyio.current_time())
        try:
            with CancelScope(shield=True):
                try:
                    with anyio.fail_after(within) as self._opening:
                        line = await self._opened()
                except TimeoutError:
                    fault = redis.exceptions.TimeoutError(f"no connection within {max(0.0, within):.3g} s")
                except Exception as error:  # noqa: BLE001 - every caller raises it
                    fault = error
                else:
                    fault = redis.exceptions.ConnectionError("the server was given up")  # where there is no line
        finally:
            self._opening = None
            if line is None:
                self._fail(fault)
            else:
                self.lines.append(line)
                self._soon()

    async def _opened(self) -> Connection:
        while self._broken:
            await self._pool.release(self._broken.pop().connection)
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
        return Connection(connection, slow=self._slow, lost=self._lost)

    def _lost(self, line: Connection) -> None:
        if line in self.lines:
            self.lines.remove(line)
            self._broken.append(line)
            if not self.lines and self._opening is None:
                self._fail(redis.exceptions.ConnectionError("the connection was lost"))

    def _fail(self, fault: Exception) -> None:
        queue, self._queue = self._queue, []
        for group in queue:
            end(group, fault)
