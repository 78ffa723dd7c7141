"""Places of a rule's match in a text, for the page to mark."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

MOST: Final = 100
"""Maximum number of places."""

_SCHEMES: Final = ("https://", "http://", "mailto:")


def spans(body: str, match: str) -> list[tuple[int, int]]:
    """The places `(from, to)` of a match in a text, in code points, `to` exclusive; overlapping ones included.

    A match may be the address of a link, which the text may have in another spelling: without its scheme, or not
    percent-encoded. The first spelling that the text has counts. Empty if the match cannot be located.
    """
    for spelling in _spellings(match):
        found = _places(body, spelling)
        if found:
            return found
    return []


def _spellings(match: str) -> Iterator[str]:
    for spelling in dict.fromkeys((match, unquote(match))):
        yield spelling
        for scheme in _SCHEMES:
            if spelling.startswith(scheme):
                yield spelling.removeprefix(scheme)


def _places(body: str, spelling: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = body.find(spelling) if spelling else -1
    while at >= 0 and len(found) < MOST:
        found.append((at, at + len(spelling)))
        at = body.find(spelling, at + 1)
    return found
