"""Threads, their status, overrides and anchors."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from core.domain.context import ThreadStatus
from projections.read.queries import Depth, Limit, Order, Replies, Sort
from workers.gateway.shapes.common import (
    After,
    AfterQuery,
    AnchorText,
    At,
    CursorText,
    ListQuery,
    MemberText,
    Reason,
    ThreadText,
)
from workers.gateway.shapes.sites import PublicPolicy

Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2000,
        examples=["https://example.org/power-broker"],
        description="Address of the article, http or https, without a user, in one of the origins of the publication. "
        "It is kept in its one form, percent-encoded.",
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=500, examples=["The power broker"])]


class PolicyInForce(PublicPolicy, frozen=True, kw_only=True):
    """The policy in force in a thread, without what only staff see."""

    opened: (
        Annotated[
            Literal[False], Meta(description="There where the thread is not open yet: then it is the site's policy.")
        ]
        | UnsetType
    ) = UNSET


class OpenThread(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The article of a thread."""

    url: Url
    title: Title


class SetStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new status of a thread."""

    status: ThreadStatus
    reason: Reason | None = None


class Quote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passage of the article (W3C Web Annotation, TextQuoteSelector)."""

    exact: Annotated[str, Meta(min_length=1, max_length=2000, examples=["The Senate never voted on it"])]
    prefix: Annotated[str, Meta(max_length=500)] | None = None
    suffix: Annotated[str, Meta(max_length=500)] | None = None


class PutAnchor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An inline question."""

    quote: Quote
    prompt: Annotated[str, Meta(max_length=500, examples=["Is that so?"])] | None = None
    status: Literal["open", "closed"]


class Quoted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passage of the article."""

    exact: str
    prefix: str | None = None
    suffix: str | None = None


class Anchor(Struct, frozen=True, kw_only=True):
    """An inline question, with the number of its published comments."""

    id: str
    quote: Quoted
    prompt: str | None
    status: Literal["open", "closed"]
    comments: int


class Anchors(Struct, frozen=True, kw_only=True):
    """The inline questions of a thread."""

    anchors: list[Anchor]


class ThreadsQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List of threads, the latest first."""

    url: (
        Annotated[
            str, Meta(max_length=2000, description="Only those under this article, however its address is spelt.")
        ]
        | None
    ) = None
    status: ThreadStatus | None = None
    opened_by: (
        Annotated[
            MemberText,
            Meta(
                description="Only those that a `member`, a `guest`, `staff` or the `system` opened, or who has this id."
            ),
        ]
        | None
    ) = None
    order: Annotated[
        Order,
        Meta(description="By last activity, or by when they were `opened`: then none is skipped while others write."),
    ] = "activity"


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read of a page of a thread."""

    sort: Annotated[Sort, Meta(description="Order of the top-level comments; replies are oldest first.")] = "newest"
    limit: Annotated[Limit, Meta(description="Top-level comments.")] = 50
    depth: Annotated[Depth, Meta(description="Levels, the top level included.")] = 10
    replies: Annotated[Replies, Meta(description="Replies a parent.")] = 20
    cursor: CursorText | None = None
    anchor: Annotated[AnchorText, Meta(description="Only what hangs on this inline question.")] | None = None
    at: At | None = None
    after: After | None = None


class RepliesQuery(AfterQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read of more replies of one parent."""

    limit: Annotated[Limit, Meta(description="Direct replies.")] = 50
    depth: Annotated[Depth, Meta(description="Levels below the parent.")] = 10
    cursor: CursorText | None = None
    at: At | None = None


class CountsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The threads to count."""

    thread: Annotated[tuple[ThreadText, ...], Meta(min_length=1, max_length=100, examples=[["power-broker"]])]
