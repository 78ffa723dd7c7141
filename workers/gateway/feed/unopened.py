"""The clients of one partition that follow threads which are not opened yet.

Such a thread costs one entry here and has no ring. All these clients share one channel, which carries only frames for
the whole partition (a reset, the end). The follower moves the clients at the first entry of their thread.
"""

from workers.gateway.feed.channel import Channel, FeedClient

Name = tuple[str, str]
"""Site and thread."""


class Unopened:
    """Clients by thread."""

    def __init__(self, channel: Channel) -> None:
        """`channel` is shared by all these clients."""
        self.channel = channel
        self._seats: dict[Name, dict[FeedClient, None]] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def __contains__(self, name: Name) -> bool:
        return name in self._seats

    def add(self, name: Name, seat: FeedClient) -> None:
        """Add a client that waits for its thread."""
        self._seats.setdefault(name, {})[seat] = None

    def remove(self, name: Name, seat: FeedClient) -> None:
        """Remove a client that left."""
        seats = self._seats[name]
        del seats[seat]
        if not seats:
            del self._seats[name]

    def move(self, name: Name, channel: Channel) -> None:
        """Move the clients of a thread that was opened to the end of its own channel."""
        for seat in self._seats.pop(name):
            seat.move(channel)
