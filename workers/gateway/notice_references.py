"""References of notices: unguessable, and each tells the partition of its notice.

A reference is derived from a secret of the operator's and the key of the request, so that a repeated request gets the
same one. Who has a reference may read what became of the notice.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Final

from core.partitions import partition_of

_PARTITION: Final = 2
"""Bytes of the number of the partition. The number is small, so that the first bit is 0 and no reference begins with a
hyphen."""
_DIGEST: Final = 14
_PERSON: Final = b"hansard-notice"


class NoticeReferences:
    """Makes and reads references."""

    def __init__(self, secret: str, partitions: int) -> None:
        self._secret = blake2b(secret.encode(), digest_size=32, person=_PERSON).digest()
        self._partitions = partitions

    def make(self, site: str, thread: str, key: str) -> str:
        """Return the reference of the notice that a request with this command key files."""
        place = partition_of(site, thread, self._partitions).to_bytes(_PARTITION)
        digest = blake2b(f"{site} {key}".encode(), digest_size=_DIGEST, key=self._secret).digest()
        return urlsafe_b64encode(place + digest).rstrip(b"=").decode()

    def partition(self, reference: str) -> int | None:
        """Return the partition of a well-formed reference; None if there is no such partition."""
        number = int.from_bytes(urlsafe_b64decode(f"{reference}==")[:_PARTITION])
        return number if number < self._partitions else None
