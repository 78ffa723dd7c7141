"""`hansard verify`: what is served, held to the log."""

from typing import Annotated, Any

import anyio
from cyclopts import Parameter

from core.log.redis import RedisLog
from projections import verifying
from projections.fold import CannotApply
from projections.verifying import Difference, Progress
from workers.cli import output
from workers.cli.flags import NOWHERE, Json, Where
from workers.cli.place import deployment
from workers.process import Failed
from workers.settings import Settings

LONGEST = 200
"""Characters of a value on a line for people; `--json` has it whole."""


def verify(
    *,
    values: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Also what was expected and what was found: texts, perhaps some that nobody should see.",
        ),
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Fold the whole log again, in memory, and compare it with what is served, field for field.

    Readers and writers may go on meanwhile. The exit status is 1 where something differs, and each difference is a
    line: the thread, the key and the field.

    For example:

        hansard verify

        hansard verify --json --values
    """
    found = where.quietly()
    seen = _Seen(values=values, json=json)
    anyio.run(_verify, found, seen)
    if not json:
        print(seen.summary())
    return 1 if seen.differences else 0


class _Seen:
    """What was found so far, shown as it comes."""

    def __init__(self, *, values: bool, json: bool) -> None:
        self.differences = 0
        self.events = 0
        self._threads: dict[int, int] = {}
        self._values = values
        self._json = json

    def note(self, progress: Progress) -> None:
        """Take down how much was looked at."""
        self.events = max(self.events, progress.events)
        self._threads[progress.partition] = progress.threads

    def show(self, difference: Difference) -> None:
        """Print one difference."""
        self.differences += 1
        what = _kind(difference)
        values: dict[str, Any] = {}
        if self._values:
            values = {"expected": _text(difference.expected), "found": _text(difference.found)}
        if self._json:
            place = {
                "partition": difference.partition,
                "thread": difference.thread,
                "key": difference.key,
                "field": difference.field,
                "difference": what,
            }
            output.document(place | values)
            return
        field = "" if difference.field is None else f"  {difference.field}"
        print(f"{what:<10}  {difference.thread or f'partition {difference.partition}'}  {difference.key}{field}")
        for name, value in values.items():
            print(f"  {name:<8}  {value if value is None or len(value) <= LONGEST else value[: LONGEST - 1] + '…'}")

    def summary(self) -> str:
        """What was compared, and how it came out."""
        threads = sum(self._threads.values())
        compared = f"{output.counted(self.events, 'event')} folded, {output.counted(threads, 'thread')} compared"
        if not self.differences:
            return f"{compared}: what is served is what the log says"
        return f"{compared}: {output.counted(self.differences, 'difference')}"


async def _verify(settings: Settings, seen: _Seen) -> None:
    async with deployment(settings) as opened:
        log = RedisLog(opened)
        with output.progress("verify") as show:

            def progress(now: Progress) -> None:
                seen.note(now)
                show(now.events, now.of)

            try:
                async for difference in verifying.verify(log, opened.reads, opened.keys, progress=progress):
                    seen.show(difference)
            except CannotApply as error:
                raise Failed(f"The log itself cannot be right: {error}") from error


def _kind(difference: Difference) -> str:
    if difference.found is None:
        return "missing"
    return "unexpected" if difference.expected is None else "differs"


def _text(value: bytes | int | None) -> str | None:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return None if value is None else str(value)
