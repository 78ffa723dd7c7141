"""Versions of the code that writes views, and the parts of the views that two versions write identically.

A generation of views keeps the set of versions that have written into it: the commit script adds the committing version
if it is missing. Two versions write the same bytes for the same log only in the parts with equal version numbers:

- `fold`: the meaning of the events. Under another fold version nothing is comparable.
- `renderer`: the html in rows, and nothing else.
- `layout`: the fields and values of each view, by name. A version stores its whole table, so that another version can
  name the differing views without knowing that version's code.

Pure: `projections.views.generations` and `projections.views.store` read and write the set.
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from core.text.render import RENDERER
from projections.thread.state import FOLD
from projections.views import rows
from projections.views.listings import registry

LAYOUT: Final[Mapping[str, int]] = {
    "meta": 4,
    "rows": rows.LAYOUT,
    "votes": 1,
    "names": 1,
    "roots": 1,
    "top": 1,
    "anchored": 1,
    "replies": 1,
    "answers": 1,
    "revisions": 4,
    "ballots": 1,
    "waiting": 2,
    "reports": 3,
    "filed": 1,
    **{listing.name: listing.version for listing in registry.LISTINGS},
}
"""Version of each view's contents, by the ending of the view's key: views of a thread, then listings.

A number is raised by every change in the cells that the same thread puts into that view, including a new field in a
row. A new view starts at 1, and a removed view leaves the table. A reader must support the preceding layout, because
views are served unchanged until they are rebuilt. A new field of the state whose default is right for all earlier
events raises the layout of `rows` or `meta`, not the fold: snapshots without the field stay valid.
"""

ALL: Final = "all"
"""The part of a comparison for whole threads, which is excluded under another fold version."""
HTML: Final = "html"
"""The part that is excluded under another renderer version, counted in rows."""


class Versions(Struct, frozen=True, kw_only=True):
    """Version of a writer of views. Versions with equal parts are equal."""

    fold: int
    renderer: int
    layout: Mapping[str, int]

    def __hash__(self) -> int:
        return hash((self.fold, self.renderer, tuple(sorted(self.layout.items()))))

    def __str__(self) -> str:
        """`<fold>.<renderer>.<digest of the layout>`, to distinguish versions in output."""
        digest = blake2b(_JSON.encode(self.layout), digest_size=3).hexdigest()
        return f"{self.fold}.{self.renderer}.{digest}"


OWN: Final = Versions(fold=FOLD, renderer=RENDERER, layout=LAYOUT)
"""The version of this program."""

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
"""The version of the programs that kept no set, assumed for views that have a cursor but no set."""

_UNREADABLE: Final = Versions(fold=0, renderer=0, layout={})
"""Placeholder for an unreadable version, which agrees with no other version in any part."""


class Scope(Struct, frozen=True, kw_only=True):
    """The parts of one generation of views that a comparison covers."""

    versions: frozenset[Versions] = frozenset()
    """Versions that have written into the generation."""
    entries: int = 0
    """Size of the stored set when read. The set only grows: if its size differs later, this scope may be too wide."""
    fold: bool = True
    """Set if anything is comparable."""
    html: bool = True
    """Set if the html in rows is comparable."""
    apart: frozenset[str] = frozenset()
    """The views that are not comparable, by the ending of their keys."""

    def covers(self, view: str) -> bool:
        """True if a view is comparable, by its name in `projections.views.layout` or the ending of its key."""
        return self.fold and view.removeprefix("site.") not in self.apart

    @property
    def whole(self) -> bool:
        """True if everything is comparable."""
        return self.fold and self.html and not self.apart

    @property
    def parts(self) -> list[str]:
        """The parts that are not comparable, in order."""
        if not self.fold:
            return [ALL]
        return [*([] if self.html else [HTML]), *sorted(self.apart)]


def scope(own: Versions, versions: Collection[Versions], entries: int = 0) -> Scope:
    """The parts in which version `own` and all of `versions` agree."""
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
    """Encode a version as a member of the stored set. Equal versions have equal bytes."""
    return _JSON.encode(versions)


def decode(members: Iterable[bytes]) -> frozenset[Versions]:
    """Decode the versions of a stored set."""
    return frozenset(map(_decode, members))


def _decode(member: bytes) -> Versions:
    try:
        return _VERSIONS.decode(member)
    except msgspec.MsgspecError:
        return _UNREADABLE


_JSON: Final = msgspec.json.Encoder(order="deterministic")
_VERSIONS: Final = msgspec.json.Decoder(Versions)
