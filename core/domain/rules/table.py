"""The table of the rules that a policy may have, and their decisions about a text.

A policy stores its rules as JSON objects (`core.policy.RawRule`). A rule that this version cannot decode was stored by
a newer one. It holds every text, because nothing else is known to be safe.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import ValidationError, convert

from core.domain.context import Context
from core.domain.rules.links_over import LinksOver
from core.domain.rules.premoderation import Hold
from core.domain.rules.rule import Rule
from core.error_summary import located
from core.policy import RawRule
from core.refusals import BadRule

UNKNOWN_RULE: Final = "unknown-rule"
"""Name of the hold by a rule that this version does not know. It is no kind: kinds have underscores."""

RULES: Final[tuple[type[Rule], ...]] = (LinksOver,)
"""Every rule that this version knows."""


def hold_by_rules(body: str, context: Context) -> Hold | None:
    """The hold that the rules of the policy in force put on a normalised body. The first rule that holds decides."""
    for raw in context.policy.rules:
        try:
            rule = _decode(raw)
        except ValidationError:
            return Hold(UNKNOWN_RULE)
        held = rule.match(body, context)
        if held is not None:
            return held
    return None


def check_rules(rules: Iterable[RawRule], pointer: str) -> None:
    """Raise BadRule for the first rule that cannot be decoded. `pointer` is the JSON pointer to the list."""
    for number, raw in enumerate(rules):
        try:
            _decode(raw)
        except ValidationError as error:
            said, setting = located(error)
            raise BadRule(f"{pointer}/{number}{setting}", said.replace("`", "")) from None


def _decode(raw: RawRule) -> Rule:
    """Decode a stored rule. Raises ValidationError if this version knows no such rule, or not with these settings."""
    kind = raw.get("kind")
    for rule in RULES:
        if rule.__struct_config__.tag == kind:
            return convert(raw, rule)
    # Worded like an error of msgspec, which `located` splits.
    known = ", ".join(str(rule.__struct_config__.tag) for rule in RULES)
    raise ValidationError(f"unknown kind of rule; the kinds are {known} - at `$.kind`")
