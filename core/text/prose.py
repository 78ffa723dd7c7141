"""The html of plain prose, which most comments are, without parsing: what `core.text.markdown` would make of it.

Prose here is lines that begin with a letter, a digit or a quotation mark, with no character in them that could be
markup or make a link. Where one might, the parser is asked: it costs thirty times as much, and is the definition.
"""

import re
from typing import Final

SECTION: Final = 5000
"""Code points parsed at once. Cost is quadratic in the worst case, so a longer body is cut and stays linear."""

PERHAPS_LINK: Final = re.compile(r"[.:@](?:(?<=@)|(?<=:)(?=\S)|(?<=[^\s.]\.)(?=[^\s.]))")
"""Where this finds nothing there is no link: most prose passes without a look at 1,500 domains."""

# Markup within a line, and white space that the parser or the sanitiser writes otherwise.
_MARKUP: Final = re.compile(r"[*_`\\\[\]<>\t\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
# No number of a list; no blank, sign or mark that lays on what is before it.
_BEGINNING: Final = r"(?!\d+[.)])[^\W_]|[\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]"
_BEGINS: Final = re.compile(_BEGINNING)
_BEGINS_OTHERWISE: Final = re.compile(rf"\n(?!\n|{_BEGINNING})")


def html(body: str) -> str | None:
    """The html of a normalised body that is nothing but prose; None where it may be more than that."""
    if (
        len(body) > SECTION
        or _MARKUP.search(body) is not None
        or PERHAPS_LINK.search(body) is not None
        or " \n" in body
        or _BEGINS.match(body) is None
        or _BEGINS_OTHERWISE.search(body) is not None
    ):
        return None
    if "&" in body:
        body = body.replace("&", "&amp;")
    paragraphs = body.split("\n\n")
    if "\n" in body:
        paragraphs = [lines for paragraph in paragraphs if (lines := paragraph.strip("\n").replace("\n", "<br>\n"))]
    between = "</p>\n<p>"
    return f"<p>{between.join(paragraphs)}</p>\n"
