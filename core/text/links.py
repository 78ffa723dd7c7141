"""Link detection for the rules that hold a text with links."""

import re
from html import unescape
from itertools import islice
from typing import Final

from core.text.plain import perhaps_link
from core.text.render import remembered

LONGEST: Final = 200
"""Maximum length of the reported address in a text that was not rendered, in characters."""

# Quotes and angle brackets of the text are escaped in HTML, so only a link matches.
_HREF: Final = re.compile(r'<a href="([^"]*)"')


def first_link(body: str) -> str | None:
    """Return the `href` of the first link that readers would get with this body; None if there is none."""
    return link_beyond(body, 0)


def link_beyond(body: str, allowed: int) -> str | None:
    """Return the `href` of the link after the first `allowed` links that readers would get; None if there is none.

    Links are extracted from the HTML itself, so that rule and page cannot disagree about what a link is: markdown
    links, references, `<https://…>`, bare addresses, `www.example.com`, `example.com`, `me@example.com`
    (`mailto:me@example.com`).

    The body is normalised. A text that is too costly to render is shown as plain text, without links in its HTML. Its
    links cannot be counted, so that the first word that may hold an address is returned, cut to `LONGEST` characters:
    uncertain texts are held.
    """
    if "[" not in body and "<" not in body and not perhaps_link(body):
        return None  # as most texts: nothing in it can be a link, so it need not be rendered
    made = remembered(body)
    link = next(islice(_HREF.finditer(made.html), allowed, None), None)
    if link is not None:
        return unescape(link[1])
    return next((word[:LONGEST] for word in body.split() if perhaps_link(word)), None) if made.given_up else None
