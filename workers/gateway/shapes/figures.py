"""Documents of figures of moderation."""

from typing import Annotated

from msgspec import Meta, Struct

from projections.figures.moderation_report import ModerationFigures

_BOUND = "A day of the site's `timezone`, such as `2026-10-12`, or a time"


class FiguresQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The period of figures."""

    from_: (
        Annotated[str, Meta(max_length=40, description=f"{_BOUND}: inclusive. Left out: 30 days before the end.")]
        | None
    ) = None
    to: Annotated[str, Meta(max_length=40, description=f"{_BOUND}: exclusive. Left out: now.")] | None = None


class Figures(ModerationFigures, frozen=True, kw_only=True):
    """Figures of the moderation of a site per day."""

    next: Annotated[
        str | None, Meta(description="The day with which to go on, as `from`; null if every day asked for is here.")
    ]
    more: Annotated[bool, Meta(description="True if the work of one request did not reach the last day.")]
