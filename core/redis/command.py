"""A call: one command to a server, and what has come of it."""

from collections.abc import Sequence
from typing import Any, Final

from core.redis.script import Script

Argument = bytes | str | int
"""What a command is made of. Text goes out as UTF-8."""

ScriptArguments = tuple[Sequence[str], Sequence[Argument]]
"""The keys and the arguments of one run of a script."""

NOTHING: Final = object()
"""No reply has come."""


class Command:
    """One command on its way, and what has come of it."""

    __slots__ = ("asking", "beside", "command", "outcome", "proven", "script")

    def __init__(
        self, command: tuple[Argument, ...], script: Script | None = None, *, beside: str | None = None
    ) -> None:
        self.command = command
        self.script = script
        self.beside = beside
        """The key whose server is asked, for a command that has no key."""
        self.outcome: Any = NOTHING
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
        self.outcome, self.proven, self.asking = NOTHING, False, asking

    def in_full(self) -> tuple[Argument, ...]:
        """The command with the text of its script in place of the digest."""
        assert self.script is not None
        return ("EVAL", self.script.text, *self.command[2:])


def script_command(script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Command:
    """The call that runs a script."""
    return Command(("EVALSHA", script.sha, len(keys), *keys, *args), script)


def commands_of(script: Script, asked: Sequence[ScriptArguments]) -> list[Command]:
    """The calls that run a script several times."""
    return [script_command(script, keys, args) for keys, args in asked]
