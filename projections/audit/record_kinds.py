"""Kinds of events in the record of a thread: the names that a strip counts, and the kinds of a filter.

Every event of a thread is counted under exactly one name, and every name belongs to exactly one kind.
"""

from collections.abc import Collection, Mapping
from typing import Final, Literal, get_args

Counted = Literal["posted", "edited", "reported", "decided", "opened", "votes"]
Kind = Literal["texts", "decisions", "votes"]

COUNTED: Final[tuple[Counted, ...]] = get_args(Counted)
"""The names that a strip counts events under. The number of a name is its place here."""

KINDS: Final[Mapping[Kind, tuple[Counted, ...]]] = {
    "texts": ("posted", "edited"),
    "decisions": ("reported", "decided", "opened"),
    "votes": ("votes",),
}

_BY_TYPE: Final[Mapping[str, Counted]] = {
    "comment.posted": "posted",
    "comment.edited": "edited",
    "comment.withdrawn": "edited",
    "comment.restored": "edited",
}
"""Acts of authors on their texts; every other type is counted by its noun."""

_BY_NOUN: Final[Mapping[str, Counted]] = {
    "comment": "decided",
    "decision": "decided",
    "revision": "decided",
    "event": "decided",
    "statement": "decided",
    "appeal": "reported",
    "report": "reported",
    "notice": "reported",
    "vote": "votes",
    "votes": "votes",
    "author": "decided",
}
"""Nouns that are not listed are about the thread itself: its status, its policy, its inline questions."""

VOTES: Final = COUNTED.index("votes")
UNREADABLE: Final = COUNTED.index("decided")
"""An unreadable entry may be any event; a reader of decisions must not miss it."""


def counted(type_: str) -> int:
    """The number of the name that events of a type are counted under. Also takes types of a later version."""
    name = _BY_TYPE.get(type_) or _BY_NOUN.get(type_.partition(".")[0], "opened")
    return COUNTED.index(name)


def numbers_of(kinds: Collection[Kind]) -> frozenset[int]:
    """The numbers of the names that belong to these kinds; of all of them if none is given."""
    names = [name for kind in (kinds or KINDS) for name in KINDS[kind]]
    return frozenset(COUNTED.index(name) for name in names)
