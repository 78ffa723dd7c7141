"""Plain sentences of the documentation as HTML."""

import re
from html import escape
from typing import Final

_CODE: Final = re.compile(r"`([^`]+)`")


def prose(text: str) -> str:
    """Escape a text as HTML. Spans between backticks become code."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
