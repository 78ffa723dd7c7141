"""The newest frames of one thread, shared by all its clients."""

from collections.abc import Callable
from typing import Final, NamedTuple

from core.position import Position

MOST_FRAMES: Final = 2048
MOST_BYTES: Final = 1 << 20


class Frame(NamedTuple):
    """One encoded server-sent event. `position` is None if it is sent whatever the client has seen."""

    position: Position | None
    data: bytes
    resets: bool = False
    """A reset frame: later frames are sent even at a position the client has already seen."""


class Ring:
    """Bounded buffer of frames. A cursor is the number of frames before it and needs no registration."""

    def __init__(
        self, grown: Callable[[], object], *, most_frames: int = MOST_FRAMES, most_bytes: int = MOST_BYTES
    ) -> None:
        """`grown` is called after each append, and on close."""
        self._grown = grown
        self._most_frames = most_frames
        self._most_bytes = most_bytes
        self._frames: list[Frame] = []
        self._bytes = 0
        self._dropped = 0
        self.closed = False

    @property
    def end(self) -> int:
        """Cursor of a client that has seen everything."""
        return self._dropped + len(self._frames)

    def append(self, frames: list[Frame]) -> None:
        """Append frames. Beyond the bounds the oldest are dropped."""
        if not frames:
            return
        self._frames.extend(frames)
        self._bytes += sum(len(frame.data) for frame in frames)
        if len(self._frames) > self._most_frames or self._bytes > self._most_bytes:
            self._drop()
        self._grown()

    def since(self, cursor: int) -> list[Frame] | None:
        """Return the frames after a cursor. None if some of them were dropped."""
        if cursor < self._dropped:
            return None
        return self._frames[cursor - self._dropped :]

    def close(self) -> None:
        """Mark the ring as complete: no more frames will come."""
        self.closed = True
        self._grown()

    def _drop(self) -> None:
        # Drops half at a time, so that appending stays cheap on average.
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
