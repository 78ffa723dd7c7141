"""Sites and their policy."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta, Struct, defstruct
from msgspec.structs import fields

from core.domain.rules.table import RULES
from core.policy import STAFF_ONLY, Policy
from workers.gateway.shapes.common import PositionText
from workers.gateway.shapes.keys import EitherKeys
from workers.gateway.shapes.rows import NextCursor

Name = Annotated[str, Meta(min_length=1, max_length=120, examples=["UnHerd"], description="Name of the publication.")]


Rule: Final[Any] = reduce(or_, RULES)
"""A rule in a request, for the document alone: deciders validate rules."""


class StoredRule(Struct, frozen=True, kw_only=True):
    """A rule in a response: its kind and its settings. Only newer versions may know the rule."""

    kind: str


_WORDS: Final = "The policy in force. `edit_window` is in seconds: null means always, 0 never."

if TYPE_CHECKING:
    PolicyAnswer = Policy
    PublicPolicy = Policy
else:
    # They have the fields of Policy, all of them required.
    PolicyAnswer, PublicPolicy = (
        defstruct(
            name,
            [(field.name, field.type) for field in fields(Policy) if field.name not in withheld],
            namespace={"__doc__": _WORDS},
            frozen=True,
            kw_only=True,
        )
        for name, withheld in (("PolicyAnswer", ()), ("PublicPolicy", STAFF_ONLY))
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


class SiteList(Struct, frozen=True, kw_only=True):
    """A page of sites, never their keys."""

    sites: list[SiteAnswer]
    next: NextCursor
