"""html that no row keeps: of older texts and of past pages. It is remembered in the process and stored nowhere."""

from hashlib import blake2b
from typing import Final

from anyio.lowlevel import checkpoint

from core.text.markup import RENDERER, render
from projections.memo import Memo

TURN: Final = 5_000
"""Characters that are rendered before others have their turn; one text may have more."""

HTML: Final = Memo[bytes](16 * 1024 * 1024)
"""By the digest of the text and the version of the renderer."""


class Rendering:
    """Renders the texts of one answer, and lets others have their turn in between, by what was rendered."""

    def __init__(self, memo: Memo[bytes] = HTML, *, turn: int = TURN) -> None:
        self._memo = memo
        self._turn = turn
        self._since = 0

    async def html(self, body: str) -> str:
        """The html of a text, as `core.text.markup.render` makes it."""
        encoded = body.encode(errors="surrogatepass")
        key = blake2b(encoded, digest_size=16, salt=RENDERER.to_bytes(8, "big")).digest()
        found = self._memo.get(key)
        if found is not None:
            return found.decode(errors="surrogatepass")
        await self.turn(len(body))
        html = render(body)
        self._memo.put(key, html.encode(errors="surrogatepass"), made_from=len(key))
        return html

    async def turn(self, characters: int) -> None:
        """Count work on so many characters, which is about to be done; others come first where it is their turn."""
        if self._since and self._since + characters > self._turn:
            self._since = 0
            await checkpoint()
        self._since += characters
