"""Sealing of what neither the server's files nor a backup may show: AES-GCM, with a key from the environment.

Each sealed document is bound to its place: moved to another one, it does not open.
"""

import os
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.refusals import Unavailable

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_PERSON: Final = b"hansard-contacts"


class Unsealable(Exception):
    """A document was sealed with another key or in another place, or is damaged."""


class Seal:
    """Seals and opens documents with the operator's secret (`HANSARD_CONTACTS_KEY`)."""

    def __init__(self, secret: str | None) -> None:
        """Without a secret, nothing is sealed or opened."""
        self._cipher = None if secret is None else AESGCM(_key(secret))

    @property
    def has_key(self) -> bool:
        """True if documents can be sealed."""
        return self._cipher is not None

    def close(self, document: bytes, place: str) -> bytes:
        """Return a document sealed for its place. Raises Unavailable without a key."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self.require_key().encrypt(nonce, document, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return the document. Raises Unsealable, and Unavailable without a key."""
        version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if version != _VERSION or len(nonce) < _NONCE:
            raise Unsealable
        try:
            return self.require_key().decrypt(nonce, rest, place.encode())
        except InvalidTag as error:
            raise Unsealable from error

    def require_key(self) -> AESGCM:
        """Return the cipher. Raises Unavailable without a key."""
        if self._cipher is None:
            raise Unavailable("this deployment has no key (`HANSARD_CONTACTS_KEY`) to seal addresses and secrets with")
        return self._cipher


def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=32, person=_PERSON).digest()
