"""Requests and responses about statements and appeals."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from core.ids import ThreadId
from core.times import TimeText
from workers.gateway.shapes.common import Reason
from workers.gateway.shapes.rows import Written

AppealText = Annotated[
    str,
    Meta(
        max_length=4000,
        examples=["I quoted the minister; the words are his."],
        description="The author's words, as plain text. Only moderators and auditors read them.",
    ),
]


class NewAppeal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An appeal against a decision."""

    text: AppealText


class AppealJudgment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decision on an appeal. `reason` is shown to the author."""

    verdict: Literal["reverse", "uphold"]
    reason: Reason


class AppealAnswer(Written, frozen=True, kw_only=True):
    """The comment after the decision on its appeal."""

    batch: Annotated[str | UnsetType, Meta(description="After `reverse`: names it, so that it can be reversed.")] = (
        UNSET
    )


class OwnAppeal(Struct, frozen=True, kw_only=True):
    """The right to an appeal, or the appeal, for its author."""

    until: Annotated[
        TimeText | None, Meta(description="End of the window; null while it has not begun: the author was not told.")
    ]
    filed_at: TimeText | None
    outcome: Annotated[
        Literal["reversed", "upheld"] | None, Meta(description="Null without an appeal, and while it is open.")
    ]
    reason: Annotated[str | None, Meta(description="The reason of the decision on the appeal.")]
    text: Annotated[
        str | UnsetType | None, Meta(description="For staff, of a suspension: the words of the appeal.")
    ] = UNSET


class MarkSeen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The time up to which the caller saw what was told."""

    until: TimeText
    thread: Annotated[ThreadId | None, Meta(description="Only what `/me` of this thread told.")] = None


class Seen(Struct, frozen=True, kw_only=True):
    """The number of statements that count as told from now on."""

    told: int
    more: Annotated[bool, Meta(description="True if there are more: say it again.")]
