"""Notices: statements that a comment is illegal, and what became of them."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from core.ids import END, CommentId, ThreadId
from core.policy import Ground
from core.times import TimeText

EMAIL_PATTERN: Final = rf"^[^\s@\x00-\x1f\x7f]{{1,64}}@[^\s@\x00-\x1f\x7f]{{1,189}}{END}"
LONGEST_EXPLANATION: Final = 3000
LONGEST_LAW: Final = 300
LONGEST_NAME: Final = 200
LONGEST_EMAIL: Final = 254

Reference = Annotated[
    str,
    Meta(
        examples=["ADLk3xQ2vYb0m8sT1kLw9Z"],
        description="The reference of a notice. Whoever has it may read what became of the notice.",
    ),
]


class NewNotice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement that a comment is illegal. Name and address are for mail about it alone, and may be left out."""

    thread: ThreadId
    comment: CommentId
    explanation: Annotated[
        str, Meta(min_length=1, max_length=LONGEST_EXPLANATION, description="Why the comment is illegal.")
    ]
    name: Annotated[str, Meta(max_length=LONGEST_NAME, description="Sealed. No operation shows it.")] | None = None
    email: (
        Annotated[
            str,
            Meta(
                pattern=EMAIL_PATTERN,
                max_length=LONGEST_EMAIL,
                examples=["reader@example.org"],
                description="Sealed. No operation shows it.",
            ),
        ]
        | None
    ) = None
    law: Annotated[str, Meta(max_length=LONGEST_LAW, description="The law that it breaks.")] | None = None
    good_faith: Annotated[
        bool,
        Meta(description="The notice is believed to be accurate and complete.", extra_json_schema={"const": True}),
    ]


class NoticeReceipt(Struct, frozen=True, kw_only=True):
    """The receipt of a notice."""

    reference: Reference


class NoticeDecision(Struct, frozen=True, kw_only=True):
    """The decision about a notice."""

    action: Annotated[
        Literal["approve", "reject"],
        Meta(description="`reject`: the comment was removed. `approve`: it stays, or is published again."),
    ]
    ground: Ground | None
    at: TimeText


class NoticeAnswer(Struct, frozen=True, kw_only=True):
    """A notice, and what became of it."""

    reference: Reference
    filed_at: TimeText
    decision: Annotated[NoticeDecision | None, Meta(description="Null while it waits.")]
