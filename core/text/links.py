"""Whether a text links anywhere: what the pre-moderation rule `links` goes by."""

import re
from html import unescape
from typing import Final

from core.text.plain import perhaps_link
from core.text.render import remembered

LONGEST: Final = 200
"""Characters of an address that is told where the text was not rendered."""

# Quotes and angle brackets of the text are escaped in html, so only a link has this.
_HREF: Final = re.compile(r'<a href="([^"]*)"')


def first_link(body: str) -> str | None:
    """The address of the first link that readers would get with this body, as its `href`; None where there is none.

    Read off the html itself, so that rule and page cannot disagree about what a link is: markdown links, references,
    `<https://…>`, bare addresses, `www.example.com`, `example.com`, `me@example.com` (`mailto:me@example.com`).

    A text that is shown as plain, because rendering it would cost too much, has no links that could be read off. There
    the first word that may hold an address is one, cut to `LONGEST` characters: what cannot be told is held.
    """
    made = remembered(body)
    link = _HREF.search(made.html)
    if link is not None:
        return unescape(link[1])
    return next((word[:LONGEST] for word in body.split() if perhaps_link(word)), None) if made.given_up else None
