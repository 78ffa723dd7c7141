"""What becomes of a projection after a failure: the policy is a value, and who keeps the views carries it out."""

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
    """What becomes of a partition, or of one thread in it, after a failure."""

    RETRY = "retry"
    """Once more, from what is stored."""
    PARK = "park"
    """The thread of the event is passed over from there on, until a person has looked at it, or a version comes that
    knows the event; all others go on."""
    STOP = "stop"
    """It stays where it is until a person has looked at it."""


_NOT_OF_A_THREAD: Final = (Hole, BrokenChain, LogDiverged, RedisError, Unavailable, UnreadableEntry)
"""What goes wrong with the log or the server: it says nothing of the event that was in hand."""


def is_poison(error: Exception, suspect: Recorded) -> bool:
    """Whether an error says something of this event and its thread, and nothing of the log or the server."""
    return suspect.envelope.thread != "" and not isinstance(error, _NOT_OF_A_THREAD)


class Failures:
    """Decides about failures: what passes is waited for, anything else gets a second chance at the same event.

    A log that lost what was read of it gets it, too. In a failover the stored cursor goes back with the log, so that
    the second try begins where both agree; where it begins at the same place and finds nothing there, the log is not
    the one that these views are of, and none of our waiting will change that.
    """

    def __init__(self) -> None:
        self._last: Position | None = None
        self._lost: Position | None = None

    def policy(self, error: Exception, at: Position, suspect: Recorded | None = None) -> FailurePolicy:
        """What to do about `error`, which kept the event after `at` from being taken in.

        `suspect` is the one event that can have brought it about, where there is one.
        """
        if is_passing(error) or (isinstance(error, Unavailable) and not isinstance(error, UnreadablePartition)):
            return FailurePolicy.RETRY
        if isinstance(error, UnknownShape) and suspect is not None and is_poison(error, suspect):
            return FailurePolicy.PARK  # no second look makes this version know it
        if isinstance(error, LogDiverged):
            again, self._lost = self._lost == error.position, error.position
        else:
            again, self._last = self._last == at, at
        if not again:
            return FailurePolicy.RETRY
        return FailurePolicy.PARK if suspect is not None and is_poison(error, suspect) else FailurePolicy.STOP


def told(error: Exception) -> str:
    """A failure in a few words, for logs and for who asks why a partition stopped."""
    if isinstance(error, CannotApply):
        return f"{type(error).__name__}: {error.type} at {error.position}"
    if isinstance(error, LogDiverged | UnreadableEntry | UnreadablePartition):
        return f"{type(error).__name__}: {error}"
    return said(error)[:80] if isinstance(error, RedisError) else type(error).__name__
