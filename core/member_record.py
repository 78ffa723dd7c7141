"""The member record: what gateways note of a member of a site beside the log, for rules. It may lag what is in flight.

Rules need facts of other threads, which lie in other partitions. A record is kept for 90 days after the last note. What
it said is recorded in the event that it had a part in (`core.events.facts`), so nothing is lost with a record.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct as Packing
from typing import Final

from msgspec import Struct

from core.text.shingles import HASHES, alike, characters
from core.times import DAY_MS

KEPT_MS: Final = 90 * DAY_MS
"""Time for which a record is kept after its last note, in milliseconds."""
MOST_TEXTS: Final = 20
"""Texts of which a record has the sketch."""
COMMENT: Final = 3
"""Length of the digest of a comment's id, in characters."""
_NUMBERS: Final = Packing(f">{COMMENT}I")
ENTRY: Final = COMMENT + HASHES
"""Length of the entry of one text, in characters."""
ENCODING: Final = "utf-32-be"
"""Encoding of stored entries: every character takes `CHARACTER` bytes."""
CHARACTER: Final = 4

PUBLISHED: Final = "p"
"""Field of a record: number of comments that were published at once, or approved."""
HELD: Final = "h"
"""Field of a record: number of texts that a rule held."""
APPROVED: Final = "a"
"""Field of a record: number of approvals by moderators since the last rejection by one."""
REJECTED: Final = "x"
"""Field of a record: number of rejections, by rules and by moderators."""
LAST_AT: Final = "t"
"""Field of a record: time of the last comment."""
REJECTED_AT: Final = "r"
"""Field of a record: time of the last rejection by a moderator that stands."""
TEXTS: Final = "s"
"""Field of a record: the last texts, oldest first, `ENTRY` characters each: digest of the comment's id, sketch."""

READ: Final = (PUBLISHED, LAST_AT, REJECTED_AT, TEXTS, APPROVED)
"""The fields that a decision reads."""


class MemberRecord(Struct, frozen=True, kw_only=True):
    """The part of a record that a decision reads."""

    published: int = 0
    last_at: int = 0
    rejected_at: int = 0
    texts: str = ""
    approved: int = 0

    def alike(self, comment: str, own: str) -> int:
        """Greatest likeness of a text to one of the last texts, in percent; not to those of the same comment."""
        return alike(own, self.texts, ENTRY, lambda at: self.texts.startswith(comment_digest(comment), at))


NO_RECORD: Final = MemberRecord()


class RecordNote(Struct, frozen=True, kw_only=True):
    """A note about one member after an append."""

    site: str
    member: str
    counts: tuple[str, ...] = ()
    """Fields of numbers that grow by one."""
    last_at: int | None = None
    rejected_at: int | None = None
    forgiven_at: int | None = None
    """Time of a rejection that does not stand any more."""
    text: str = ""
    """Entry of a text; empty if none is added."""


def read(values: Sequence[bytes | None]) -> MemberRecord:
    """Decode the values of the fields `READ`."""
    published, last_at, rejected_at, texts, approved = values
    return MemberRecord(
        published=int(published or 0),
        last_at=int(last_at or 0),
        rejected_at=int(rejected_at or 0),
        texts="" if texts is None else texts.decode(ENCODING, "replace"),  # of what is damaged, nothing matches
        approved=int(approved or 0),
    )


def entry(comment: str, sketch: str) -> str:
    """Make the entry of a text; empty for a text without words."""
    return comment_digest(comment) + sketch if sketch else ""


def comment_digest(comment: str) -> str:
    """Digest of the id of a comment."""
    return characters(_NUMBERS.unpack(blake2b(comment.encode(), digest_size=_NUMBERS.size).digest()))


def stored(entries: str) -> bytes:
    """Encode entries as they are stored."""
    return entries.encode(ENCODING)
