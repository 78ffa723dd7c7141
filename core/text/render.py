"""What readers see of a comment's text: html made from it, and from nothing else."""

from sys import getsizeof
from typing import Final, NamedTuple

from core.lru import Lru
from core.text import fast_path
from core.text import plain as prose
from core.text.cost import Meter, TooCostly
from core.text.sections import code, sections
from core.text.unicode import normalise

RENDERER: Final = 2
"""Version of the html (`projections.views.versions`). It goes up with every change in what `render` returns, a
library's too."""

LONGER: Final = 16
"""The html of a section has at most so many times its characters, and `BESIDES` more."""
BESIDES: Final = 400

REMEMBERED_BYTES: Final = 16 * 1024 * 1024
"""Bytes of texts and their html that a process remembers, prose aside: that is made faster than it is found."""
_OVERHEAD: Final = 500
"""Bytes that remembering a text takes besides it and its html."""


class Rendered(NamedTuple):
    """The html of a body; `given_up` where a section of it is shown as plain, because it would be beyond a bound."""

    html: str
    given_up: bool = False


def render(body: str) -> str:
    """The html of a body, the same for everyone: safe to insert into any page, never an error.

    It holds p, br, em, strong, a, blockquote, ul, ol (with `start`), li, code and pre, and no attribute but `start`,
    `href` and `rel="nofollow ugc noopener"`. Links go to http, https and mail addresses. The body is normalised first,
    which changes nothing in one that comes from the log.

    Measured on a busy core: 0.02 ms for 300 characters of prose, 0.3 ms where they have a link; 0.3 s for the slowest
    of 5,000 hostile bodies of 5,000 characters, made by repeating random pieces of markup; longer bodies cost in
    proportion.
    """
    body = normalise(body)
    plain = _prose(body)
    return _marked_up(body).html if plain is None else plain


def _prose(body: str) -> str | None:
    """The html of a normalised body that needs no parser; None where it does."""
    return prose.html(body) if body else ""


def _marked_up(body: str) -> Rendered:
    made = [(text, code(text) if is_code else _section(text)) for text, is_code in sections(body)]
    html = "".join(prose.plain(text) if html is None else html for text, html in made)
    return Rendered(html or prose.plain(body), any(html is None for _, html in made))


def _section(text: str) -> str | None:
    """The html of one section; None where that is beyond a bound."""
    meter = Meter()
    try:
        made = fast_path.html(text, meter)
        if made is None:
            # Imported late: the parser takes a tenth of a second, and most commands of the command line render nothing.
            from core.text import markdown  # noqa: PLC0415 # see above

            made = markdown.html(text, meter)
    except TooCostly:
        return None
    return made if len(made) <= LONGER * len(text) + BESIDES else None


def warm() -> None:
    """Import the parser and have it compile its expressions, which the first texts would wait for otherwise."""
    render("*a* https://a.org, B.Org, C@D.Org http://e.org/é <https://e.org/é>")
    render("- f\n  - [g](https://h.org 'i') B.Org http://e.org/é\n\n[j]: b")


def rendered(body: str) -> str:
    """`render`, remembered for the last bodies that were no prose, within `REMEMBERED_BYTES`."""
    return remembered(body).html


def remembered(body: str) -> Rendered:
    """`rendered`, with whether something of it was given up."""
    found = _REMEMBERED.get(body)
    if found is not None:
        return found
    normalised = normalise(body)
    plain = _prose(normalised)
    if plain is not None:
        return Rendered(plain)
    made = _marked_up(normalised)
    _REMEMBERED.put(body, made, getsizeof(body) + getsizeof(made.html) + _OVERHEAD)
    return made


_REMEMBERED: Final = Lru[str, Rendered](REMEMBERED_BYTES)
