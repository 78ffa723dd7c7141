"""The revisions on which an edit is based (If-Match)."""

import re
from typing import Final

from workers.gateway.http.refusals import BadRequest, RevisionRequired

_REVISION: Final = re.compile(rb'(?:W/)?"([1-9][0-9]{0,5})"')
_TAG: Final = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_MOST: Final = 100
"""Maximum tags in one header, many more than a client needs."""

NEVER: Final = 0
"""No comment has this revision: an edit based on it is always stale."""


def revisions_named(if_match: bytes | None) -> int | tuple[int, ...]:
    """Return the revision in an If-Match header, or several in ascending order (RFC 9110, section 13.1.1).

    A weak tag names a revision, too: the number stands for one text, and proxies that compress make tags weak. A tag
    that is no revision matches nothing; if no other is named, the response is 412 with the current revision. Raises
    RevisionRequired without the header and for `*`, which would overwrite text that the author has not seen. Raises
    BadRequest for a header that is no list of entity tags.
    """
    if if_match is None or if_match.strip() == b"*":
        raise RevisionRequired
    # A list may have empty members (RFC 9110, 5.6.1).
    given = [tag for part in _split(if_match) if (tag := part.strip())]
    if not given or len(given) > _MOST or any(_TAG.fullmatch(tag) is None for tag in given):
        raise BadRequest('If-Match must name the revision to edit, for example "2"')
    found = sorted({int(match[1]) for tag in given if (match := _REVISION.fullmatch(tag)) is not None})
    match found:
        case []:
            return NEVER
        case [one]:
            return one
        case _:
            return tuple(found)


def _split(header: bytes) -> list[bytes]:
    """Split a list into its members. A comma within quotes is part of a tag."""
    return re.findall(rb'(?:[^",]|"[^"]*"?)+', header)
