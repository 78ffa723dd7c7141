"""The patterns of request fields, in words: no problem response shows a regular expression."""

from collections.abc import Mapping
from typing import Final

from core.ids import COMMENT_PATTERN, MEMBER_PATTERN, SITE_PATTERN, SLUG_PATTERN, THREAD_PATTERN
from core.policy import (
    CLAIM_PATTERN,
    ENTITLEMENT_PATTERN,
    LANGUAGE_PATTERN,
    ORIGIN_PATTERN,
    TIME_OF_DAY_PATTERN,
    ZONE_PATTERN,
)
from projections.read.queries import RULE_PATTERN
from workers.gateway.shapes.common import POSITION_PATTERN
from workers.gateway.shapes.notices import EMAIL_PATTERN
from workers.gateway.shapes.screening import SCREENER_URL_PATTERN
from workers.gateway.shapes.site_keys import JWKS_URL_PATTERN
from workers.gateway.shapes.staff import EVENT_TYPE_PATTERN
from workers.gateway.shapes.votes import VOTER_PATTERN

WORDS: Final[Mapping[str, str]] = {
    SITE_PATTERN: "1 to 40 characters of a-z, 0-9 and -",
    THREAD_PATTERN: "1 to 120 characters of A-Z, a-z, 0-9, ., _, ~ and -, but not . or ..",
    COMMENT_PATTERN: "1 to 64 characters of A-Z, a-z, 0-9, _ and -",
    MEMBER_PATTERN: "1 to 64 characters of A-Z, a-z, 0-9, ., _, ~, : and -",
    SLUG_PATTERN: "1 to 40 characters of a-z, 0-9 and -",
    ENTITLEMENT_PATTERN: "1 to 64 characters of A-Z, a-z, 0-9, ., _, : and -",
    ORIGIN_PATTERN: "http:// or https://, a host in lower case and an optional port, for example https://example.org",
    LANGUAGE_PATTERN: "the tag of a language, for example en or de-AT",
    ZONE_PATTERN: "the name of a time zone, for example Europe/Berlin",
    EMAIL_PATTERN: "an e-mail address, for example ada@example.org",
    TIME_OF_DAY_PATTERN: "a time of day of the form 08:30",
    CLAIM_PATTERN: "1 to 200 characters of A-Z, a-z, 0-9, _, ., /, : and -",
    JWKS_URL_PATTERN: "an https address of visible ASCII characters",
    SCREENER_URL_PATTERN: "an http or https address of visible ASCII characters",
    VOTER_PATTERN: "the name of a voter as lists of votes give it, or a member's id",
    EVENT_TYPE_PATTERN: "a noun, a dot and a past participle, for example comment.posted",
    RULE_PATTERN: "1 to 80 characters of A-Z, a-z, 0-9, _, . and -",
    POSITION_PATTERN: "<ms>-<n>, as returned in a response",
}
"""Description of valid values by pattern. A test checks that the pattern of every request field is here."""

_OTHER: Final = "in another format"
_BY_REPR: Final = {repr(pattern): words for pattern, words in WORDS.items()}


def worded(pattern: str) -> str:
    """Describe the valid values of a field. `pattern` is quoted as in messages of msgspec."""
    return f"this must be {_BY_REPR.get(pattern, _OTHER)}"
