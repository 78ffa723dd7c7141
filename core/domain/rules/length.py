"""Rule `length`: a text that is too short or too long."""

from typing import Annotated, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule

LENGTH: Final = "length"
Characters = Annotated[int, Meta(ge=1, le=50_000)]


class Length(Rule, frozen=True, kw_only=True, tag=LENGTH):
    """Matches a text of fewer than `under` or more than `over` characters. One of both is required.

    The span is the part beyond `over`.
    """

    under: Characters | None = None
    over: Characters | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if no length is given, or none is left."""
        if self.under is None and self.over is None:
            raise ValueError("`under` or `over` is required")
        if self.under is not None and self.over is not None and self.under > self.over:
            raise ValueError("`under` is greater than `over`: every text would match")

    def match(self, body: str, _: Context, /) -> Hold | None:
        """The hold of a body that is too short or too long."""
        if self.over is not None and len(body) > self.over:
            return Hold(LENGTH, spans=((self.over, len(body)),))
        return Hold(LENGTH) if self.under is not None and len(body) < self.under else None
