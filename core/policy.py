"""The policy of a site, and the overrides of a thread.

Events carry these structs, and unknown fields in them are refused. An added field is therefore a new shape of
`site.opened`, `policy.changed` and `policy.overridden`, and raises their versions (`core.events.upcasting`). A new rule
is no new shape: `rules` holds JSON objects, which `core.domain.rules` decodes. The same holds for `rates`.

This version does not implement every field. `core.domain.policy_fields` refuses the values that would promise more.
"""

from typing import Annotated, Any, Final, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from core.ids import END

WhoMay = Literal["nobody", "anyone", "member", "entitled"]
Premoderation = Literal["none", "all", "links"]
HistoryVisibility = Literal["public", "author", "staff"]
ENTITLEMENT_PATTERN: Final = rf"^[A-Za-z0-9._:-]{{1,64}}{END}"
ORIGIN_PATTERN: Final = rf"^https?://[a-z0-9.-]{{1,253}}(:[0-9]{{1,5}})?{END}"
LANGUAGE_PATTERN: Final = rf"^[a-z]{{2,3}}(-[A-Za-z0-9]{{2,8}}){{0,3}}{END}"
ZONE_PATTERN: Final = rf"^[A-Za-z0-9_+-]{{1,32}}(/[A-Za-z0-9_+-]{{1,32}}){{0,2}}{END}"
CODE_PATTERN: Final = rf"^[a-z0-9-]{{1,40}}{END}"
CLAIM_PATTERN: Final = rf"^[A-Za-z0-9_./:-]{{1,200}}{END}"
TIME_OF_DAY_PATTERN: Final = rf"^([01][0-9]|2[0-3]):[0-5][0-9]{END}"

_CENTURY: Final = 3_153_600_000
"""Longest period of a policy, in seconds."""

Ground = Literal["terms", "law"]
"""The ground of a decision or a report: the publication's own terms, or the law."""
Code = Annotated[
    str,
    Meta(
        pattern=CODE_PATTERN,
        max_length=40,
        examples=["insult"],
        description="One of the policy's `reasons`, by its code.",
    ),
]
Entitlement = Annotated[str, Meta(pattern=ENTITLEMENT_PATTERN, max_length=64)]
Period = Annotated[int, Meta(ge=0, le=_CENTURY)]
Days = Annotated[int, Meta(ge=0, le=36_500)]
MaxBody = Annotated[int, Meta(ge=1, le=50_000)]
MaxDepth = Annotated[int, Meta(ge=0, le=50)]
Origin = Annotated[str, Meta(pattern=ORIGIN_PATTERN, max_length=270)]
Origins = Annotated[tuple[Origin, ...], Meta(max_length=50)]
RawRule = dict[str, Any]
"""A rule as stored: a JSON object with its `kind` and settings. It may be of a version that knows more rules."""
Rules = Annotated[
    tuple[RawRule, ...],
    Meta(
        max_length=20,
        description="Rules that hold or reject a text. Those that reject are applied first, then `premoderation`, then "
        "those that hold. The first rule that matches is named.",
    ),
]
Language = Annotated[str, Meta(pattern=LANGUAGE_PATTERN, max_length=35)]
Words = Annotated[dict[Language, Annotated[str, Meta(max_length=500)]], Meta(max_length=50)]
"""A text by language."""
Banner = Annotated[Words, Meta(description="Plain text by language, shown above the field.")]
SiteLanguage = Annotated[
    str,
    Meta(
        pattern=LANGUAGE_PATTERN,
        max_length=35,
        examples=["en"],
        description="Language in which the gateway writes HTML (BCP 47): `en`, `de`, `fr`, `es`, `ar` or `he`.",
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        pattern=ZONE_PATTERN,
        max_length=98,
        examples=["Europe/Berlin"],
        description="Time zone in which the gateway writes times in HTML: an IANA name.",
    ),
]
RulesUrl = Annotated[
    str,
    Meta(min_length=1, max_length=2000, description="Address of the house rules, https, shown beside the field."),
]
ReadPages = Annotated[
    Literal["noindex", "index", "off"],
    Meta(
        description="The hosted reading pages: not for search engines, for search engines with JSON-LD, or none (404)."
    ),
]
Opening = Annotated[Literal["staff", "signed", "member"], Meta(description="The callers who may open threads.")]
Rates = Annotated[
    Literal["normal", "off"] | dict[str, Any],
    Meta(
        description="How often a member may write: `normal`, `off`, or limits by kind, where a kind that is left out "
        "is normal and null is no limit. Normal is `posts` (and edits) one in 3 s, burst 10; `votes` two a second, "
        "burst 60; `reports` one in 3 s, burst 10; `openings` of threads five an hour; `network` 20: everyone in a "
        "network together has 20 times these, where the operator has set the trusted proxies (0: no limit). Staff "
        "have no limit.",
        examples=["normal", {"posts": {"every": 3, "burst": 10}, "network": 0}],
    ),
]
"""Limits by kind are a JSON object, as rules are: a version may know more kinds (`core.rate_limits`)."""
Listed = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(max_length=50)]
Claim = Annotated[str, Meta(pattern=CLAIM_PATTERN, max_length=200)]
CORAL: Final = "coral"
"""The claims of the tokens that Coral takes."""
Claims = Literal["coral"] | Annotated[dict[Claim, Claim], Meta(max_length=20)]
Roles = Annotated[tuple[Literal["moderator", "auditor", "admin"], ...], Meta(max_length=3)]
AppealWindow = Annotated[int, Meta(ge=183, le=36_500)]
ErasureDelay = Annotated[int, Meta(ge=0, le=8760)]
TimeOfDay = Annotated[str, Meta(pattern=TIME_OF_DAY_PATTERN, max_length=5)]
MailExcerpt = Literal["never", "decided", "always"]


