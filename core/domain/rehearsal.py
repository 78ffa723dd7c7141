"""Rehearsal: the judgement of a recorded text by another policy. Pure: the same judge as the decider's.

The facts beyond the text are those that its event recorded. A rule that needs a fact which was not recorded is left
out, and told as unknown. Texts of staff and of imports are not judged, nor are edits that waited for a moderator
whatever their words.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from core.caller import Caller
from core.domain import names
from core.domain.context import Context, LoadedList
from core.domain.judging import HELD_MEMBER, judge_by_facts
from core.domain.names import NO_NAMES
from core.domain.rules.premoderation import UNDER_REVIEW, Hold
from core.domain.rules.registry import Ruleset, decoded
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded
from core.events.facts import NO_FACTS, Facts
from core.events.screening import SCREENING
from core.policy import Policy

Outcome = Literal["published", "held", "rejected"]
_RECORDED: Final = ("published", "last_at", "rejected_at", "alike")
"""Facts that only the event has."""


class RehearsedText(Struct, frozen=True, kw_only=True):
    """A recorded text as it was judged, and as another policy would judge it."""

    before: Outcome
    after: Outcome
    rule: str | None = None
    """The rule that held or rejected it."""
    hold: Hold | None = None
    """The rule that would."""
    unknown: tuple[str, ...] = ()
    """Rules that were left out, because a fact that they need was not recorded."""


def rehearse(
    recorded: Recorded, policy: Policy, lists: Mapping[str, LoadedList], site_name: str | None
) -> RehearsedText | None:
    """Judge the text of an event by a policy, the thread's overrides included. None if there is nothing to judge."""
    event, actor = recorded.event, recorded.envelope.actor
    if not isinstance(event, CommentPosted | CommentEdited) or event.body is None:
        return None
    if actor.kind == "staff" or recorded.envelope.cause is not None or event.rule == UNDER_REVIEW:
        return None
    rules = decoded(policy.rules)
    facts = _facts(recorded, event, rules, site_name)
    missing = {name for name in _RECORDED if getattr(facts, name) is None}
    if isinstance(event, CommentEdited):
        missing.discard("last_at")  # rules leave it alone in edits
    known = rules if rules.facts.isdisjoint(missing) else _without(rules, missing)
    context = Context(
        caller=Caller(id=actor.id, name=event.name or actor.id, kind=actor.kind),
        now=recorded.occurred_at,
        policy=policy,
        standing="held" if event.rule == HELD_MEMBER else "usual",
        lists=lists,
    )
    judged = judge_by_facts(event.body, context, known, facts)
    return RehearsedText(
        before=_before(event),
        after="rejected" if judged.rejected else "published" if judged.hold is None else "held",
        rule=event.rule,
        hold=judged.hold,
        unknown=tuple(
            str(one.__struct_config__.tag) for one in rules.rules if known is not rules and one not in known.rules
        ),
    )


def _before(event: CommentPosted | CommentEdited) -> Outcome:
    if event.rule is None or event.rule == SCREENING:
        return "published"  # to wait for the screener alone is no judgement
    return "rejected" if event.rejected else "held"


def _facts(recorded: Recorded, event: CommentPosted | CommentEdited, rules: Ruleset, site_name: str | None) -> Facts:
    facts = event.facts or NO_FACTS
    if facts.name is None and "name" in rules.facts and event.name is not None:
        own = recorded.envelope.actor.id
        like = names.likeness(event.name, own=own, known=NO_NAMES, site_name=site_name, reserved=rules.reserved)
        return replace(facts, name=like)
    return facts


def _without(rules: Ruleset, missing: set[str]) -> Ruleset:
    left = {
        action: tuple(one for one in some if one.FACTS.isdisjoint(missing)) for action, some in rules.by_action.items()
    }
    kept = tuple(one for one in rules.rules if one.FACTS.isdisjoint(missing))
    return replace(rules, rules=kept, by_action=left)
