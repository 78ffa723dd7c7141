"""Checks of the fields of a policy: values that this version cannot implement are refused, addresses are normalised.

A field that this version does not implement takes only its default, or the value that held before the field was there.
So no policy promises more than this version does.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from core import rate_limits, time_zones
from core.domain.origins import normalised
from core.error_summary import located
from core.policy import FORMER_DEFAULTS, HELD_BEFORE, OVERRIDABLE, Policy, Reason
from core.refusals import BadField
from core.text.unicode import normalise

LANGUAGES: Final = ("en", "de", "fr", "es", "ar", "he")
"""Languages in which the gateway writes HTML."""

CLAIMS: Final = (
    *("sub", "name", "aud", "kind", "avatar", "badges", "entitlements", "roles"),
    *("thread", "url", "title", "labels"),
    *("email", "email_verified"),
)
"""Claims that a policy may place. Those of the last line are not read yet."""

NOT_IMPLEMENTED: Final[Collection[str]] = (
    *("retention", "erasure_delay"),
    *("anonymise", "digest_at", "mail_excerpt"),
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

    A stored policy has what held before the field or its default was there, where a new one has the default.
    """
    held = HELD_BEFORE | FORMER_DEFAULTS
    return before == now or (name in held and {before, now} == {held[name], _default(name)})


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


def _rates(value: Any, pointer: str) -> Any:
    if isinstance(value, dict):
        try:
            rate_limits.decoded(value)
        except msgspec.ValidationError as error:
            said, setting = located(error)
            raise BadField(f"{pointer}{setting}", said.replace("`", "")) from None
    return value


def _words(value: Mapping[str, str], pointer: str) -> dict[str, str]:
    """A text by language, each normalised as the texts of comments are."""
    texts = {language: normalise(text) for language, text in value.items()}
    for language, text in texts.items():
        if not text:
            raise BadField(f"{pointer}/{language}", "nothing in the text is visible: leave the language out")
    return texts


def _reasons(value: tuple[Reason, ...], pointer: str) -> tuple[Reason, ...]:
    if len({reason.code for reason in value}) < len(value):
        raise BadField(pointer, "two reasons have the same code")
    return tuple(
        replace(
            reason,
            label=_words(reason.label, f"{pointer}/{number}/label"),
            tells=_words(reason.tells, f"{pointer}/{number}/tells"),
        )
        for number, reason in enumerate(value)
    )


def _claims(value: Any, pointer: str) -> Any:
    if isinstance(value, dict):
        for name in value:
            if name in _FIXED:
                raise BadField(f"{pointer}/{name}", "this claim is where RFC 7519 has it")
            if name not in CLAIMS:
                raise BadField(f"{pointer}/{name}", f"there is no such claim, only {', '.join(CLAIMS)}")
    return value


def _roles(value: tuple[str, ...], pointer: str) -> tuple[str, ...]:
    """Each role once, in the order of the default: a list means a set."""
    if len(set(value)) < len(value):
        raise BadField(pointer, "a role is listed twice")
    return tuple(role for role in _DEFAULT.roles if role in value)


_DEFAULT: Final = Policy()
_FIXED: Final = frozenset({"exp", "nbf"})
_CHECKS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "language": _language,
    "timezone": _timezone,
    "rules_url": _rules_url,
    "rates": _rates,
    "banner": _words,
    "reasons": _reasons,
    "report_reasons": _reasons,
    "claims": _claims,
    "roles": _roles,
}
