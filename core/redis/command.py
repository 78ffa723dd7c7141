"""A Redis command and its outcome."""

from collections.abc import Sequence
from typing import Any, Final

from core.redis.script import Script

Argument = bytes | str | int
"""Argument of a command. Text is sent as UTF-8."""

ScriptArguments = tuple[Sequence[str], Sequence[Argument]]
"""Keys and arguments of one script run."""

NOTHING: Final = object()
"""Outcome of a command without a reply so far."""


class RedisCommand:
    """One command to send, and its outcome."""

    __slots__ = ("asking", "beside", "command", "outcome", "proven", "script")

    def __init__(
        self, command: tuple[Argument, ...], script: Script | None = None, *, beside: str | None = None
    ) -> None:
        self.command = command
        self.script = script
        self.beside = beside
        """Key that selects the server, for a command without a key."""
        self.outcome: Any = NOTHING
        self.proven = False
        """Set if the write is confirmed as the pipeline requires: by a confirmation command, or the reply alone."""
        self.asking = False
        """Set if ASKING is sent first, because the slot is being moved to this node."""

    def answer(self) -> Any:
        """Return the reply. Raises the error of the server or of the connection instead."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def again(self, *, asking: bool) -> None:
        """Reset the outcome before the command is sent to another server."""
        self.outcome, self.proven, self.asking = NOTHING, False, asking

    def in_full(self) -> tuple[Argument, ...]:
        """The command as EVAL, with the text of its script in place of the digest."""
        assert self.script is not None
        return ("EVAL", self.script.text, *self.command[2:])


def script_command(script: Script, keys: Sequence[str], args: Sequence[Argument]) -> RedisCommand:
    """Command that runs a script."""
    return RedisCommand(("EVALSHA", script.sha, len(keys), *keys, *args), script)


def commands_of(script: Script, asked: Sequence[ScriptArguments]) -> list[RedisCommand]:
    """Commands that run a script several times."""
    return [script_command(script, keys, args) for keys, args in asked]
