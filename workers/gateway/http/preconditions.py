"""The revisions that an edit was written in view of."""

import re
from typing import Final

from workers.gateway.http.refusals import BadRequest, RevisionRequired

_REVISION: Final = re.compile(rb'(?:W/)?"([1-9][0-9]{0,5})"')
_TAG: Final = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_MOST: Final = 100
"""Tags in one header, many more than anybody has reason to name."""

NEVER: Final = 0
"""No comment has this revision: an edit in view of it is always stale."""


def revisions_named(if_match: bytes | None) -> int | tuple[int, ...]:
    """The revision in an If-Match header, or several in ascending order where it lists several (RFC 9110, 13.1.1).

    A weak tag names a revision, too: the number stands for one text, and proxies that compress make tags weak. A tag
    that is no revision matches nothing, and where no other is named the answer is 412 with the current one. Raises
    RevisionRequired where no revision is named, be it that there is no header or that it is `*`, which would write
    over words that the author has not seen; BadRequest for what is no list of entity tags.
    """
    if if_match is None or if_match.strip() == b"*":
        raise RevisionRequired
    # A list may have empty members (RFC 9110, 5.6.1).
    given = [tag for part in _split(if_match) if (tag := part.strip())]
    if not given or len(given) > _MOST or any(_TAG.fullmatch(tag) is None for tag in given):
        raise BadRequest('If-Match names the revision that is edited, for example "2"')
    found = sorted({int(match[1]) for tag in given if (match := _REVISION.fullmatch(tag)) is not None})
    match found:
        case []:
            return NEVER
        case [one]:
            return one
        case _:
            return tuple(found)


def _split(header: bytes) -> list[bytes]:
    """The members of a list. A comma within quotes is part of a tag."""
    return re.findall(rb'(?:[^",]|"[^"]*"?)+', header)
