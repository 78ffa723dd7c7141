"""Guests: readers with a token of the gateway's."""

from typing import Annotated

from msgspec import Meta, Struct


class Guest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guest to be."""

    name: Annotated[
        str, Meta(min_length=1, max_length=1000, description="Name shown with the comments. At most 100 characters.")
    ]


class GuestToken(Struct, frozen=True, kw_only=True):
    """A token for a guest."""

    token: Annotated[str, Meta(description="For the Authorization header, as every token.")]
    exp: Annotated[int, Meta(description="Expiry in seconds since 1970, 24 hours from now.")]
