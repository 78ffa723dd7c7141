"""Comments as other systems have them: one text, a state, and the comment that is answered."""

import hashlib
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from projections.thread.state import CommentState, Text, ThreadState

PlainState = Literal["published", "pending", "rejected", "spam", "withdrawn"]

_MADE: Final = 1 << 55
"""Numbers from here on are made of ids. Numbers of other systems are smaller."""
_LONGEST: Final = 15
"""Most digits of a number of another system."""


class PlainComment(Struct, frozen=True, kw_only=True):
    """A comment with the text that readers saw last, or the newest if they saw none."""

    id: str
    parent: str | None
    """The comment that it answers, or the nearest above that which has a text."""
    state: PlainState
    comment: CommentState
    body: str
    name: str
    edited: int | None
    """Time of the text, in milliseconds since 1970, if it is not the first one."""


def plain_comments(thread: ThreadState) -> Iterator[PlainComment]:
    """The comments of a thread that have a text, in the order of posting."""
    parents: dict[str, str | None] = {}
    for name, comment in thread.rows.items():
        above = comment.answered or comment.parent
        text = comment.texts[comment.standing or comment.latest]
        if text.body is None:
            parents[name] = None if above is None else _nearest(above, parents)
            continue
        parents[name] = name
        number = comment.standing or comment.latest
        yield PlainComment(
            id=name,
            parent=None if above is None else _nearest(above, parents),
            state=_state(comment, text),
            comment=comment,
            body=text.body,
            name=(text.name if text.name is not None else comment.author.name) or "",
            edited=text.at if number > max(1, comment.graced) else None,
        )


def number_of(prefix: str, name: str) -> int:
    """The number of an id: the one that it was made of with this prefix, else one that is made of the id."""
    rest = name.removeprefix(prefix)
    if name.startswith(prefix) and rest.isascii() and rest.isdecimal() and len(rest) <= _LONGEST and rest[0] != "0":
        return int(rest)
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return _MADE | int.from_bytes(digest, "big") % _MADE


def _nearest(above: str, parents: dict[str, str | None]) -> str | None:
    return parents.get(above)


def _state(comment: CommentState, text: Text) -> PlainState:
    if comment.withdrawn:
        return "withdrawn"
    if comment.verdict_status == "rejected" and text.decision is not None and text.decision.spam:
        return "spam"
    return comment.verdict_status
