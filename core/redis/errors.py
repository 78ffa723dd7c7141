"""What goes wrong between us and a server, and how long we insist.

    CannotOpen                        a start that makes no sense; its message is one line for whoever started it
    ├── BadAddress                    the URL
    ├── Unreachable                   nobody answers there
    ├── UnfitServer                   the server, or how it is configured
    │   └── Denied                    what the account may do there
    ├── OtherDeployment               the data there belongs to a deployment of another kind
    └── HalfRestored                  the data there is a part of a backup

A running service never sees those. There, a server that is away, restarting, full or read-only is a passing fault:
what may be asked again is asked again for a while, and then becomes `core.refusals.Unavailable`. One that is full is
not waited for: it stays so until somebody has made room, and says so at once.
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
"""Seconds within which a call that failed is tried again. Whoever asked is promised to be told within five."""

FIRST: Final = 3.0
"""Seconds that the first try of a call has at least, however little patience there is."""

LATE: Final = 1.0
"""The same for a call of a request whose patience was spent by the calls before it."""

_BEGUN: Final[ContextVar[float | None]] = ContextVar("begun", default=None)
"""When the request began that the calls of this task belong to."""

_UNTIL: Final[ContextVar[float]] = ContextVar("until", default=math.inf)
"""Until when the calls of this task are waited for, on the clock of `time.monotonic`."""

_OWN: Final[ContextVar[bool]] = ContextVar("own", default=False)
"""Whether the server is one of our own, which takes no writes while its disk is full."""

_FULL: Final = frozenset({"OOM", "MISCONF", "NOREPLICAS"})
"""Error codes of a server that takes no writes: no memory, no disk, no replicas. It goes on answering questions."""

_LOADING: Final = "LOADING"
"""Error code of a server that is reading what it has on its disk."""

_ELSEWHERE: Final = frozenset({"READONLY", _LOADING, "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK"})
"""Error codes of a server that is not the one to ask now, and has not done what it was asked."""

_DENIED: Final = "NOPERM"
"""Error code of a server whose account may not do what it was asked."""

_DENIED_IN_SCRIPT: Final = ("ACL failure in script", "The user executing the script")
"""What the error of a server begins with, which has no code then, where that is so of a command in a script."""

_STATES: Final = _ELSEWHERE | _FULL | {"BUSY", _DENIED}
"""Error codes of a server that cannot do now what it, or another, could do later, and has not done it."""

Lack = Literal["memory", "disk", "replicas"]

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


class CannotOpen(Exception):
    """A deployment cannot be opened like this."""


class BadAddress(CannotOpen):
    """The URL names no server that can be talked to."""


class Unreachable(CannotOpen):
    """No server answers at this address."""


class UnfitServer(CannotOpen):
    """The server cannot keep what a deployment promises."""


class Denied(UnfitServer):
    """The account may not do there what is needed."""


class OtherDeployment(CannotOpen):
    """The data there was laid out by a deployment of another kind."""


class HalfRestored(CannotOpen):
    """A backup was not restored to its end there."""


def is_passing(error: BaseException) -> bool:
    """Whether the server may answer later what it did not answer now."""
    lost = isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError)
    return lost or code_of(error) in _STATES


def is_refused(error: BaseException) -> bool:
    """Whether a call has certainly not been carried out, because another server is to be asked, or this one later."""
    return code_of(error) in _ELSEWHERE


def is_denied(error: BaseException) -> bool:
    """Whether the account may not do what was asked, until somebody has changed what it may do."""
    return code_of(error) == _DENIED


def is_loading(error: BaseException) -> bool:
    """Whether the server is reading what it has on its disk, and answers when it is through."""
    return code_of(error) == _LOADING


def code_of(error: BaseException) -> str | None:
    """The code that a server's error begins with; None for an error of another kind."""
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return _LOADING
    if isinstance(error, redis.exceptions.ResponseError):
        if isinstance(error, redis.exceptions.NoPermissionError) or str(error).startswith(_DENIED_IN_SCRIPT):
            return _DENIED
        return str(error.status_code or str(error).partition(" ")[0])
    return None


def is_wrong_type(error: BaseException) -> bool:
    """Whether a key holds another kind of value than the command is for: somebody else wrote it."""
    return code_of(error) == "WRONGTYPE"


def is_full(error: BaseException) -> bool:
    """Whether the server takes no writes, while it goes on answering questions."""
    return code_of(error) in _FULL


