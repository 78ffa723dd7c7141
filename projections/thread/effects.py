"""What an event did to a thread, and whoever watches it being done."""

from typing import Final, Literal, Protocol

from msgspec import Struct

from core.events.envelope import Recorded
from core.position import Position
from projections.thread.state import CommentState

PublicChange = Literal[
    "comment.posted", "comment.edited", "comment.removed", "comment.restored", "votes.changed", "thread.changed"
]
PublicChanges = tuple[tuple[PublicChange, str | None], ...]
"""What readers notice of one event: `(kind, comment)` in the order to tell it, a tombstone before its child."""


class Effects(Struct, frozen=True, gc=False):
    """What an event did: what readers notice of it, nothing where it is none of their business."""

    kinds: PublicChanges = ()


class CannotApply(Exception):
    """An event that makes no sense after those before it. The thread is half changed then: throw it away."""

    def __init__(self, recorded: Recorded, why: str) -> None:
        super().__init__(f"{recorded.envelope.type} at {recorded.position} cannot be applied: {why}")
        self.recorded = recorded
        self.position = recorded.position
        self.type = recorded.envelope.type
        self.why = why
        """What is wrong, without a value or a word of the event."""


class UnknownShape(CannotApply):
    """An event of a type, version or content scheme that this version does not know: a newer version applies it."""


class Hole(CannotApply):
    """An event before this one is missing in the log: nothing can be said of any thread there, and nothing skipped."""

    def __init__(self, recorded: Recorded, after: Position) -> None:
        super().__init__(recorded, f"the event after {after} is missing")


class ChangeListener(Protocol):
    """Whoever wants to know what is about to change."""

    def comment(self, comment: CommentState) -> None:
        """`comment` is about to change in more than its tally; of one that is new, it has just been made."""

    def vote(self, comment: CommentState, member: str) -> None:
        """The vote of `member` on `comment`, and its tally, are about to change."""

    def answers(self, comment: CommentState) -> None:
        """An answer to `comment` comes to the page or leaves it, which is no change of the comment itself."""


class _Deaf:
    def comment(self, comment: CommentState) -> None:
        pass

    def vote(self, comment: CommentState, member: str) -> None:
        pass

    def answers(self, comment: CommentState) -> None:
        pass


DEAF: Final[ChangeListener] = _Deaf()
UNSEEN: Final = Effects()
THREAD: Final = Effects((("thread.changed", None),))
