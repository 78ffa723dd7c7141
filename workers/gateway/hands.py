"""Items of the moderation queue that moderators have in hand: a hint for others, shared by all gateways through Redis.

A hand is no lock and no event. It lasts a minute, and is lost if the server restarts without its data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from core.keys import Keys
from core.redis import errors
from core.redis.pubsub import PubSub, Subscription
from core.redis.router import Router
from core.redis.script import Script
from projections.read.moderation_queue import Hand, Hands

LASTS: Final = 60.0
"""Seconds for which a hand lasts."""
MOST: Final = 200
"""Hands per site. Beyond them, the one that would end first gives way."""
PATIENCE: Final = 1.0
"""Seconds for which a failed call is retried."""

_PUT: Final = Script("workers.gateway", "put_hand")
_READ: Final = Script("workers.gateway", "read_hands")


class TakenHand(NamedTuple):
    """The hand of a caller: its beginning and its end, in milliseconds since 1970."""

    since: int
    until: int
    first: Hand
    """The hand that has the item first: the caller's own, or that of a moderator who was earlier."""


class LiveHands(NamedTuple):
    """The hands of a site, and the seconds until the first of them ends; None without hands."""

    hands: Hands
    left: float | None


class HandStore:
    """Takes, lets go and reads hands. Raises `core.refusals.Unavailable` if the server stays unreachable."""

    def __init__(
        self,
        calls: Router,
        keys: Keys,
        pubsub: PubSub,
        *,
        lasts: float = LASTS,
        most: int = MOST,
        patience: float = PATIENCE,
    ) -> None:
        """`lasts` is in seconds, and is that of all gateways of a deployment."""
        self._calls = calls
        self._keys = keys
        self._pubsub = pubsub
        self._lasts = int(lasts * 1000)
        self._most = most
        self._patience = patience

    async def take(self, site: str, member: str, thread: str, comment: str) -> TakenHand:
        """Take an item in hand, in place of the member's other one; the same item lasts longer."""
        _, since, until, first, earliest = await self._put(site, member, thread, comment, take=True)
        return TakenHand(int(since), int(until), Hand(first.decode(), int(earliest)))

    async def let_go(self, site: str, member: str, thread: str, comment: str) -> None:
        """Let an item go, if the member has it in hand."""
        await self._put(site, member, thread, comment, take=False)

    async def read(self, site: str) -> LiveHands:
        """Read the hands of a site. An item that several have in hand is in the hand of the first."""
        key = self._keys.of(site).hands(site)
        lines: list[bytes] = await errors.retry(
            lambda: self._calls.run(_READ, [key], [self._lasts]), _READ.name, patience=self._patience
        )
        hands: dict[tuple[str, str], Hand] = {}
        left: list[int] = []
        for line in lines:
            ends, since, member, thread, comment = line.decode().split(" ")
            left.append(int(ends))
            hand, first = Hand(member, int(since)), hands.get((thread, comment))
            if first is None or (hand.since, hand.by) < (first.since, first.by):
                hands[thread, comment] = hand
        return LiveHands(hands, min(left) / 1000 if left else None)

    @contextmanager
    def changes(self, site: str) -> Iterator[Subscription]:
        """Subscribe to changes of the hands of a site."""
        with self._pubsub.on(self._keys.of(site).hands_channel(site)) as subscription:
            yield subscription

    async def _put(self, site: str, member: str, thread: str, comment: str, *, take: bool) -> list[bytes]:
        own = self._keys.of(site)
        arguments = (member, thread, comment, int(take), self._lasts, self._most, own.hands_channel(site))

        async def put() -> Any:
            return await self._calls.run(_PUT, [own.hands(site)], arguments)

        found: list[bytes] = await errors.retry(put, _PUT.name, patience=self._patience)
        return found
