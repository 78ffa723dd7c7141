"""Rule `first_comments`: the first comments of a member."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule

FIRST_COMMENTS: Final = "first_comments"


class FirstComments(Rule, frozen=True, kw_only=True, tag=FIRST_COMMENTS):
    """Matches every text of a member until `comments` comments of theirs were published.

    A member who wrote nothing for 90 days begins again.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset({"published"})
    comments: Annotated[int, Meta(ge=1, le=100)]

    def match(self, _: str, context: Context, /) -> Hold | None:
        """The hold of a text of a new member."""
        published = context.facts.published
        return Hold(FIRST_COMMENTS) if published is None or published < self.comments else None
