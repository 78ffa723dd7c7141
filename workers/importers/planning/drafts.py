"""Comments of one discussion while it is planned: light, since their texts are elsewhere."""

from msgspec import Struct

from core.domain.import_fact import ImportedPerson
from core.events.event import FIRST
from workers.importers.source_records import SourcePerson, State


class DraftText(Struct, kw_only=True):
    """A revision. `place` is that of its body among the converted ones; without one, the text is unknown."""

    at: int
    id: str | None = None
    place: int | None = None


class Draft(Struct, kw_only=True):
    """A comment as the plan sees it. `order` is the time by which it is sorted, never before that of its parent."""

    id: str
    """In Hansard."""
    origin: str
    """In the source."""
    at: int
    state: State
    author: ImportedPerson
    texts: list[DraftText]
    parents: tuple[str, ...] = ()
    why: str | None = None
    """Reason for which it never comes, not even as a tombstone."""
    waited: bool = False
    edited_by: str | None = None
    up: int | None = None
    down: int | None = None
    score: int | None = None
    anchor: str | None = None
    pinned: bool = False
    featured_at: int | None = None
    featured_by: SourcePerson | str | None = None
    parent: "Draft | None" = None
    """The comment that it answers in the source."""
    is_known: bool = False
    """True if an earlier plan brings it."""
    comes: bool = False
    is_tombstone: bool = False
    order: int = 0
    depth: int = 0
    rank: int = 0

    @property
    def latest(self) -> int:
        """Number of the latest revision."""
        return len(self.texts)

    @property
    def ended(self) -> int:
        """Time of the latest revision."""
        return max(self.at, self.texts[-1].at) if self.texts else self.at

    @property
    def has_text(self) -> bool:
        """True if it comes with its text."""
        return self.comes and not self.is_tombstone

    def number_of(self, revision: str | None, at: int) -> int:
        """Number of the revision with this id, else of the one at this time."""
        if revision is not None:
            for number, text in enumerate(self.texts, FIRST):
                if text.id == revision:
                    return number
        return max(FIRST, sum(text.at <= at for text in self.texts))

    def answered(self) -> "Draft | None":
        """The nearest comment upwards that comes, or is there."""
        above = self.parent
        while above is not None and not (above.comes or above.is_known):
            above = above.parent
        return above


def link(drafts: dict[str, Draft], *, elsewhere: frozenset[str] = frozenset()) -> list[tuple[str, Draft]]:
    """Give each draft its parent, and cut cycles at the oldest comment of each. Returns what was wrong, by its code.

    `drafts` are by their id in the source. `elsewhere` are ids of comments of other discussions.
    """
    wrong: list[tuple[str, Draft]] = []
    for draft in drafts.values():
        named = [one for one in reversed(draft.parents) if one in drafts and one != draft.origin]
        draft.parent = drafts[named[0]] if named else None
        if draft.parents and not named:
            last = draft.parents[-1]
            why = "parent-itself" if last == draft.origin else "parent-missing"
            wrong.append(("parent-elsewhere" if last in elsewhere else why, draft))
    seen: set[str] = set()
    for draft in drafts.values():
        path: dict[str, Draft] = {}
        at: Draft | None = draft
        while at is not None and at.id not in seen and at.id not in path:
            path[at.id] = at
            at = at.parent
        if at is not None and at.id in path:
            ids = list(path)
            cycle = [path[one] for one in ids[ids.index(at.id) :]]
            oldest = min(cycle, key=lambda one: (one.at, one.id))
            oldest.parent = None
            wrong.append(("parent-cycle", oldest))
        seen.update(path)
    return wrong


def ordered(drafts: list[Draft]) -> list[Draft]:
    """The drafts that come, parents first and then by time; each knows its rank."""
    coming = [one for one in drafts if one.comes]
    for draft in coming:
        line = [draft]
        while (above := line[-1].answered()) is not None and above.comes and not above.depth:
            line.append(above)
        for one in reversed(line):
            above = one.answered()
            is_root = above is None or not above.comes
            one.depth = 1 if above is None or is_root else above.depth + 1
            one.order = one.at if above is None or is_root else max(one.at, above.order)
    coming.sort(key=lambda one: (one.order, one.depth, one.at, one.id))
    for rank, draft in enumerate(coming):
        draft.rank = rank
    return coming
