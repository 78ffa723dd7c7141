"""Rule `repeated`: a text that says what its author said before."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.text.shingles import words_of

REPEATED: Final = "repeated"


class RepeatedText(Rule, frozen=True, kw_only=True, tag=REPEATED):
    """Matches a text that has `share` percent in common with one of its author's last 20 in other comments.

    The share is that of runs of three words, estimated. Texts of fewer than `words` words are left alone.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset({"alike"})
    share: Annotated[int, Meta(ge=30, le=100)] = 80
    words: Annotated[int, Meta(ge=1, le=100)] = 4

    def match(self, body: str, context: Context, /) -> Hold | None:
        """The hold of a body that repeats another."""
        shared = context.facts.alike
        if shared is None or shared < self.share or len(words_of(body)) < self.words:
            return None
        return Hold(REPEATED)
