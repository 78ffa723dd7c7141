"""Sites and their policy."""

from typing import Annotated

from msgspec import Meta, Struct

from core.policy import Policy
from workers.gateway.shapes.common import ListQuery, PositionText
from workers.gateway.shapes.keys import EitherKeys
from workers.gateway.shapes.rows import NextCursor

Name = Annotated[str, Meta(min_length=1, max_length=120, examples=["UnHerd"], description="What it is called.")]


class OpenSite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A publication to begin with."""

    name: Name
    policy: Policy = Policy()
    keys: EitherKeys


class SitesQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sites, by name."""


class SiteAnswer(Struct, frozen=True, kw_only=True):
    """A site and its policy, never its keys."""

    site: str
    name: str
    policy: Policy
    position: PositionText


class SiteList(Struct, frozen=True, kw_only=True):
    """Some sites, never their keys."""

    sites: list[SiteAnswer]
    next: NextCursor
