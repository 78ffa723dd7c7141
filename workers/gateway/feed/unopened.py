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
        self._clients: dict[Name, dict[FeedClient, None]] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def __contains__(self, name: Name) -> bool:
        return name in self._clients

    def add(self, name: Name, client: FeedClient) -> None:
        """Add a client that waits for its thread."""
        self._clients.setdefault(name, {})[client] = None

    def remove(self, name: Name, client: FeedClient) -> None:
        """Remove a client that left."""
        clients = self._clients[name]
        del clients[client]
        if not clients:
            del self._clients[name]

    def move(self, name: Name, channel: Channel) -> None:
        """Move the clients of a thread that was opened to the end of its own channel."""
        for client in self._clients.pop(name):
            client.move(channel)
