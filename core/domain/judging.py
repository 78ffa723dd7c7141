"""The judgement of a text by the policy in force.

The order is: rules that reject, the standing of the member, pre-moderation, rules that hold, the screener. What is not
rejected is screened, also where it waits for a moderator: the screener may reject it, and spare them the text.

A judgement is a function of the text, the policy and recorded facts (`core.events.facts`): the event has what it was
made from, and nothing is asked again.
"""

from functools import lru_cache
from typing import Final, Self

from msgspec import Struct
from msgspec.structs import replace

from core.caller import Caller
from core.domain import names, trust
from core.domain.context import Context
from core.domain.rules import premoderation
from core.domain.rules.premoderation import UNDER_REVIEW, Hold
from core.domain.rules.registry import Ruleset, decoded
from core.events.facts import NO_FACTS, Facts, Likeness
from core.events.screening import SCREENING, ScreeningTime
from core.policy import Policy, Words
from core.refusals import NameNotAllowed
from core.text.shingles import sketch


class Judgement(Struct, frozen=True, kw_only=True):
    """The judgement of a text."""

    hold: Hold | None = None
    """The rule that holds the text, or rejects it; None if it is published."""
    rejected: bool = False
    tells: str | None = None
    """Words for the author."""
    facts: Facts | None = None
    """The facts that rules asked for; None if there are none."""
    screening: ScreeningTime | None = None
    """Set if the screener is to be asked about the text."""

    @property
    def is_held(self) -> bool:
        """True if the text is held or rejected, and not only until the screener answers."""
        return self.hold is not None and self.hold.rule != SCREENING

    def under_review(self) -> Self:
        """This judgement of an edit that waits for a moderator, whatever its text."""
        return replace(self, hold=Hold(UNDER_REVIEW))


PASSED: Final = Judgement()
HELD_MEMBER: Final = "held-member"
"""Name of the hold of a member whose every text waits."""


class Needed(Struct, frozen=True, kw_only=True):
    """The facts beyond a text that its judgement needs."""

    record: bool = False
    """The author's member record."""
    names: bool = False
    """Others with a name like the author's."""
    lists: frozenset[str] = frozenset()
    """Word lists, by name."""

    def covers(self, other: "Needed") -> bool:
        """True if everything that `other` needs is needed here, too; one list is loaded with all."""
        return self.record >= other.record and self.names >= other.names and bool(self.lists) >= bool(other.lists)


NOTHING: Final = Needed()
_OF_RECORD: Final = frozenset({"published", "last_at", "rejected_at", "alike"})


def needed(policy: Policy, caller: Caller, *, is_trusted: bool = False) -> Needed:
    """The facts that a judgement of a text by this caller needs under a policy. Staff are not judged.

    `is_trusted` says that staff gave the caller trust, which a later rejection may have ended.
    """
    if caller.is_staff:
        return NOTHING
    may_pass = (policy.rules or policy.premoderation != "none") and (is_trusted or trust.is_possible(policy, caller))
    if not (policy.rules or caller.is_guest or may_pass):
        return NOTHING
    rules = decoded(policy.rules)
    return _needed(rules.facts, rules.lists, is_guest=caller.is_guest, may_pass=bool(may_pass))


@lru_cache(maxsize=1024)  # the same few for every text under a policy
def _needed(facts: frozenset[str], lists: frozenset[str], *, is_guest: bool, may_pass: bool) -> Needed:
    return Needed(
        record=may_pass or not facts.isdisjoint(_OF_RECORD),
        names=is_guest or "name" in facts,
        lists=lists,
    )


def keeps_texts(policy: Policy) -> bool:
    """True if texts are compared with earlier ones, so that their sketches have to be noted."""
    return "alike" in decoded(policy.rules).facts


def keeps_names(policy: Policy) -> bool:
    """True if names are compared with those of others, so that they have to be noted."""
    guests = policy.guests or policy.comment == "anyone"
    return guests or "name" in decoded(policy.rules).facts


def judge(body: str, context: Context, comment: str, *, is_edit: bool = False) -> Judgement:
    """Judge a normalised body of a comment by the caller. Staff are exempt. Raises NameNotAllowed, for guests."""
    if context.caller.is_staff:
        return PASSED
    judged = _by_rules(body, context, comment, is_edit=is_edit)
    screening = context.policy.screening
    if screening is None or judged.rejected or context.cause is not None:
        return judged
    waits = judged.hold is None and screening.when == "before"
    return replace(judged, hold=Hold(SCREENING) if waits else judged.hold, screening=screening.when)


def _by_rules(body: str, context: Context, comment: str, *, is_edit: bool) -> Judgement:
    policy = context.policy
    rules = decoded(policy.rules)
    if context.caller.is_guest and _likeness(context, rules) is not None:
        raise NameNotAllowed
    facts: Facts | None = None
    trusted = trust.of(context) if policy.rules or policy.premoderation != "none" else None
    if rules.rules or trusted is not None:
        facts = _facts(body, context, comment, rules, is_edit=is_edit, trusted=trusted)
    return judge_by_facts(body, context, rules, facts)


def judge_by_facts(body: str, context: Context, rules: Ruleset, facts: Facts | None) -> Judgement:
    """Judge a normalised body by facts that are known, with the rules, pre-moderation and standing of a context."""
    policy, trusted = context.policy, None if facts is None else facts.trusted
    if rules.rules:
        context = context.knowing(facts or NO_FACTS)
        found = rules.first_match("reject", body, context)
        if found is not None:
            return Judgement(
                hold=found.hold, rejected=True, tells=told_in(found.rule.tells, policy.language), facts=facts
            )
    if context.standing == "held":
        return Judgement(hold=Hold(HELD_MEMBER), facts=facts)
    if trusted is not None:
        return Judgement(facts=facts)
    held = premoderation.hold(policy, body)
    if held is not None:
        return Judgement(hold=held, facts=facts)
    found = rules.first_match("hold", body, context)
    if found is not None:
        return Judgement(hold=found.hold, tells=told_in(found.rule.tells, policy.language), facts=facts)
    return PASSED if facts is None else Judgement(facts=facts)


def told_in(words: Words, language: str) -> str | None:
    """The words in a language, else in the first that there is; None without any."""
    return words.get(language) or next(iter(words.values()), None)


def _facts(
    body: str, context: Context, comment: str, rules: Ruleset, *, is_edit: bool, trusted: trust.Source | None
) -> Facts | None:
    """The facts that the rules ask for, and trust; None if there are none."""
    asked = rules.facts
    if not asked and trusted is None:
        return None
    record = context.record
    alike = None
    if "alike" in asked and record is not None:
        alike = record.alike(comment, sketch(body)) if record.texts else 0
    lists = {name: one.at for name, one in context.lists.items()} if "lists" in asked else {}
    facts = Facts(
        published=record.published if record is not None and "published" in asked else None,
        last_at=record.last_at if record is not None and "last_at" in asked and not is_edit else None,
        rejected_at=record.rejected_at if record is not None and "rejected_at" in asked else None,
        alike=alike,
        name=_likeness(context, rules) if "name" in asked else None,
        trusted=trusted,
        lists=lists or None,
    )
    return None if facts == NO_FACTS else facts


def _likeness(context: Context, rules: Ruleset) -> Likeness | None:
    return names.likeness(
        context.author_name,
        own=context.caller.id,
        known=context.known_names,
        site_name=context.site_name,
        reserved=rules.reserved,
    )
