"""Rule `name`: a text under a name that looks like another's, or is reserved."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule

NAME: Final = "name"
Reserved = Annotated[str, Meta(min_length=1, max_length=100)]


class Name(Rule, frozen=True, kw_only=True, tag=NAME):
    """Matches a text whose author's name looks like that of staff or of another member of the thread, or is reserved.

    `reserved` are names beside those that are always reserved. For guests such names are refused instead.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset({"name"})
    reserved: Annotated[tuple[Reserved, ...], Meta(max_length=100)] = ()

    def match(self, _: str, context: Context, /) -> Hold | None:
        """The hold of a text under such a name."""
        return None if context.facts.name is None else Hold(NAME)
