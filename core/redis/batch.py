"""One pipeline a tick: what many callers ask at the same time goes out together and comes back together.

What is asked in a tick of the event loop is sent at its end. The callers wait each for its own: one that is cancelled
takes nothing from the others; what it asked is not sent any more, or has been sent and may be carried out.

One batch speaks to one server. `core.redis.calls` finds out which, where there are several.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import anyio
import redis.exceptions
from anyio import CancelScope
from redis.asyncio import Redis

from core.redis.client import REPLY_WITHIN
from core.redis.line import Flight, Line, pack
from core.redis.script import Script

Argument = bytes | str | int
"""What a command is made of. Text goes out as UTF-8."""

Asked = tuple[Sequence[str], Sequence[Argument]]
"""The keys and the arguments of one run of a script."""

_ASKING: Final = ("ASKING",)

FEW: Final = 4

_NOTHING: Final = object()
"""No reply has come."""


class Proof(NamedTuple):
    """What is asked behind the commands of a pipeline, on its connection: whether they are safe."""

    command: tuple[Argument, ...]
    proves: Callable[[Any], bool]
    """Whether this reply says so."""


class Call:
    """One command on its way, and what has come of it."""

    __slots__ = ("asking", "command", "outcome", "proven", "script")

    def __init__(self, command: tuple[Argument, ...], script: Script | None = None) -> None:
        self.command = command
        self.script = script
        self.outcome: Any = _NOTHING
        self.proven = False
        """Whether what this command wrote is safe: the batch asks for no proof beyond the reply, or has got it."""
        self.asking = False
        """Whether the node is told that it was named by the one that gives the slot away."""

    def answer(self) -> Any:
        """The reply. Raises what the server, or the way to it, said instead."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def again(self, *, asking: bool) -> None:
        """Forget what came of it, before it is sent to another server."""
        self.outcome, self.proven, self.asking = _NOTHING, False, asking

    def in_full(self) -> tuple[Argument, ...]:
        """The command with the text of its script in place of the digest."""
        assert self.script is not None
        return ("EVAL", self.script.text, *self.command[2:])


