"""`hansard verify`: the served views compared with the log."""

from pathlib import Path
from typing import Annotated

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from core.redis.deployment import Deployment
from projections.verify import verifier
from projections.verify.verifier import Progress
from workers.cli import output
from workers.cli.exit_status import UsedWrongly
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import deployment
from workers.cli.verify_progress import FinishedPartitions, ProgressFile, VerifyBegun, changed
from workers.cli.verify_report import VerifyReport
from workers.doctor import losses
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

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
    report = VerifyReport(values=values, json=json, record=record)
    try:
        anyio.run(_verify, found, report, partition, resume)
    except KeyboardInterrupt:
        if record is not None:
            output.note("hansard: interrupted; `hansard verify --resume` continues")
        raise
    if json:
        output.document({"verified": report.verified()})
    else:
        for one in report.summary().splitlines():
            output.line(one)
    return 1 if report.differences else 0


def _record(settings: Settings, state: Path | None) -> ProgressFile | None:
    if state is not None:
        return ProgressFile(state)
    return ProgressFile(settings.data / RECORD) if settings.data.is_dir() else None


# FBT001: `anyio.run` passes arguments by position.
async def _verify(settings: Settings, report: VerifyReport, partition: int | None, resume: bool) -> None:  # noqa: FBT001
    async with deployment(settings) as opened:
        log = RedisLog(opened)
        if partition is not None and partition not in range(log.partitions):
            raise UsedWrongly(f"--partition must be one of 0 to {log.partitions - 1}, not {partition}")
        partitions = range(log.partitions) if partition is None else (partition,)
        states = [one for one in await losses.inspect_logs(opened) if one.partition in partitions]
        left_out = {one.partition for one in states if report.lost(one)}
        done = await _begin(opened, log, report, resume=resume)
        before = report.events
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
                    finished=report.finished,
                ):
                    report.found(difference)
                through = True
            finally:
                if report.record is not None:
                    report.record.close(through=through)


async def _begin(opened: Deployment, log: RedisLog, report: VerifyReport, *, resume: bool) -> frozenset[int]:
    """Open the progress file and return the partitions already verified, if resumed. Raises Failed."""
    if report.record is None:
        return frozenset()
    begun = VerifyBegun(log.partitions, report.values)
    try:
        known = report.record.read() if resume else None
        if known is not None:
            why = await _changed(opened, log, known, values=report.values)
            if why is not None:
                output.note(f"hansard: verification starts over: {why}")
                known = None
        known = known or FinishedPartitions(begun, [], {})
        report.record.begin(known)
    except OSError as error:
        why = f"{report.record.path} cannot keep the progress: {error.strerror}"
        if resume or report.record.path.name != RECORD:
            raise Failed(why) from error
        output.note(f"hansard: {why}")
        report.record = None
        return frozenset()
    for one in known.differences:
        report.show(one.document)
    for through in known.through.values():
        report.through(through)
    return frozenset(known.through)


async def _changed(opened: Deployment, log: RedisLog, known: FinishedPartitions, *, values: bool) -> str | None:
    if values and not known.begun.values:
        return "the interrupted run kept no values"
    if known.begun.partitions != log.partitions:
        return "the interrupted run verified another deployment"
    generations = {number: await verifier.generation_of(opened.reads, opened.keys, number) for number in known.through}
    return await changed(known, log, generations)
