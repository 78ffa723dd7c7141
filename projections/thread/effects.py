"""Effects of an event on a thread, errors of the fold, and the listener interface for changes."""

from typing import Final, Literal, Protocol

from msgspec import Struct

from core.events.envelope import Recorded
from core.position import Position
from projections.thread.state import CommentState

PublicChange = Literal[
    "comment.posted", "comment.edited", "comment.removed", "comment.restored", "votes.changed", "thread.changed"
]
PublicChanges = tuple[tuple[PublicChange, str | None], ...]
"""Public changes of one event: `(kind, comment)` in the order of delivery, a tombstone before its child."""


class Effects(Struct, frozen=True, gc=False):
    """Effects of one event: the changes that readers see, empty if none is public."""

    public: PublicChanges = ()


class CannotApply(Exception):
    """The event is invalid after the events before it. The thread may be partly changed: discard the thread."""

    def __init__(self, recorded: Recorded, why: str) -> None:
        super().__init__(f"{recorded.envelope.type} at {recorded.position} cannot be applied: {why}")
        self.recorded = recorded
        self.position = recorded.position
        self.type = recorded.envelope.type
        self.why = why
        """The cause, without any value or text of the event."""


class UnknownShape(CannotApply):
    """The event's type, version or content scheme is unknown to this version. A newer version can apply the event."""


class Hole(CannotApply):
    """The log lacks an event before this one. No thread of the partition can be folded, and no event skipped."""

    def __init__(self, recorded: Recorded, after: Position) -> None:
        super().__init__(recorded, f"the event after {after} is missing")


class ChangeListener(Protocol):
    """Listener that is called before each change."""

    def comment(self, comment: CommentState) -> None:
        """`comment` is about to change in more than its tally. A new comment has just been built."""

    def vote(self, comment: CommentState, member: str) -> None:
        """The vote of `member` on `comment` and the comment's tally are about to change."""

    def tally(self, comment: CommentState) -> None:
        """The tally of `comment` is about to change without any vote of a member."""

    def answers(self, comment: CommentState) -> None:
        """A reply to `comment` appears on the page or leaves the page. The comment itself does not change."""


class _NoListener:
    def comment(self, comment: CommentState) -> None:
        pass

    def vote(self, comment: CommentState, member: str) -> None:
        pass

    def tally(self, comment: CommentState) -> None:
        pass

    def answers(self, comment: CommentState) -> None:
        pass


NO_LISTENER: Final[ChangeListener] = _NoListener()
NOTHING_PUBLIC: Final = Effects()
THREAD: Final = Effects((("thread.changed", None),))
