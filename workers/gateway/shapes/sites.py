"""Sites and their policy."""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, defstruct
from msgspec.structs import fields

from core.policy import Policy
from workers.gateway.shapes.common import ListQuery, PositionText
from workers.gateway.shapes.keys import EitherKeys
from workers.gateway.shapes.rows import NextCursor

Name = Annotated[str, Meta(min_length=1, max_length=120, examples=["UnHerd"], description="What it is called.")]


if TYPE_CHECKING:
    PolicyAnswer = Policy
else:
    # It has the fields of Policy, all of them required.
    PolicyAnswer = defstruct(
        "PolicyAnswer",
        [(field.name, field.type) for field in fields(Policy)],
        namespace={"__doc__": "The policy in force. `edit_window` is in seconds: null means always, 0 never."},
        frozen=True,
        kw_only=True,
    )


class OpenSite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site to open."""

    name: Name
    policy: Policy = Policy()
    keys: EitherKeys


class SitesQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List of sites, by name."""


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
