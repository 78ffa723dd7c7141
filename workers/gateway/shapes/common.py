"""Shapes that many operations share."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from core.ids import END, Slug

POSITION_PATTERN: Final = rf"^[0-9]{{1,15}}-[0-9]{{1,15}}{END}"
PositionText = Annotated[
    str,
    Meta(
        pattern=POSITION_PATTERN,
        examples=["1698579000000-42"],
        description="The id of an event in its log, `<ms>-<n>`: ordered within one thread.",
    ),
]
SlugText = Annotated[Slug, Meta(examples=["abuse"])]
Revision = Annotated[int, Meta(ge=1, le=999_999, examples=[2], description="Numbered from 1.")]
Reason = Annotated[str, Meta(max_length=1000, examples=["Please keep to the subject."], description="Why, in words.")]
Note = Annotated[str, Meta(max_length=1000, description="For staff only.")]
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
