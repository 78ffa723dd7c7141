"""Requests and responses about the record of a thread."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from core.ids import MemberId
from core.times import TimeText
from projections.read.queries import Cursor
from workers.gateway.shapes.comments import EventAnswer
from workers.gateway.shapes.common import PositionText

KindText = Literal["texts", "decisions", "votes"]


class RecordQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read of a thread's events."""

    limit: Annotated[int, Meta(ge=1, le=500, description="Maximum number of events.")] = 100
    cursor: (
        Annotated[Cursor, Meta(description="Opaque: `next` or `previous` of a response with these parameters.")] | None
    ) = None
    around: (
        Annotated[
            str,
            Meta(
                max_length=31,
                examples=["1698579000000-42"],
                description="A position: the response is the page that holds it, with `next` and `previous`.",
            ),
        ]
        | None
    ) = None
    kind: Annotated[
        list[KindText],
        Meta(
            max_length=3,
            description=(
                "Only events of this kind; may be repeated. `texts`: comments posted, edited, withdrawn, restored. "
                "`votes`: votes. `decisions`: everything else."
            ),
        ),
    ] = []
    actor: (
        Annotated[MemberId, Meta(description="Only what this person did. Votes are never found in this way.")] | None
    ) = None
    q: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=100,
                description="Beginnings of words or names, each of which the event must have, or the id of a comment.",
            ),
        ]
        | None
    ) = None
    strip: (
        Annotated[
            int,
            Meta(
                ge=1, le=1000, description="Instead of events: their counts, in at most so many parts of equal numbers."
            ),
        ]
        | None
    ) = None


class StripCounts(Struct, frozen=True, kw_only=True):
    """Numbers of events. Each event is counted once."""

    posted: int
    edited: Annotated[int, Meta(description="Edits, withdrawals and restorations by authors.")]
    reported: int
    decided: Annotated[int, Meta(description="Verdicts, redactions, editors' picks.")]
    opened: Annotated[int, Meta(description="Events of the thread itself and of its inline questions.")]
    votes: int


class StripPart(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A run of neighbouring events: positions of the first and the last, and when these two occurred."""

    from_: PositionText
    to: PositionText
    from_at: TimeText
    to_at: TimeText
    counts: StripCounts


class ThreadRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of the record of a thread, in order; with `strip`, `strip`, `events` and `position` alone."""

    events: Annotated[
        list[EventAnswer] | int, Meta(description="The events of the page; with `strip`, the number of all events.")
    ]
    next: Annotated[
        str | None,
        Meta(description="Cursor of the events after this page. Always given: later events may still be recorded."),
    ] = None
    previous: Annotated[
        str | None, Meta(description="Cursor of the events before this page; null if the page starts the record.")
    ] = None
    more: Annotated[
        bool | None,
        Meta(
            description="True if there is more to read now in the direction of this request: back after `previous`, "
            "otherwise onwards. A page may be empty and still have more."
        ),
    ] = None
    before: Annotated[
        int | None, Meta(description="Number of events of the record before the first one of this page.")
    ] = None
    total: Annotated[int | None, Meta(description="Number of events of the record as the caller may know it.")] = None
    strip: Annotated[list[StripPart] | None, Meta(description="The parts, in order.")] = None
    position: Annotated[
        PositionText | None, Meta(description="Position of the last event that is counted; null without events.")
    ] = None
