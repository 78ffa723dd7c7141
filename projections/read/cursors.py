"""Opaque cursors of lists.

A cursor is `<mark>.<place>`. The mark is a digest of the operation and of every parameter that decides the content and
order of the list. The place is the position to continue from. A cursor names positions, never row numbers, so inserts
and removals before it do not shift the list. It holds no secret and grants no access: a forged cursor is at worst
another position in the list.
"""

import re
from base64 import b32encode
from hashlib import blake2b
from typing import Final

import msgspec

from projections.read.queries import BadCursor

AGE: Final = r"([0-9]{12})"
"""The age of a comment: the `n` of its `comment.posted`, 12 digits."""
COMMENT: Final = r"([A-Za-z0-9_-]{1,64})"
SCORE: Final = r"(-?(?:0|[1-9][0-9]{0,14}))"
NUMBER: Final = r"(0|[1-9][0-9]{0,14})"
POSITION: Final = r"([0-9]{1,15}-[0-9]{1,15})"
SITE: Final = r"([a-z0-9-]{1,40})"
THREAD: Final = r"([A-Za-z0-9._~-]{1,120})"

_LONGEST: Final = 400


def mark(*scope: object) -> str:
    """The prefix of a list's cursors: a 10-character digest of the operation and its parameters."""
    digest = blake2b(msgspec.json.encode(scope), digest_size=7).digest()
    return b32encode(digest).decode()[:10].lower()


def write(mark: str, *place: object) -> str:
    """Build the cursor of a place in a list."""
    return ".".join((mark, *map(str, place)))


def read(cursor: str, mark: str, form: str) -> tuple[str, ...]:
    """Parse the place of a cursor of this list, by the groups of `form`. Raises BadCursor for any other text."""
    found = None
    if len(cursor) <= _LONGEST and cursor.startswith(f"{mark}."):
        found = re.fullmatch(form, cursor[len(mark) + 1 :])
    if found is None:
        raise BadCursor("the cursor is not one that this call gave for these parameters")
    return found.groups()
