"""Documents of rehearsals of a policy."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from core.ids import SLUG_PATTERN
from core.policy import PolicyChanges
from core.times import TimeText
from projections.read.queries import Cursor
from workers.gateway.shapes.word_lists import ListTerms

_BOUND = "A day of the site's `timezone`, such as `2026-10-12`, or a time"
ListName = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=40)]
TextOutcome = Literal["published", "held", "rejected"]


class RehearsePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Changes of a policy, of word lists, or of both, and the period whose texts are judged by them."""

    changes: PolicyChanges = PolicyChanges()
    lists: Annotated[
        dict[ListName, ListTerms],
        Meta(max_length=20, description="Word lists with other terms, by name, as `PUT /lists/{list}` takes them."),
    ] = {}
    from_: (
        Annotated[str, Meta(max_length=40, description=f"{_BOUND}: inclusive. Left out: 30 days before the end.")]
        | None
    ) = None
    to: Annotated[str, Meta(max_length=40, description=f"{_BOUND}: exclusive. Left out: now.")] | None = None
    cursor: Cursor | None = None


class RuleTexts(Struct, frozen=True, kw_only=True):
    """Texts by the rule that would hold them, or that held them."""

    rule: str
    texts: int


class RehearsedExample(Struct, frozen=True, kw_only=True):
    """A text that would be judged otherwise."""

    thread: str
    comment: str
    revision: int
    at: TimeText
    author: str
    body: str
    before: TextOutcome
    after: TextOutcome
    rule: str | None
    match: str | None
    list: str | None


class RehearsedChange(Struct, frozen=True, kw_only=True):
    """The number of texts, by rule, and the first 20."""

    texts: int
    rules: list[RuleTexts]
    examples: list[RehearsedExample]


class RehearsalAnswer(Struct, frozen=True, kw_only=True):
    """The part of a rehearsal that one request did."""

    judged: int
    reports: Annotated[
        int, Meta(description="Reports by which `reports_over` would have judged a published comment, or did.")
    ]
    would_hold: RehearsedChange
    would_not_hold: RehearsedChange
    otherwise: Annotated[int, Meta(description="Texts that would be rejected instead of held, or the reverse.")]
    unknown: Annotated[
        list[RuleTexts],
        Meta(description="Rules that were left out for texts whose events do not record a fact that they need."),
    ]
    next: Annotated[str | None, Meta(description="The `cursor` with which to go on; null at the end.")]
    more: bool
