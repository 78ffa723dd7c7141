"""Rule `reports_over`: a comment that several members reported. It acts when a report is filed, not on texts."""

from typing import Annotated, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule

REPORTS_OVER: Final = "reports_over"


class ReportsOver(Rule, frozen=True, kw_only=True, tag=REPORTS_OVER):
    """Takes a published comment down once more than `reports` members have open reports of it.

    Reports count from the day on which the rule is set. Those of guests and of suspended members do not.
    """

    reports: Annotated[int, Meta(ge=0, le=1000)]

    def match(self, _body: str, _: Context, /) -> Hold | None:
        """Match no text."""
        return None
