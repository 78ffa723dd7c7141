"""Errors in short: a class and a message that quote no value, and the place of a validation error."""

import re
from typing import Final

from msgspec import ValidationError

LONGEST: Final = 120
"""Maximum length of a message, in characters."""

_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_AT: Final = re.compile(r" - at `key` in `\$")
"""Place of an error in a key of a map: the map's."""
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d")


def fault(error: BaseException) -> str:
    """Return `<class>: <message>`. Quoted values become an ellipsis; a key that was looked up is left out."""
    kind = type(error).__name__
    # The message of a LookupError is the key itself. Messages of errors other than ValueError may hold any value.
    if isinstance(error, LookupError) or not isinstance(error, ValueError):
        return kind
    message = " ".join(_QUOTED.sub("…", str(error)).split())
    return f"{kind}: {message[:LONGEST]}" if message else kind


def located(error: ValidationError) -> tuple[str, str]:
    """Split msgspec's message (``… - at `$.decisions[3].verdict` ``) into a sentence and a JSON pointer (RFC 6901)."""
    said, _, path = _AT.sub(" - at `$", str(error), count=1).partition(" - at `$")
    return said, "".join(_segment(match) for match in _STEP.finditer(path.removesuffix("`")))


def pointer_to(name: str) -> str:
    """The step of a JSON pointer to a field."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _segment(match: re.Match[str]) -> str:
    # msgspec does not report the key of a map, so the pointer ends at the map.
    return pointer_to(match[1]) if match[1] is not None else "" if match[2] == "..." else f"/{match[2]}"
