"""Comments as other systems have them: one text, a state, and the comment that is answered."""

import hashlib
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from projections.thread.state import CommentState, Text, ThreadState

PlainState = Literal["published", "pending", "rejected", "spam", "withdrawn"]

_LONGEST: Final = 12
"""Most digits of a number of another system."""
_OF_THREADS: Final = 1 << 40
"""Numbers of threads that are made of their ids lie from here to twice this."""
_OF_COMMENTS: Final = 1 << 60
"""Numbers of comments that are made lie from here to twice this."""
_BITS: Final = 30
"""Bits of the number of a comment that tell apart those of different partitions."""


class PlainComment(Struct, frozen=True, kw_only=True):
    """A comment with the text that readers saw last, or the newest if they saw none."""

    id: str
    parent: CommentState | None
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
        nearest = None if above is None else parents.get(above)
        text = comment.texts[comment.standing or comment.latest]
        if text.body is None:
            parents[name] = nearest
            continue
        parents[name] = name
        number = comment.standing or comment.latest
        yield PlainComment(
            id=name,
            parent=None if nearest is None else thread.rows[nearest],
            state=_state(comment, text),
            comment=comment,
            body=text.body,
            name=(text.name if text.name is not None else comment.author.name) or "",
            edited=text.at if number > max(1, comment.graced) else None,
        )


def thread_number(prefix: str, name: str) -> int:
    """The number of a thread: the one that its id was made of with this prefix, else one that is made of the id."""
    return _source_number(prefix, name) or _OF_THREADS | _digest(name) % _OF_THREADS


def comment_number(prefix: str, comment: CommentState, thread: str) -> int:
    """The number of a comment: the one that its id was made of with this prefix, else one by the order of posting.

    An answer has a greater number than what it answers: the importer of WordPress goes by that. Those that are made are
    greater than those of other systems.
    """
    made = _OF_COMMENTS | comment.posted.n << _BITS | _digest(thread) % (1 << _BITS)
    return _source_number(prefix, comment.id) or made


def _source_number(prefix: str, name: str) -> int | None:
    rest = name.removeprefix(prefix)
    is_number = rest.isascii() and rest.isdecimal() and len(rest) <= _LONGEST and rest[0] != "0"
    return int(rest) if name.startswith(prefix) and is_number else None


def _digest(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def _state(comment: CommentState, text: Text) -> PlainState:
    if comment.withdrawn:
        return "withdrawn"
    if comment.verdict_status == "rejected" and text.decision is not None and text.decision.spam:
        return "spam"
    return comment.verdict_status
