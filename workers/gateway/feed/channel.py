"""One thread that somebody follows: its ring, and the votes that wait for their second to pass."""

from typing import Final

from core.position import Position
from workers.gateway.feed.ring import Ring

VOTES_EVERY: Final = 1.0
"""Seconds between two `votes.changed` of one comment."""


class Channel:
    """What the clients of one thread share. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self.ring = Ring()
        self.clients = 0
        self.newest: Position | None = None
        """Position of the newest frame sent: the id of a votes frame that was held back."""
        self._told: dict[str, float] = {}
        self._held: dict[str, float] = {}

    @property
    def due(self) -> float | None:
        """When the next held votes are to be told."""
        return min(self._held.values(), default=None)

    def may_tell(self, comment: str, now: float) -> bool:
        """Whether this comment's votes may be told at once; if not they are held until a second has passed."""
        told = self._told.get(comment)
        if comment in self._held:
            return False
        if told is not None and now - told < VOTES_EVERY:
            self._held[comment] = told + VOTES_EVERY
            return False
        self._told[comment] = now
        return True

    def ripe(self, now: float) -> list[str]:
        """The comments whose held votes are due."""
        return [comment for comment, due in self._held.items() if due <= now]

    def told(self, comments: list[str], now: float) -> None:
        """These were told now."""
        for comment in comments:
            del self._held[comment]
        # A comment told long ago may be told at once: remembering it would only grow.
        self._told = {comment: at for comment, at in self._told.items() if now - at < VOTES_EVERY}
        self._told.update(dict.fromkeys(comments, now))
