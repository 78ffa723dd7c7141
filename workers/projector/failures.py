"""Failure policies of a projection. The policy is a value that `PartitionProjector` carries out."""

from enum import Enum
from typing import Final

from redis.exceptions import RedisError

from core.events.envelope import Recorded, UnreadableEntry
from core.log.port import BrokenChain, LogDiverged
from core.position import Position
from core.redis.errors import is_passing, said
from core.refusals import Unavailable, UnreadablePartition
from projections.thread.effects import CannotApply, Hole, UnknownShape


class FailurePolicy(Enum):
    """Action for a partition, or for one thread in it, after a failure."""

    RETRY = "retry"
    """Retry from the stored views."""
    PARK = "park"
    """Pass over the thread from this event on, until an operator requeues it or a version that knows the event runs.

    All other threads continue.
    """
    STOP = "stop"
    """Stop the partition until an operator has intervened."""


_NOT_OF_A_THREAD: Final = (Hole, BrokenChain, LogDiverged, RedisError, Unavailable, UnreadableEntry)
"""Errors of the log or the server: they do not concern the event being applied."""


def is_poison(error: Exception, suspect: Recorded) -> bool:
    """True if an error concerns this event and its thread, and not the log or the server."""
    return suspect.envelope.thread != "" and not isinstance(error, _NOT_OF_A_THREAD)


class Failures:
    """Chooses the policy after a failure: a passing error is retried, any other is retried once at the same event.

    A diverged log is retried once, too. In a failover the stored cursor goes back with the log, so that the retry
    begins where both agree. If the retry begins at the same position and the event is still missing, the log is not
    the one that these views were made from, and waiting cannot help.
    """

    def __init__(self) -> None:
        self._last: Position | None = None
        self._lost: Position | None = None

    def policy(self, error: Exception, at: Position, suspect: Recorded | None = None) -> FailurePolicy:
        """Return what to do after `error`: `at` is the last position applied.

        `suspect` is the event that caused the error; None if several events may have caused it, or none.
        """
        if is_passing(error) or (isinstance(error, Unavailable) and not isinstance(error, UnreadablePartition)):
            return FailurePolicy.RETRY
        if isinstance(error, UnknownShape) and suspect is not None and is_poison(error, suspect):
            return FailurePolicy.PARK  # a retry cannot make this version know the shape
        if isinstance(error, LogDiverged):
            again, self._lost = self._lost == error.position, error.position
        else:
            again, self._last = self._last == at, at
        if not again:
            return FailurePolicy.RETRY
        return FailurePolicy.PARK if suspect is not None and is_poison(error, suspect) else FailurePolicy.STOP


def failure_text(error: Exception) -> str:
    """Summary of a failure in a few words, for logs and for the fault of a stopped partition."""
    if isinstance(error, CannotApply):
        return f"{type(error).__name__}: {error.type} at {error.position}"
    if isinstance(error, LogDiverged | UnreadableEntry | UnreadablePartition):
        return f"{type(error).__name__}: {error}"
    return said(error)[:80] if isinstance(error, RedisError) else type(error).__name__
