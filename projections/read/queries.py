"""Queries on the views, and the shapes of their responses.

The gateway decodes the parameters of a request to these structs, or to structs that inherit from them. So the
constraints and descriptions of the fields are those of the API.
"""

from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import Meta, Raw, Struct

from core.domain.context import ThreadStatus
from core.domain.moderated_comment import Status
from core.events.member_events import Standing
from core.ids import END, AnchorId, Label, MemberId, ThreadId
from core.position import Position
from projections.views.pointer import Pointer

Sort = Literal["newest", "oldest", "top"]
Limit = Annotated[int, Meta(ge=1, le=200)]
Depth = Annotated[int, Meta(ge=1, le=50)]
Replies = Annotated[int, Meta(ge=0, le=200)]
Cursor = Annotated[
    str,
    Meta(
        description="Opaque: `next` of a response to this operation with these parameters.",
        # Documented, not validated: malformed text is a bad cursor, like a cursor of another operation.
        extra_json_schema={"pattern": "^[A-Za-z0-9._~-]+$", "maxLength": 20_000},
    ),
]

_OnlyLabel = Annotated[Label, Meta(description="Only threads with this label.")]

MOST_ROWS = 1000
"""Maximum rows per page."""

MOST_TEXT = 1_000_000
"""Bytes of text, as UTF-8, that one response reads and renders. A longer one is cut and has a cursor."""


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a thread."""

    sort: Annotated[Sort, Meta(description="Order of the top-level comments; replies are oldest first.")] = "newest"
    limit: Annotated[Limit, Meta(description="Maximum number of top-level comments.")] = 50
    depth: Annotated[Depth, Meta(description="Maximum number of levels, including the top level.")] = 10
    replies: Annotated[Replies, Meta(description="Maximum number of replies per parent.")] = 20
    cursor: Cursor | None = None
    anchor: Annotated[AnchorId, Meta(description="Only comments on this inline question.")] | None = None
    featured: Annotated[
        bool, Meta(description="Only the editors' picks of every level, in the order of `sort`, without replies.")
    ] = False


class RepliesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More replies of one parent, with at most 20 replies per parent below the direct ones."""

    limit: Annotated[Limit, Meta(description="Maximum number of direct replies.")] = 50
    depth: Annotated[Depth, Meta(description="Maximum number of levels below the parent.")] = 10
    cursor: Cursor | None = None


class RepliesThen(Struct, frozen=True, kw_only=True):
    """More replies of one parent, at a past moment."""

    comment: str
    query: RepliesQuery


class PermalinkThen(Struct, frozen=True, kw_only=True):
    """One comment with its ancestors and its replies, at a past moment."""

    comment: str


PastQuery = PageQuery | RepliesThen | PermalinkThen
"""A query about the past of a thread."""


class RevisionsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of a comment, oldest first."""

    diff: Annotated[Literal["words"], Meta(description="Includes the word diff against the previous text.")] | None = (
        None
    )
    limit: Limit = 50
    cursor: Cursor | None = None


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class MemberCommentsQuery(ListQuery, frozen=True, kw_only=True):
    """Comments of a member, optionally of one status, or posted since a time."""

    since: Annotated[str, Meta(max_length=40, description="A time: only comments posted since then.")] | None = None
    status: Status | None = None


IMPORT_PATTERN: Final = rf"^[A-Za-z0-9_-]{{1,64}}{END}"
NO_IMPORT: Final = "none"
"""In a query: what no import brought."""


class QueueQuery(ListQuery, frozen=True, kw_only=True, rename={"import_": "import"}):
    """A page of the moderation queue, optionally of one state, thread, label, author, member of staff or import."""

    state: (
        Annotated[
            Literal["pending", "reported", "removal", "appeal", "legal"],
            Meta(description="Left out: pending and reported, each comment once."),
        ]
        | None
    ) = None
    thread: ThreadId | None = None
    member: Annotated[MemberId, Meta(description="Only comments by this author.")] | None = None
    by: (
        Annotated[
            MemberId,
            Meta(description="Only texts that this member of staff holds; or appeals against their decisions."),
        ]
        | None
    ) = None
    label: _OnlyLabel | None = None
    import_: (
        Annotated[
            str,
            Meta(
                pattern=IMPORT_PATTERN,
                examples=[NO_IMPORT],
                description="Only what this import brought, or with `none` only what no import brought.",
            ),
        ]
        | None
    ) = None


RULE_PATTERN: Final = rf"^[A-Za-z0-9_.-]{{1,80}}{END}"
RuleName = Annotated[
    str,
    Meta(pattern=RULE_PATTERN, examples=["links"], description="Only texts that this rule held."),
]


class ModeratedQuery(ListQuery, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Comments of a site, optionally of one status, thread, label or author, of one rule, or with certain words."""

    status: Status | None = None
    thread: ThreadId | None = None
    member: Annotated[MemberId, Meta(description="Only comments by this author.")] | None = None
    rule: RuleName | None = None
    from_: Annotated[str, Meta(max_length=40, description="A time: only comments posted since then.")] | None = None
    label: _OnlyLabel | None = None
    q: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=120,
                description="Words or their beginnings, all of which are in a text of the comment. Case does not "
                "matter. Comments of the last 30 days are searched.",
            ),
        ]
        | None
    ) = None


