"""Errors between Hansard and a Redis server, and the limits of retries.

    CannotOpen                        startup cannot succeed; the message is one line for the operator
    ├── BadAddress                    the URL
    ├── Unreachable                   no server answers there
    ├── UnfitServer                   the server, or its configuration
    │   └── Denied                    the permissions of the account
    ├── OtherDeployment               the data there belongs to a deployment of another kind
    └── HalfRestored                  the data there is part of a backup

A running service never raises these. There, a server that is away, restarting, full or read-only is a transient fault.
A command that may be repeated is retried for a while, and then fails with `core.refusals.Unavailable`. With a full
server there is no retry: it stays full until an operator makes room, so the error is raised at once.
"""

import math
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, TypeVar

import anyio
import redis.exceptions
import structlog

from core.redis.metrics import FAULTS
from core.refusals import Unavailable

PATIENCE: Final = 4.8
"""Seconds within which a failed command is retried. The client is promised a response within five."""

FIRST: Final = 3.0
"""Minimum timeout of the first try of a command outside a request, in seconds, however short its patience."""

LATE: Final = 1.0
"""The same for a command of a request whose patience was spent by earlier commands."""

_BEGUN: Final[ContextVar[float | None]] = ContextVar("begun", default=None)
"""Start of the request that this task's commands belong to, on the clock of `time.monotonic`; None without one."""

_UNTIL: Final[ContextVar[float]] = ContextVar("until", default=math.inf)
"""Deadline for the replies to this task's commands, on the clock of `time.monotonic`."""

_OWN: Final[ContextVar[bool]] = ContextVar("own", default=False)
"""Set if the server is embedded in Hansard. Such a server takes no writes while its disk is full."""

_FULL: Final = frozenset({"OOM", "MISCONF", "NOREPLICAS"})
"""Error codes of a server that takes no writes: no memory, no disk, no replicas. It still serves reads."""

_LOADING: Final = "LOADING"
"""Error code of a server that is loading its data from disk."""

_ELSEWHERE: Final = frozenset({"READONLY", _LOADING, "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK"})
"""Error codes of a server that is not the one to ask now. The command was not executed."""

_DENIED: Final = "NOPERM"
"""Error code for a command that the account may not run."""

_DENIED_IN_SCRIPT: Final = ("ACL failure in script", "The user executing the script")
"""Prefixes of the error for a denied command inside a script. That error has no code."""

_STATES: Final = _ELSEWHERE | _FULL | {"BUSY", _DENIED}
"""Error codes for a command that was not executed, but may succeed later or on another server."""

Lack = Literal["memory", "disk", "replicas"]

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


class CannotOpen(Exception):
    """The deployment cannot be opened with these settings."""


class BadAddress(CannotOpen):
    """The URL names no usable server."""


class Unreachable(CannotOpen):
    """No server answers at this address."""


class UnfitServer(CannotOpen):
    """The server cannot keep what a deployment promises."""


class Denied(UnfitServer):
    """The account lacks permissions that Hansard needs."""


class OtherDeployment(CannotOpen):
    """The data there belongs to a deployment of another kind."""


class HalfRestored(CannotOpen):
    """A backup there was not restored to its end."""


def is_passing(error: BaseException) -> bool:
    """True if the fault is transient: the server may answer later."""
    lost = isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError)
    return lost or code_of(error) in _STATES


def is_refused(error: BaseException) -> bool:
    """True if the command was certainly not executed, because another server must be asked, or this one later."""
    return code_of(error) in _ELSEWHERE


def is_denied(error: BaseException) -> bool:
    """True if the account may not run the command, until an operator changes its permissions."""
    return code_of(error) == _DENIED


def is_loading(error: BaseException) -> bool:
    """True if the server is loading its data from disk. It answers once that is done."""
    return code_of(error) == _LOADING


def code_of(error: BaseException) -> str | None:
    """Code at the start of a server's error; None for any other error."""
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return _LOADING
    if isinstance(error, redis.exceptions.ResponseError):
        if isinstance(error, redis.exceptions.NoPermissionError) or str(error).startswith(_DENIED_IN_SCRIPT):
            return _DENIED
        return str(error.status_code or str(error).partition(" ")[0])
    return None


def is_wrong_type(error: BaseException) -> bool:
    """True if a key has another type than the command needs, because another program wrote it."""
    return code_of(error) == "WRONGTYPE"


def is_full(error: BaseException) -> bool:
    """True if the server takes no writes but still serves reads."""
    return code_of(error) in _FULL


