"""Events that only imports write: what was brought, tallies without ballots, and new owners of comments."""

from collections.abc import Mapping
from typing import ClassVar, Final

from msgspec import Struct

from core.caller import ActorKind
from core.events.event import Event

IMPORT: Final = "import"
"""The `cause` of events that an import brings. Of those whose actor is not known, the id of the `system` actor, and the
name of the rule that holds a text."""


class SourceFile(Struct, frozen=True, kw_only=True, gc=False):
    """A file that an import was made of, by the SHA-256 of its bytes."""

    name: str
    sha256: str


class ImportBegun(Event, frozen=True, kw_only=True, tag="import.begun", omit_defaults=True):
    """The actor began an import. `imported` is its id, which is the batch of everything that it brings.

    `system` is the kind of the other system, `source` the prefix of the ids of its comments. `options` are those of the
    plan.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"files", "options"})
    imported: str
    system: str
    source: str
    files: tuple[SourceFile, ...] = ()
    options: Mapping[str, str] = {}


class ImportEnded(Event, frozen=True, kw_only=True, tag="import.ended", omit_defaults=True):
    """All facts of the import were gone through: so many were brought, were known before, or were left out by reason.

    `differs` is the number of known comments that people here changed since, so that they stay as they are.
    """

    imported: str
    brought: int
    known: int
    left_out: Mapping[str, int] = {}
    differs: int = 0


class VotesBrought(Event, frozen=True, kw_only=True, tag="votes.brought", omit_defaults=True):
    """Votes on the comment whose voters are unknown: how many there are in all, beside the votes of members.

    A later one replaces it. With `score`, the other system only told how many more were for than against.
    """

    comment: str
    up: int = 0
    down: int = 0
    score: bool = False


class AuthorReassigned(Event, frozen=True, kw_only=True, tag="author.reassigned", omit_defaults=True):
    """The comment belongs to another author from now on: the import that brought it had named the wrong one."""

    comment: str
    author: str
    kind: ActorKind = "member"
