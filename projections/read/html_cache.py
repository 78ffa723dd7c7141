"""Rendering of texts that yields to other tasks.

`Rendering` makes html that no row stores: of older texts and past pages. The html is cached in the process only.
`ahead` makes the html that a commit is about to need, because a commit itself does not yield.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from anyio.lowlevel import checkpoint

from core.lru import Lru
from core.text.render import RENDERER, render
from core.throttle import Pace
from projections.views.layout import Html

TURN: Final = 5_000
"""Characters rendered before yielding to other tasks. A single text may have more."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Maximum bytes of cached html."""
OVERHEAD: Final = 516
"""Bytes of overhead per cached text."""

HTML: Final = Lru[bytes, bytes](MOST_BYTES, most_each=MOST_BYTES // 4)
"""Html by the digest of the text and the version of the renderer."""


class Rendering:
    """Renders the texts of one response, and yields to other tasks by the amount rendered."""

    def __init__(self, cache: Lru[bytes, bytes] = HTML, *, turn: int = TURN) -> None:
        self._cache = cache
        self._turn = turn
        self._since = 0

    async def html(self, body: str) -> str:
        """The html of a text, as `core.text.render.render` makes it."""
        encoded = body.encode(errors="surrogatepass")
        key = blake2b(encoded, digest_size=16, salt=RENDERER.to_bytes(8, "big")).digest()
        found = self._cache.get(key)
        if found is not None:
            return found.decode(errors="surrogatepass")
        await self.turn(len(body))
        html = render(body)
        made = html.encode(errors="surrogatepass")
        self._cache.put(key, made, len(made) + OVERHEAD)
        return html

    async def turn(self, characters: int) -> None:
        """Account for upcoming work on `characters`. Yields first if the budget of this turn is used up."""
        if self._since and self._since + characters > self._turn:
            self._since = 0
            await checkpoint()
        self._since += characters


class _HtmlAhead:
    """Serves html of texts rendered ahead, each as often as it was requested; renders any other text on demand.

    An html is released at its last use, so that memory is bounded by what is made from it.
    """

    def __init__(self, html: Html) -> None:
        self._html = html
        self._made: dict[str, str] = {}
        self._uses: dict[str, int] = {}

    def render(self, body: str) -> None:
        """Render a text if it is not yet rendered, and count one more use."""
        if body not in self._made:
            self._made[body] = self._html(body)
        self._uses[body] = self._uses.get(body, 0) + 1

    def __call__(self, body: str) -> str:
        if body not in self._made:
            return self._html(body)
        self._uses[body] -= 1
        return self._made[body] if self._uses[body] else self._made.pop(body)


async def ahead(bodies: Iterable[str], html: Html, pace: Pace | None = None) -> Html:
    """Render texts with a rest between two of them when due. The result returns their html without delay."""
    pace = pace or Pace()
    made = _HtmlAhead(html)
    for body in bodies:
        made.render(body)
        if pace.due:
            await pace.rest()
    return made
