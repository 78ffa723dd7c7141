"""The interface of a format: what it makes of a site, in pieces."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Protocol

from msgspec import Struct

from core.domain.import_fact import Fact
from workers.exporters.source import ExportedDiscussion


class ExportedSite(Struct, frozen=True, kw_only=True):
    """The site of an export. `made` is the time of the export, in milliseconds since 1970.

    `timezone` is the zone of its policy, in which formats write local times.
    """

    id: str
    name: str
    origins: tuple[str, ...]
    timezone: str = "UTC"
    made: int


class ExportWriter(Protocol):
    """A format. Its methods are called in this order; what they return or yield is written."""

    written: Counter[str]
    """Comments and the like that were written, by what they are."""
    left_out: Counter[str]
    """Comments that the format has no place for, by what they are."""

    def begin(self, site: ExportedSite) -> bytes:
        """The beginning of the file."""

    def discussion(self, discussion: ExportedDiscussion) -> AsyncIterator[bytes]:
        """A discussion."""

    def members(self, facts: AsyncIterator[Fact]) -> AsyncIterator[bytes] | None:
        """The facts about members; None if the format has no place for them."""

    def end(self) -> bytes:
        """The end of the file."""
