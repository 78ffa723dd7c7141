"""Requests and responses on a member's standing: trust and hold, warnings, notes."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from core.events.member_events import Standing
from core.policy import Code
from core.times import TimeText
from workers.gateway.shapes.common import Reason
from workers.gateway.shapes.rows import NextCursor

LONGEST_NOTE: Final = 5000


class NewStanding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The standing of a member."""

    standing: Standing
    reason: Reason | None = None


class Warn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warning: words for the member, or the code of one of the policy's reasons. `note` is for staff."""

    reason: Reason | None = None
    code: Code | None = None
    note: Reason | None = None


class NewNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note about a member."""

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_NOTE)]


class NoteAuthor(Struct, frozen=True, kw_only=True):
    """The member of staff who wrote a note."""

    id: str


class Note(Struct, frozen=True, kw_only=True):
    """A note about a member."""

    at: TimeText
    by: NoteAuthor
    text: Annotated[str | None, Meta(description="Null if the words were destroyed.")]


class Notes(Struct, frozen=True, kw_only=True):
    """A page of notes, newest first."""

    notes: list[Note]
    next: NextCursor
