"""Versions of what writes views, and the parts of the views that two versions write alike.

A generation of views keeps the set of versions that have written into it: a commit of a version that is not in the
set adds it, in the same script. Two versions write the same bytes for the same log only in the parts of which both
have the same number:

- `fold`: the meaning of the events. Another fold may make anything, so nothing is comparable.
- `renderer`: the html in rows, and nothing else.
- `layout`: the fields and values of each view, by name. A version stores its whole table, so that a version that
  knows nothing of another one's code can still name the views in which they differ.

Pure: reading and writing the set is elsewhere (`projections.views.generations`, `projections.views.store`).
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from core.text.render import RENDERER
from projections.thread.state import FOLD

LAYOUT: Final[Mapping[str, int]] = {
    "meta": 2,
    "rows": 2,
    "votes": 1,
    "names": 1,
    "roots": 1,
    "top": 1,
    "anchored": 1,
    "replies": 1,
    "answers": 1,
    "revisions": 1,
    "ballots": 1,
    "waiting": 1,
    "reports": 1,
    "pending": 2,
    "reported": 1,
    "authors": 1,
    "threads": 1,
    "urls": 1,
    "opened": 1,
}
"""View to the version of what is written there: those of a thread, then those of a site, as their keys end.

A number goes up with every change in what the same thread puts into that view, a new field in a row included; a new
view starts at 1, and a removed one leaves the table. A reader has to bear the layout before its own, because views
are served as they are until they are rebuilt. A field of the state that has a default which is right for every event
of before raises the layout of `rows` or `meta`, and not the fold: snapshots without it stay good.
"""

ALL: Final = "all"
"""The part of a comparison that stands for whole threads: what another fold leaves out."""
HTML: Final = "html"
"""The part that another renderer leaves out, counted in rows."""


class Versions(Struct, frozen=True, kw_only=True):
    """One version of what writes views. Versions of the same parts are equal."""

    fold: int
    renderer: int
    layout: Mapping[str, int]

    def __hash__(self) -> int:
        return hash((self.fold, self.renderer, tuple(sorted(self.layout.items()))))

    def __str__(self) -> str:
        """`<fold>.<renderer>.<digest of the layout>`, to tell versions apart where they are told."""
        digest = blake2b(_JSON.encode(self.layout), digest_size=3).hexdigest()
        return f"{self.fold}.{self.renderer}.{digest}"


OWN: Final = Versions(fold=FOLD, renderer=RENDERER, layout=LAYOUT)
"""The version that this program writes."""

UNSIGNED: Final = Versions(
    fold=4,
    renderer=1,
    layout=dict.fromkeys(
        (
            *("meta", "rows", "votes", "names", "roots", "top", "anchored", "replies", "answers", "revisions"),
            *("ballots", "waiting", "reports", "pending", "reported", "authors", "threads", "urls"),
        ),
        1,
    ),
)
"""The version of the programs that kept no set: it stands for an absent set of views that have come somewhere."""

_UNREADABLE: Final = Versions(fold=0, renderer=0, layout={})
"""A version that cannot be read: it agrees with no other in anything."""


class Scope(Struct, frozen=True, kw_only=True):
    """The parts of one generation of views that a comparison covers."""

    versions: frozenset[Versions] = frozenset()
    """Those that have written into the generation."""
    entries: int = 0
    """Size of the stored set. It only grows: where it has another size, this scope may be too wide."""
    fold: bool = True
    """True where anything is comparable."""
    html: bool = True
    """True where the html in rows is comparable."""
    apart: frozenset[str] = frozenset()
    """The views that are not comparable, as their keys end."""

    def covers(self, view: str) -> bool:
        """True where a view is comparable, by its name in `projections.views.layout` or as its key ends."""
        return self.fold and view.removeprefix("site.") not in self.apart

    @property
    def whole(self) -> bool:
        """True where everything is comparable."""
        return self.fold and self.html and not self.apart

    @property
    def parts(self) -> list[str]:
        """The parts that are not covered, in order."""
        if not self.fold:
            return [ALL]
        return [*([] if self.html else [HTML]), *sorted(self.apart)]


def scope(own: Versions, versions: Collection[Versions], entries: int = 0) -> Scope:
    """The parts in which a comparer of version `own` and all those versions agree."""
    tables = [one.layout for one in versions]
    views = own.layout.keys() | {view for table in tables for view in table}
    return Scope(
        versions=frozenset(versions),
        entries=entries,
        fold=all(one.fold == own.fold for one in versions),
        html=all(one.renderer == own.renderer for one in versions),
        apart=frozenset(view for view in views if any(table.get(view) != own.layout.get(view) for table in tables)),
    )


def encode(versions: Versions) -> bytes:
    """A version as a member of the stored set: the same bytes for equal versions."""
    return _JSON.encode(versions)


def decode(members: Iterable[bytes]) -> frozenset[Versions]:
    """The versions of a stored set."""
    return frozenset(map(_decode, members))


def _decode(member: bytes) -> Versions:
    try:
        return _VERSIONS.decode(member)
    except msgspec.MsgspecError:
        return _UNREADABLE


_JSON: Final = msgspec.json.Encoder(order="deterministic")
_VERSIONS: Final = msgspec.json.Decoder(Versions)
