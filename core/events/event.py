"""The base of every event type. The types are in `core.events.types`."""

from typing import Any, ClassVar, Final

from msgspec import Struct

FIRST: Final = 1
"""First revision of a comment: the one that posts, votes and reports are about if they name none, as most do."""


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """A fact about a discussion: ids, codes and numbers, and in `CONTENT` the words that people wrote.

    No event can contain itself, so garbage collection is off for these structs: it would slow down reading a log.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset()
    PROFILE: ClassVar[frozenset[str]] = frozenset()
    """Fields of `CONTENT` that describe the author: the name, the avatar, the badges."""

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return all fields of an event, by name, as they are stored. `facts` is changed."""
        return facts


def tag_of(event: type[Event]) -> str:
    """Return the stored name of an event type."""
    return str(event.__struct_config__.tag)
