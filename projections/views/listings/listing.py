"""Listing: a view across the threads of a site, one sorted set per site and partition.

No member depends on two threads, so each thread can be rewritten, refolded or compared on its own. A listing is read in
the order of positions, which its members contain, or in the order of scores. Any other listing is looked up by the
first word of its members.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from projections.thread.state import CommentState, ThreadState

Members = tuple[tuple[str, int], ...]
"""Members with their scores: 0, unless the listing is in the order of scores."""


class PositionOrder(NamedTuple):
    """Order by a position in the members, ascending."""

    text: Callable[[int, int], str]
    """The position `(ms, n)` as it stands in a member: of fixed length, and followed by a space. It is the first part
    of a member, or the second in a listing with groups: there a word stands before it, such as an author's id."""
    of: Callable[[str], tuple[int, int]]
    """The position in a member."""


class Listing:
    """The common part of `CommentListing` and `ThreadListing`: what is known of each member.

    `version` is raised by every change in the members that the same thread has (`projections.views.versions`). Members
    of a `personal` listing name a member or an address: they are not logged. `thread_of` is the thread that a member
    belongs to, "" if the member is malformed. In the order of scores, a member is the id of a thread, and no score is
    below 0: both are in cursors.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int,
        personal: bool,
        thread_of: Callable[[str], str],
        order: PositionOrder | Literal["scores"] | None,
    ) -> None:
        self.name = name
        """Ending of the keys, and name in the layout version."""
        self.cell = f"site.{name}"
        """Name of the cells (`projections.views.layout`)."""
        self.version = version
        self.personal = personal
        self.thread_of = thread_of
        self.order = order


class CommentListing(Listing):
    """A listing of comments.

    `of_comment` gives the members of a comment in the given thread. They must not depend on its votes: a vote does not
    rewrite them. `comment_of` is the comment that a member belongs to.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int = 1,
        personal: bool,
        of_comment: Callable[[CommentState, str], Members],
        thread_of: Callable[[str], str],
        comment_of: Callable[[str], str],
        order: PositionOrder | Literal["scores"] | None = None,
    ) -> None:
        super().__init__(name, version=version, personal=personal, thread_of=thread_of, order=order)
        self.of_comment = of_comment
        self.comment_of = comment_of


class ThreadListing(Listing):
    """A listing of threads. `of_thread` gives the members of a thread that was opened."""

    def __init__(
        self,
        name: str,
        *,
        version: int = 1,
        personal: bool,
        of_thread: Callable[[ThreadState], Members],
        thread_of: Callable[[str], str],
        order: PositionOrder | Literal["scores"] | None = None,
    ) -> None:
        super().__init__(name, version=version, personal=personal, thread_of=thread_of, order=order)
        self.of_thread = of_thread


def position_text(ms: int, n: int) -> str:
    """A position as two words: 15 digits and 12 digits."""
    return f"{ms:015d} {n:012d}"


def first_position(member: str) -> tuple[int, int]:
    """The position that a member begins with, as two words."""
    return int(member[:15]), int(member[16:28])


BY_POSITION: Final = PositionOrder(position_text, first_position)


def whole(member: str) -> str:
    """The member itself."""
    return member


def third_word(member: str) -> str:
    """The third word of a member, if another one follows, else ""."""
    words = member.split(" ", 3)
    return words[2] if len(words) > 3 else ""  # noqa: PLR2004 - the comment follows the thread


def fourth_word(member: str) -> str:
    """The fourth word of a member."""
    return member.split(" ", 4)[3]


def last_word(member: str) -> str:
    """The last word of a member."""
    return member.rpartition(" ")[2]
