"""Callers who are taken at the keys that their site had last, until the keys as they are say the same.

The keys are asked for at once, and go out with what the request asks first: a round trip less. Nothing is decided, and
nothing answered, before they are here.
"""

from collections.abc import Callable

from core.caller import Caller
from core.refusals import NotFound
from workers.gateway.auth import tokens
from workers.gateway.auth.keyring import Keyring, PendingKeys


class ProvisionalCaller:
    """One such caller."""

    def __init__(self, keyring: Keyring, site: str, look: PendingKeys, token: str, clock: Callable[[], float]) -> None:
        """Raises InvalidToken where the keys that the site had last did not sign the token."""
        self._keyring = keyring
        self._site = site
        self._look = look
        self._token = token
        self._clock = clock
        self._is_confirmed = False
        self.caller: Caller = tokens.verify(token, site, look.last, clock())

    async def confirm(self) -> None:
        """Wait for the keys. Raises InvalidToken, NotFound or Unavailable where they do not say that it is they."""
        if self._is_confirmed:
            return
        keys = await self._keyring.finish(self._site, self._look)
        if keys is None:
            raise NotFound("there is no such site")
        if keys is not self._look.last:
            tokens.verify(self._token, self._site, keys, self._clock())
        self._is_confirmed = True
