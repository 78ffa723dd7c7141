"""One pipeline a tick: what many callers ask at the same time goes out together and comes back together.

The first caller of a tick leads. It lets the others of the tick join, takes a connection, sends everything that is
queued by then, and hands every caller its own reply or error. The exchange is shielded: a caller that is cancelled
meanwhile, the leader included, takes nothing from the others, and is held up for some seconds at most.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import anyio
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

_NOTHING: Final = object()
"""No reply has come."""


class _Call:
    """One command on its way."""

    __slots__ = ("command", "done", "outcome", "script", "wanted")

    def __init__(self, command: tuple[Argument, ...], script: Script | None) -> None:
        self.command = command
        self.script = script
        self.outcome: Any = _NOTHING
        self.done: Event | None = None
        """Where somebody waits for it: those that were asked together share one."""
        self.wanted = True

    def answer(self) -> Any:
        """The reply. Raises what the server, or the way to it, said instead."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def in_full(self) -> tuple[Argument, ...]:
        """The command with the text of its script in place of the digest."""
        assert self.script is not None
        return ("EVAL", self.script.text, *self.command[2:])


class Batch:
    """Sends commands through a writing client, those of one tick of the event loop as one plain pipeline.

    The commands of a pipeline are not a transaction: others run in between, and each fails by itself.
    """

    def __init__(self, client: Redis, *, within: float = REPLY_WITHIN) -> None:
        self._pool = client.connection_pool
        self._within = within
        self._queue: list[_Call] = []
        self._led = False

    async def call(self, *command: Argument) -> Any:
        """The reply to one command, as the server gives it. Raises `redis.exceptions.RedisError`.

        Where that is a ConnectionError or a TimeoutError, or the caller is cancelled, it may have been carried out.
        """
        return (await self._ask([_Call(command, None)]))[0]

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """The reply of a script, by its digest, or by its text where the server does not know it. Raises as `call`."""
        return (await self.run_all(script, [(keys, args)]))[0]

    async def run_all(self, script: Script, asked: Sequence[Asked]) -> list[Any]:
        """The replies of a script that is run several times, in one pipeline. Raises as the first that failed."""
        calls = [_Call(("EVALSHA", script.sha, len(keys), *keys, *args), script) for keys, args in asked]
        return await self._ask(calls)

    async def _ask(self, calls: list[_Call]) -> list[Any]:
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
        return [call.answer() for call in calls]

    async def _lead(self) -> None:
        calls: list[_Call] | None = None
        fault: Exception = redis.exceptions.ConnectionError("the call was broken off by its process")
        try:
            await cancel_shielded_checkpoint()
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
            calls = self._take()
            try:
                with anyio.fail_after(self._within):
                    await _exchange(connection, calls)
            except BaseException as error:
                # Replies may still be under way: nobody else may find them on this connection.
                await connection.disconnect(nowait=True)
                if isinstance(error, TimeoutError):
                    raise redis.exceptions.TimeoutError(f"no answer within {self._within} s") from error
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

    def _take(self) -> list[_Call]:
        queue, self._queue, self._led = self._queue, [], False
        return [call for call in queue if call.wanted]


async def _exchange(connection: AbstractConnection, calls: list[_Call]) -> None:
    await connection.send_packed_command(b"".join(_packed(call.command) for call in calls))
    await _receive(connection, calls)
    unknown = [call for call in calls if isinstance(call.outcome, redis.exceptions.NoScriptError) and call.script]
    if unknown:
        for call in unknown:
            call.outcome = _NOTHING
        await connection.send_packed_command(b"".join(_packed(call.in_full()) for call in unknown))
        await _receive(connection, unknown)


async def _receive(connection: AbstractConnection, calls: list[_Call]) -> None:
    for call in calls:
        try:
            # The whole exchange has a bound of its own; one for each reply would cost as much as the reply.
            call.outcome = await connection.read_response(timeout=math.inf)
        except redis.exceptions.ResponseError as error:
            call.outcome = error


def _packed(command: tuple[Argument, ...]) -> bytes:
    """A command as the protocol has it (RESP: an array of bulk strings).

    Written out because the library's own takes six times as long, which was half the cost of an append.
    """
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        data = argument if isinstance(argument, bytes) else str(argument).encode()
        parts += (b"$%d\r\n" % len(data), data, b"\r\n")
    return b"".join(parts)


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