def run_of(script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Call:
    """The call that runs a script."""
    return Call(("EVALSHA", script.sha, len(keys), *keys, *args), script)


def calls_of(script: Script, asked: Sequence[Asked]) -> list[Call]:
    """The calls that run a script several times."""
    return [run_of(script, keys, args) for keys, args in asked]


class _Group(NamedTuple):
    """What one caller asked together, and where it waits."""

    calls: list[Call]
    done: "asyncio.Future[None]"


class Batch:
    """Sends commands to the server of a writing client, those of one tick of the event loop as one plain pipeline.

    The commands of a pipeline are not a transaction: others run in between, and each fails by itself. Pipelines follow
    each other on one connection without waiting. Where a proof is asked, which keeps a connection busy, each waits for
    one of `lines` connections that has nothing under way, and takes with it what was asked meanwhile.
    """

    def __init__(
        self, client: Redis, *, within: float = REPLY_WITHIN, proof: Proof | None = None, lines: int = 1
    ) -> None:
        self._pool = client.connection_pool
        self._within = within
        self._proof = proof
        self._most = lines
        self._queue: list[_Group] = []
        self._lines: list[Line] = []
        self._broken: list[Line] = []
        """Lines that were lost, and whose connections are yet to be given back."""
        self._opening: CancelScope | None = None
        self._is_due = False
        """Whether what is queued goes out at the end of this tick."""
        self._ran: set[str] = set()
        """Digests of the scripts that the server has carried out."""

    async def call(self, *command: Argument) -> Any:
        """The reply to one command, as the server gives it. Raises `redis.exceptions.RedisError`.

        Where that is a ConnectionError or a TimeoutError, or the caller is cancelled, it may have been carried out.
        """
        return (await self._ask([Call(command)]))[0]

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """The reply of a script, by its digest, or by its text where the server does not know it. Raises as `call`."""
        return (await self.run_all(script, [(keys, args)]))[0]

    async def run_all(self, script: Script, asked: Sequence[Asked]) -> list[Any]:
        """The replies of a script that is run several times, in one pipeline. Raises as the first that failed."""
        return await self._ask(calls_of(script, asked))

    async def carry(self, calls: list[Call]) -> None:
        """Have an outcome for each of these calls, which go out together. Raises nothing of theirs."""
        group = _Group(calls, asyncio.get_running_loop().create_future())
        self._queue.append(group)
        if self._idle() is not None:
            if len(self._queue) >= FEW and self._proof is None:
                self._send()
            else:
                self._soon()
        elif self._opening is None and len(self._lines) < self._most:
            await self._open()
        await group.done

    def break_off(self) -> None:
        """Wait no longer for a server that will not answer: what is under way to it has failed."""
        if self._opening is not None:
            self._opening.cancel()
        for line in [*self._lines]:
            line.cut(redis.exceptions.ConnectionError("the server was given up"))

    async def _ask(self, calls: list[Call]) -> list[Any]:
        await self.carry(calls)
        return [call.answer() for call in calls]

    def _idle(self) -> Line | None:
        """A line on which something can be sent now."""
        for line in self._lines:
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
        self._queue = []
        if groups:
            _Shipment(groups, line, self._within, self._proof, self._ran, self._landed).leave()

    def _landed(self) -> None:
        if self._queue and self._idle() is not None:
            self._soon()

    async def _open(self) -> None:
        """Open a line, for everybody who waits by now, and send. Where that fails, it has failed for all of them."""
        fault: Exception = redis.exceptions.ConnectionError("the call was broken off by its process")
        line: Line | None = None
        try:
            with CancelScope(shield=True):
                try:
                    with anyio.fail_after(self._within) as self._opening:
                        line = await self._opened()
                except TimeoutError:
                    fault = redis.exceptions.TimeoutError(f"no connection within {self._within} s")
                except Exception as error:  # noqa: BLE001 - every caller raises it
                    fault = error
                else:
                    fault = redis.exceptions.ConnectionError("the server was given up")  # where there is no line
        finally:
            self._opening = None
            if line is None:
                self._fail(fault)
            else:
                self._lines.append(line)
                self._soon()

    async def _opened(self) -> Line:
        while self._broken:
            await self._pool.release(self._broken.pop().connection)
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
        return Line(connection, self._lost)

    def _lost(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)
            self._broken.append(line)
            if not self._lines and self._opening is None:
                self._fail(redis.exceptions.ConnectionError("the connection was lost"))

    def _fail(self, fault: Exception) -> None:
        queue, self._queue = self._queue, []
        for group in queue:
            _end(group, fault)


class _Shipment:
    """Some groups on their way: sent, sent again with the text of scripts that the server did not know, and proven."""

    def __init__(
        self,
        groups: list[_Group],
        line: Line,
        within: float,
        proof: Proof | None,
        ran: set[str],
        landed: Callable[[], None],
    ) -> None:
        self._groups = groups
        self._calls = [call for group in groups for call in group.calls]
        self._line = line
        self._deadline = asyncio.get_running_loop().time() + within
        self._proof = proof
        self._ran = ran
        self._landed = landed
        self._scripts = {call.script.sha for call in self._calls if call.script is not None}

    def leave(self) -> None:
        """Send all of it."""
        # A server that may not know a script is asked for no proof before it was told: it would wait for nothing.
        proof = self._proof if self._scripts <= self._ran else None
        self._depart(self._calls, [call.command for call in self._calls], proof)

    def _depart(self, calls: list[Call], commands: list[tuple[Argument, ...]], proof: Proof | None) -> None:
        lines: list[tuple[Argument, ...]] = []
        for call, command in zip(calls, commands, strict=True):
            lines += (_ASKING, command) if call.asking else (command,)
        if proof is not None:
            lines.append(proof.command)
        flight = Flight(len(lines), self._deadline, lambda flight: self._arrive(flight, calls, proof))
        self._line.send(pack(lines), flight)

    def _arrive(self, flight: Flight, calls: list[Call], proof: Proof | None) -> None:
        replies = iter(flight.replies)
        for call in calls:
            if call.asking:
                next(replies, None)
            call.outcome = next(replies, _NOTHING)
        if flight.fault is not None:
            self._end(flight.fault)
            return
        proven = proof is not None and _proves(next(replies), proof)
        unknown = [call for call in calls if isinstance(call.outcome, redis.exceptions.NoScriptError) and call.script]
        if unknown or proof is not self._proof:
            for call in unknown:
                call.outcome = _NOTHING
            # What is proven then is so for what went before, too: a server's log is one line.
            self._depart(unknown, [call.in_full() for call in unknown], self._proof)
            return
        self._ran |= self._scripts
        for call in self._calls:
            # Where nothing has to be asked, the reply is the proof.
            call.proven = proven or self._proof is None
        self._end(None)

    def _end(self, fault: Exception | None) -> None:
        for group in self._groups:
            _end(group, fault)
        self._landed()


def _end(group: _Group, fault: Exception | None) -> None:
    """Tell one caller what came of its calls; `fault` is what kept the rest of their replies away."""
    if fault is not None:
        for call in group.calls:
            if call.outcome is _NOTHING:
                call.outcome = _like(fault)
    if not group.done.done():
        group.done.set_result(None)


def _proves(reply: Any, proof: Proof) -> bool:
    # A server that was made a replica meanwhile, or has no such file, says so with an error: nothing is proven.
    return not isinstance(reply, Exception) and proof.proves(reply)


def _like(fault: Exception) -> Exception:
    """A fault of the connection for one of its callers: raised in many tasks, one object would gather their traces."""
    match fault:
        case redis.exceptions.TimeoutError():
            copy: redis.exceptions.RedisError = redis.exceptions.TimeoutError(*fault.args)
        case redis.exceptions.ConnectionError():
            copy = redis.exceptions.ConnectionError(*fault.args)
        case _:
            return fault
    copy.__cause__ = fault
    return copy
