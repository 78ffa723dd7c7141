"""What a trace of Chromium says of the main thread of a page, in its own processor time. Pure.

Time in which the processor did something else does not count, so the figures hold on a busy machine. A page says with
marks from when to when it is measured: the browser has pages of its own, and does things for a page before the page
begins and after it is done.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

CATEGORIES: Final = ("devtools.timeline", "v8", "toplevel", "blink.user_timing", "-*")
"""What a trace has to have in it, and nothing else."""
MARK: Final = 'performance.mark("measured");'
"""Script that marks a moment."""

_SCRIPT: Final = frozenset(
    {
        "BlinkScheduler_PerformMicrotaskCheckpoint",
        "EvaluateScript",
        "FunctionCall",
        "RunMicrotasks",
        "v8.callFunction",
        "v8.compile",
        "v8.compileModule",
        "v8.evaluateModule",
        "v8.run",
    }
)
_NOT_SCRIPT: Final = frozenset({"Layout", "UpdateLayoutTree", "ParseHTML"})
"""What scripts may set off inside their own time."""
_CALL: Final = "FunctionCall"
_TASK: Final = "ThreadControllerImpl::RunTask"
_MAIN: Final = "CrRendererMain"
_MARKED: Final = "measured"

_Span = tuple[float, float]


def scripted(trace: bytes) -> list[float]:
    """Milliseconds for which scripts ran between each mark and the next, without those that measure, and without the
    layout and the parsing that scripts set off. Raises AssertionError if no page has marks.
    """
    events, marks = _marked(trace)
    script = _joined(_spans(events, _SCRIPT))
    other = _joined((*_spans(events, _NOT_SCRIPT), *_spans(filter(_measures, events), {_CALL})))
    return [
        sum(
            _shared(span, within) - sum(max(0.0, _shared(span, _overlap(one, within))) for one in other)
            for span in script
            if _shared(span, within) > 0
        )
        / 1000
        for within in pairwise(marks)
    ]


def _measures(event: dict[str, Any]) -> bool:
    """True for a call of a script that measures: it was put into the page, and has no address."""
    return bool(event.get("args", {}).get("data", {}).get("url") == "")


def tasks(trace: bytes) -> list[float]:
    """Milliseconds of each task that began after the first mark. Raises AssertionError if no page has marks."""
    events, marks = _marked(trace)
    return [(end - start) / 1000 for start, end in _spans(events, {_TASK}) if start > marks[0]]


def _marked(trace: bytes) -> tuple[list[dict[str, Any]], list[float]]:
    """The events of the main thread that has marks, and when its marks were."""
    events: Sequence[dict[str, Any]] = msgspec.json.decode(trace)["traceEvents"]
    named = [one for one in events if one.get("ph") == "M" and one["name"] == "thread_name"]
    for thread in [(one["pid"], one["tid"]) for one in named if one["args"]["name"] == _MAIN]:
        own = [one for one in events if (one.get("pid"), one.get("tid")) == thread]
        if marks := sorted(one["tts"] for one in own if one["name"] == _MARKED and "tts" in one):
            return own, marks
    raise AssertionError("no page of the trace has marks")


def _overlap(one: _Span, other: _Span) -> _Span:
    return max(one[0], other[0]), min(one[1], other[1])


def _shared(one: _Span, other: _Span) -> float:
    """How long two spans overlap; negative if they do not."""
    start, end = _overlap(one, other)
    return end - start


def _spans(events: Iterable[dict[str, Any]], names: Iterable[str]) -> Iterator[_Span]:
    """The events with these names, from when to when in the time of their thread, in microseconds."""
    for one in events:
        if one.get("ph") == "X" and one["name"] in names and "tts" in one:
            yield one["tts"], one["tts"] + one.get("tdur", 0)


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """The same time without overlaps."""
    joined: list[_Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
