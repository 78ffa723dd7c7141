"""Whether a text links anywhere: what the pre-moderation rule `links` goes by."""

import re
from html import unescape
from typing import Final

from core.text.markup import rendered

# Quotes and angle brackets of the text are escaped in html, so only a link has this.
_HREF: Final = re.compile(r'<a href="([^"]*)"')


def first_link(body: str) -> str | None:
    """The address of the first link that readers would get with this body, as its `href`; None where there is none.

    Read off the html itself, so that rule and page cannot disagree about what a link is: markdown links, references,
    `<https://…>`, bare addresses, `www.example.com`, `example.com`, `me@example.com` (`mailto:me@example.com`).
    """
    link = _HREF.search(rendered(body))
    return None if link is None else unescape(link[1])
