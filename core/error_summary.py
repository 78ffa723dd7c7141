"""An error told in a few words that quote nothing: its class, and of its message what names no value."""

import re
from typing import Final

LONGEST: Final = 120
"""Characters of a message."""

_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d")


def fault(error: BaseException) -> str:
    """`<class>: <message>`; where values are quoted there is an ellipsis, and a key that was looked up is left out."""
    kind = type(error).__name__
    # What is missing is the whole message of a failed look-up; of other errors than these, nobody knows what they say.
    if isinstance(error, LookupError) or not isinstance(error, ValueError):
        return kind
    message = " ".join(_QUOTED.sub("…", str(error)).split())
    return f"{kind}: {message[:LONGEST]}" if message else kind
