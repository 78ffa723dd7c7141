"""The report of `hansard verify`: differences as they are found, and the counts at the end."""

from typing import Any

from core.redis.log_integrity import LogState
from projections.verify.difference import Difference
from projections.verify.verifier import Finished
from projections.views import versions
from workers.cli import output
from workers.cli.verify_progress import ProgressFile, Through
from workers.runtime.amounts import counted

LONGEST = 200
"""Most characters of a value in the text output; `--json` has it whole."""
_AT_EVENTS = frozenset({"parked", "altered", "words_lost"})
"""Kinds of differences that are about one event."""


class VerifyReport:
    """The differences found so far, printed at once and kept in the progress file, if any."""

    def __init__(self, *, values: bool, json: bool, record: ProgressFile | None) -> None:
        self.differences = 0
        self.events = 0
        self.record = record
        self.values = values
        self._threads = 0
        self._partitions = 0
        self._mixed = 0
        """Partitions that were not compared whole."""
        self._accepted = 0
        """Partitions not compared because a loss was accepted."""
        self._json = json

    def through(self, one: Through) -> None:
        """Count a verified partition, and print its parts that were not compared."""
        self.events += one.at.n
        self._partitions += 1
        self._threads += one.threads
        if not one.left:
            return
        self._mixed += 1
        if self._json:
            output.document({"partition": one.partition, "not_compared": one.left, "versions": one.versions})
            return
        parts = ", ".join(_part(part, number) for part, number in sorted(one.left.items()))
        output.line(
            f"not compared  partition {one.partition}  {parts}; written by versions {' and '.join(one.versions)}"
        )

    def lost(self, state: LogState) -> bool:
        """Report an incomplete log or an accepted loss. True if the log cannot be folded and compared."""
        where = {"partition": state.partition, "position": str(state.newest)}
        if state.is_met_in_place:
            return False  # the unreadable entry is reported where it is met
        if state.fault is not None:
            self.differences += 1
            if self._json:
                output.document({**where, "difference": "broken", "fault": state.fault})
            else:
                output.line(
                    f"broken      partition {state.partition}  at {state.newest}: {state.fault}: see `hansard doctor`"
                )
        elif state.accepted:
            self._accepted += 1
            if self._json:
                output.document({**where, "not_compared": {"lost": state.accepted}, "accepted": True})
            else:
                lost = counted(state.accepted, "event")
                output.line(f"not compared  partition {state.partition}  {lost} lost; the loss was accepted")
        else:
            return False
        return True

    def finished(self, finished: Finished) -> None:
        """Count and record a verified partition."""
        through = Through.of(finished)
        self.through(through)
        if self.record is not None:
            self.record.finished(through)

    def found(self, difference: Difference) -> None:
        """Record and print a difference."""
        document: dict[str, Any] = {
            "partition": difference.partition,
            "thread": difference.thread,
            "key": difference.key,
            "field": difference.field,
            "difference": _kind(difference),
        }
        if difference.damage is not None:
            damage = difference.damage
            at = {} if damage.position is None else {"position": str(damage.position)}
            document |= {"difference": "unreadable", **at, "fault": damage.why}
        elif difference.content is not None:
            fault = difference.content
            event = {"position": str(fault.position), "type": fault.type, "fault": fault.why}
            document |= {"difference": fault.kind} | event
        elif difference.parked is not None:
            parked = difference.parked
            event = {"position": str(parked.position), "type": parked.type, "fault": parked.fault}
            document |= {"difference": "parked"} | event
        elif self.values:
            document |= {"expected": _text(difference.expected), "found": _text(difference.found)}
        if self.record is not None:
            self.record.differed(document)
        self.show(document)

    def show(self, document: dict[str, Any]) -> None:
        """Count and print a difference."""
        self.differences += 1
        values = {name: document[name] for name in ("expected", "found") if self.values and name in document}
        if self._json:
            kept = ("partition", "thread", "key", "field", "difference", "position", "type", "fault")
            output.document({name: document[name] for name in kept if name in document} | values)
            return
        if document["difference"] in _AT_EVENTS:
            where = f"{document['position']}  {_place(document)}"
            output.line(f"{document['difference']} at {where}  {document['type']}: {document['fault']}")
            return
        if document["difference"] == "unreadable":
            at = f" at {document['position']}" if "position" in document else ""
            output.line(f"unreadable  partition {document['partition']}{at}: {document['fault']}")
            return
        field = "" if document["field"] is None else f"  {document['field']}"
        thread = _place(document)
        output.line(f"{document['difference']:<10}  {thread}  {document['key']}{field}")
        for name, value in values.items():
            output.line(
                f"  {name:<8}  {value if value is None or len(value) <= LONGEST else value[: LONGEST - 1] + '…'}"
            )

    def verified(self) -> dict[str, int]:
        """Counts of verified partitions, events and threads, of differences, and of partitions not compared whole."""
        return {
            "partitions": self._partitions,
            "events": self.events,
            "threads": self._threads,
            "differences": self.differences,
            "not_compared_whole": self._mixed,
        }

    def summary(self) -> str:
        """The counts and the result, as text."""
        compared = f"{counted(self.events, 'event')} folded, {counted(self._threads, 'thread')} compared"
        if self.differences:
            found = counted(self.differences, "difference")
        elif self._mixed or self._accepted:
            found = "everything compared matches the log"
        else:
            found = "the served views match the log"
        return f"{compared}: {found}" if not self._mixed else f"{compared}: {found}\n{_unified(self._mixed)}"


def _part(part: str, number: int) -> str:
    """A part of a partition that was not compared, as text."""
    match part:
        case versions.ALL:
            return counted(number, "thread")
        case versions.HTML:
            return f"the html of {counted(number, 'row')}"
        case view:
            return f"{counted(number, 'field')} of {view}"


def _unified(partitions: int) -> str:
    return (
        f"The views of {counted(partitions, 'partition')} were also written by other versions of Hansard, and "
        "were not compared whole: `hansard rebuild` rewrites them with this version"
    )


def _place(document: dict[str, Any]) -> str:
    """The thread of a difference; the partition if the difference is about none."""
    return document["thread"] or f"partition {document['partition']}"


def _kind(difference: Difference) -> str:
    if difference.found is None:
        return "missing"
    return "unexpected" if difference.expected is None else "differs"


def _text(value: bytes | int | None) -> str | None:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return None if value is None else str(value)
