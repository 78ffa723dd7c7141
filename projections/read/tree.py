"""The tree of a thread folded in memory, walked as `scripts/walk.lua` walks the stored one.

Both implement one definition, because neither can run in both places. A test compares the two over generated logs,
orders, sizes and cursors.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

from projections.read.queries import MOST_ROWS, MOST_TEXT, PageQuery, Sort
from projections.read.queries import size as text_size
from projections.thread.state import CommentState, ThreadState
from projections.views.layout import top_score


class TreeRow(NamedTuple):
    """A row of a walk. `cut` is the age of the last reply included if some were left out; 0 if none was included."""

    level: int
    comment: CommentState
    cut: int | None


class Size(NamedTuple):
    """The bounds of a walk: rows on the first level, levels, replies per parent, and bytes of text."""

    limit: int
    depth: int
    width: int
    text: int = MOST_TEXT
    """Bytes of text after which no row follows."""


class After(NamedTuple):
    """The first-level row to continue after: its age, and its score key if the order is by score."""

    age: int
    score: int = 0


BEFORE_ALL: Final[Mapping[Sort, After]] = {
    "newest": After(999_999_999_999),
    "oldest": After(0),
    "top": After(0, -999_999_999_999_999),
}
"""Before every row of an order: the place to continue from if a page shows the pinned row alone."""


class TreeWalk(NamedTuple):
    """Rows in display order; `last` is the last first-level row if there are more."""

    places: list[TreeRow]
    last: After | None


class Tree:
    """The rows that the page of a thread shows, by parent."""

    def __init__(self, thread: ThreadState) -> None:
        self._answers: defaultdict[str | None, list[CommentState]] = defaultdict(list)
        self._picks: list[CommentState] = []
        self._pinned: CommentState | None = None
        self._text = 0
        for comment in thread.rows.values():
            self.add(comment)
        self.sort()

    def add(self, comment: CommentState) -> None:
        """Add one row, anywhere in the tree; call `sort` after the last one."""
        if comment.on_page:
            self._answers[comment.parent].append(comment)
        if comment.is_pick:
            self._picks.append(comment)
        if comment.published and comment.pinned:
            self._pinned = comment

    def sort(self) -> None:
        """Sort the replies of every parent by age."""
        for answers in (*self._answers.values(), self._picks):
            answers.sort(key=lambda comment: comment.posted.n)

    def page(self, query: PageQuery, after: After | None, size: Size) -> TreeWalk:
        """Top-level rows in an order, or the picks without replies: all of them or those on one anchor.

        The pinned row comes first, and not a second time in its own place.
        """
        anchor = query.anchor
        firsts = self._picks if query.featured else self._answers[None]
        firsts = [row for row in firsts if anchor is None or row.anchor == anchor]
        pinned = [row for row in firsts if row is self._pinned]
        firsts = [row for row in firsts if row is not self._pinned]
        if query.featured:
            size = size._replace(depth=1)
        match query.sort:
            case "newest":
                firsts.reverse()
                firsts = [row for row in firsts if not after or row.posted.n < after.age]
            case "oldest":
                firsts = [row for row in firsts if not after or row.posted.n > after.age]
            case "top":
                firsts.sort(key=place_in_top)
                behind = (after.score, after.age) if after else None
                firsts = [row for row in firsts if not behind or place_in_top(row) > behind]
        return self._walk(firsts if after else pinned + firsts, size, BEFORE_ALL[query.sort])

    def replies(self, parent: str, after: After | None, size: Size) -> TreeWalk:
        """Replies of one comment, oldest first."""
        return self._walk([row for row in self._answers[parent] if not after or row.posted.n > after.age], size)

    def below(self, comment: CommentState, size: Size) -> list[TreeRow]:
        """A comment at any level, and the rows below it."""
        places: list[TreeRow] = []
        self._text = 0
        self._descend(places, comment, 1, size)
        return places

    def _walk(self, firsts: list[CommentState], size: Size, before: After | None = None) -> TreeWalk:
        places: list[TreeRow] = []
        self._text = 0
        last = None
        for number, comment in enumerate(firsts):
            if number == size.limit or self._full(places, size):
                return TreeWalk(places, last)
            last = After(comment.posted.n, place_in_top(comment)[0])
            if number == 0 and comment is self._pinned:
                last = before or last
            self._descend(places, comment, 1, size)
        return TreeWalk(places, None)

    def _full(self, places: list[TreeRow], size: Size) -> bool:
        return len(places) == MOST_ROWS or self._text >= size.text

    def _descend(self, places: list[TreeRow], comment: CommentState, level: int, size: Size) -> None:
        at = len(places)
        places.append(TreeRow(level, comment, None))
        if comment.published:
            self._text += text_size(comment.texts[comment.standing or comment.latest].body)
        age = 0
        width = size.width if level < size.depth else 0
        for number, answer in enumerate(self._answers[comment.id]):
            if number == width or self._full(places, size):
                places[at] = TreeRow(level, comment, age)
                return
            self._descend(places, answer, level + 1, size)
            age = answer.posted.n


def place_in_top(comment: CommentState) -> tuple[int, int]:
    """Sort key of a top-level row in the order by score: best first, then older first."""
    return (top_score(comment), comment.posted.n)
