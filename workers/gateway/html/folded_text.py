"""Long texts: the place where a text is folded, so that a long comment takes no more room than others.

A text is folded at the end of a block, or at a space in a paragraph outside links and emphasis. The script of the
section has the same rule (`text_parts` in `static/section/row.js`), and a test compares the two.
"""

import re
from typing import Final

LONGEST: Final = 1200
"""Characters of a text up to which it is shown whole."""
SHOWN: Final = 900
"""Characters of a longer text after which it is folded at the next place."""

_TOKEN: Final = re.compile(r"<(/?)(\w+)[^>]*>|[^<]+")


def text_parts(html: str) -> tuple[str, str]:
    """Split the HTML of a text into the part that is shown and the part that is folded, which may be empty."""
    seen = 0
    stack: list[str] = []
    for token in _TOKEN.finditer(html):
        start, end = token.span()
        closing, tag = token.groups()
        if tag is None:
            if stack == ["p"] and seen + end - start > SHOWN:
                space = html.find(" ", start + max(0, SHOWN - seen), end)
                if space >= 0:
                    return f"{html[:space]}</p>", f"<p>{html[space:]}"
            seen += end - start
        elif tag == "br":
            if stack == ["p"] and seen >= SHOWN:
                return f"{html[:start]}</p>", f"<p>{html[end:]}"
        elif not closing:
            stack.append(tag)
        else:
            stack.pop()
            if not stack and seen >= SHOWN and html[end:].strip():
                return html[:end], html[end:]
    return html, ""
