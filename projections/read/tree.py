"""The tree of a thread folded in memory, walked as `scripts/walk.lua` walks the stored one.

Both implement one definition, because neither can run in both places. A test compares the two over generated logs,
orders, sizes and cursors.
"""

from collections import defaultdict
from typing import NamedTuple

from projections.read.queries import MOST_ROWS, MOST_TEXT, Sort
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


class TreeWalk(NamedTuple):
    """Rows in display order; `last` is the last first-level row if there are more."""

    places: list[TreeRow]
    last: After | None


class Tree:
    """The rows that the page of a thread shows, by parent."""

    def __init__(self, thread: ThreadState) -> None:
        self._answers: defaultdict[str | None, list[CommentState]] = defaultdict(list)
        self._text = 0
        for comment in thread.rows.values():
            self.add(comment)
        self.sort()

    def add(self, comment: CommentState) -> None:
        """Add one row, anywhere in the tree; call `sort` after the last one."""
        if comment.on_page:
            self._answers[comment.parent].append(comment)

    def sort(self) -> None:
        """Sort the replies of every parent by age."""
        for answers in self._answers.values():
            answers.sort(key=lambda comment: comment.posted.n)

    def page(self, sort: Sort, anchor: str | None, after: After | None, size: Size) -> TreeWalk:
        """Top-level rows in an order, all of them or those on one anchor."""
        firsts = [row for row in self._answers[None] if anchor is None or row.anchor == anchor]
        match sort:
            case "newest":
                firsts.reverse()
                return self._walk([row for row in firsts if not after or row.posted.n < after.age], size)
            case "oldest":
                return self._walk([row for row in firsts if not after or row.posted.n > after.age], size)
            case "top":
                firsts.sort(key=place_in_top)
                behind = (after.score, after.age) if after else None
                return self._walk([row for row in firsts if not behind or place_in_top(row) > behind], size)

    def replies(self, parent: str, after: After | None, size: Size) -> TreeWalk:
        """Replies of one comment, oldest first."""
        return self._walk([row for row in self._answers[parent] if not after or row.posted.n > after.age], size)

    def below(self, comment: CommentState, size: Size) -> list[TreeRow]:
        """A comment at any level, and the rows below it."""
        places: list[TreeRow] = []
        self._text = 0
        self._descend(places, comment, 1, size)
        return places

    def _walk(self, firsts: list[CommentState], size: Size) -> TreeWalk:
        places: list[TreeRow] = []
        self._text = 0
        last = None
        for number, comment in enumerate(firsts):
            if number == size.limit or self._full(places, size):
                return TreeWalk(places, last)
            last = After(comment.posted.n, place_in_top(comment)[0])
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
