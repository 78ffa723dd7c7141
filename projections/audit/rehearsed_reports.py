"""Reports as a rehearsal judges them: each with its comment, and the number of reports that were open before it.

Reports are counted from the beginning of the period. A rehearsal that goes on at a cursor looks for the earlier ones
in the thread, back to that beginning, within a bound: beyond it their number is not known.
"""

from typing import Any, Final, NamedTuple

from core import heads
from core.application.aggregates import evolve
from core.domain import comment as comments
from core.domain.comment import Comment
from core.domain.report_rehearsal import is_take_down
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded, read, read_or_error
from core.events.report_events import ReportFiled
from core.log.port import HeadWanted, Load, Log
from core.partitions import partition_of
from core.position import Position
from core.throttle import Pace

BACK: Final = 20_000
"""Events that one rehearser looks at for earlier reports."""
_CHUNK: Final = 1000


class ReportedText(NamedTuple):
    """A report in its circumstances, and the text that it would take down."""

    text: Recorded
    """The event of the standing text."""
    revision: int
    author: str
    earlier: int | None
    """Open reports of the comment by members before this one; None if that is not known."""
    taken_down: Recorded | None
    """The event by which the rule of that time took the comment down with this report."""


class ReportReader:
    """Reads reports of a site in the order of each thread's log. `begin` is the period's, in ms since 1970.

    `resumed` says that there may be earlier ones of the period that this reader was not given.
    """

    def __init__(self, log: Log, site: str, begin: int, *, resumed: bool, back: int = BACK) -> None:
        self._log = log
        self._site = site
        self._begin = begin
        self._resumed = resumed
        self._back = back
        self._filed: dict[str, dict[str, list[Position]] | None] = {}
        """Positions of the reports by members of the period, by thread and comment; None where they are not known."""

    async def read(self, recorded: Recorded, event: ReportFiled, pace: Pace) -> ReportedText | None:
        """The circumstances of a report. None if its text is gone."""
        filed = await self._earlier(recorded, pace)
        comment, now, taken_down = await self._comment(recorded, event.comment)
        earlier = None
        if filed is not None:
            before = filed.setdefault(event.comment, [])
            earlier = sum(at > comment.closed_reports_at for at in before)
            if recorded.envelope.actor.kind != "guest":
                before.append(recorded.position)
        standing = comment.standing
        if standing is None or now.texts[standing].redacted is not None:
            return None
        text = await self._text(recorded.envelope.thread, comment.texts[standing].position)
        return None if text is None else ReportedText(text, standing, comment.author.id, earlier, taken_down)

    async def _earlier(self, recorded: Recorded, pace: Pace) -> dict[str, list[Position]] | None:
        """The reports of the thread before the first one that was read."""
        thread = recorded.envelope.thread
        if thread not in self._filed:
            self._filed[thread] = await self._look_back(thread, recorded.before, pace) if self._resumed else {}
        return self._filed[thread]

    async def _look_back(self, thread: str, at: Position | None, pace: Pace) -> dict[str, list[Position]] | None:
        found: dict[str, list[Position]] = {}
        while at is not None and at.ms >= self._begin:
            if self._back <= 0:
                return None
            chunk = await self._log.chain(self._site, thread, at, limit=min(_CHUNK, self._back))
            self._back -= len(chunk)
            for entry in chunk:
                recorded = read_or_error(*entry)
                if not isinstance(recorded, Recorded):
                    return None
                at = recorded.before
                if recorded.position.ms < self._begin:
                    return found
                if isinstance(recorded.event, ReportFiled) and recorded.envelope.actor.kind != "guest":
                    found.setdefault(recorded.event.comment, []).append(recorded.position)
                if pace.due:
                    await pace.rest()
        return found

    async def _comment(self, report: Recorded, name: str) -> tuple[Comment, Comment, Recorded | None]:
        """The comment when the report was filed, as it is now, and the event by which it was taken down with it."""
        field = heads.comment(name)
        wanted = Load(site=self._site, thread=report.envelope.thread, heads=(HeadWanted(field),), reads=True)
        state: Any = comments.UNPOSTED
        then: Any = state
        taken_down = None
        for entry in (await self._log.load(wanted)).events.get(field, []):
            recorded = read(*entry)
            state = evolve(field, state, recorded)
            if recorded.position < report.position:
                then = state
            elif recorded.position.n == report.position.n + 1 and is_take_down(recorded):
                taken_down = recorded
        return then, state, taken_down

    async def _text(self, thread: str, at: Position) -> Recorded | None:
        entry = await self._log.entry(partition_of(self._site, thread, self._log.partitions), at)
        recorded = None if entry is None else read(*entry)
        event = None if recorded is None else recorded.event
        return recorded if isinstance(event, CommentPosted | CommentEdited) and event.body is not None else None