class DecisionsQuery(ListQuery, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Decisions of moderators, optionally of one moderator, a time, one verdict, one label, or about one author."""

    by: Annotated[MemberId, Meta(description="Only decisions by this moderator.")] | None = None
    from_: Annotated[str, Meta(max_length=40, description="A time: inclusive.")] | None = None
    to: Annotated[str, Meta(max_length=40, description="A time: exclusive.")] | None = None
    verdict: Literal["approve", "hold", "reject"] | None = None
    member: Annotated[MemberId, Meta(description="Only decisions about comments by this author.")] | None = None
    label: _OnlyLabel | None = None


class SummaryQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of a site's moderation, optionally of the threads with one label."""

    label: _OnlyLabel | None = None


class MembersQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of members, optionally those with a name or an id, who are suspended, or with a standing."""

    q: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=120,
                description="The beginning of any name they have used, or their id. Case and spaces do not matter in "
                "names, of which 40 characters count.",
            ),
        ]
        | None
    ) = None
    suspended: bool | None = None
    standing: Annotated[Standing, Meta(description="Only members to whom staff gave this standing.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=50)] = 20
    cursor: Cursor | None = None


class SightedQuery(ListQuery, frozen=True, kw_only=True):
    """Inline questions whose passages were found, or were not; by default both."""

    found: bool | None = None


Order = Literal["activity", "opened"]


class ThreadsQuery(ListQuery, frozen=True, kw_only=True):
    """Threads of a site, optionally of one article, one status, or one opener (a kind or an id)."""

    url: (
        Annotated[
            str, Meta(max_length=2000, description="Only threads of this article, in any spelling of its address.")
        ]
        | None
    ) = None
    status: ThreadStatus | None = None
    opened_by: (
        Annotated[
            MemberId,
            Meta(
                description="Only threads opened by a `member`, a `guest`, `staff` or the `system`, or by the user "
                "with this id."
            ),
        ]
        | None
    ) = None
    label: _OnlyLabel | None = None
    order: Annotated[
        Order,
        Meta(
            description="By last activity, or by time of opening: with `opened`, no thread is skipped while others "
            "write."
        ),
    ] = "activity"


class ViewState(NamedTuple):
    """A state of a partition's views: while it lasts, the same query has the same response."""

    partition: int
    pointer: Pointer
    cursor: Position


class PageAnswer(NamedTuple):
    """A ready JSON document and its tag: opaque, without quotes or `W/`."""

    body: bytes
    tag: str
    states: tuple[ViewState, ...] = ()
    """The states that it was made from, one per partition, if nothing else went into it."""


class ThreadSummary(Struct, frozen=True, kw_only=True):
    """The summary of a thread in the views."""

    id: str
    site: str
    url: str
    title: str | None
    """The title as everyone sees it; None while it is unverified."""
    status: Literal["open", "closed", "archived"]
    status_at: str | None = None
    """Time of the last change of the status, RFC 3339; None if it never changed, or an earlier version made the
    views."""
    labels: list[str] = []
    """None if an earlier version made the views."""
    comments: int
    position: Position
    """Position of the last event that changed something public."""


class MemberOverlay(Struct, frozen=True, kw_only=True):
    """A member's own part of a thread: rows hidden from others and reports, newest first, and votes by comment."""

    pending: list[Raw] = []
    """Each with `held_by`: `{"kind", "name"}`, and `decision` if a text that stood was taken down."""
    rejected: list[Raw] = []
    """Each with `decision`: `{"revision", "verdict", "reason", "code", "ground", "automated", "at", "by", "appeal"}`;
    `by` is `moderator` or `rule`."""
    withdrawn: list[Raw] = []
    votes: dict[str, dict[str, Any]] = {}
    """By comment, `{"value", "revision"}` as the member cast it, with `voided` if a moderator voided it."""
    reports: list[dict[str, Any]] = []
    """Each `{"comment", "revision", "reason", "at", "outcome", "decided_at"}`."""


class BadCursor(ValueError):
    """The cursor is malformed, or of another operation or other parameters."""


def size(body: str | None) -> int:
    """Number of bytes of a text, as counted towards `MOST_TEXT`."""
    if body is None:
        return 0
    return len(body) if body.isascii() else len(body.encode(errors="surrogatepass"))
