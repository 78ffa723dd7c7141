"""Rule `too_fast`: a comment soon after its author's last one."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule

TOO_FAST: Final = "too_fast"


class TooFast(Rule, frozen=True, kw_only=True, tag=TOO_FAST):
    """Matches a new comment less than `seconds` after its author's last one on the site. Edits are left alone."""

    FACTS: ClassVar[frozenset[str]] = frozenset({"last_at"})
    seconds: Annotated[int, Meta(ge=1, le=86_400)]

    def match(self, _: str, context: Context, /) -> Hold | None:
        """The hold of a comment that follows the last one too soon."""
        last = context.facts.last_at
        return Hold(TOO_FAST) if last and context.now - last < self.seconds * 1000 else None