class Trust(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member is trusted after `after` approved comments, if none was rejected within `days` days."""

    after: Annotated[int, Meta(ge=1, le=1000)]
    days: Days


class Screening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The external screener: when it is asked, its deadline in seconds, and what happens if it fails."""

    when: Literal["before", "after"]
    deadline: Annotated[int, Meta(ge=1, le=60)]
    on_failure: Literal["hold", "publish"]


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days after which texts are destroyed; null means never."""

    withdrawn: Days | None = 90
    rejected: Days | None = 365
    notices: Days | None = 365


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A reason that a decision or a report may name: its code, its ground, and its words by language.

    `label` is for staff and for who reports, `tells` for the author. Without words, the pages word the code.
    """

    code: Annotated[str, Meta(pattern=CODE_PATTERN, max_length=40)]
    ground: Ground
    label: Words = {}
    tells: Words = {}

    def told_in(self, language: str) -> str | None:
        """The words for the author in a language, else in the first that there is; None without any."""
        return self.tells.get(language) or next(iter(self.tells.values()), None)


Reasons = Annotated[tuple[Reason, ...], Meta(max_length=50)]

REASONS: Final[tuple[Reason, ...]] = (
    *(Reason(code=code, ground="terms") for code in ("spam", "off-topic", "insult", "deception")),
    *(Reason(code=code, ground="law") for code in ("hatred", "private-data", "unlawful")),
)
"""The reasons of a site that lists none. Never changed: a policy with this list does not store the list."""

IN_CONTENT: Final = ("banner", "reasons", "report_reasons", "trusted_by", "rules_url")
"""Fields with words that people chose. Events store them in their content, and only where they are not the default."""

WORDS_OF_RULES: Final = ("tells", "reserved")
"""Settings of rules with words that people chose. Events store them in their content, beside the other settings."""

STAFF_ONLY: Final = frozenset({"rules", "rates", "trust", "trusted_by", "claims", "roles", "screening"})
"""Fields that are left out where everyone may read a policy. So is `tells` of reasons."""


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules in force. Every field has a default; `edit_window` is in seconds: null means always, 0 never."""

    comment: WhoMay = "member"
    entitlement: Entitlement = "subscriber"
    premoderation: Premoderation = "none"
    edit_window: Period | None = 86_400
    history: HistoryVisibility = "public"
    votes: bool = True
    own_votes: bool = False
    max_body: MaxBody = 5000
    max_depth: MaxDepth = 50
    origins: Origins = ()
    rules: Rules = ()
    reply: WhoMay | None = None
    vote: WhoMay = "member"
    report: WhoMay = "member"
    grace: Period = 300
    close_after: Period | None = None
    banner: Banner = {}
    opening: Opening = "member"
    rates: Rates = "normal"
    trust: Trust | None = None
    trusted_by: Listed = ()
    claims: Claims = {}
    roles: Roles = ("moderator", "auditor", "admin")
    screening: Screening | None = None
    reasons: Reasons = REASONS
    report_reasons: Reasons = REASONS
    appeal_window: AppealWindow = 183
    retention: Retention = Retention()
    erasure_delay: ErasureDelay = 24
    anonymise: bool = False
    digest_at: TimeOfDay = "07:00"
    mail_excerpt: MailExcerpt = "decided"
    language: SiteLanguage = "en"
    timezone: TimeZone = "UTC"
    rules_url: RulesUrl | None = None
    guests: bool = False
    read_pages: ReadPages = "noindex"

    @property
    def opened_by_comments(self) -> bool:
        """True if a first comment of others than staff may open its thread."""
        return self.opening == "signed" or (self.opening == "member" and bool(self.origins))

    def with_changes(self, changes: "PolicyChanges") -> Self:
        """Return this policy with the fields that `changes` sets."""
        return msgspec.structs.replace(self, **changes.given())


HELD_BEFORE: Final[dict[str, Any]] = {
    "grace": 0,
    "retention": Retention(withdrawn=None, rejected=None, notices=None),
}
"""Values of the fields whose default is not what held in policies stored before the field was there."""

FORMER_DEFAULTS: Final[dict[str, Any]] = {"edit_window": None}
"""Former defaults of fields whose default changed. Policies are stored whole: a stored one keeps its value."""


class Overrides(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a policy that a thread may override; all others are the site's alone."""

    comment: WhoMay | UnsetType = UNSET
    entitlement: Entitlement | UnsetType = UNSET
    premoderation: Premoderation | UnsetType = UNSET
    edit_window: Period | UnsetType | None = UNSET
    history: HistoryVisibility | UnsetType = UNSET
    votes: bool | UnsetType = UNSET
    own_votes: bool | UnsetType = UNSET
    max_body: MaxBody | UnsetType = UNSET
    max_depth: MaxDepth | UnsetType = UNSET
    origins: Origins | UnsetType = UNSET
    rules: Rules | UnsetType = UNSET
    reply: WhoMay | UnsetType | None = UNSET
    vote: WhoMay | UnsetType = UNSET
    report: WhoMay | UnsetType = UNSET
    grace: Period | UnsetType = UNSET
    close_after: Period | UnsetType | None = UNSET
    banner: Banner | UnsetType = UNSET

    def given(self) -> dict[str, object]:
        """Return the set fields, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class PolicyChanges(Overrides, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a policy that a `PATCH` changes, or that a thread overrides."""

    opening: Opening | UnsetType = UNSET
    rates: Rates | UnsetType = UNSET
    trust: Trust | UnsetType | None = UNSET
    trusted_by: Listed | UnsetType = UNSET
    claims: Claims | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    screening: Screening | UnsetType | None = UNSET
    reasons: Reasons | UnsetType = UNSET
    report_reasons: Reasons | UnsetType = UNSET
    appeal_window: AppealWindow | UnsetType = UNSET
    retention: Retention | UnsetType = UNSET
    erasure_delay: ErasureDelay | UnsetType = UNSET
    anonymise: bool | UnsetType = UNSET
    digest_at: TimeOfDay | UnsetType = UNSET
    mail_excerpt: MailExcerpt | UnsetType = UNSET
    language: SiteLanguage | UnsetType = UNSET
    timezone: TimeZone | UnsetType = UNSET
    rules_url: RulesUrl | UnsetType | None = UNSET
    guests: bool | UnsetType = UNSET
    read_pages: ReadPages | UnsetType = UNSET


OVERRIDABLE: Final = frozenset(Overrides.__struct_fields__)
"""Fields that a thread may override."""


class PolicyWords(Struct, frozen=True, kw_only=True):
    """The words of a policy, as events store them: only the fields that were set."""

    banner: Banner | UnsetType = UNSET
    reasons: Reasons | UnsetType = UNSET
    report_reasons: Reasons | UnsetType = UNSET
    trusted_by: Listed | UnsetType = UNSET
    rules_url: RulesUrl | UnsetType | None = UNSET
    of_rules: tuple[dict[str, Any], ...] = ()
    """Of each rule, the settings that are words. Empty if no rule has any."""

    def given(self) -> dict[str, object]:
        """Return the set fields of the policy, by name, without the words of rules."""
        fields = msgspec.structs.asdict(self)
        del fields["of_rules"]
        return {name: value for name, value in fields.items() if value is not UNSET}
