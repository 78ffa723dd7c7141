"""Verification of tokens that may have to wait for a newer key set of the publication."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from workers.gateway.auth import tokens
from workers.gateway.auth.keyring import Keyring
from workers.gateway.auth.signing_keys import SiteKeys, VerifiedToken
from workers.gateway.http.refusals import KeysNotFetched, UnknownKey

Idle = Callable[[], AbstractContextManager[None]]
"""Marks a block in which a request only waits, so that it holds no place of others."""


async def verified_by(
    keys: SiteKeys, keyring: Keyring, token: str, site: str, now: float, *, idle: Idle = nullcontext
) -> VerifiedToken:
    """Verify a token by these keys, after another fetch of their key set if that may help. Raises as `tokens.verify`.

    Raises Unavailable if the set was never fetched, and InvalidToken if no key of it has signed the token.
    """
    found, fetcher = keys.fetched, keyring.fetcher
    known = None if found is None else found.current
    try:
        return tokens.verified(token, site, keys, now)
    except (UnknownKey, KeysNotFetched):
        if found is None or fetcher is None:
            raise
        with idle():
            is_other = await fetcher.renewed(found, known)
        if not is_other:
            raise
    return tokens.verified(token, site, keys, now)
