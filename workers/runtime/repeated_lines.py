"""Counting of repeated log lines: a fault reported by many partitions and calls becomes one line with a count.

A hanging server fails every call of every partition, repeatedly. The first line of an event is logged at once. The
lines of the next seconds are counted, and then logged as one line: `times`, the number of `partitions`, and the values
of every other field, if they are few. While the fault lasts, each count takes twice as long as the one before, up to a
minute.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

EVERY: Final = 10.0
"""Seconds for which repetitions of a line are counted before the first count is logged."""
SELDOM: Final = 6
"""Longest such period, as a multiple of the first."""

MOST_VALUES: Final = 5
"""Most values of a field that a line names. A field with more values is left out."""

TIMES: Final = "times"
"""The field that marks a count."""

COUNTED: Final = frozenset(
    {
        "call_denied",
        "call_failed",
        "call_given_up",
        "call_recovered",
        "call_refused",
        "commit_fenced",
        "commit_mismatched",
        "drift_look_postponed",
        "drift_not_mended",
        "embedded_server_not_opened",
        "feed_not_read",
        "feed_reset",
        "lag_not_measured",
        "lease_not_released",
        "lease_not_renewed",
        "look_failed",
        "page_retried",
        "partition_accepted",
        "partition_given_back",
        "partition_lost",
        "projection_retried",
        "queue_not_read",
        "queue_refused",
        "rate_not_counted",
        "rebuild_interrupted",
        "request_refused",
        "roster_not_left",
        "roster_not_read",
        "screening_postponed",
        "screening_retried",
        "subscription_lost",
        "thread_not_requeued",
        "topology_changed",
        "topology_not_found",
        "views_flipped",
        "views_not_compared",
        "views_retired",
    }
)
"""Counted events: of a server, a call or a partition. Events about one thread or request are never counted."""

_OWN: Final = frozenset({"position", "tries", "cursor", "last", "request", "site", "thread", "comment"})
"""Fields that differ between repetitions."""

Say = Callable[[str, EventDict], object]
"""Logs a line: its level, its event and its fields."""


class _Repetitions:
    """Repetitions of one event since its last line."""

    __slots__ = ("lasts", "level", "loop", "partitions", "timer", "times", "values")

    def __init__(self, loop: asyncio.AbstractEventLoop, level: str, lasts: float) -> None:
        self.loop = loop
        self.level = level
        self.lasts = lasts
        self.times = 0
        self.partitions: set[object] = set()
        self.values: dict[str, list[object]] = {}
        self.timer: asyncio.TimerHandle | None = None

    def add(self, line: EventDict) -> None:
        """Count a line."""
        self.times += 1
        for name, value in line.items():
            if name == "partition":
                self.partitions.add(value)
            elif name != "event" and name not in _OWN:
                values = self.values.setdefault(name, [])
                for one in value if isinstance(value, list) else [value]:
                    if one not in values and len(values) <= MOST_VALUES:
                        values.append(one)

    def fields(self) -> EventDict:
        """The fields of the line that reports the count."""
        found: EventDict = {TIMES: self.times}
        if self.partitions:
            found["partitions"] = len(self.partitions)
        for name, values in self.values.items():
            if len(values) <= MOST_VALUES:
                found[name] = values[0] if len(values) == 1 else values
        return found


class Repeats:
    """A processor of log lines that drops repetitions and logs their count periodically.

    It counts only where an event loop runs: elsewhere no timer could log the count, and every line is logged.
    """

    def __init__(self, *, every: float = EVERY, say: Say) -> None:
        self._every = every
        self._say = say
        self._counts: dict[str, _Repetitions] = {}

    def __call__(self, _logger: WrappedLogger, level: str, line: EventDict) -> EventDict:
        """Return a line that is not counted. Raises `structlog.DropEvent` for a counted one."""
        event = line.get("event")
        if event not in COUNTED or TIMES in line:
            return line
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return line
        count = self._counts.get(event)
        if count is not None and count.loop is not loop:
            self._end(event)  # the loop of its timer is gone
            count = None
        if count is None:
            self._begin(event, _Repetitions(loop, level, self._every))
            return line
        count.add(line)
        raise structlog.DropEvent

    def flush(self) -> None:
        """Log all counts now, before the process or its event loop ends."""
        for event in [*self._counts]:
            self._end(event)

    def _begin(self, event: str, count: _Repetitions) -> None:
        self._counts[event] = count
        # In a new context: the line belongs to no request.
        count.timer = count.loop.call_later(count.lasts, self._elapsed, event, context=Context())

    def _elapsed(self, event: str) -> None:
        count = self._end(event)
        if count.times:
            self._begin(event, _Repetitions(count.loop, count.level, min(2 * count.lasts, SELDOM * self._every)))

    def _end(self, event: str) -> _Repetitions:
        count = self._counts.pop(event)
        if count.timer is not None:
            count.timer.cancel()
        if count.times:
            self._say(count.level, {"event": event, **count.fields()})
        return count
