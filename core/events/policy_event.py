"""The base of the events that carry a policy, or changes of one, whose words lie in the content.

The words are stored as `words`, apart from the field that `POLICY` names, and are part of that field otherwise.
"""

from typing import Any, ClassVar, Final

from msgspec.structs import force_setattr, replace

from core.events.event import Event
from core.policy import IN_CONTENT, WORDS_OF_RULES, PolicyWords, RawRule


class PolicyEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event with a policy in the field `POLICY`. Each type declares `words` itself, as the last of its fields."""

    POLICY: ClassVar[str]

    def __post_init__(self) -> None:
        """Move the words of a decoded event into the policy."""
        words: PolicyWords | None = getattr(self, _WORDS)
        if words is not None:
            policy = replace(getattr(self, self.POLICY), **words.given())
            if words.of_rules:
                whole = (rule | own for rule, own in zip(policy.rules, words.of_rules, strict=True))
                policy = replace(policy, rules=tuple(whole))
            force_setattr(self, self.POLICY, policy)
            force_setattr(self, _WORDS, None)

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored: the words of the policy apart, if there are any."""
        policy = facts[cls.POLICY]
        words = {name: policy.pop(name) for name in IN_CONTENT if name in policy}
        rules = policy.get("rules", ())
        if any(name in rule for rule in rules for name in WORDS_OF_RULES):
            words["of_rules"] = [_part(rule, words=True) for rule in rules]
            policy["rules"] = [_part(rule, words=False) for rule in rules]
        return facts | {_WORDS: words} if words else facts


def _part(rule: RawRule, *, words: bool) -> RawRule:
    return {name: value for name, value in rule.items() if (name in WORDS_OF_RULES) == words}


_WORDS: Final = "words"
