"""Error handling of commands: one line on standard error, and an exit status.

Modules needed to classify an error are imported only after one.
"""

import os
import sys
from typing import Final

from workers.cli.help_page import COMMANDS, RUN
from workers.runtime import escaping

FAILED: Final = 1
USED_WRONGLY: Final = 2
INTERRUPTED: Final = 130


class UsedWrongly(Exception):
    """The arguments conflict, or one of them is invalid. The message is one line."""


def used_wrongly(arguments: list[str], message: str) -> int:
    """Print the fault in the arguments and where to find help. Return the exit status."""
    program = f"hansard {arguments[0]}" if arguments[0] in COMMANDS else "hansard"
    _say(f"{' '.join(message.split())} (see {program} --help)", USED_WRONGLY, arguments, program)
    return USED_WRONGLY


def ended(error: BaseException, arguments: list[str]) -> int:
    """Print, once, the error that ended a command and return the exit status. Only defects have a traceback."""
    found = _causes(error)
    if any(isinstance(cause, KeyboardInterrupt) for cause in found):
        return INTERRUPTED
    if all(isinstance(cause, BrokenPipeError) for cause in found):
        # The reader of the pipe has seen enough. Python would report the error again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    for cause in found:
        if isinstance(cause, UsedWrongly):
            _say(str(cause), USED_WRONGLY, arguments)
            return USED_WRONGLY
    return _of_ours(error, found, arguments)


def _of_ours(error: BaseException, found: list[BaseException], arguments: list[str]) -> int:
    import structlog

    from core.redis.errors import CannotOpen
    from core.refusals import CannotFold, Refusal
    from workers.embedded.server import EmbeddedError
    from workers.runtime import logs
    from workers.runtime.process import Failed
    from workers.runtime.settings import SettingsError

    for cause in found:
        if isinstance(cause, SettingsError):
            _say(str(cause), USED_WRONGLY, arguments)
            return USED_WRONGLY
        if isinstance(cause, Failed | EmbeddedError | CannotOpen):
            _say(str(cause), FAILED, arguments)
            return FAILED
        if isinstance(cause, Refusal):
            detail = cause.why if isinstance(cause, CannotFold) else cause.detail
            _say(f"{detail} ({cause.code})", FAILED, arguments)
            return FAILED
    if not structlog.is_configured():
        logs.configure("json" if _asks_for_json(arguments) else "auto")
    structlog.get_logger(__name__).error("command_failed", status=FAILED, exc_info=error)
    if not _speaks_json(arguments):
        _say("internal error, see the traceback above", FAILED, arguments)
    return FAILED


def _causes(error: BaseException) -> list[BaseException]:
    """The errors of a group and of the groups within it; of any other error, the error itself."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [cause for inner in error.exceptions for cause in _causes(inner)]


def _say(text: str, status: int, arguments: list[str], program: str = "hansard") -> None:
    """Print an error on standard error. A long-lived process that logs JSON prints it as a log line."""
    if not _speaks_json(arguments):
        print(escaping.block(f"{program}: {text}"), file=sys.stderr)
        return
    import structlog

    from workers.runtime import logs

    if not structlog.is_configured():
        logs.configure("json")
    structlog.get_logger(__name__).error("command_failed", status=status, detail=text)


def _speaks_json(arguments: list[str]) -> bool:
    """True if standard error of this command has JSON and nothing else."""
    if not arguments or arguments[0] not in RUN:
        return False
    if _asks_for_json(arguments):
        return True
    from workers.runtime import logs

    return logs.is_json(begun=True)


def _asks_for_json(arguments: list[str]) -> bool:
    """True if JSON log lines were chosen. Reads the arguments: settings may not have been read yet."""
    for number, argument in enumerate(arguments):
        if argument.startswith("--log-format"):
            flag = argument.partition("=")[2] or "".join(arguments[number + 1 : number + 2])
            return flag == "json"
    return os.environ.get("HANSARD_LOG_FORMAT") == "json"
