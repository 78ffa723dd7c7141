"""Checks of the fields of a policy: values that this version cannot implement are refused, addresses are normalised.

A field that this version does not implement takes only its default, or the value that held before the field was there.
So no policy promises more than this version does.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec

from core import time_zones
from core.domain.origins import normalised
from core.policy import HELD_BEFORE, OVERRIDABLE, Policy
from core.refusals import BadField

LANGUAGES: Final = ("en", "de", "fr", "es", "ar", "he")
"""Languages in which the gateway writes HTML."""

NOT_IMPLEMENTED: Final[Collection[str]] = (
    *("reply", "vote", "report", "grace", "close_after", "banner", "opening", "rates", "trust", "trusted_by"),
    *("claims", "roles", "screening", "reasons", "report_reasons", "appeal_window", "retention", "erasure_delay"),
    *("anonymise", "digest_at", "mail_excerpt", "guests"),
)
"""Fields that this version stores and nothing acts on."""


def checked(fields: Mapping[str, Any], under: str) -> dict[str, Any]:
    """Return the given fields of a policy, normalised.

    Raises BadField with the JSON pointer of a field below `under`.
    """
    return {name: _checked(name, value, f"{under}/{name}") for name, value in fields.items()}


def check_overridable(names: Collection[str]) -> None:
    """Raise BadField for a field that a thread may not override."""
    for name in names:
        if name not in OVERRIDABLE:
            raise BadField(f"/{name}", "a thread may not override this field: it is the site's alone")


def same(name: str, before: object, now: object) -> bool:
    """True if two values of a field mean the same.

    A stored policy has what held before the field was there, where a new one has the default.
    """
    return before == now or (name in HELD_BEFORE and {before, now} == {HELD_BEFORE[name], _default(name)})


def _checked(name: str, value: Any, pointer: str) -> Any:
    if name in NOT_IMPLEMENTED:
        _require_usual(name, value, pointer)
    check = _CHECKS.get(name)
    return value if check is None else check(value, pointer)


def _require_usual(name: str, value: object, pointer: str) -> None:
    usual = [_default(name)]
    if name in HELD_BEFORE:
        usual.append(HELD_BEFORE[name])
    if value not in usual:
        values = " or ".join(msgspec.json.encode(one).decode() for one in usual)
        raise BadField(pointer, f"this version of Hansard does not implement other values than {values}")


def _default(name: str) -> object:
    return getattr(_DEFAULT, name)


def _comment(value: Any, pointer: str) -> Any:
    if value == "nobody":
        raise BadField(pointer, "this version of Hansard does not implement this value")
    return value


def _language(value: Any, pointer: str) -> Any:
    if value not in LANGUAGES:
        raise BadField(pointer, f"the pages have no words in this language, only in {', '.join(LANGUAGES)}")
    return value


def _timezone(value: Any, pointer: str) -> Any:
    if time_zones.is_zone(value):
        return value
    if not time_zones.has_zones():
        raise BadField(pointer, "this server has no time zone data: only UTC is possible until tzdata is installed")
    raise BadField(pointer, "there is no such time zone: the name must be one of the IANA time zone database")


def _rules_url(value: Any, pointer: str) -> Any:
    if value is None:
        return None
    address = normalised(value)
    if address is None or not address.startswith("https://"):
        raise BadField(pointer, "the address must be https, without a user")
    return address


_DEFAULT: Final = Policy()
_CHECKS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "comment": _comment,
    "language": _language,
    "timezone": _timezone,
    "rules_url": _rules_url,
}
