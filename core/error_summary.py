"""Short description of an error that quotes no value: its class, and its message where that is safe."""

import re
from typing import Final

LONGEST: Final = 120
"""Maximum length of a message, in characters."""

_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d")


def fault(error: BaseException) -> str:
    """Return `<class>: <message>`. Quoted values become an ellipsis; a key that was looked up is left out."""
    kind = type(error).__name__
    # The message of a LookupError is the key itself. Messages of errors other than ValueError may hold any value.
    if isinstance(error, LookupError) or not isinstance(error, ValueError):
        return kind
    message = " ".join(_QUOTED.sub("…", str(error)).split())
    return f"{kind}: {message[:LONGEST]}" if message else kind
