"""The repetitions of a log line, counted: what one fault makes many partitions and calls say is one line with a count.

A server that hangs fails every call of every partition, again and again. The first line of an event is logged at once.
Those that follow within some seconds are counted, and then logged as one line: `times`, how many `partitions`, and of
every other field the values that it had, as far as they are few. As long as it goes on, each count takes twice as long
as the one before, up to a minute.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

EVERY: Final = 10.0
"""Seconds for which the repetitions of a line are counted before they are logged for the first time."""
SELDOM: Final = 6
"""Times that this is the longest of those that follow."""

MOST_VALUES: Final = 5
"""Values of a field that a line names. A field with more is left out."""

TIMES: Final = "times"
"""The field that tells a count from a line of its own."""

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
        "rebuild_interrupted",
        "request_refused",
        "roster_not_left",
        "roster_not_read",
        "subscription_lost",
        "thread_not_requeued",
        "topology_changed",
        "topology_not_found",
        "views_flipped",
        "views_not_compared",
        "views_retired",
    }
)
"""Events of a server, a call or a partition. One that names a thread or a request to be looked at is never counted."""

_OWN: Final = frozenset({"position", "tries", "cursor", "last", "request", "site", "thread", "comment"})
"""Fields that tell one repetition from the next."""

Say = Callable[[str, EventDict], object]
"""Logs a line: its level, its event and its fields."""


class _Count:
    """The repetitions of one event since it was logged last."""

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
        """What the line says of the repetitions."""
        found: EventDict = {TIMES: self.times}
        if self.partitions:
            found["partitions"] = len(self.partitions)
        for name, values in self.values.items():
            if len(values) <= MOST_VALUES:
                found[name] = values[0] if len(values) == 1 else values
        return found


class Repeats:
    """A processor of log lines that drops repetitions and logs their count, every so many seconds.

    It counts where an event loop runs: elsewhere nobody would log the count, and every line is logged.
    """

    def __init__(self, *, every: float = EVERY, say: Say) -> None:
        self._every = every
        self._say = say
        self._counts: dict[str, _Count] = {}

    def __call__(self, _logger: WrappedLogger, level: str, line: EventDict) -> EventDict:
        """The line, where it is none of those that are counted. Raises `structlog.DropEvent` where it is counted."""
        event = line.get("event")
        if event not in COUNTED or TIMES in line:
            return line
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return line
        count = self._counts.get(event)
        if count is not None and count.loop is not loop:
            self._end(event)  # the loop whose timer would have ended it is gone
            count = None
        if count is None:
            self._begin(event, _Count(loop, level, self._every))
            return line
        count.add(line)
        raise structlog.DropEvent

    def flush(self) -> None:
        """Log all counts now: the process, or its event loop, is about to end."""
        for event in [*self._counts]:
            self._end(event)

    def _begin(self, event: str, count: _Count) -> None:
        self._counts[event] = count
        # In a context of its own: the line is of no request.
        count.timer = count.loop.call_later(count.lasts, self._elapsed, event, context=Context())

    def _elapsed(self, event: str) -> None:
        count = self._end(event)
        if count.times:
            self._begin(event, _Count(count.loop, count.level, min(2 * count.lasts, SELDOM * self._every)))

    def _end(self, event: str) -> _Count:
        count = self._counts.pop(event)
        if count.timer is not None:
            count.timer.cancel()
        if count.times:
            self._say(count.level, {"event": event, **count.fields()})
        return count
