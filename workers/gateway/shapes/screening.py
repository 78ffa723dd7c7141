"""The screener of a site."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from core.ids import END

SCREENER_URL_PATTERN: Final = rf"^https?://[!-~]{{1,1990}}{END}"
ScreenerUrl = Annotated[
    str,
    Meta(
        pattern=SCREENER_URL_PATTERN,
        max_length=2000,
        examples=["https://screener.example/hansard"],
        description="Where to ask. Of the shape `akismet`, the address of the API: `https://rest.akismet.com/1.1`. "
        "https, unless the operator of the deployment permits the host (`HANSARD_PRIVATE_HOOKS`).",
    ),
]
ScreenerShape = Annotated[
    Literal["hansard", "coral", "akismet"],
    Meta(description="The protocol: Hansard's own, that of Coral's external moderation phases, or that of Akismet."),
]
ScreenerSecret = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=512,
        description="Of `hansard`, `whsec_` and the base64 of 24 to 64 random bytes (Standard Webhooks). Of `coral`, "
        "at least 16 characters. Of `akismet`, the API key. It is kept sealed and never given back. Left out, the one "
        "that the site has for this shape stays.",
    ),
]


class ScreenerGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A screener to set up."""

    url: ScreenerUrl
    shape: ScreenerShape
    secret: ScreenerSecret | UnsetType = UNSET


class ScreenerShown(Struct, frozen=True, kw_only=True):
    """The screener of the site, without its secret."""

    url: str
    shape: str
