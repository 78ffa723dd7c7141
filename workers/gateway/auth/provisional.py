"""Provisional callers: accepted by the last known keys of their site until the current keys confirm them.

The read of the current keys is sent together with the first reads of the request, which saves a round trip. Nothing is
decided, and no response is sent, before the current keys have arrived.
"""

from collections.abc import Callable

from core.caller import Caller
from core.refusals import NotFound
from workers.gateway.auth import tokens
from workers.gateway.auth.authentication import Idle, verified_by
from workers.gateway.auth.keyring import Keyring, PendingKeys


class CallerChanged(Exception):
    """The current keys accept the token, but for another caller: the policy has changed what its claims mean.

    Nothing was decided for the caller that was assumed. The request begins again with `caller`.
    """

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller


class ProvisionalCaller:
    """A caller accepted by the last known keys of the site."""

    def __init__(
        self,
        keyring: Keyring,
        site: str,
        pending: PendingKeys,
        token: str,
        clock: Callable[[], float],
        idle: Idle,
    ) -> None:
        """Raises as `tokens.verify` if the token is not valid by the last known keys of the site."""
        self._keyring = keyring
        self._site = site
        self._pending = pending
        self._token = token
        self._clock = clock
        self._idle = idle
        self._is_confirmed = False
        self.caller: Caller = tokens.verify(token, site, pending.last, clock())

    async def confirm(self) -> None:
        """Wait for the current keys. Raises InvalidToken, NotFound or Unavailable if they do not confirm the caller.

        Raises CallerChanged if they confirm another one.
        """
        if self._is_confirmed:
            return
        keys = await self._keyring.finish(self._site, self._pending)
        if keys is None:
            raise NotFound("there is no such site")
        if keys is not self._pending.last:
            found = await verified_by(keys, self._keyring, self._token, self._site, self._clock(), idle=self._idle)
            if found.caller != self.caller:
                raise CallerChanged(found.caller)
        self._is_confirmed = True
