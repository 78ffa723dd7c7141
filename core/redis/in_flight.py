"""A sent pipeline: the commands of several callers from one tick, on one connection."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import redis.exceptions

from core.redis.command import NOTHING, Argument, RedisCommand
from core.redis.connection import Connection, PendingReplies, pack

_ASKING: Final = ("ASKING",)


class ConfirmationCommand(NamedTuple):
    """Command sent behind a pipeline, on its connection, to confirm that the writes are safe."""

    command: tuple[Argument, ...]
    proves: Callable[[Any], bool]
    """Predicate on the reply: true if the writes are confirmed."""


class CommandGroup(NamedTuple):
    """Commands that one caller sends together, and the future that the caller waits for."""

    calls: list[RedisCommand]
    done: "asyncio.Future[None]"


class SentPipeline:
    """Command groups sent together: sent again with the text of scripts that the server did not know, and confirmed."""

    def __init__(
        self,
        groups: list[CommandGroup],
        connection: Connection,
        within: float,
        proof: ConfirmationCommand | None,
        ran: set[str],
        on_end: Callable[[], None],
    ) -> None:
        self._groups = groups
        self._calls = [call for group in groups for call in group.calls]
        self._connection = connection
        self._deadline = asyncio.get_running_loop().time() + within
        self._proof = proof
        self._ran = ran
        self._on_end = on_end
        self._scripts = {call.script.sha for call in self._calls if call.script is not None}

    def send(self) -> None:
        """Send all groups."""
        # A script that the server may not know is sent without a confirmation: the wait would be for nothing.
        proof = self._proof if self._scripts <= self._ran else None
        self._send(self._calls, [call.command for call in self._calls], proof)

    def _send(
        self, calls: list[RedisCommand], commands: list[tuple[Argument, ...]], proof: ConfirmationCommand | None
    ) -> None:
        sent: list[tuple[Argument, ...]] = []
        for call, command in zip(calls, commands, strict=True):
            sent += (_ASKING, command) if call.asking else (command,)
        if proof is not None:
            sent.append(proof.command)
        pending = PendingReplies(len(sent), self._deadline, lambda pending: self._receive(pending, calls, proof))
        self._connection.send(pack(sent), pending)

    def _receive(self, pending: PendingReplies, calls: list[RedisCommand], proof: ConfirmationCommand | None) -> None:
        try:
            self._assign(pending, calls, proof)
        except Exception as error:  # noqa: BLE001 - the waiting callers raise it
            self._end(error)

    def _assign(self, pending: PendingReplies, calls: list[RedisCommand], proof: ConfirmationCommand | None) -> None:
        replies = iter(pending.replies)
        for call in calls:
            if call.asking:
                next(replies, None)
            call.outcome = next(replies, NOTHING)
        if pending.fault is not None:
            self._end(pending.fault)
            return
        proven = proof is not None and _proves(next(replies), proof)
        unknown = [call for call in calls if isinstance(call.outcome, redis.exceptions.NoScriptError) and call.script]
        if unknown or proof is not self._proof:
            for call in unknown:
                call.outcome = NOTHING
            # That confirmation covers the earlier commands, too: a server has a single log of writes.
            self._send(unknown, [call.in_full() for call in unknown], self._proof)
            return
        self._ran |= self._scripts
        for call in self._calls:
            # Without a confirmation command, the reply is the confirmation.
            call.proven = proven or self._proof is None
        self._end(None)

    def _end(self, fault: Exception | None) -> None:
        for group in self._groups:
            end(group, fault)
        self._on_end()


def end(group: CommandGroup, fault: Exception | None) -> None:
    """Wake the caller of a group. `fault` becomes the outcome of its commands without a reply."""
    if fault is not None:
        for call in group.calls:
            if call.outcome is NOTHING or not isinstance(fault, redis.exceptions.RedisError):
                call.outcome = _like(fault)
    if not group.done.done():
        group.done.set_result(None)


def _proves(reply: Any, proof: ConfirmationCommand) -> bool:
    # A server that became a replica, or has no append-only file, replies with an error: nothing is confirmed.
    return not isinstance(reply, Exception) and proof.proves(reply)


def _like(fault: Exception) -> Exception:
    """Copy a connection fault for one caller: a single object raised in many tasks would collect their tracebacks."""
    match fault:
        case redis.exceptions.TimeoutError():
            copy: redis.exceptions.RedisError = redis.exceptions.TimeoutError(*fault.args)
        case redis.exceptions.ConnectionError():
            copy = redis.exceptions.ConnectionError(*fault.args)
        case _:
            return fault
    copy.__cause__ = fault
    return copy
