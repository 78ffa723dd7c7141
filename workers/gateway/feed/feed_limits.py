"""Bounds on the feeds of one process. `workers.runtime.settings` has a setting for each."""

from msgspec import Struct


class FeedLimits(Struct, frozen=True, kw_only=True):
    """Limits on feeds, as numbers, bytes and seconds."""

    feeds: int = 20_000
    """Open feeds. A client beyond that number is told to reconnect later."""
    unopened: int = 1000
    """Threads with open feeds that are not opened yet."""
    replays: int = 32
    """Concurrent replays."""
    replay_wait: float = 2.0
    """Seconds that a client waits for its replay to begin. After that the client gets a reset."""
    replay_within: float = 30.0
    """Seconds from the beginning to the end of one replay. A client that is slower gets a reset."""
    replay_rows: int = 2000
    """Frames per replay. A longer replay is replaced by one reset."""
    replay_bytes: int = 4 << 20
    """Bytes per replay. The part beyond them is replaced by one reset."""
    replay_piece: int = 64 << 10
    """Bytes after which a piece of a replay is sent."""
