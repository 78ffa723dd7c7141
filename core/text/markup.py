"""What readers see of a comment's text: html made from it, and from nothing else."""

from functools import lru_cache
from typing import Final

from core.text import fast_path, prose
from core.text.cost import Meter, TooCostly
from core.text.prose import sections
from core.text.unicode import normalise

RENDERER: Final = 2
"""Version of the html (`projections.versions`). It goes up with every change in what `render` returns, a
library's too."""

LONGER: Final = 16
"""The html of a section has at most so many times its characters, and `BESIDES` more."""
BESIDES: Final = 400

_MEMO_BODY: Final = 1000
_MEMO_SIZE: Final = 1024


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
    if not body:
        return ""
    plain = prose.html(body)
    if plain is not None:
        return plain
    return "".join(map(_section, sections(body)))


def _section(text: str) -> str:
    meter = Meter()
    try:
        made = fast_path.html(text, meter)
        if made is None:
            # Imported late: the parser takes a tenth of a second, and most commands of the command line render nothing.
            from core.text import markdown  # noqa: PLC0415 # see above

            made = markdown.html(text, meter)
    except TooCostly:
        return prose.plain(text)
    return made if len(made) <= LONGER * len(text) + BESIDES else prose.plain(text)


def warm() -> None:
    """Import the parser and have it compile its expressions, which the first texts would wait for otherwise."""
    render("*a* https://a.org, B.Org, C@D.Org http://e.org/é <https://e.org/é>")
    render("- f\n  - [g](https://h.org 'i') B.Org http://e.org/é\n\n[j]: b")


def rendered(body: str) -> str:
    """`render`, remembered for the last 1,024 bodies of usual length: 0.8 MB of prose, 53 MB of emoji and links."""
    return _remembered(body) if len(body) <= _MEMO_BODY else render(body)


_remembered = lru_cache(_MEMO_SIZE)(render)
