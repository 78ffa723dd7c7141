"""The base of the rules of a policy: the settings of one rule, and its decision about a text."""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

from core.domain.context import Context
from core.domain.rules.premoderation import Hold
from core.policy import Words

Action = Annotated[
    Literal["hold", "reject"],
    Meta(description="`hold`: the text waits for a moderator. `reject`: it is rejected at once."),
]
NO_FACTS: Final[frozenset[str]] = frozenset()


class Rule(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """A rule of a policy. A subclass has the rule's kind as its tag, the settings as its fields, and is in `RULES`.

    Settings are stored as given: the default of a setting never changes.
    """

    FACTS: ClassVar[frozenset[str]] = NO_FACTS
    """Fields of `core.events.facts.Facts` that the rule reads from `context.facts`."""
    action: Action = "hold"
    tells: Annotated[Words, Meta(description="Words for the author of a text that the rule matches, by language.")] = {}

    def match(self, body: str, context: Context, /) -> Hold | None:
        """The hold that the rule puts on a normalised body; None if it puts none."""
        raise NotImplementedError
