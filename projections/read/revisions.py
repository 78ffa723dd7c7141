"""The edit history of one comment, as far as a viewer may see it."""

from collections.abc import Awaitable, Callable, Iterator
from sys import getsizeof
from typing import Any, Final, Literal

import msgspec

from core.concurrency import both
from core.lru import Lru
from core.redis.script import Script
from core.text import diff
from core.times import rfc3339
from projections.read import cursors
from projections.read.comments import answer
from projections.read.html_cache import Rendering
from projections.read.overlay import decided
from projections.read.queries import MOST_TEXT, PageAnswer, RevisionsQuery, size
from projections.read.served_generation import Served
from projections.thread.state import CommentState, Text
from projections.views import rows, stored_row
from projections.views.viewer import Viewer

History = Literal["public", "author", "staff"]
"""The audience of earlier texts."""

_REVISIONS: Final = Script("projections.read", "revisions")
_TEXT: Final = msgspec.json.Decoder(Text)
_BACK: Final = 16
"""Texts per read when reading backwards."""
_OVERHEAD: Final = 500
"""Bytes of overhead per cached diff, besides the diff and the two texts."""
_MOST_BYTES: Final = 16 * 1024 * 1024
DIFFERENCES: Final = Lru[tuple[str, str], bytes](_MOST_BYTES, most_each=_MOST_BYTES // 4)
"""Keyed by the two texts themselves, which must be read first: a deleted text finds no entry."""


async def revisions(
    served: Served,
    site: str,
    thread: str,
    comment: str,
    viewer: Viewer,
    history: History | Callable[[], Awaitable[History]],
    query: RevisionsQuery,
    *,
    most: int = MOST_TEXT,
) -> PageAnswer | None:
    """The texts of a comment, oldest first; None if the viewer may not see the comment. Raises BadCursor.

    A page holds at most `most` bytes of text, or one text. A page of revisions hidden from the viewer can be empty and
    have a `next`.
    """
    mark = cursors.mark("revisions", site, thread, comment, query.diff is not None, query.limit)
    after = 0 if query.cursor is None else int(*cursors.read(query.cursor, mark, cursors.NUMBER))
    # A diff most often needs the last text of the previous page.
    first = max(1, after) if query.diff else after + 1
    read = _Texts(served, site, thread, comment, viewer, first=first, most=most)
    if callable(history):
        policy, _ = await both(history, read.more)
    else:
        policy = history
        await read.more()
    if read.comment is None or rows.shown_revision(read.comment, viewer) is None:
        return None

    def shown() -> list[int]:
        return [number for number in read.visible(viewer, policy) if number > after]

    while not read.ended and (read.last <= after or not read.enough) and len(shown()) <= query.limit:
        await read.more()
    page, cut = _page(read, shown(), query.limit, most)
    if cut is None and not read.ended:
        cut = read.last
    following = None if cut is None else cursors.write(mark, cut)
    if query.diff and page and after:
        await read.back(after, viewer, policy)
    visible_ones = read.visible(viewer, policy)
    rendering = Rendering()
    listed = []
    for number in page:
        difference = await _difference(read.comment, visible_ones, number, rendering) if query.diff else {}
        listed.append(await _revision(read.comment, number, viewer, rendering) | difference)
    return answer({"comment": comment, "revisions": listed, "next": following})


def _page(read: "_Texts", shown: list[int], limit: int, most: int) -> tuple[list[int], int | None]:
    """The revisions of a page, and the one that the next page continues after; None on the last page."""
    assert read.comment is not None
    page: list[int] = []
    bytes_ = 0
    for number in shown:
        bytes_ += size(read.comment.texts[number].body)
        if len(page) == limit or (page and bytes_ > most):
            return page, page[-1]
        page.append(number)
    return page, None


class _Texts:
    """Texts of a comment, read in parts, no more than a response needs."""

    def __init__(
        self, served: Served, site: str, thread: str, comment: str, viewer: Viewer, *, first: int, most: int
    ) -> None:
        self._served = served
        self._viewer = viewer
        self._where = (site, thread, comment)
        self._most = most
        self._left = most
        self.comment: CommentState | None = None
        """The comment with the texts read so far; None if there is none."""
        self.last = first - 1
        """The last revision read."""
        self.ended = False
        """True where `last` is the latest revision that the viewer may know of."""

    @property
    def enough(self) -> bool:
        """True if the maximum size of a response was read."""
        return self._left <= 0

    def visible(self, viewer: Viewer, history: str) -> list[int]:
        """The revisions read so far that the viewer may know of, in order."""
        return [] if self.comment is None else list(visible(self.comment, viewer, history))

    async def more(self) -> None:
        """Read the next part."""
        first = self.last + 1
        found = await self._read(first, 0)
        if found is None:
            self.ended = True
            return
        row, texts = found
        if self.comment is None:
            self.comment, row.texts = row, {}
        self.comment.texts.update(texts)
        self.last = max(texts, default=self.last)
        # Readers never saw a text later than the standing one: a page cut by size would reveal that it exists.
        knows_all = self._viewer.staff or self._viewer.member == row.author.id
        self.ended = not texts or self.last >= (row.latest if knows_all else row.standing or row.latest)

    async def back(self, number: int, viewer: Viewer, history: str) -> None:
        """Read revisions before `number` until one has a text that the viewer may read."""
        comment = self.comment
        assert comment is not None
        first = number + 1 if number not in comment.texts else number
        while first > 1 and not any(
            comment.texts[other].body is not None for other in self.visible(viewer, history) if other <= number
        ):
            last, first = first - 1, max(1, first - _BACK)
            while last >= first:
                found = await self._read(first, last)
                if found is None or not found[1]:
                    return
                comment.texts = dict(sorted({**comment.texts, **found[1]}.items()))
                if max(found[1]) >= last:
                    break
                first = max(found[1]) + 1

    async def _read(self, first: int, last: int) -> tuple[CommentState, dict[int, Text]] | None:
        site, thread, comment = self._where
        reply = await self._served.thread(
            _REVISIONS,
            site,
            thread,
            lambda views: (views.rows, views.revisions, views.votes),
            (comment, first, last, max(self._left, 1)),
        )
        if not reply.parts:
            return None
        stored, tally, *parts = reply.parts
        row = stored_row.split(stored)
        found = stored_row.decode(row.public, row.source)
        found.up, found.down = map(int, tally.split())
        texts: dict[int, Text] = {}
        for number, text in enumerate(parts, first):
            texts[number] = found.texts[number] if text is None else _TEXT.decode(text)
            self._left -= size(texts[number].body)
        return found, texts


def visible(comment: CommentState, viewer: Viewer, history: str) -> Iterator[int]:
    """The revisions that the viewer may know of, provided that the viewer may see the comment.

    Staff: all. Its author: all, unless `history` is `staff`: then those that stand, are the latest, wait or were
    rejected. Everyone else: the standing one, and if `history` is `public` those that readers once saw and that were
    not held or rejected since.
    """
    own = viewer.member is not None and viewer.member == comment.author.id
    for number, text in comment.texts.items():
        current = number == comment.standing or (own and number == comment.latest)
        if viewer.staff or current:
            yield number
        elif own:
            if history != "staff" or text.status in ("pending", "rejected"):
                yield number
        elif history == "public" and text.seen and is_listed(text):
            yield number


def is_listed(text: Text) -> bool:
    """True if everyone may find a superseded text in a public history, provided that readers saw the text."""
    return stands(text) and not text.graced and text.removal is None


def stands(text: Text) -> bool:
    """True unless the text was held or rejected since readers saw it; redaction alone counts as neither."""
    if text.decision is not None:
        return text.decision.verdict == "approve"
    return text.rule is None


async def _revision(comment: CommentState, number: int, viewer: Viewer, rendering: Rendering) -> dict[str, Any]:
    text = comment.texts[number]
    votes = comment.votes_then(number)
    revision: dict[str, Any] = {
        "revision": number,
        "at": rfc3339(text.at),
        "by": {"name": text.name if text.name is not None else comment.author.name},
        "status": text.served_status,
    }
    if text.reason is not None:
        revision["reason"] = text.reason
    revision |= {
        "body": text.body,
        "html": None if text.body is None else await rendering.html(text.body),
        "votes_then": None if votes is None else {"up": votes[0], "down": votes[1]},
    }
    if (viewer.staff or viewer.member == comment.author.id) and text.decision and not stands(text):
        revision["decision"] = decided(text.decision)
    if viewer.staff:
        revision["moderation"] = rows.moderation(text)
    return revision


async def _difference(comment: CommentState, shown: list[int], number: int, rendering: Rendering) -> dict[str, Any]:
    """The diff against the nearest earlier text that the viewer may read: a hidden text would show in the deletions."""
    body = comment.texts[number].body
    before = [comment.texts[other].body for other in shown if other < number]
    texts = [text for text in before if text is not None]
    if body is None or not texts:
        return {}
    await rendering.turn(len(texts[-1]) + len(body))
    return {"diff": msgspec.Raw(_words(texts[-1], body))}


def _words(before: str, after: str) -> bytes:
    """The JSON of the diff of two texts."""
    made = DIFFERENCES.get((before, after))
    if made is None:
        made = msgspec.json.encode(diff.words(before, after))
        size = len(made) + getsizeof(before) + getsizeof(after) + _OVERHEAD
        DIFFERENCES.put((before, after), made, size)
    return made
