"""The revision that an edit was written in view of."""

import re
from typing import Final

from workers.gateway.refusals import BadRequest, RevisionRequired

_STRONG: Final = re.compile(rb'"([1-9][0-9]{0,5})"')
_TAG: Final = re.compile(rb'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')

NEVER: Final = 0
"""No comment has this revision: an edit in view of it is always stale."""


def revision_named(if_match: bytes | None) -> int:
    """The revision in an If-Match header, which is one strong entity tag (RFC 9110, section 13.1.1).

    A weak tag, or one that is no revision, matches nothing: the answer is then 412 with the current revision.
    Raises RevisionRequired where there is no header, BadRequest for what is not one tag: `*` would write over words
    that the author has not seen.
    """
    if if_match is None:
        raise RevisionRequired
    given = if_match.strip()
    match = _STRONG.fullmatch(given)
    if match is not None:
        return int(match[1])
    if _TAG.fullmatch(given) is None:
        raise BadRequest('If-Match names one revision, for example "2"')
    return NEVER
