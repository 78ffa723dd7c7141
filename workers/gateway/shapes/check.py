"""The response to a check of one thread."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from core.times import TimeText


class CheckDifference(Struct, frozen=True, kw_only=True):
    """One difference between the served views and the fold of the log, without the values."""

    view: Annotated[str, Meta(examples=["rows"])]
    comment: str | None
    what: Annotated[
        Literal["missing", "surplus", "other", "stopped"],
        Meta(description="`stopped`: an event cannot be applied, so the views end before it."),
    ]


class Check(Struct, frozen=True, kw_only=True):
    """The comparison of a thread, folded from the log, with what is served."""

    events: Annotated[int, Meta(description="Number of events folded.")]
    identical: bool
    at: TimeText
    differs: Annotated[list[CheckDifference], Meta(description="The differences, at most 100.")]
    not_compared: Annotated[
        list[str],
        Meta(description="Parts of the views that another version of Hansard wrote in another way; most often none."),
    ]
