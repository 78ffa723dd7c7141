"""Shapes that many operations share."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from core.ids import END, BatchId
from core.times import TimeText

POSITION_PATTERN: Final = rf"^[0-9]{{1,15}}-[0-9]{{1,15}}{END}"
PositionText = Annotated[
    str,
    Meta(
        pattern=POSITION_PATTERN,
        examples=["1698579000000-42"],
        description="Id of an event in its log, `<ms>-<n>`; ordered within one thread.",
    ),
]
Revision = Annotated[int, Meta(ge=1, le=999_999, examples=[2], description="Revisions are numbered from 1.")]
Reason = Annotated[
    str, Meta(max_length=1000, examples=["Please keep to the subject."], description="The reason, as free text.")
]
Note = Annotated[str, Meta(max_length=1000, description="For staff only.")]
After = Annotated[
    str,
    Meta(
        max_length=31,
        examples=["1698579000000-42"],
        description="A position returned by a write on this thread: the response includes that write.",
    ),
]
At = Annotated[
    str,
    Meta(
        max_length=40,
        examples=["2023-10-29T11:20:00.000Z"],
        description="A time or a position: the response is the thread as it stood then.",
    ),
]
ContinuedBatch = Annotated[
    BatchId,
    Meta(description="The batch of an earlier request of the caller, within an hour, which this one continues."),
]
Status = Literal["published", "pending", "rejected", "withdrawn"]


class Position(Struct, frozen=True, kw_only=True):
    """The response to a write: its position in the log."""

    position: PositionText


class AfterQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A read that includes the caller's own write."""

    after: After | None = None


class FieldError(Struct, frozen=True, kw_only=True):
    """One error in a request."""

    pointer: Annotated[
        str,
        Meta(description="JSON pointer (RFC 6901) into the body; for a query parameter, `/` and its name."),
    ]
    detail: str


class Decider(Struct, frozen=True, kw_only=True):
    """The member who decided. `name` is null if they never wrote on this site."""

    id: str
    name: str | None


class DecidedSince(Struct, frozen=True, kw_only=True):
    """A decision that came between what a moderator saw and the request."""

    verdict: Literal["approve", "hold", "reject"]
    by: Decider
    at: TimeText
    reason: str | None


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The reason a request was refused (RFC 9457). Choose the wording for people by the last part of `type`."""

    type: Annotated[str, Meta(examples=["/problems/not-found"])]
    title: str
    status: int
    detail: Annotated[str, Meta(description="Explanation for developers, in English.")]
    current: Annotated[int | str | None, Meta(description="The current value, if the request had another.")] = None
    needs: Annotated[str | None, Meta(description="The required entitlement.")] = None
    until: Annotated[
        str | None,
        Meta(description="End of the suspension, null if it is permanent; or end of the window for appeals."),
    ] = None
    reason: Annotated[str | None, Meta(description="The reason of the suspension.")] = None
    limit: Annotated[int | None, Meta(description="Maximum number of characters.")] = None
    decided: Annotated[
        DecidedSince | None,
        Meta(description="For moderators, with a stale revision or status: the decision that came between."),
    ] = None
    errors: Annotated[list[FieldError], Meta(description="The errors, with their places in the request.")] = []
    request: Annotated[
        str | None, Meta(description="Only with `internal`: the id under which the error is logged.")
    ] = None


class ProblemType(Struct, frozen=True, kw_only=True):
    """The meaning of one problem type."""

    type: Annotated[str, Meta(examples=["/problems/not-found"])]
    title: str
    statuses: list[int]
    meaning: str
    advice: Annotated[str, Meta(description="The remedy.")]


class About(Struct, frozen=True, kw_only=True):
    """The service, and the addresses of its documentation."""

    name: str
    version: str
    about: str
    documentation: str
    openapi: str
    health: str
