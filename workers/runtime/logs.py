"""Logging of Hansard: one line per event on standard error, as JSON for machines or coloured columns for people.

The name of an event is snake_case in the past tense (`thread_opened`); its context is in fields: `request`, `site`,
`thread`, `comment`, `position`, `partition`, `worker`. docs/logs.md lists the events.

Text and names of users, and secrets, never reach a line: fields with such names are withheld here, strings are cut to a
bound, and exceptions that quote a value lose their message.
"""

import atexit
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Final, Literal

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from workers.runtime import escaping
from workers.runtime.repeated_lines import EVERY, Repeats

Format = Literal["auto", "json", "console"]

TEXTUAL: Final = frozenset(
    """
    address authorization avatar badge badges body bodies content cookie credentials email exact header
    headers html jwt key keys match message name names note notes password payload prefix prompt quote quotes
    reason reasons secret secrets suffix text texts title titles token tokens url urls
    """.split()  # noqa: SIM905 - as a list it would take a page
)
"""Words of field names whose values are withheld: text of users, personal data, credentials."""

_UNSHORTENED: Final = frozenset({"exception", "detail"})
"""Fields whose text is written by Hansard itself."""

WITHHELD: Final = "[withheld]"

LONGEST: Final = 200
"""Characters of a string in a field. Ids and codes are shorter; a longer string is the text of a user."""

# One variable that holds a dict: one variable per field, as in structlog, costs a request ten times as much.
_ABOUT: Final[ContextVar[dict[str, object]]] = ContextVar("about")
_NOTHING: Final[dict[str, object]] = {}

_NUMBERS: Final = (int, float)  # a union would be built again for every field of every line
_encode: Final = msgspec.json.Encoder().encode

QUOTING: Final = (ValueError, LookupError, msgspec.MsgspecError)
"""Exceptions whose messages tend to quote the rejected value."""


class _State:
    """Logging state of this process."""

    is_json = False
    chosen = False
    """Set if the format was given, not detected."""
    has_logged = False
    repeats: Repeats | None = None


