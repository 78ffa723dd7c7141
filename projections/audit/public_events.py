"""The index of the events of a thread that are public, and how much of each is.

An event is public if readers could notice it, or if it wrote a text that they could read later; what is not public now
is not public in the past (as in `projections.read.past`). Of a comment that is no longer published, the record tells
what its tombstone tells: that it was posted, when it went and when it returned. Hidden events change neither
the numbers nor the places in this index, so they cannot be counted or dated.
"""

from enum import IntEnum
from typing import Final

from msgspec import Struct

from core.events.comment_events import CommentEdited, CommentPosted, RevisionRedacted
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.report_events import ReportFiled
from core.events.skip_events import EventSkipped
from core.log.port import Log
from core.position import Position
from core.throttle import Pace
from projections.audit.record_index import IndexedEvent, RecordIndex
from projections.audit.thread_events import ThreadEvents
from projections.read.revisions import is_listed, stands
from projections.thread.fold import CannotApply
from projections.thread.skip_rule import learn, take_in
from projections.thread.state import CommentState, ThreadState

_CHUNK: Final = 1024
"""Events per read of the fold."""
_NEVER: Final = (EventSkipped, ReportFiled, RevisionRedacted)
"""Events that readers never know of."""


class Shown(IntEnum):
    """The public part of an event."""

    WHOLE = 1
    WORDLESS = 2
    """Its words are hidden: they were held, rejected or redacted since."""
    GONE = 3
    """The part that a tombstone tells: its comment is not published now, or readers never saw the text it is about."""


class PublicEvents(RecordIndex):
    """The public events of a thread up to `seen`, the last event of any kind."""

    def __init__(self, seen: Position) -> None:
        super().__init__()
        self.seen = seen
        self._shown = bytearray()

    @property
    def bytes(self) -> int:
        """Approximate memory."""
        return super().bytes + len(self)

    def show(self, event: IndexedEvent, shown: Shown) -> None:
        """Add the next public event."""
        self.add(event)
        self._shown.append(shown)

    def shown(self, number: int) -> Shown:
        """The public part of an event."""
        return Shown(self._shown[number])


class _Noted(Struct, frozen=True, gc=False):
    """An event that may be public, depending on what becomes of its comment."""

    number: int
    """Its number among all events."""
    comment: str | None
    revision: int | None
    """The revision that the event is about."""
    writes: bool
    """Set if it wrote that revision."""
    turned: bool
    """Set if it took the comment off the page, or brought it there."""


async def read_public_events(log: Log, site: str, thread: str, events: ThreadEvents, pace: Pace) -> PublicEvents:
    """The public events among `events`, found by a fold of the thread at `pace`.

    They end before an event that cannot be applied and was not skipped. Raises `core.log.port.BrokenChain`,
    `core.refusals.Unavailable`.
    """
    total = len(events)
    seen = events.position(total - 1)
    skipped: set[Position] = set()
    while True:
        noted: list[_Noted] = []
        state = ThreadState(site=site, id=thread)
        try:
            await _fold(log, state, events, total, skipped, noted, pace)
            break
        except CannotApply as error:
            if not await learn(log, skipped, error.recorded):
                total = events.before(error.position)
        except UnreadableEntry as error:
            total = events.before(error.position)
    public = PublicEvents(seen)
    for one in noted:
        shown = _shown(one, state)
        if shown is not None:
            public.show(events.event(one.number), shown)
        if pace.due:
            await pace.rest()
    await pace.rest()
    return public


async def _fold(
    log: Log,
    state: ThreadState,
    events: ThreadEvents,
    total: int,
    skipped: set[Position],
    noted: list[_Noted],
    pace: Pace,
) -> None:
    for start in range(0, total, _CHUNK):
        end = min(start + _CHUNK, total)
        until = events.position(start - 1) if start else None
        chunk = await log.chain(state.site, state.id, events.position(end - 1), until=until, limit=end - start)
        pace.begin()
        for number, entry in enumerate(reversed(chunk), start):
            one = _noted(number, state, read(*entry), skipped)
            if one is not None:
                noted.append(one)
            if pace.due:
                await pace.rest()


def _noted(number: int, state: ThreadState, recorded: Recorded, skipped: set[Position]) -> _Noted | None:
    """Apply an event, and return what decides about it later; None if it can never be public. Raises `CannotApply`."""
    event, comment = recorded.event, recorded.envelope.comment
    before = _published(state, comment)
    noticed = bool(take_in(state, recorded, skipped).public)
    writes = isinstance(event, CommentPosted | CommentEdited)
    if isinstance(event, _NEVER) or not (noticed or (writes and recorded.position not in skipped)):
        return None
    turned = before != _published(state, comment)
    return _Noted(number, comment, recorded.revision, writes, turned)


def _published(state: ThreadState, comment: str | None) -> bool:
    row = None if comment is None else state.rows.get(comment)
    return row is not None and row.published


def _shown(noted: _Noted, state: ThreadState) -> Shown | None:
    """The public part of an event as the thread is now; None if there is none."""
    if noted.comment is None:
        return Shown.WHOLE
    comment: CommentState = state.rows[noted.comment]
    if not comment.published:
        return Shown.GONE if noted.turned else None
    if noted.revision is None:
        return Shown.WHOLE
    text = comment.texts[noted.revision]
    if not text.seen:
        # A decision on it may have been noticed all the same, by the status of a tombstone.
        return None if noted.writes else Shown.GONE
    if not noted.writes:
        return Shown.WHOLE
    listed = is_listed(text) or (noted.revision == comment.standing and stands(text))
    return Shown.WHOLE if text.redacted is None and listed else Shown.WORDLESS
