"""`hansard verify`: the served views compared with the log."""

from pathlib import Path
from typing import Annotated, Any

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from core.redis.deployment import Deployment
from core.redis.log_integrity import LogState
from projections.verify import verifier
from projections.verify.difference import Difference
from projections.verify.verifier import Finished, Progress
from projections.views import versions
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.cli.verify_progress import FinishedPartitions, ProgressFile, Through, VerifyBegun, changed
from workers.doctor import losses
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

LONGEST = 200
"""Most characters of a value in the text output; `--json` has it whole."""
_AT_EVENTS = frozenset({"parked", "altered", "words_lost"})
"""Kinds of differences that are about one event."""
RECORD = "verify.jsonl"
"""Name of the progress file in the data directory."""


def verify(
    *,
    values: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Include the expected and the found values: texts, possibly some that must stay hidden.",
        ),
    ] = False,
    partition: Annotated[int | None, Parameter(help="Verify only this partition.")] = None,
    resume: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Continue where the last run was interrupted."),
    ] = False,
    state: Annotated[
        Path | None,
        Parameter(help="File that keeps the progress. Default: a file in the directory of --data, if that exists."),
    ] = None,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Fold the whole log again, in memory, and compare it with the served views, field for field.

    Readers and writers may continue meanwhile. The exit status is 1 if something differs, and each difference is one
    line: the thread, the key and the field. A parked thread is a difference, too: it is compared up to the event
    at which it is parked. So is a partition whose log has a gap or an unreadable entry, or cannot be read at all.

    Every commitment in the log is opened. An event whose content does not match its commitment is a difference
    (`altered`). So is content that is missing though no event took it out (`words_lost`): nothing repairs that.

    If more than one version of Hansard wrote into the views, only what all of them write alike is compared. What was
    not compared is one line per partition and no difference; after `hansard rebuild` everything is compared.

    An incomplete log is a difference. A log whose loss was accepted (`hansard doctor --accept-loss`) cannot be folded
    from its beginning: it is one line, and not compared.

    The last line has the numbers of events and threads verified; with --json (`verified`) also of partitions, of
    differences, and of partitions that were not compared whole. An interrupted run has no such line.

    Partitions are verified one at a time. After Ctrl-C, --resume shows the earlier differences and continues with the
    partition in progress. If other views are served since, or it is another deployment, verification starts over.

    For example:

        hansard verify

        hansard verify --json --values

        hansard verify --resume
    """
    found = where.quietly()
    if partition is not None and (resume or state is not None):
        raise UsedWrongly(
            "--partition verifies one partition, so there is nothing to resume: leave out --resume and --state"
        )
    record = None if partition is not None else _record(found, state)
    if resume and record is None:
        raise UsedWrongly(f"--resume needs --state FILE here: there is no directory {found.data}")
    seen = _Seen(values=values, json=json, record=record)
    try:
        anyio.run(_verify, found, seen, partition, resume)
    except KeyboardInterrupt:
        if record is not None:
            output.note("hansard: interrupted; `hansard verify --resume` continues")
        raise
    if json:
        output.document({"verified": seen.verified()})
    else:
        for one in seen.summary().splitlines():
            output.line(one)
    return 1 if seen.differences else 0


def _record(settings: Settings, state: Path | None) -> ProgressFile | None:
    if state is not None:
        return ProgressFile(state)
    return ProgressFile(settings.data / RECORD) if settings.data.is_dir() else None


class _Seen:
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
                lost = output.counted(state.accepted, "event")
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
        compared = f"{output.counted(self.events, 'event')} folded, {output.counted(self._threads, 'thread')} compared"
        if self.differences:
            found = output.counted(self.differences, "difference")
        elif self._mixed or self._accepted:
            found = "everything compared matches the log"
        else:
            found = "the served views match the log"
        return f"{compared}: {found}" if not self._mixed else f"{compared}: {found}\n{_unified(self._mixed)}"


# FBT001: `anyio.run` passes arguments by position.
async def _verify(settings: Settings, seen: _Seen, partition: int | None, resume: bool) -> None:  # noqa: FBT001
    async with deployment(settings) as opened:
        log = RedisLog(opened)
        if partition is not None and partition not in range(log.partitions):
            raise UsedWrongly(f"--partition must be one of 0 to {log.partitions - 1}, not {partition}")
        partitions = range(log.partitions) if partition is None else (partition,)
        left_out = {
            one.partition for one in await losses.inspect_logs(opened) if one.partition in partitions and seen.lost(one)
        }
        done = await _begin(opened, log, seen, resume=resume)
        before = seen.events
        through = False
        with output.progress("verify") as show:

            def progress(now: Progress) -> None:
                show(before + now.events, before + now.of)

            try:
                async for difference in verifier.verify(
                    log,
                    opened.reads,
                    opened.keys,
                    partitions=[number for number in partitions if number not in done | left_out],
                    progress=progress,
                    finished=seen.finished,
                ):
                    seen.found(difference)
                through = True
            finally:
                if seen.record is not None:
                    seen.record.close(through=through)


async def _begin(opened: Deployment, log: RedisLog, seen: _Seen, *, resume: bool) -> frozenset[int]:
    """Open the progress file and return the partitions already verified, if resumed. Raises Failed."""
    if seen.record is None:
        return frozenset()
    begun = VerifyBegun(log.partitions, seen.values)
    try:
        known = seen.record.read() if resume else None
        if known is not None:
            why = await _changed(opened, log, known, values=seen.values)
            if why is not None:
                output.note(f"hansard: verification starts over: {why}")
                known = None
        known = known or FinishedPartitions(begun, [], {})
        seen.record.begin(known)
    except OSError as error:
        why = f"{seen.record.path} cannot keep the progress: {error.strerror}"
        if resume or seen.record.path.name != RECORD:
            raise Failed(why) from error
        output.note(f"hansard: {why}")
        seen.record = None
        return frozenset()
    for one in known.differences:
        seen.show(one.document)
    for through in known.through.values():
        seen.through(through)
    return frozenset(known.through)


async def _changed(opened: Deployment, log: RedisLog, known: FinishedPartitions, *, values: bool) -> str | None:
    if values and not known.begun.values:
        return "the interrupted run kept no values"
    if known.begun.partitions != log.partitions:
        return "the interrupted run verified another deployment"
    generations = {number: await verifier.generation_of(opened.reads, opened.keys, number) for number in known.through}
    return await changed(known, log, generations)


def _part(part: str, number: int) -> str:
    """A part of a partition that was not compared, as text."""
    match part:
        case versions.ALL:
            return output.counted(number, "thread")
        case versions.HTML:
            return f"the html of {output.counted(number, 'row')}"
        case view:
            return f"{output.counted(number, 'field')} of {view}"


def _unified(partitions: int) -> str:
    return (
        f"The views of {output.counted(partitions, 'partition')} were also written by other versions of Hansard, and "
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