def configure(form: Format = "auto", level: str = "info", *, every: float = EVERY) -> None:
    """Configure logging for this process; `auto` is for people if standard error is a terminal.

    Records of libraries (`logging`) are written the same way, from warnings up; so are Python's warnings and uncaught
    exceptions. Repetitions are counted for `every` seconds (`workers.runtime.repeated_lines`).
    """
    people = form == "console" or (form == "auto" and _is_terminal(sys.stderr))
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=_is_terminal(sys.stderr)) if people else _json
    _State.is_json, _State.chosen, _State.has_logged = not people, form != "auto", False
    _State.repeats = repeats = Repeats(every=every, say=_repeated)
    structlog.configure(
        processors=[
            repeats,
            where,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("%H:%M:%S", utc=False, key="at") if people else stamp,
            exceptions,
            scrub,
            *([visible] if people else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _StandardError(),
        cache_logger_on_first_use=True,
    )
    logging.root.handlers = [_Libraries()]
    logging.root.setLevel(logging.DEBUG if level == "debug" else logging.WARNING)


@contextmanager
def taken_over() -> Iterator[None]:
    """Log Python's own output to standard error as lines: warnings, and uncaught exceptions."""
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    sys.excepthook = lambda _kind, error, _trace: _escaped(error)
    sys.unraisablehook = lambda found: _escaped(found.exc_value)
    threading.excepthook = lambda found: _escaped(found.exc_value)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def is_json(*, begun: bool = False) -> bool:
    """True if the lines of this process are JSON. With `begun`, only once a line was logged or the format was set."""
    return _State.is_json and (_State.chosen or _State.has_logged or not begun)


def is_one_stream() -> bool:
    """True if standard output and standard error go to the same place, and it is no terminal."""
    try:
        out, err = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino) and not _is_terminal(sys.stderr)


def flush() -> None:
    """Log the pending counts, before the end of logging."""
    if _State.repeats is not None:
        _State.repeats.flush()


atexit.register(flush)


def begin(**fields: object) -> None:
    """Set the fields that the lines of this task and its child tasks carry, in place of earlier ones."""
    _ABOUT.set(fields)


def about(**fields: object) -> None:
    """Add fields to the lines of this task and its child tasks."""
    _ABOUT.get().update(fields)


def where(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Put the fields of the task in front of those of the line."""
    return {**_ABOUT.get(_NOTHING), **line}


def stamp(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add the time in UTC, as structlog's own stamper does, in a fifth of its time."""
    now = time.time_ns()
    line["at"] = f"{_second(now // 1_000_000_000)}.{now // 1000 % 1_000_000:06d}Z"
    return line


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def scrub(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Withhold fields with textual names, and truncate strings that are too long for an id or a code."""
    for name, value in line.items():
        # Fast path: nearly every field is a short string or a number under a harmless name.
        if name not in _UNSHORTENED and (_is_textual(name) or not _is_plain(value)):
            line[name] = _scrubbed(name, value)
    return line


def exceptions(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Turn `exc_info` into the text `exception`: frames without variables, messages without quoted values."""
    given = line.pop("exc_info", None)
    if not given:
        return line
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    if isinstance(given, tuple):
        error = given[1]
    if error is not None:
        line["exception"] = "".join(_error_lines(error)).rstrip()
    return line


def error_text(error: BaseException) -> str:
    """The kind of an exception, with its message unless that may quote a value."""
    kind = type(error)
    label = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = "" if isinstance(error, QUOTING) else " ".join(str(error).split())
    return f"{label}: {message[:LONGEST]}" if message else label


def _error_lines(error: BaseException) -> Iterator[str]:
    if error.__cause__ is not None:
        yield from _error_lines(error.__cause__)
        yield "which caused:\n"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _error_lines(error.__context__)
        yield "and while this was handled:\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{error_text(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for number, inner in enumerate(error.exceptions, 1):
            yield f"{number} of {len(error.exceptions)}:\n"
            yield from _error_lines(inner)


def _scrubbed(name: str, value: object) -> object:
    return WITHHELD if _is_textual(name) else _short(value)


@lru_cache(maxsize=1024)
def _is_textual(name: str) -> bool:
    return not TEXTUAL.isdisjoint(name.lower().split("_"))


def _is_plain(value: object) -> bool:
    kind = type(value)
    return len(value) <= LONGEST if kind is str else kind in _NUMBERS  # type: ignore[arg-type]  # a string has a length


def _short(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    if isinstance(value, _NUMBERS) or value is None:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return WITHHELD
    if isinstance(value, list | tuple | set | frozenset) and type(value).__str__ is object.__str__:
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _scrubbed(str(key), item) for key, item in value.items()}
    return _short(str(value))


def visible(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Escape characters that have an effect on a terminal."""
    for name, value in line.items():
        line[name] = escaping.block(value) if name == "exception" else escaping.document(value)
    return line


def _json(_logger: WrappedLogger, _method: str, line: EventDict) -> bytes:
    return escaping.json(
        encoded(
            {"at": line.pop("at", None), "level": line.pop("level", None), "event": line.pop("event", None), **line}
        )
    )


def encoded(value: object) -> bytes:
    """A value as JSON, even with strings that are not Unicode, such as file names."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()


def _repeated(level: str, line: EventDict) -> None:
    getattr(structlog.get_logger(__name__), level)(**line)


def _escaped(error: BaseException | None) -> None:
    structlog.get_logger(__name__).error("exception_escaped", exc_info=error)


class _StandardError:
    """Writes each line to the current standard error."""

    def msg(self, line: str | bytes) -> None:
        if isinstance(line, str):
            line = line.encode(errors="backslashreplace")
        _State.has_logged = True
        # Its reader is gone, or its disk is full: the work that logs must go on without the line.
        with suppress(OSError, ValueError):
            sys.stderr.buffer.write(line + b"\n")
            sys.stderr.buffer.flush()

    log = debug = info = warn = warning = error = exception = critical = fatal = msg


class _Libraries(logging.Handler):
    """Turns log records of libraries into lines."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(record.name)
        logger.log(
            record.levelno,
            "library_logged",
            library=record.name,
            said=_message(record),
            exc_info=record.exc_info,
        )


def _message(record: logging.LogRecord) -> str:
    """The message of a record; its pattern alone if the arguments do not fit."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a faulty record of a library must not fail its caller
        return str(record.msg)
