"""Word lists of a site."""

from typing import Annotated

from msgspec import Meta, Struct

from workers.gateway.shapes.common import PositionText

Terms = Annotated[
    list[str],
    Meta(
        description="At most 10,000 terms of at most 200 characters and together 256 KB in UTF-8, each with a letter, "
        "a digit or a symbol. Looked for as whole words, in any case, also disguised.",
        examples=[["fool", "bad word"]],
    ),
]


class ListTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of a word list."""

    terms: Terms


class ListHead(Struct, frozen=True, kw_only=True):
    """A word list, without its terms."""

    list: str
    count: Annotated[int, Meta(description="Number of terms.")]
    digest: Annotated[str, Meta(description="Changes with the terms.")]
    position: Annotated[PositionText, Meta(description="Position of the version: events of held texts name it.")]


class WholeList(ListHead, frozen=True, kw_only=True):
    """A word list with its terms."""

    terms: list[str]


class ListsAnswer(Struct, frozen=True, kw_only=True):
    """The word lists of the site, by name."""

    lists: list[ListHead]
