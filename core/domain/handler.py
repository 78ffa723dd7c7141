"""The handler of a command: what it needs loaded, who decides it, and what made it so where it changes nothing.

Each decider module declares `HANDLERS`, by command; `core.application.handlers` joins them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from core.domain.context import Context
from core.events.envelope import Recorded
from core.events.types import Event
from core.position import Position


class Needs(Struct, frozen=True):
    """What to load from the partition of a command, as fields of a heads hash (`core.heads`)."""

    folded: tuple[str, ...] = ()
    """Aggregates to fold."""
    bare: tuple[str, ...] = ()
    """Heads without events."""
    expected: tuple[str, ...] = ()
    """Heads that the append expects where they were."""


class Loaded(Protocol):
    """The aggregates loaded for one decision.

    Each is of the type that its module declares (`core.domain.site.Site`, …), which the decider names where it asks:
    this module imports none of them, for they import it.
    """

    @property
    def site(self) -> Any:
        """The site."""

    @property
    def thread(self) -> Any:
        """The thread."""

    @property
    def named(self) -> Recorded | None:
        """The event that the command names, where the thread has one there."""

    def member(self, member: str) -> Any:
        """The standing of a member."""

    def comment(self, comment: str) -> Any:
        """A comment."""

    def ancestors(self, parent: str) -> Sequence[Any]:
        """A comment, then its ancestors upwards as far as they were loaded."""

    def vote(self, comment: str, voter: str) -> Any:
        """The vote of a member on a comment."""

    def report(self, comment: str, reporter: str) -> Any:
        """The last report of a comment by a member."""

    def skip(self, position: str) -> Any:
        """The skip of the event at a position."""

    def position(self, field: str) -> Position | None:
        """The position of a head; None where there is no such aggregate."""


class Handler(Struct, frozen=True, kw_only=True):
    """How one command is executed."""

    needs: Callable[[Any, str], Needs]
    """What a command of this caller needs. The site and the caller's standing are loaded for all."""
    decide: Callable[[Any, Context, Loaded], list[Event]]
    """Decide: no events where the command changes nothing. Raises a Refusal."""
    unchanged_since: Callable[[Any, Context, Loaded], Position | None]
    """Position of what made it so already, where the command changes nothing; None where that is the site."""
    site_wide: bool = False
    """Whether the command is about the site's own log, not about a thread."""
    named: Callable[[Any], Position | None] | None = None
    """The event that the command is about, which is read before; None for a command that is about none."""
    missing: Callable[[Any, Context, Loaded], str | None] | None = None
    """An ancestor that has to be loaded, too, before the command can be decided; None when all is there."""


Handlers = Mapping[type[Struct], Handler]
