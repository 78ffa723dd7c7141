"""Upcasting of older event shapes to the current ones, and downcasting of current shapes to older ones.

`VERSION` is the current version of each type. A change of shape that a default cannot express raises the version and
adds one pure step to `STEPS`, from the whole entry (facts and content as one dict) of one version to that of the next.

A version is appended only if the deployment's format allows it (`core.events.types.INTRODUCED`). `EARLIER` has the
step back where the previous version can express the same. Without one, the command waits for `hansard upgrade`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from core.events.types import EVENTS
from core.policy import HELD_BEFORE, Policy

Step = Callable[[dict[str, Any]], dict[str, Any]]

Back = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Returns facts and content in the shape of the previous version; None if that shape cannot express them."""

VERSION: Final[dict[str, int]] = {str(event.__struct_config__.tag): 1 for event in EVENTS} | {
    "site.opened": 3,
    "policy.changed": 3,
    "policy.overridden": 3,
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


STEPS: Final[Mapping[tuple[str, int], Step]] = {
    ("site.opened", 1): _sets_no_rules,
    ("policy.changed", 1): _sets_no_rules,
    ("policy.overridden", 1): _sets_no_rules,
    ("site.opened", 2): _as_it_held,
    ("policy.changed", 2): _changes_none_of_them,
    ("policy.overridden", 2): _changes_none_of_them,
}
"""(type, version) to the step to the next version."""

EARLIER: Final[Mapping[tuple[str, int], Back]] = {
    ("site.opened", 2): _policy_without_rules,
    ("policy.changed", 2): _changes_without_rules,
    ("policy.overridden", 2): _overrides_without_rules,
    ("site.opened", 3): _policy_of_version_2,
    ("policy.changed", 3): _changes_of_version_2,
    ("policy.overridden", 3): _overrides_of_version_2,
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
