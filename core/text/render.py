"""Rendering of a comment's text to HTML, as a function of the text alone."""

from sys import getsizeof
from typing import Final, NamedTuple

from core.lru import Lru
from core.text import fast_path, plain
from core.text.cost import Meter, TooCostly
from core.text.sections import code, sections
from core.text.unicode import normalise

RENDERER: Final = 2
"""Version of the HTML (`projections.views.versions`). Raised with every change in the output of `render`, also by a
library."""

LONGER: Final = 16
"""Maximum ratio of a section's HTML to its text, in characters. `BESIDES` is added to the bound."""
BESIDES: Final = 400

REMEMBERED_BYTES: Final = 16 * 1024 * 1024
"""Size of the cache of texts and their HTML per process, in bytes. Prose is not cached: rendering it is faster."""
_OVERHEAD: Final = 500
"""Overhead per cached text, in bytes."""


class Rendered(NamedTuple):
    """HTML of a body. `given_up` is set if a section exceeded a bound and is shown as plain text."""

    html: str
    given_up: bool = False


def render(body: str) -> str:
    """Render a body to HTML that is the same for every reader and safe to insert into any page. Never raises.

    The HTML has p, br, em, strong, a, blockquote, ul, ol (with `start`), li, code and pre, and no attributes but
    `start`, `href` and `rel="nofollow ugc noopener"`. Links go to http, https and mail addresses. The body is
    normalised first, which does not change a body from the log.

    Measured on a busy core: 0.02 ms for 300 characters of prose, 0.3 ms if they have a link; 0.3 s for the slowest of
    5,000 hostile bodies of 5,000 characters, made by repeating random pieces of markup. Longer bodies cost in
    proportion.
    """
    body = normalise(body)
    html = _prose(body)
    return _marked_up(body).html if html is None else html


def _prose(body: str) -> str | None:
    """Return the HTML of a normalised body that needs no parser; None if it needs one."""
    return plain.html_or_none(body) if body else ""


def _marked_up(body: str) -> Rendered:
    made = [(text, code(text) if is_code else _section(text)) for text, is_code in sections(body)]
    html = "".join(plain.paragraphs(text) if html is None else html for text, html in made)
    return Rendered(html or plain.paragraphs(body), any(html is None for _, html in made))


def _section(text: str) -> str | None:
    """Return the HTML of one section; None if it exceeds a bound."""
    meter = Meter()
    try:
        made = fast_path.html(text, meter)
        if made is None:
            # Imported late: importing the parser takes a tenth of a second, and most command-line commands render
            # nothing.
            from core.text import markdown  # noqa: PLC0415 # see above

            made = markdown.html(text, meter)
    except TooCostly:
        return None
    return made if len(made) <= LONGER * len(text) + BESIDES else None


def warm() -> None:
    """Import the parser and compile its regular expressions, so that the first texts do not wait."""
    render("*a* https://a.org, B.Org, C@D.Org http://e.org/é <https://e.org/é>")
    render("- f\n  - [g](https://h.org 'i') B.Org http://e.org/é\n\n[j]: b")


def rendered(body: str) -> str:
    """As `render`, cached for recent bodies other than prose, within `REMEMBERED_BYTES`."""
    return remembered(body).html


def remembered(body: str) -> Rendered:
    """As `rendered`, also reporting `given_up`."""
    found = _REMEMBERED.get(body)
    if found is not None:
        return found
    normalised = normalise(body)
    html = _prose(normalised)
    if html is not None:
        return Rendered(html)
    made = _marked_up(normalised)
    _REMEMBERED.put(body, made, getsizeof(body) + getsizeof(made.html) + _OVERHEAD)
    return made


_REMEMBERED: Final = Lru[str, Rendered](REMEMBERED_BYTES)
