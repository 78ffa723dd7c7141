"""Rule `after_rejection`: the texts of a member after a rejection."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.times import DAY_MS

AFTER_REJECTION: Final = "after_rejection"


class AfterRejection(Rule, frozen=True, kw_only=True, tag=AFTER_REJECTION):
    """Matches every text of a member for `days` days after a moderator rejected one of theirs.

    A rejection that a moderator takes back does not count.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset({"rejected_at"})
    days: Annotated[int, Meta(ge=1, le=90)]

    def match(self, _: str, context: Context, /) -> Hold | None:
        """The hold of a text after a rejection."""
        rejected = context.facts.rejected_at
        return Hold(AFTER_REJECTION) if rejected and context.now - rejected < self.days * DAY_MS else None
