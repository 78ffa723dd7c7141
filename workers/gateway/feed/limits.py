"""The bounds of the feeds of one process. `workers.runtime.settings` has a setting for each."""

from msgspec import Struct


class FeedLimits(Struct, frozen=True, kw_only=True):
    """Numbers, bytes and seconds that feeds may take."""

    feeds: int = 20_000
    """Open feeds. A client beyond that number is told to come back later."""
    unopened: int = 1000
    """Threads that are not opened yet and have open feeds."""
    replays: int = 32
    """Replays under way at the same time."""
    replay_wait: float = 2.0
    """Seconds that a client waits for its replay to begin. After that it gets a reset."""
    replay_within: float = 30.0
    """Seconds from the beginning to the end of one replay. A client that has not taken it by then gets a reset."""
    replay_rows: int = 2000
    """Frames of one replay. A longer one is one reset."""
    replay_bytes: int = 4 << 20
    """Bytes of one replay. What goes beyond them is one reset."""
    replay_piece: int = 64 << 10
    """Bytes after which a piece of a replay is sent."""
