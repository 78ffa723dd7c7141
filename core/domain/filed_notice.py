"""A notice about a comment, and its outcome. Stored with the comment, without the words of the notice."""

from typing import Literal

from msgspec import Struct

from core.policy import Ground
from core.position import Position

NoticeVerdict = Literal["approve", "reject"]
"""The verdicts that close a notice."""


class NoticeOutcome(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The decision that closed a notice."""

    verdict: NoticeVerdict
    ground: Ground | None = None
    at: int
    """Time of the decision, in milliseconds since 1970."""


class FiledNotice(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A notice, open until a decision names it."""

    filed: Position
    at: int
    """Time of filing, in milliseconds since 1970."""
    revision: int
    """The text that readers saw then."""
    flagger: bool = False
    """True if the notice came with a token whose badges the policy trusts."""
    own: bool = False
    """True if staff filed the notice, of their own initiative."""
    outcome: NoticeOutcome | None = None
    """The decision that closed the notice; None while the notice is open."""
