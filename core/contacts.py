"""Contacts: names and addresses of people, sealed (AES-GCM) and kept beside the site's signing keys, never in the log.

They are for mail alone. No operation shows them, and removing one field forgets the person. The key comes from the
environment, so neither the server's files nor a backup can be read without it.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.keys import Keys
from core.redis import errors
from core.redis.router import Router
from core.refusals import Unavailable
from core.sealing import Seal, Unsealable

PATIENCE: Final = 1.0
"""Seconds for which a call is retried."""


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Name and address of a person, for mail."""

    email: str | None = None
    name: str | None = None
    language: str | None = None
    """Language of the page on which the person wrote (BCP 47)."""

    def __repr__(self) -> str:
        """Show nothing."""
        return "Contact(…)"


class UnreadableContact(Exception):
    """A contact was sealed with another key, or is damaged."""


class Contacts:
    """Keeps and reads contacts. Raises `core.refusals.Unavailable` if the server stays unreachable."""

    def __init__(self, redis: Router, keys: Keys, secret: str | None, *, patience: float = PATIENCE) -> None:
        """`secret` is the operator's (`HANSARD_CONTACTS_KEY`); without one, nothing is kept."""
        self._redis = redis
        self._keys = keys
        self._patience = patience
        self._seal = Seal(secret)

    @property
    def has_key(self) -> bool:
        """True if contacts can be kept."""
        return self._seal.has_key

    def require_key(self) -> None:
        """Raise Unavailable without a key."""
        if not self.has_key:
            raise Unavailable("this deployment has no key to seal addresses with: leave them out")

    async def keep(self, site: str, field: str, contact: Contact) -> None:
        """Keep a contact, unless the field has one. Raises Unavailable."""
        self.require_key()
        sealed = self._seal.close(msgspec.json.encode(contact), _place(site, field))
        key = self._keys.of(site).contacts(site)
        await self._retry(lambda: self._redis.call("HSETNX", key, field, sealed), "keep_contact")

    async def read(self, site: str, field: str) -> Contact | None:
        """Return a contact; None if it was never kept, or is forgotten. Raises UnreadableContact, Unavailable."""
        key = self._keys.of(site).contacts(site)
        found: bytes | None = await self._retry(lambda: self._redis.call("HGET", key, field), "read_contact")
        if found is None:
            return None
        self.require_key()
        try:
            opened = self._seal.open(found, _place(site, field))
        except Unsealable as error:
            raise UnreadableContact from error
        return _DECODER.decode(opened)

    async def forget(self, site: str, field: str) -> None:
        """Forget a contact."""
        key = self._keys.of(site).contacts(site)
        await self._retry(lambda: self._redis.call("HDEL", key, field), "forget_contact")

    async def _retry(self, attempt: Callable[[], Any], what: str) -> Any:
        return await errors.retry(attempt, what, patience=self._patience)


def of_notice(reference: str) -> str:
    """Return the field of the contact of who filed a notice."""
    return f"notice:{reference}"


def _place(site: str, field: str) -> str:
    return f"{site} {field}"


_DECODER: Final = msgspec.json.Decoder(Contact)
