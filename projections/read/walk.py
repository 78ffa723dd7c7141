"""The scripts that give rows: they begin with `scripts/walk.lua` and are asked with the keys that it needs."""

from collections.abc import Sequence
from functools import cached_property

from core.keys import ThreadViews
from core.redis.script import Script
from projections.read import cursors


class WalkScript(Script):
    """The script `<name>.lua` behind `walk.lua`."""

    def __init__(self, name: str) -> None:
        super().__init__("projections.read", name, behind="walk")


def keys(views: ThreadViews) -> Sequence[str]:
    """What every walk needs, behind the pointer."""
    return views.meta, views.rows, views.votes, views.names, views.replies, views.answers


class Onward:
    """Makes the cursors to answers that a row is shown without: they are for the call that gives more replies."""

    def __init__(self, site: str, thread: str) -> None:
        self._scope = site, thread

    @cached_property
    def mark(self) -> str:
        """What these cursors begin with; most pages need none."""
        return cursors.mark("replies", *self._scope)

    def __call__(self, comment: str, age: str) -> str:
        """The cursor to the answers of a comment after the one of that age."""
        return cursors.write(self.mark, comment, age)
