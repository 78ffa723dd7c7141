"""How a command ends that did not end well: one line on standard error, and an exit status."""

import os
import sys
from typing import Final

import structlog

from core.redis.faults import CannotOpen
from core.refusals import Refusal
from workers.cli.overview import COMMANDS
from workers.embedded import EmbeddedError
from workers.process import Failed, causes
from workers.settings import SettingsError

FAILED: Final = 1
USED_WRONGLY: Final = 2
INTERRUPTED: Final = 130

_TOLD: Final = (Failed, EmbeddedError, CannotOpen)
"""Errors whose message is one line for people."""

_log = structlog.get_logger(__name__)


class UsedWrongly(Exception):
    """The arguments do not go together, or one of them cannot be taken; the message is one line."""


def used_wrongly(arguments: list[str], message: str) -> int:
    """Say what is wrong with the arguments and where help is."""
    program = f"hansard {arguments[0]}" if arguments[0] in COMMANDS else "hansard"
    _say(f"{program}: {' '.join(message.split())} (see {program} --help)")
    return USED_WRONGLY


def ended(error: BaseException) -> int:
    """Say what ended a command, once, and give the exit status. Only defects show where they are."""
    found = causes(error)
    if any(isinstance(cause, KeyboardInterrupt) for cause in found):
        return INTERRUPTED
    if all(isinstance(cause, BrokenPipeError) for cause in found):
        # Whoever read us has seen enough. Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    for cause in found:
        if isinstance(cause, SettingsError | UsedWrongly):
            _say(f"hansard: {cause}")
            return USED_WRONGLY
        if isinstance(cause, _TOLD):
            _say(f"hansard: {cause}")
            return FAILED
        if isinstance(cause, Refusal):
            _say(f"hansard: {cause.detail} ({cause.code})")
            return FAILED
    _log.error("command_failed", exc_info=error)
    _say("hansard: this is a defect of Hansard's; what is above says where")
    return FAILED


def _say(line: str) -> None:
    print(line, file=sys.stderr)
