"""How a command ends that did not end well: one line on standard error, and an exit status.

What is needed to judge an error is imported when there is one.
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
    """The arguments do not go together, or one of them cannot be taken; the message is one line."""


def used_wrongly(arguments: list[str], message: str) -> int:
    """Say what is wrong with the arguments and where help is."""
    program = f"hansard {arguments[0]}" if arguments[0] in COMMANDS else "hansard"
    _say(f"{' '.join(message.split())} (see {program} --help)", USED_WRONGLY, arguments, program)
    return USED_WRONGLY


def ended(error: BaseException, arguments: list[str]) -> int:
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
        _say("this is a defect of Hansard's; what is above says where", FAILED, arguments)
    return FAILED


def _causes(error: BaseException) -> list[BaseException]:
    """The errors of a group, groups within it opened; of another error itself."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [cause for inner in error.exceptions for cause in _causes(inner)]


def _say(text: str, status: int, arguments: list[str], program: str = "hansard") -> None:
    """Say it on standard error: in a process that stays and whose lines are JSON, as one of those."""
    if not _speaks_json(arguments):
        print(escaping.block(f"{program}: {text}"), file=sys.stderr)
        return
    import structlog

    from workers.runtime import logs

    if not structlog.is_configured():
        logs.configure("json")
    structlog.get_logger(__name__).error("command_failed", status=status, detail=text)


def _speaks_json(arguments: list[str]) -> bool:
    """Whether whoever reads standard error of this command gets JSON and nothing else."""
    if not arguments or arguments[0] not in RUN:
        return False
    if _asks_for_json(arguments):
        return True
    from workers.runtime import logs

    return logs.is_json(begun=True)


def _asks_for_json(arguments: list[str]) -> bool:
    """Whether the form of log lines was chosen to be JSON: settings may not have been read yet."""
    for number, argument in enumerate(arguments):
        if argument.startswith("--log-format"):
            flag = argument.partition("=")[2] or "".join(arguments[number + 1 : number + 2])
            return flag == "json"
    return os.environ.get("HANSARD_LOG_FORMAT") == "json"
