"""Pseudonyms of client networks, for rates: a digest under a key of the day, never the address.

The key of a day is derived from the operator's secret, so all gateways have the same one, and Redis has none of them.
Digests of two days, or of two sites, cannot be compared.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from starlette.types import Scope

from workers.gateway.http.client_address import ClientAddress

_DAY: Final = 86_400
_BYTES: Final = 12
"""Bytes of a digest."""


class Networks:
    """Pseudonyms of the networks of requests. None without trusted proxies, or if the address is not known."""

    def __init__(self, addresses: ClientAddress, secret: str) -> None:
        self._addresses = addresses
        self._secret = blake2b(secret.encode(), person=b"hansard-networks").digest()
        self._today = -1, b""

    def of(self, scope: Scope, site: str, clock: Callable[[], float]) -> str | None:
        """Return the pseudonym of the network of a request. `clock` tells the seconds since 1970."""
        if not self._addresses.hops:
            return None
        address = self._addresses.of_request(scope)
        if address is None:
            return None
        digest = blake2b(f"{site} {address}".encode(), key=self._key(int(clock()) // _DAY), digest_size=_BYTES)
        return urlsafe_b64encode(digest.digest()).decode()

    def _key(self, day: int) -> bytes:
        if self._today[0] != day:
            self._today = day, blake2b(b"%d" % day, key=self._secret).digest()
        return self._today[1]
