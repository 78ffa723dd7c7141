"""The base of the rules of a policy: the settings of one rule, and its decision about a text."""

from msgspec import Struct

from core.domain.context import Context
from core.domain.rules.premoderation import Hold


class Rule(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """A rule of a policy. A subclass has the rule's kind as its tag, the settings as its fields, and is in `RULES`.

    Settings are stored as given: the default of a setting never changes.
    """

    def match(self, body: str, context: Context, /) -> Hold | None:
        """The hold that the rule puts on a normalised body; None if it puts none."""
        raise NotImplementedError
