"""Upcasting of older event shapes to the current ones, and downcasting of current shapes to older ones.

`VERSION` is the current version of each type. A change of shape that a default cannot express raises the version and
adds one pure step to `STEPS`, from the whole entry (facts and content as one dict) of one version to that of the next.

A version that only adds fields is listed in `ADDED`. An event that sets none of them is appended in the version before,
which says the same in fewer bytes.

A version is appended only if the deployment's format allows it (`core.events.types.INTRODUCED`). `EARLIER` has the
step back where the previous version can express the same. Without one, the command waits for `hansard upgrade`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from core.events.event import tag_of
from core.events.types import EVENTS
from core.policy import HELD_BEFORE, WORDS_OF_RULES, Policy

Step = Callable[[dict[str, Any]], dict[str, Any]]

Back = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Returns facts and content in the shape of the previous version; None if that shape cannot express them."""

_OF_DECISIONS: Final = ("comment.held", "comment.approved", "comment.rejected")
_OF_JUDGEMENTS: Final = ("rejected", "list", "facts", "spans", "tells")

ADDED: Final[Mapping[tuple[str, int], tuple[str, ...]]] = {
    ("thread.opened", 2): ("unverified", "labels"),
    ("member.suspended", 2): ("code",),
    ("comment.posted", 2): _OF_JUDGEMENTS,
    ("comment.edited", 2): ("grace", *_OF_JUDGEMENTS),
    ("comment.held", 3): ("rule",),
    ("comment.rejected", 3): ("rule", "notice"),
    ("vote.cast", 2): ("entitlement",),
    ("vote.retracted", 2): ("voided",),
    ("report.filed", 2): ("entitlement", "open"),
    ("comment.approved", 3): ("notice",),
    ("comment.posted", 3): ("screening",),
    ("comment.edited", 3): ("screening",),
    ("member.suspended", 3): ("ground",),
    ("comment.posted", 4): ("origin", "unknown", "original"),
    ("comment.edited", 4): ("unknown", "original"),
    **{(name, 4): ("basis",) for name in _OF_DECISIONS},
}
"""(type, version) to the fields that the version adds. Their defaults say what events of earlier versions said."""

_OF_FIGURES: Final = (("member.suspended", 3), *((name, 4) for name in _OF_DECISIONS))
"""Versions whose fields only figures read: an earlier version leaves them out, so that moderators go on."""

VERSION: Final[dict[str, int]] = {tag_of(event): 1 for event in EVENTS} | {
    "site.opened": 4,
    "policy.changed": 4,
    "policy.overridden": 4,
    "comment.held": 2,
    "comment.approved": 2,
    "comment.rejected": 2,
    **dict(sorted(ADDED)),
}
"""Current version of every event type."""


def _sets_no_rules(entry: dict[str, Any]) -> dict[str, Any]:
    # Version 2 of the policy events has `rules`, and reads an event without them as one that sets none.
    return entry


def _policy_without_rules(entry: dict[str, Any]) -> dict[str, Any] | None:
    policy: dict[str, Any] = entry["policy"]
    if policy["rules"]:
        return None
    return entry | {"policy": {name: value for name, value in policy.items() if name != "rules"}}


def _changes_without_rules(entry: dict[str, Any]) -> dict[str, Any] | None:
    return None if "rules" in entry["changes"] else entry


def _overrides_without_rules(entry: dict[str, Any]) -> dict[str, Any] | None:
    # An override with no rules takes those of the site away, now or later, so it is not the same as no override.
    return None if "rules" in entry["overrides"] else entry


_OF_VERSION_2: Final = (
    *("comment", "entitlement", "premoderation", "edit_window", "history", "votes", "own_votes"),
    *("max_body", "max_depth", "origins", "rules"),
)
"""Fields of a policy until version 2 of the policy events."""

_SINCE_VERSION_3: Final = tuple(name for name in Policy.__struct_fields__ if name not in _OF_VERSION_2)
_DEFAULTS: Final[dict[str, Any]] = msgspec.to_builtins(Policy())
_BEFORE: Final[dict[str, Any]] = msgspec.to_builtins(HELD_BEFORE)
_COMMENT_BEFORE: Final = ("anyone", "member", "entitled")


def _as_it_held(entry: dict[str, Any]) -> dict[str, Any]:
    # Version 3 has more fields. Of the others, the default is what held before.
    return entry | {"policy": entry["policy"] | _BEFORE}


def _changes_none_of_them(entry: dict[str, Any]) -> dict[str, Any]:
    return entry


