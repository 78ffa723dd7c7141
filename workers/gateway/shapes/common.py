"""Shapes that many operations share."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from core.ids import COMMENT_PATTERN, END, LONGEST_THREAD, MEMBER_PATTERN, SLUG_PATTERN, THREAD_PATTERN
from projections.read.queries import Limit

POSITION_PATTERN: Final = rf"^[0-9]{{1,15}}-[0-9]{{1,15}}{END}"
PositionText = Annotated[
    str,
    Meta(
        pattern=POSITION_PATTERN,
        examples=["1698579000000-42"],
        description="The id of an event in its log, `<ms>-<n>`: ordered within one thread.",
    ),
]
ThreadText = Annotated[str, Meta(pattern=THREAD_PATTERN, max_length=LONGEST_THREAD, examples=["power-broker"])]
AnchorText = Annotated[str, Meta(pattern=THREAD_PATTERN, max_length=LONGEST_THREAD, examples=["q1"])]
CommentText = Annotated[str, Meta(pattern=COMMENT_PATTERN, max_length=64, examples=["6ryvbaoxhpcsdxv3kqi3lz5k4m"])]
MemberText = Annotated[str, Meta(pattern=MEMBER_PATTERN, max_length=64, examples=["u-7"])]
SlugText = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=40, examples=["abuse"])]
Revision = Annotated[int, Meta(ge=1, le=999_999, examples=[2], description="Numbered from 1.")]
Reason = Annotated[str, Meta(max_length=1000, examples=["Please keep to the subject."], description="Why, in words.")]
Note = Annotated[str, Meta(max_length=1000, description="For staff only.")]
CursorText = Annotated[
    str,
    Meta(
        description="`next` of an answer to this call with these parameters: opaque.",
        # Documented, not validated: malformed text is a bad cursor, like a cursor of another operation.
        extra_json_schema={"pattern": "^[A-Za-z0-9._~-]+$", "maxLength": 20_000},
    ),
]
After = Annotated[
    str,
    Meta(
        max_length=31,
        examples=["1698579000000-42"],
        description="The position that a write on this thread answered with: the answer includes it.",
    ),
]
At = Annotated[
    str,
    Meta(
        max_length=40,
        examples=["2023-10-29T11:20:00.000Z"],
        description="A time or a position: the thread as it stood then.",
    ),
]
Status = Literal["published", "pending", "rejected", "withdrawn"]


class Position(Struct, frozen=True, kw_only=True):
    """The response to a write: its position in the log."""

    position: PositionText


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a list."""

    limit: Limit = 50
    cursor: CursorText | None = None


class AfterQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A read that includes the caller's own write."""

    after: After | None = None


class FieldError(Struct, frozen=True, kw_only=True):
    """One error in a request."""

    pointer: Annotated[
        str,
        Meta(description="JSON pointer (RFC 6901) into the body; for a query parameter `/` and its name."),
    ]
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The reason a request was refused (RFC 9457). Choose the wording for people by the last part of `type`."""

    type: Annotated[str, Meta(examples=["/problems/not-found"])]
    title: str
    status: int
    detail: Annotated[str, Meta(description="For developers, in English.")]
    current: Annotated[int | str | None, Meta(description="What it is now instead.")] = None
    needs: Annotated[str | None, Meta(description="The entitlement that is asked for.")] = None
    until: Annotated[str | None, Meta(description="When a suspension ends; null for good.")] = None
    limit: Annotated[int | None, Meta(description="How many characters are allowed.")] = None
    errors: Annotated[list[FieldError], Meta(description="What is wrong, and where.")] = []
    request: Annotated[str | None, Meta(description="Of `internal` alone: the id under which it is logged.")] = None


class ProblemType(Struct, frozen=True, kw_only=True):
    """The meaning of one problem type."""

    type: Annotated[str, Meta(examples=["/problems/not-found"])]
    title: str
    statuses: list[int]
    meaning: str
    advice: Annotated[str, Meta(description="What to do about it.")]


class About(Struct, frozen=True, kw_only=True):
    """The service, and the addresses of its documentation."""

    name: str
    version: str
    about: str
    documentation: str
    openapi: str
    health: str