def lack(code: str | None) -> Lack:
    """What a server lacks that takes no writes, by the code of its error."""
    match code:
        case "OOM":
            return "memory"
        case "NOREPLICAS" if not _OWN.get():
            return "replicas"
        case _:
            # One of our own has no replicas, and asks for one as long as there is no room: see
            # workers/embedded/server.py.
            return "disk"


def told(code: str | None) -> str:
    """The same in a sentence."""
    return _LACKING[lack(code)]


def said(error: BaseException) -> str:
    """An error of a server in a line: what it lacks where it takes no writes, otherwise its own words."""
    return told(code_of(error)) if is_full(error) else str(error)


_LACKING: Final[dict[Lack, str]] = {
    "memory": "the memory of the server is full",
    "disk": "the disk of the server is full, or cannot be written",
    "replicas": "the server has too few replicas",
}


def own_server() -> None:
    """Have what this task and its children are told be about a server of our own."""
    _OWN.set(True)


@contextmanager
def one_request() -> Iterator[None]:
    """Have the calls of this task, in the block, share the patience of one request, which begins now.

    Where one of them is given up, and its caller goes another way, the next has what is left of it.
    """
    if _BEGUN.get() is not None:
        yield  # it is a part of one
        return
    token = _BEGUN.set(time.monotonic())
    try:
        yield
    finally:
        _BEGUN.reset(token)


def no_request() -> None:
    """Have the calls of this task from here on be of no request: what goes on is a stream."""
    _BEGUN.set(None)


def left() -> float:
    """Seconds of patience that the request of this task has for what may fail, with enough kept for a last call."""
    begun = _BEGUN.get()
    return math.inf if begun is None else begun + PATIENCE - LATE - time.monotonic()


def wait() -> float:
    """Seconds for which a call of this task is waited for; not more than 0 where it is not waited for any more."""
    return _UNTIL.get() - time.monotonic()


@contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Have the calls of this task, in the block, be waited for so long at most; `retry` has bounds of its own."""
    token = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def begin_again() -> None:
    """Have the patience of the request begin now: what came before was no waiting for the server."""
    if _BEGUN.get() is not None:
        _BEGUN.set(time.monotonic())


def delays(*, longest: float = 0.5) -> Iterator[float]:
    """Seconds to wait before each next try: doubling from 20 ms to `longest`, each cut by chance to half or more."""
    delay = 0.02
    while True:
        yield delay * random.uniform(0.5, 1)  # noqa: S311 - it spreads load, it keeps no secret
        delay = min(delay * 2, longest)


async def retry(
    ask: Callable[[], Awaitable[_Answer]], what: str, *, patience: float = PATIENCE, once: bool = False
) -> _Answer:
    """The answer of `ask`, which is called again, for `patience` seconds, where a passing fault kept it from us.

    A call that failed may have taken effect, and so asking twice must do what asking once does. Where it does not
    (`once`), it is asked again only where it was certainly not carried out. `what` names the call in logs and metrics.
    The pipelines keep to the bound (`core.redis.pipeline`): a cancel scope would cost a call more than its reply.
    Raises `Unavailable` where the fault does not pass in time, be it that the server says nothing; where the server
    takes no writes, or the account may not do that, at once.
    """
    begun, now = _BEGUN.get(), time.monotonic()
    until = (now if begun is None else begun) + patience
    token = _UNTIL.set(max(until, now + (FIRST if begun is None else LATE)))
    try:
        return await ask()
    except redis.exceptions.RedisError as error:
        failed = error
    finally:
        _UNTIL.reset(token)
    for tries, pause in enumerate(delays(), start=1):
        if not is_passing(failed):
            raise failed
        FAULTS.labels(what).inc()
        if is_full(failed):
            why = told(code_of(failed))
            _log.warning("call_refused", call=what, cause=why)
            raise Unavailable(f"nothing can be written now: {why}") from failed
        if is_denied(failed) and patience < math.inf:
            _log.error("call_denied", call=what, error=str(failed))
            raise Unavailable("this process may not do that in Redis now: see `hansard doctor`") from failed
        if time.monotonic() + pause > until or (once and not is_refused(failed)):
            _log.warning("call_given_up", call=what, tries=tries, error=str(failed))
            raise Unavailable("Redis is loading its data" if is_loading(failed) else None) from failed
        if tries == 1:
            _log.warning("call_failed", call=what, error=str(failed))
        await anyio.sleep(pause)
        token = _UNTIL.set(until)
        try:
            answer = await ask()
        except redis.exceptions.RedisError as error:
            failed = error
        else:
            _log.info("call_recovered", call=what, tries=tries + 1)
            return answer
        finally:
            _UNTIL.reset(token)
    raise AssertionError("delays() does not end")