def _policy_of_version_2(entry: dict[str, Any]) -> dict[str, Any] | None:
    policy: dict[str, Any] = entry["policy"]
    # A default of a field that version 2 lacks may be read back as what held before: nothing acts on either.
    usual = all(policy[name] in (_DEFAULTS[name], _BEFORE.get(name, _DEFAULTS[name])) for name in _SINCE_VERSION_3)
    if not usual or policy["comment"] not in _COMMENT_BEFORE:
        return None
    return entry | {"policy": {name: policy[name] for name in _OF_VERSION_2}}


def _changes_of_version_2(entry: dict[str, Any]) -> dict[str, Any] | None:
    return entry if _is_of_version_2(entry["changes"]) else None


def _overrides_of_version_2(entry: dict[str, Any]) -> dict[str, Any] | None:
    return entry if _is_of_version_2(entry["overrides"]) else None


def _is_of_version_2(changes: dict[str, Any]) -> bool:
    return changes.keys() <= set(_OF_VERSION_2) and changes.get("comment", "member") in _COMMENT_BEFORE


_SINCE_VERSION_2: Final = ("code", "ground", "spam")


def _names_no_code(entry: dict[str, Any]) -> dict[str, Any]:
    # Version 2 of the decisions has `code`, `ground` and `spam`, and reads an event without them as one that says none.
    # A decision of version 1 cannot be reversed, whatever batch it belongs to.
    return entry


def _decision_without_code(entry: dict[str, Any]) -> dict[str, Any] | None:
    return None if any(name in entry for name in _SINCE_VERSION_2) else entry


def _adds_nothing(entry: dict[str, Any]) -> dict[str, Any]:
    return entry


def _without(fields: tuple[str, ...]) -> Back:
    return lambda entry: None if any(name in entry for name in fields) else entry


def _but(*fields: str) -> Back:
    return lambda entry: {name: value for name, value in entry.items() if name not in fields}


def _has_no_words_of_rules(entry: dict[str, Any]) -> dict[str, Any]:
    # Version 4 of the policy events has the words of rules in `words`, and reads an event without as one without them.
    return entry


def _rules_without_words(field: str) -> Back:
    def back(entry: dict[str, Any]) -> dict[str, Any] | None:
        rules = entry[field].get("rules", ())
        return None if any(name in rule for rule in rules for name in WORDS_OF_RULES) else entry

    return back


STEPS: Final[Mapping[tuple[str, int], Step]] = {
    ("site.opened", 1): _sets_no_rules,
    ("policy.changed", 1): _sets_no_rules,
    ("policy.overridden", 1): _sets_no_rules,
    ("site.opened", 2): _as_it_held,
    ("policy.changed", 2): _changes_none_of_them,
    ("policy.overridden", 2): _changes_none_of_them,
    ("site.opened", 3): _has_no_words_of_rules,
    ("policy.changed", 3): _has_no_words_of_rules,
    ("policy.overridden", 3): _has_no_words_of_rules,
    **{(name, 1): _names_no_code for name in _OF_DECISIONS},
    **{(name, version - 1): _adds_nothing for name, version in ADDED},
}
"""(type, version) to the step to the next version."""

EARLIER: Final[Mapping[tuple[str, int], Back]] = {
    ("site.opened", 2): _policy_without_rules,
    ("policy.changed", 2): _changes_without_rules,
    ("policy.overridden", 2): _overrides_without_rules,
    ("site.opened", 3): _policy_of_version_2,
    ("policy.changed", 3): _changes_of_version_2,
    ("policy.overridden", 3): _overrides_of_version_2,
    ("site.opened", 4): _rules_without_words("policy"),
    ("policy.changed", 4): _rules_without_words("changes"),
    ("policy.overridden", 4): _rules_without_words("overrides"),
    **{(name, 2): _decision_without_code for name in _OF_DECISIONS},
    **{shape: _without(fields) for shape, fields in ADDED.items()},
    **{shape: _but(*ADDED[shape]) for shape in _OF_FIGURES},
}
"""(type, version) to the step to the previous version."""


def upcast(
    name: str,
    version: int,
    entry: dict[str, Any],
    *,
    steps: Mapping[tuple[str, int], Step] = STEPS,
    today: Mapping[str, int] = VERSION,
) -> dict[str, Any]:
    """Return `entry` of event type `name` in its current shape. Raises KeyError if a step is missing: our bug."""
    for at in range(version, today[name]):
        entry = steps[name, at](entry)
    return entry
