"""A shipment: what several callers asked in one tick, on its way through one line."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import redis.exceptions

from core.redis.command import NOTHING, Argument, Command
from core.redis.connection import Connection, PendingReplies, pack

_ASKING: Final = ("ASKING",)


class ConfirmationCommand(NamedTuple):
    """What is asked behind the commands of a pipeline, on its connection: whether they are safe."""

    command: tuple[Argument, ...]
    proves: Callable[[Any], bool]
    """Whether this reply says so."""


class CommandGroup(NamedTuple):
    """What one caller asked together, and where it waits."""

    calls: list[Command]
    done: "asyncio.Future[None]"


class SentPipeline:
    """Some groups on their way: sent, sent again with the text of scripts that the server did not know, and proven."""

    def __init__(
        self,
        groups: list[CommandGroup],
        line: Connection,
        within: float,
        proof: ConfirmationCommand | None,
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

    def _depart(
        self, calls: list[Command], commands: list[tuple[Argument, ...]], proof: ConfirmationCommand | None
    ) -> None:
        lines: list[tuple[Argument, ...]] = []
        for call, command in zip(calls, commands, strict=True):
            lines += (_ASKING, command) if call.asking else (command,)
        if proof is not None:
            lines.append(proof.command)
        flight = PendingReplies(len(lines), self._deadline, lambda flight: self._arrive(flight, calls, proof))
        self._line.send(pack(lines), flight)

    def _arrive(self, flight: PendingReplies, calls: list[Command], proof: ConfirmationCommand | None) -> None:
        try:
            self._take(flight, calls, proof)
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            self._end(error)

    def _take(self, flight: PendingReplies, calls: list[Command], proof: ConfirmationCommand | None) -> None:
        replies = iter(flight.replies)
        for call in calls:
            if call.asking:
                next(replies, None)
            call.outcome = next(replies, NOTHING)
        if flight.fault is not None:
            self._end(flight.fault)
            return
        proven = proof is not None and _proves(next(replies), proof)
        unknown = [call for call in calls if isinstance(call.outcome, redis.exceptions.NoScriptError) and call.script]
        if unknown or proof is not self._proof:
            for call in unknown:
                call.outcome = NOTHING
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
            end(group, fault)
        self._landed()


def end(group: CommandGroup, fault: Exception | None) -> None:
    """Tell one caller what came of its calls; `fault` is what kept the rest of their replies away."""
    if fault is not None:
        for call in group.calls:
            if call.outcome is NOTHING or not isinstance(fault, redis.exceptions.RedisError):
                call.outcome = _like(fault)
    if not group.done.done():
        group.done.set_result(None)


def _proves(reply: Any, proof: ConfirmationCommand) -> bool:
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
