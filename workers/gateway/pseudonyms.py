"""Pseudonyms of voters for moderators: a digest of the id under a key of the site and the month, never the id.

The key is derived from the operator's secret, so all gateways have the same one, and Redis has none of them. Pseudonyms
of two months, or of two sites, cannot be compared. Those of the last month are still read, so that a list that was read
on its last day can be used.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

_BYTES: Final = 16
"""Bytes of a digest."""
_PERSON: Final = b"hansard-voters"
MARK: Final = "*"
"""The first character of each pseudonym: no id of a member has it."""


class Pseudonyms:
    """Makes pseudonyms, and finds whose one is. `clock` tells the seconds since 1970."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret = blake2b(secret.encode(), person=_PERSON).digest()
        self._clock = clock

    def maker(self, site: str, *, months_ago: int = 0) -> Callable[[str], str]:
        """Return the function that makes pseudonyms on a site: those of this month, or of an earlier one."""
        month = _month(self._clock()) - months_ago
        key = blake2b(f"{site} {month}".encode(), key=self._secret).digest()

        def make(member: str) -> str:
            digest = blake2b(member.encode(), key=key, digest_size=_BYTES).digest()
            return MARK + urlsafe_b64encode(digest).rstrip(b"=").decode()

        return make

    def whose(self, site: str, pseudonym: str, members: Iterable[str]) -> str | None:
        """Return whose pseudonym one is, of this month or the last; None if it is none of these members'."""
        makers = [self.maker(site), self.maker(site, months_ago=1)]
        return next((one for one in members if any(make(one) == pseudonym for make in makers)), None)


def is_pseudonym(voter: str) -> bool:
    """True if a voter is named by a pseudonym, not by an id."""
    return voter.startswith(MARK)


def _month(now: float) -> int:
    """The number of a month in UTC."""
    at = datetime.fromtimestamp(now, UTC)
    return at.year * 12 + at.month
