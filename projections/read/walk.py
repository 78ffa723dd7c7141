"""The scripts that return rows: they begin with `scripts/walk.lua` and take the keys that it needs."""

from collections.abc import Sequence
from functools import cached_property

from core.keys import ThreadViews
from core.redis.script import Script
from projections.read import cursors


class WalkScript(Script):
    """The script `<name>.lua`, appended to `walk.lua`."""

    def __init__(self, name: str) -> None:
        super().__init__("projections.read", name, behind="walk")


def keys(views: ThreadViews) -> Sequence[str]:
    """The keys of every walk, after the pointer."""
    return views.meta, views.rows, views.votes, views.names, views.replies, views.answers


class Onward:
    """Builds the cursors to replies left out below a row, for the operation that returns more replies."""

    def __init__(self, site: str, thread: str) -> None:
        self._scope = site, thread

    @cached_property
    def mark(self) -> str:
        """The mark of these cursors; most pages need none, so it is made on first use."""
        return cursors.mark("replies", *self._scope)

    def __call__(self, comment: str, age: str) -> str:
        """The cursor to the replies of a comment after the reply of that age."""
        return cursors.write(self.mark, comment, age)
