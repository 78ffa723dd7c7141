"""The policy of a site, and the overrides of a thread.

Events carry these structs, and unknown fields in them are refused. An added field is therefore a new shape of
`site.opened`, `policy.changed` and `policy.overridden`, and raises their versions (`core.events.upcasting`). A new rule
is no new shape: `rules` holds JSON objects, which `core.domain.rules` decodes.
"""

from typing import Annotated, Any, Final, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from core.ids import END

WhoComments = Literal["anyone", "member", "entitled"]
Premoderation = Literal["none", "all", "links"]
HistoryVisibility = Literal["public", "author", "staff"]
ENTITLEMENT_PATTERN: Final = rf"^[A-Za-z0-9._:-]{{1,64}}{END}"
ORIGIN_PATTERN: Final = rf"^https?://[a-z0-9.-]{{1,253}}(:[0-9]{{1,5}})?{END}"

Entitlement = Annotated[str, Meta(pattern=ENTITLEMENT_PATTERN, max_length=64)]
EditWindow = Annotated[int, Meta(ge=0, le=3_153_600_000)]
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
        description="Rules that hold a text for review, applied after `premoderation`. The first rule that holds the "
        "text is named.",
    ),
]

STAFF_ONLY: Final = frozenset({"rules"})
"""Fields that are left out where everyone may read a policy."""


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules in force. Every field has a default; `edit_window` is in seconds: null means always, 0 never."""

    comment: WhoComments = "member"
    entitlement: Entitlement = "subscriber"
    premoderation: Premoderation = "none"
    edit_window: EditWindow | None = None
    history: HistoryVisibility = "public"
    votes: bool = True
    own_votes: bool = False
    max_body: MaxBody = 5000
    max_depth: MaxDepth = 50
    origins: Origins = ()
    rules: Rules = ()

    def with_changes(self, changes: "PolicyChanges") -> Self:
        """Return this policy with the fields that `changes` sets."""
        return msgspec.structs.replace(self, **changes.given())


class PolicyChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a policy that a `PATCH` changes, or that a thread overrides."""

    comment: WhoComments | UnsetType = UNSET
    entitlement: Entitlement | UnsetType = UNSET
    premoderation: Premoderation | UnsetType = UNSET
    edit_window: EditWindow | UnsetType | None = UNSET
    history: HistoryVisibility | UnsetType = UNSET
    votes: bool | UnsetType = UNSET
    own_votes: bool | UnsetType = UNSET
    max_body: MaxBody | UnsetType = UNSET
    max_depth: MaxDepth | UnsetType = UNSET
    origins: Origins | UnsetType = UNSET
    rules: Rules | UnsetType = UNSET

    def given(self) -> dict[str, object]:
        """Return the set fields, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
