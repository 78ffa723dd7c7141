"""How a command ends that did not end well: one line on standard error, and an exit status.

What is needed to judge an error is imported when there is one.
"""

import os
import sys
from typing import Final

from workers.cli.overview import COMMANDS

FAILED: Final = 1
USED_WRONGLY: Final = 2
INTERRUPTED: Final = 130


class UsedWrongly(Exception):
    """The arguments do not go together, or one of them cannot be taken; the message is one line."""


def used_wrongly(arguments: list[str], message: str) -> int:
    """Say what is wrong with the arguments and where help is."""
    program = f"hansard {arguments[0]}" if arguments[0] in COMMANDS else "hansard"
    _say(f"{program}: {' '.join(message.split())} (see {program} --help)")
    return USED_WRONGLY


def ended(error: BaseException) -> int:
    """Say what ended a command, once, and give the exit status. Only defects show where they are."""
    found = _causes(error)
    if any(isinstance(cause, KeyboardInterrupt) for cause in found):
        return INTERRUPTED
    if all(isinstance(cause, BrokenPipeError) for cause in found):
        # Whoever read us has seen enough. Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    for cause in found:
        if isinstance(cause, UsedWrongly):
            _say(f"hansard: {cause}")
            return USED_WRONGLY
    return _of_ours(error, found)


def _of_ours(error: BaseException, found: list[BaseException]) -> int:
    import structlog

    from core.redis.faults import CannotOpen
    from core.refusals import Refusal
    from workers import logs
    from workers.embedded import EmbeddedError
    from workers.process import Failed
    from workers.settings import SettingsError

    for cause in found:
        if isinstance(cause, SettingsError):
            _say(f"hansard: {cause}")
            return USED_WRONGLY
        if isinstance(cause, Failed | EmbeddedError | CannotOpen):
            _say(f"hansard: {cause}")
            return FAILED
        if isinstance(cause, Refusal):
            _say(f"hansard: {cause.detail} ({cause.code})")
            return FAILED
    if not structlog.is_configured():
        logs.configure()
    structlog.get_logger(__name__).error("command_failed", exc_info=error)
    _say("hansard: this is a defect of Hansard's; what is above says where")
    return FAILED


def _causes(error: BaseException) -> list[BaseException]:
    """The errors of a group, groups within it opened; of another error itself."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [cause for inner in error.exceptions for cause in _causes(inner)]


def _say(line: str) -> None:
    print(line, file=sys.stderr)
