"""The registry of the rules that a policy may have, and their decisions about a text.

A policy stores its rules as JSON objects (`core.policy.RawRule`). A rule that this version cannot decode was stored by
a newer one. It holds every text, because nothing else is known to be safe.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from msgspec import Struct, ValidationError, convert

from core.domain.context import Context
from core.domain.rules.after_rejection import AfterRejection
from core.domain.rules.closed_hours import ClosedHours
from core.domain.rules.first_comments import FirstComments
from core.domain.rules.length import Length
from core.domain.rules.links_over import LinksOver
from core.domain.rules.listed_words import WordsRule
from core.domain.rules.name import Name
from core.domain.rules.premoderation import Hold
from core.domain.rules.repeated import RepeatedText
from core.domain.rules.reports_over import ReportsOver
from core.domain.rules.rule import Action, Rule
from core.domain.rules.too_fast import TooFast
from core.error_summary import located
from core.policy import RawRule
from core.refusals import BadRule
from core.text.nickname import looks

UNKNOWN_RULE: Final = "unknown-rule"
"""Name of the hold by a rule that this version does not know. It is no kind: kinds have underscores."""

RULES: Final[tuple[type[Rule], ...]] = (
    LinksOver,
    WordsRule,
    RepeatedText,
    Length,
    TooFast,
    Name,
    FirstComments,
    AfterRejection,
    ClosedHours,
    ReportsOver,
)
"""Every rule that this version knows."""


R = TypeVar("R", bound=Rule)


class UnknownRule(Rule, frozen=True, kw_only=True):
    """A rule that this version does not know. Holds every text. Never stored."""

    def match(self, _body: str, _: Context, /) -> Hold | None:
        """Hold the text."""
        return Hold(UNKNOWN_RULE)


class Match(NamedTuple):
    """A rule that matches a text."""

    hold: Hold
    rule: Rule


class Ruleset(Struct, frozen=True, kw_only=True):
    """The decoded rules of a policy."""

    rules: tuple[Rule, ...] = ()
    facts: frozenset[str] = frozenset()
    """The facts that they ask for."""
    lists: frozenset[str] = frozenset()
    """The word lists that they name."""
    reserved: frozenset[str] = frozenset()
    """The looks of the names that they reserve (`core.text.nickname.looks`)."""
    by_action: Mapping[Action, tuple[Rule, ...]] = {}

    def of(self, kind: type[R]) -> list[R]:
        """The rules of a kind."""
        return [rule for rule in self.rules if isinstance(rule, kind)]

    def first_match(self, action: Action, body: str, context: Context) -> Match | None:
        """The first of the rules with this action that matches a normalised body."""
        for rule in self.by_action.get(action, ()):
            held = rule.match(body, context)
            if held is not None:
                return Match(held, rule)
        return None


def decoded(rules: tuple[RawRule, ...]) -> Ruleset:
    """Return the rules of a policy, decoded."""
    if not rules:
        return _NO_RULES
    known = _DECODED.get(id(rules))
    if known is None or known[0] is not rules or known[1] is not RULES:
        if len(_DECODED) >= _MOST_DECODED:
            _DECODED.clear()
        # The entry keeps the tuple, so that its id stays its own.
        known = _DECODED[id(rules)] = rules, RULES, _ruleset(tuple(map(_known, rules)))
    return known[2]


def _ruleset(rules: tuple[Rule, ...]) -> Ruleset:
    actions: tuple[Action, ...] = ("hold", "reject")
    by_action = {action: tuple(rule for rule in rules if rule.action == action) for action in actions}
    facts = frozenset[str]().union(*(rule.FACTS for rule in rules))
    lists = frozenset(name for rule in rules if isinstance(rule, WordsRule) for name in rule.lists)
    reserved = frozenset(looks(name) for rule in rules if isinstance(rule, Name) for name in rule.reserved)
    return Ruleset(rules=rules, facts=facts, lists=lists, reserved=reserved, by_action=by_action)


def check_rules(rules: Iterable[RawRule], pointer: str) -> None:
    """Raise BadRule for the first rule that cannot be decoded. `pointer` is the JSON pointer to the list."""
    for number, raw in enumerate(rules):
        try:
            _decode(raw)
        except ValidationError as error:
            said, setting = located(error)
            raise BadRule(f"{pointer}/{number}{setting}", said.replace("`", "")) from None


def _known(raw: RawRule) -> Rule:
    try:
        return _decode(raw)
    except ValidationError:
        return UnknownRule()


def _decode(raw: RawRule) -> Rule:
    """Decode a stored rule. Raises ValidationError if this version knows no such rule, or not with these settings."""
    kind = raw.get("kind")
    for rule in RULES:
        if rule.__struct_config__.tag == kind:
            return convert(raw, rule)
    # Worded like an error of msgspec, which `located` splits.
    known = ", ".join(str(rule.__struct_config__.tag) for rule in RULES)
    raise ValidationError(f"unknown kind of rule; the kinds are {known} - at `$.kind`")


_MOST_DECODED: Final = 1024
_NO_RULES: Final = Ruleset()
_DECODED: Final[dict[int, tuple[tuple[RawRule, ...], tuple[type[Rule], ...], Ruleset]]] = {}
"""Decoded rules by the identity of the stored ones, which never change."""
