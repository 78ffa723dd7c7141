"""Sites and their policy."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct
from msgspec.structs import fields

from core.domain.rules.registry import RULES
from core.policy import STAFF_ONLY, Overrides, Policy
from workers.gateway.shapes.common import PositionText
from workers.gateway.shapes.rows import NextCursor
from workers.gateway.shapes.site_keys import EitherKeys

Name = Annotated[str, Meta(min_length=1, max_length=120, examples=["UnHerd"], description="Name of the publication.")]


Rule: Final[Any] = reduce(or_, RULES)
"""A rule in a request, for the document alone: deciders validate rules."""


class StoredRule(Struct, frozen=True, kw_only=True):
    """A rule in a response: its kind and its settings. Only newer versions may know the rule."""

    kind: str


_WORDS: Final = "The policy in force. `edit_window` is in seconds: null means always, 0 never."

_FOR_STAFF: Final = "Only in the response to a moderator."

if TYPE_CHECKING:
    PolicyAnswer = Policy
    PublicPolicy = Policy
    OverridesAnswer = Overrides
else:
    # The fields of Policy, required in a response; those that only staff see may be absent from PublicPolicy.
    PolicyAnswer = defstruct(
        "PolicyAnswer",
        [(field.name, field.type) for field in fields(Policy)],
        namespace={"__doc__": _WORDS},
        frozen=True,
        kw_only=True,
    )
    PublicPolicy = defstruct(
        "PublicPolicy",
        [
            (field.name, Annotated[field.type, Meta(description=_FOR_STAFF)] | UnsetType, UNSET)
            if field.name in STAFF_ONLY
            else (field.name, field.type)
            for field in fields(Policy)
        ],
        namespace={"__doc__": _WORDS},
        frozen=True,
        kw_only=True,
    )
    OverridesAnswer = defstruct(
        "OverridesAnswer",
        [(field.name, field.type, UNSET) for field in fields(Overrides)],
        namespace={"__doc__": "The fields that the thread overrides."},
        frozen=True,
        kw_only=True,
    )


class OpenSite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site to open."""

    name: Name
    policy: Policy = Policy()
    keys: EitherKeys


class SiteAnswer(Struct, frozen=True, kw_only=True):
    """A site and its policy, never its keys."""

    site: str
    name: str
    policy: PolicyAnswer
    position: PositionText


class PolicyQuery(Struct, frozen=True, kw_only=True):
    """The moment at which a policy is read; left out: now."""

    at: (
        Annotated[
            str,
            Meta(
                max_length=40,
                examples=["2023-10-29T11:20:00.000Z"],
                description="A time, or a position in the log of the site, such as the `by_policy` of an event.",
            ),
        ]
        | None
    ) = None


class SiteList(Struct, frozen=True, kw_only=True):
    """A page of sites, never their keys."""

    sites: list[SiteAnswer]
    next: NextCursor