def lack(code: str | None) -> Lack:
    """Resource that is missing when a server takes no writes, by the code of its error."""
    match code:
        case "OOM":
            return "memory"
        case "NOREPLICAS" if not _OWN.get():
            return "replicas"
        case _:
            # An embedded server has no replicas, and requires one while its disk is full: see
            # workers/embedded/server.py.
            return "disk"


def lack_text(code: str | None) -> str:
    """Description of the missing resource, by the code of the error."""
    return _LACKING[lack(code)]


def said(error: BaseException) -> str:
    """One-line text of a server's error: the missing resource if it takes no writes, else the server's own text."""
    return lack_text(code_of(error)) if is_full(error) else str(error)


_LACKING: Final[dict[Lack, str]] = {
    "memory": "the memory of the server is full",
    "disk": "the disk of the server is full, or cannot be written",
    "replicas": "the server has too few replicas",
}


def own_server() -> None:
    """Treat the server as an embedded one in the error messages of this task and its children."""
    _OWN.set(True)


@contextmanager
def one_request() -> Iterator[None]:
    """Let the commands of this task, in the block, share the patience of one request, which begins now.

    If one of them is given up and its caller continues, the next command has the rest of the patience.
    """
    if _BEGUN.get() is not None:
        yield  # the outer request counts
        return
    token = _BEGUN.set(time.monotonic())
    try:
        yield
    finally:
        _BEGUN.reset(token)


def no_request() -> None:
    """Detach the commands of this task from the request: from here on, the response is a stream."""
    _BEGUN.set(None)


def left() -> float:
    """Seconds of patience left to this task's request for a command that may fail; the last `LATE` are kept back."""
    begun = _BEGUN.get()
    return math.inf if begun is None else begun + PATIENCE - LATE - time.monotonic()


def wait() -> float:
    """Seconds until the reply deadline of this task's commands; 0 or less if the deadline has passed."""
    return _UNTIL.get() - time.monotonic()


@contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Limit the wait for the replies to this task's commands, in the block. `retry` sets its own limits."""
    token = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def begin_again() -> None:
    """Restart the patience of the request: the time so far was not spent waiting for the server."""
    if _BEGUN.get() is not None:
        _BEGUN.set(time.monotonic())


def delays(*, longest: float = 0.5) -> Iterator[float]:
    """Seconds before each retry: doubling from 20 ms to `longest`, each multiplied by a random 0.5 to 1."""
    delay = 0.02
    while True:
        yield delay * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret
        delay = min(delay * 2, longest)


async def retry(
    attempt: Callable[[], Awaitable[_Answer]], what: str, *, patience: float = PATIENCE, once: bool = False
) -> _Answer:
    """Return the result of `ask`. Retries for `patience` seconds while a transient fault prevents it.

    A failed command may have taken effect, so `ask` must be idempotent. If it is not, set `once`: then it is retried
    only if it was certainly not executed. `what` names the command in logs and metrics. The pipelines enforce the
    deadline (`core.redis.pipeline`), because a cancel scope would cost more than the reply. Raises `Unavailable` if the
    fault does not pass in time, even if the server never replies; at once if the server takes no writes or the account
    may not run the command.
    """
    begun, now = _BEGUN.get(), time.monotonic()
    until = (now if begun is None else begun) + patience
    token = _UNTIL.set(max(until, now + (FIRST if begun is None else LATE)))
    try:
        return await attempt()
    except redis.exceptions.RedisError as error:
        failed = error
    finally:
        _UNTIL.reset(token)
    last_told = failed
    for tries, pause in enumerate(delays(), start=1):
        if not is_passing(failed):
            raise failed
        if not isinstance(failed, redis.exceptions.TimeoutError):
            last_told = failed  # a server that does not answer in time says nothing of why
        FAULTS.labels(what).inc()
        if is_full(failed):
            why = lack_text(code_of(failed))
            _log.warning("call_refused", call=what, cause=why)
            raise Unavailable(f"nothing can be written now: {why}") from failed
        if is_denied(failed) and patience < math.inf:
            _log.error("call_denied", call=what, error=str(failed))
            raise Unavailable("this process lacks a permission in Redis now: see `hansard doctor`") from failed
        if time.monotonic() + pause > until or (once and not is_refused(failed)):
            _log.warning("call_given_up", call=what, tries=tries, error=str(failed))
            raise Unavailable("Redis is loading its data" if is_loading(last_told) else None) from failed
        if tries == 1:
            _log.warning("call_failed", call=what, error=str(failed))
        await anyio.sleep(pause)
        token = _UNTIL.set(until)
        try:
            answer = await attempt()
        except redis.exceptions.RedisError as error:
            failed = error
        else:
            _log.info("call_recovered", call=what, tries=tries + 1)
            return answer
        finally:
            _UNTIL.reset(token)
    raise AssertionError("delays() does not end")
