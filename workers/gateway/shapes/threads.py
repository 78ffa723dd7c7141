"""Threads, their status, overrides and anchors."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from core.domain.context import ThreadStatus
from core.ids import Label, ThreadId
from core.times import TimeText
from projections.read import queries
from workers.gateway.shapes.common import After, At, Reason
from workers.gateway.shapes.rows import NextCursor
from workers.gateway.shapes.sites import OverridesAnswer, PublicPolicy
from workers.gateway.shapes.staff import StaffThread

Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2000,
        examples=["https://example.org/power-broker"],
        description="Address of the article: http or https, without a user, in one of the origins of the publication. "
        "It is stored in normalised form, percent-encoded.",
    ),
]
Title = Annotated[str, Meta(min_length=1, max_length=500, examples=["The power broker"])]


Labels = Annotated[tuple[Label, ...], Meta(max_length=10)]


class PolicyInForce(PublicPolicy, frozen=True, kw_only=True):
    """The policy in force in a thread. Only moderators get the fields that staff see."""

    overrides: OverridesAnswer
    closes_at: (
        Annotated[
            str,
            Meta(
                examples=["2026-12-24T09:00:00.000Z"],
                description="Time at which the thread closes by its age. Present if `close_after` is set.",
            ),
        ]
        | UnsetType
    ) = UNSET
    opened: (
        Annotated[
            Literal[False],
            Meta(description="Present if the thread is not open yet. The policy is then that of the site."),
        ]
        | UnsetType
    ) = UNSET


class OpenThread(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The article of a thread."""

    url: Url
    title: Title
    labels: Annotated[
        Labels | None, Meta(description="Labels of the thread, for example its desk. Left out: as they are.")
    ] = None


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


class PutSighting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The result of a search for the passage of an inline question in its article."""

    found: bool
    proposal: (
        Annotated[Quote, Meta(description="The text that stands there instead, for a passage that was not found.")]
        | None
    ) = None


class SightingAnswer(Struct, frozen=True, kw_only=True):
    """The result as it was noted."""

    found: bool


class SightedAnchor(Anchor, frozen=True, kw_only=True):
    """An inline question with the last search for its passage."""

    thread: StaffThread
    found: bool
    seen_at: TimeText
    proposal: Quoted | None


class SightedAnchors(Struct, frozen=True, kw_only=True):
    """A page of inline questions."""

    anchors: list[SightedAnchor]
    next: NextCursor


class PageParameters(queries.PageQuery, frozen=True, kw_only=True):
    """Read of a page of a thread, now or in the past."""

    at: At | None = None
    after: After | None = None


class RepliesParameters(queries.RepliesQuery, frozen=True, kw_only=True):
    """Read of more replies of one parent, now or in the past."""

    at: At | None = None
    after: After | None = None


class CountsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The threads to count."""

    thread: Annotated[tuple[ThreadId, ...], Meta(min_length=1, max_length=100, examples=[["power-broker"]])]
