"""The comments that an import brought, and what people here did with them since: from the log, in one pass."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final, NamedTuple

from msgspec import Struct, field

from core.events.comment_events import CommentPosted
from core.events.envelope import Recorded, UnreadableEntry, read
from core.events.import_events import IMPORT, ImportBegun, ImportEnded
from core.log.port import Entry, Log
from core.position import START, Position

_PAGE: Final = 1024
"""Entries per read."""
_OF_IMPORTS: Final = b'"type":"import.'
"""Bytes of every event about an import, and of no other: within a JSON string every quote is escaped."""
_ACTS: Final = frozenset(
    {
        *("comment.edited", "comment.withdrawn", "comment.restored", "comment.featured", "comment.pinned"),
        *("comment.held", "comment.approved", "comment.rejected", "decision.reversed", "revision.redacted"),
    }
)
"""Types of events by which people make a comment their own concern. A vote or a report is none."""


class ImportLine(NamedTuple):
    """An import of a site: when it was begun by whom, and how its facts added up the last time."""

    site: str
    imported: str
    system: str
    source: str
    begun: Position
    by: str
    options: Mapping[str, str]
    ended: ImportEnded | None


class BroughtComments(Struct, kw_only=True):
    """The comments of an import in one partition, by thread."""

    threads: dict[str, dict[str, None]] = field(default_factory=dict)
    """Their ids, in the order in which they were brought."""
    acted: set[tuple[str, str]] = field(default_factory=set)
    """By thread and id, those that people here edited or decided on."""
    answered: set[tuple[str, str]] = field(default_factory=set)
    """By thread and id, those that people here answered."""


async def brought_by(log: Log, site: str, imported: str, partition: int) -> BroughtComments:
    """Return the comments that an import brought to a partition. Raises Unavailable."""
    found = BroughtComments()
    async for recorded in recorded_in(log, site, partition):
        _add(found, recorded, imported)
    return found


async def recorded_in(log: Log, site: str, partition: int) -> AsyncIterator[Recorded]:
    """Yield the events of a site in a partition, oldest first. Raises Unavailable."""
    async for entry in _entries(log, partition):
        try:
            recorded = read(*entry)
        except UnreadableEntry:
            continue  # its event and its thread are unknown
        if recorded.envelope.site == site:
            yield recorded


async def imports_of(log: Log, site: str) -> list[ImportLine]:
    """Return the imports of a site, oldest first. Raises Unavailable."""
    entries = [entry async for entry in entries_of(log, site, "") if _OF_IMPORTS in entry.e]
    return _lines(read(*entry) for entry in reversed(entries))


async def entries_of(log: Log, site: str, thread: str) -> AsyncIterator[Entry]:
    """Yield the entries of a thread, or of the site's own log, newest first. Raises Unavailable."""
    at = await log.thread_last(site, thread)
    while at is not None:
        page = await log.chain(site, thread, at, limit=_PAGE)
        for entry in page:
            yield entry
        at = read(*page[-1]).before


async def all_imports(log: Log) -> list[ImportLine]:
    """Return the imports of all sites, by partition. Reads the whole log. Raises Unavailable."""
    found: list[ImportLine] = []
    for partition in range(log.partitions):
        found += _lines([read(*entry) async for entry in _entries(log, partition) if _OF_IMPORTS in entry.e])
    return found


def _lines(events: Iterable[Recorded]) -> list[ImportLine]:
    found: dict[tuple[str, str], ImportLine] = {}
    for recorded in events:
        site = recorded.envelope.site
        match recorded.event:
            case ImportBegun(imported=imported, system=system, source=source):
                by, options = recorded.envelope.actor.id, recorded.event.options
                found[site, imported] = ImportLine(site, imported, system, source, recorded.position, by, options, None)
            case ImportEnded(imported=imported) if (site, imported) in found:
                found[site, imported] = found[site, imported]._replace(ended=recorded.event)
            case _:
                pass
    return list(found.values())


def _add(found: BroughtComments, recorded: Recorded, imported: str) -> None:
    envelope, event = recorded.envelope, recorded.event
    is_imported, known = envelope.cause == IMPORT, found.threads.get(envelope.thread, {})
    if is_imported:
        if isinstance(event, CommentPosted) and envelope.batch == imported:
            found.threads.setdefault(envelope.thread, {})[event.comment] = None
    elif isinstance(event, CommentPosted):
        if event.answered in known:
            found.answered.add((envelope.thread, event.answered))
    elif envelope.type in _ACTS and envelope.comment in known:
        found.acted.add((envelope.thread, envelope.comment))


async def _entries(log: Log, partition: int) -> AsyncIterator[Entry]:
    at = START
    while page := await log.read(partition, at, limit=_PAGE):
        for entry in page:
            yield entry
        at = page[-1].position
