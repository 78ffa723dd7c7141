"""Writes of what lies beside the log in Redis: member records, and names that others may not imitate.

Notes are hints for rules. One that is lost changes no event: it is tried once.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from core.keys import Keys, Partition
from core.member_record import CHARACTER, COMMENT, ENTRY, KEPT_MS, MOST_TEXTS, RecordNote, stored
from core.redis.command import Argument, RedisCommand, script_command
from core.redis.router import Router
from core.redis.script import Script

MOST_NAMES: Final = 10_000
"""Names of a thread, and of the staff of a site. Beyond them no new name is noted."""
_NOTE_MEMBER: Final = Script("core.log", "note_member")
_NOTE_NAME: Final = Script("core.log", "note_name")


class NameNote(Struct, frozen=True, kw_only=True):
    """A name and its owner. `thread` is "" for the staff of the site."""

    site: str
    thread: str
    look: str
    """Digest of the look of the name (`core.text.nickname.looks`)."""
    owner: str
    at: int
    """In milliseconds since 1970."""


Note = RecordNote | NameNote


class MemberNotes:
    """Writes notes."""

    def __init__(self, calls: Router, keys: Keys) -> None:
        self._calls = calls
        self._keys = keys

    async def write(self, notes: Iterable[Note]) -> None:
        """Write notes, in order and in one pipeline per server. Raises the first error of the server."""
        await self._calls.all([self._command(note) for note in notes])

    def _command(self, note: Note) -> RedisCommand:
        if isinstance(note, NameNote):
            key = _names(self._keys.of(note.site, note.thread), note)
            return script_command(_NOTE_NAME, [key], [note.look, note.owner, note.at, KEPT_MS, MOST_NAMES])
        key = self._keys.of(note.site).member_record(note.site, note.member)
        return script_command(_NOTE_MEMBER, [key], _arguments(note))


def _names(partition: Partition, note: NameNote) -> str:
    return partition.thread_names(note.site, note.thread) if note.thread else partition.staff_names(note.site)


def _arguments(note: RecordNote) -> Sequence[Argument]:
    times = (note.last_at, note.rejected_at, note.forgiven_at)
    return (
        KEPT_MS,
        CHARACTER * ENTRY,
        CHARACTER * COMMENT,
        MOST_TEXTS,
        *("" if at is None else at for at in times),
        stored(note.text),
        *note.counts,
    )
