"""The newest frames of one thread, shared by all who follow it."""

from collections.abc import Callable
from typing import Final, NamedTuple

from core.position import Position

MOST_FRAMES: Final = 2048
MOST_BYTES: Final = 1 << 20


class Frame(NamedTuple):
    """One ready server-sent event. `position` is None where it is to be sent whatever the client has seen."""

    position: Position | None
    data: bytes
    resets: bool = False
    """Whether what the client has seen before says nothing about what comes after it."""


class Ring:
    """A bounded run of frames. A cursor is the number of frames that came before; it needs no registration."""

    def __init__(
        self, grown: Callable[[], object], *, most_frames: int = MOST_FRAMES, most_bytes: int = MOST_BYTES
    ) -> None:
        """`grown` is called after each append, and at the end."""
        self._grown = grown
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        self._frames: list[Frame] = []
        self._bytes = 0
        self._dropped = 0
        self.closed = False

    @property
    def end(self) -> int:
        """The cursor of a client that has seen everything."""
        return self._dropped + len(self._frames)

    def append(self, frames: list[Frame]) -> None:
        """Add frames; the oldest go when there are too many."""
        if not frames:
            return
        self._frames.extend(frames)
        self._bytes += sum(len(frame.data) for frame in frames)
        if len(self._frames) > self._most_frames or self._bytes > self._most_bytes:
            self._drop()
        self._grown()

    def since(self, cursor: int) -> list[Frame] | None:
        """The frames after a cursor; None when some of them are gone."""
        if cursor < self._dropped:
            return None
        return self._frames[cursor - self._dropped :]

    def close(self) -> None:
        """No more will come."""
        self.closed = True
        self._grown()

    def _drop(self) -> None:
        # Half at a time, so that appending stays cheap on average.
        keep = 0
        size = 0
        for frame in reversed(self._frames):
            if keep >= self._most_frames // 2 or size + len(frame.data) > self._most_bytes // 2:
                break
            keep += 1
            size += len(frame.data)
        gone = len(self._frames) - max(keep, 1)
        del self._frames[:gone]
        self._dropped += gone
        self._bytes = sum(len(frame.data) for frame in self._frames)
