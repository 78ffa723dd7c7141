"""One pipeline a tick: what many callers ask at the same time goes out together and comes back together.

The first caller of a tick leads. It lets the others of the tick join, takes a connection, sends everything that is
queued by then, and hands every caller its own reply or error. The exchange is shielded: a caller that is cancelled
meanwhile, the leader included, takes nothing from the others, and is held up for some seconds at most.

One batch speaks to one server. `core.redis.calls` finds out which, where there are several.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import anyio
import hiredis
import redis.exceptions
from anyio import CancelScope, Event
from anyio.lowlevel import cancel_shielded_checkpoint
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from core.redis.client import REPLY_WITHIN
from core.redis.script import Script

Argument = bytes | str | int
"""What a command is made of. Text goes out as UTF-8."""

Asked = tuple[Sequence[str], Sequence[Argument]]
"""The keys and the arguments of one run of a script."""

_ASKING: Final = b"*1\r\n$6\r\nASKING\r\n"

_NOTHING: Final = object()
"""No reply has come."""


class Proof(NamedTuple):
    """What is asked behind the commands of a pipeline, on its connection: whether they are safe."""

    command: tuple[Argument, ...]
    proves: Callable[[Any], bool]
    """Whether this reply says so."""


class Call:
    """One command on its way, and what has come of it."""

    __slots__ = ("asking", "command", "done", "outcome", "proven", "script", "wanted")

    def __init__(self, command: tuple[Argument, ...], script: Script | None = None) -> None:
        self.command = command
        self.script = script
        self.outcome: Any = _NOTHING
        self.proven = False
        """Whether what this command wrote is safe: the batch asks for no proof beyond the reply, or has got it."""
        self.asking = False
        """Whether the node is told that it was named by the one that gives the slot away."""
        self.done: Event | None = None
        """Where somebody waits for it: those that were asked together share one."""
        self.wanted = True

    def answer(self) -> Any:
        """The reply. Raises what the server, or the way to it, said instead."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def again(self, *, asking: bool) -> None:
        """Forget what came of it, before it is sent to another server."""
        self.outcome, self.proven, self.asking, self.done, self.wanted = _NOTHING, False, asking, None, True

    def in_full(self) -> tuple[Argument, ...]:
        """The command with the text of its script in place of the digest."""
        assert self.script is not None
        return ("EVAL", self.script.text, *self.command[2:])


def calls_of(script: Script, asked: Sequence[Asked]) -> list[Call]:
    """The calls that run a script several times."""
    return [Call(("EVALSHA", script.sha, len(keys), *keys, *args), script) for keys, args in asked]


class Batch:
    """Sends commands through a writing client, those of one tick of the event loop as one plain pipeline.

    The commands of a pipeline are not a transaction: others run in between, and each fails by itself.
    """

    def __init__(self, client: Redis, *, within: float = REPLY_WITHIN, proof: Proof | None = None) -> None:
        self._pool = client.connection_pool
        self._within = within
        self._proof = proof
        self._queue: list[Call] = []
        self._led = False
        self._exchanges: set[CancelScope] = set()
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
        self._queue += calls
        if self._led:
            done = Event()
            for call in calls:
                call.done = done
            try:
                await done.wait()
            finally:
                for call in calls:
                    call.wanted = False
        else:
            self._led = True
            with CancelScope(shield=True):
                await self._lead()

    def break_off(self) -> None:
        """Wait no longer for a server that will not answer: what is under way to it has failed."""
        for exchange in self._exchanges:
            exchange.cancel()

    async def _ask(self, calls: list[Call]) -> list[Any]:
        await self.carry(calls)
        return [call.answer() for call in calls]

    async def _lead(self) -> None:
        calls: list[Call] | None = None
        fault: Exception = redis.exceptions.ConnectionError("the call was broken off by its process")
        deadline = anyio.current_time() + self._within
        try:
            await cancel_shielded_checkpoint()
            with self._bound(deadline):
                connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
            calls = self._take()
            try:
                with self._bound(deadline):
                    await self._exchange(connection, calls)
            except BaseException:
                # Replies may still be under way: nobody else may find them on this connection.
                await connection.disconnect(nowait=True)
                raise
            finally:
                await self._pool.release(connection)
        except Exception as error:  # noqa: BLE001 - every caller raises it
            fault = error
        finally:
            for call in self._take() if calls is None else calls:
                if call.outcome is _NOTHING:
                    call.outcome = _like(fault)
                if call.done is not None:
                    call.done.set()

    @contextmanager
    def _bound(self, deadline: float) -> Iterator[None]:
        """Go on until the deadline, or until somebody breaks it off; then raise as the library does."""
        with CancelScope(deadline=deadline) as scope:
            self._exchanges.add(scope)
            try:
                yield
            finally:
                self._exchanges.discard(scope)
        if scope.cancelled_caught:
            if anyio.current_time() < deadline:
                raise redis.exceptions.ConnectionError("the server was given up")
            raise redis.exceptions.TimeoutError(f"no answer within {self._within} s")

    async def _exchange(self, connection: AbstractConnection, calls: list[Call]) -> None:
        scripts = {call.script.sha for call in calls if call.script is not None}
        # A server that may not know a script is asked for no proof before it was told: it would wait for nothing.
        proof = self._proof if scripts <= self._ran else None
        last = b"" if proof is None else _packed(proof.command)
        await connection.send_packed_command(b"".join(map(_line, calls)) + last)
        await _receive(connection, calls)
        proven = proof is not None and await _proven(connection, proof)
        unknown = [call for call in calls if isinstance(call.outcome, redis.exceptions.NoScriptError) and call.script]
        if unknown or proof is not self._proof:
            for call in unknown:
                call.outcome = _NOTHING
            last = b"" if self._proof is None else _packed(self._proof.command)
            await connection.send_packed_command(b"".join(_line(call, call.in_full()) for call in unknown) + last)
            await _receive(connection, unknown)
            # What is proven now is so for what went before, too: a server's log is one line.
            proven = self._proof is not None and await _proven(connection, self._proof)
        self._ran |= scripts
        for call in calls:
            # Where nothing has to be asked, the reply is the proof.
            call.proven = proven or self._proof is None

    def _take(self) -> list[Call]:
        queue, self._queue, self._led = self._queue, [], False
        return [call for call in queue if call.wanted]


async def _receive(connection: AbstractConnection, calls: list[Call]) -> None:
    for call in calls:
        if call.asking:
            await _reply(connection)
        call.outcome = await _reply(connection)


async def _proven(connection: AbstractConnection, proof: Proof) -> bool:
    reply = await _reply(connection)
    # A server that was made a replica meanwhile, or has no such file, says so with an error: nothing is proven.
    return not isinstance(reply, Exception) and proof.proves(reply)


async def _reply(connection: AbstractConnection) -> Any:
    """The next reply, or what the server says against it."""
    try:
        # The whole exchange has a bound of its own; one for each reply would cost as much as the reply.
        return await connection.read_response(timeout=math.inf, disconnect_on_error=False)
    except (redis.exceptions.ResponseError, redis.exceptions.BusyLoadingError) as error:
        return error


def _line(call: Call, command: tuple[Argument, ...] | None = None) -> bytes:
    line = _packed(call.command if command is None else command)
    return _ASKING + line if call.asking else line


def _packed(command: tuple[Argument, ...]) -> bytes:
    """A command as the protocol has it (RESP: an array of bulk strings)."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type] # its types say a tuple of one
    return packed


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
