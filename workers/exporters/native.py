"""The native format: every fact, so that an import of it gives the same pages (docs/native-format.md)."""

import hashlib
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from core.domain.import_comment_facts import PostedFact
from core.domain.import_fact import Fact
from core.domain.import_facts import ImportHeader
from core.times import rfc3339
from workers.exporters.export_writer import ExportedSite
from workers.exporters.source import ExportedDiscussion

SYSTEM: Final = "hansard"
_encode: Final = msgspec.json.Encoder().encode


class NativeWriter:
    """Writer of the native format."""

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()

    def begin(self, site: ExportedSite) -> bytes:
        """The header."""
        digest = hashlib.blake2b(f"{site.id}\0{site.made}".encode(), digest_size=16).digest()
        header = ImportHeader(
            hansard="facts/1",
            id=f"e{urlsafe_b64encode(digest)[:21].decode()}",
            site=site.id,
            system=SYSTEM,
            source=SYSTEM,
            made=rfc3339(site.made),
            ordered=True,
        )
        return _encode(header) + b"\n"

    async def discussion(self, discussion: ExportedDiscussion) -> AsyncIterator[bytes]:
        """The facts of a discussion, one per line."""
        self.written["discussions"] += 1
        async for fact in discussion.facts():
            self.written["comments"] += isinstance(fact, PostedFact)
            yield _encode(fact) + b"\n"

    async def members(self, facts: AsyncIterator[Fact]) -> AsyncIterator[bytes]:
        """The facts about members, one per line."""
        async for fact in facts:
            yield _encode(fact) + b"\n"

    def end(self) -> bytes:
        """Nothing: the last line is the end."""
        return b""
