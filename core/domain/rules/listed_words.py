"""Rule `words`: a text with a term of a word list."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.ids import SLUG_PATTERN
from core.text.readings import readings

WORDS: Final = "words"
ListName = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=40)]


class WordsRule(Rule, frozen=True, kw_only=True, tag=WORDS):
    """Matches a text with a term of one of `lists`, as a whole word, also disguised. The match is the first term.

    The lists are those of the site; one that the site does not have matches nothing.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset({"lists"})
    lists: Annotated[tuple[ListName, ...], Meta(min_length=1, max_length=10)]

    def match(self, body: str, context: Context, /) -> Hold | None:
        """The hold of a body with a term of a list."""
        found = [(name, context.lists[name].words) for name in self.lists if name in context.lists]
        if not found:
            return None
        read = list(readings(body, phrases=any(words.has_phrases for _, words in found if words is not None)))
        for name, words in found:
            if words is None:  # its terms are gone: nothing else is known to be safe
                return Hold(WORDS, list=name)
            spans = words.spans(read)
            if spans:
                start, end = spans[0]
                return Hold(WORDS, body[start:end], spans=tuple(spans), list=name)
        return None
