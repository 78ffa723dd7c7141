"""Command handlers: the aggregates to load, the decider, and the position to report if nothing changes.

Each decider module declares `HANDLERS`, by command; `core.application.handlers` joins them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from core.domain.context import Context
from core.events.envelope import Recorded
from core.events.types import Event
from core.position import Position


class Command(Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base class of commands: the requested changes. A command concerns one site.

    Caller, time and policy are part of the context. Text in a command is raw: deciders normalise it before they
    validate it. A repeated `Idempotency-Key` is compared by the encoded command, so a command holds nothing that
    differs between two attempts.
    """


class Needs(Struct, frozen=True):
    """The data to load from the partition of a command, as fields of a heads hash (`core.heads`)."""

    folded: tuple[str, ...] = ()
    """Aggregates to fold."""
    heads_only: tuple[str, ...] = ()
    """Heads to load without events."""
    expected: tuple[str, ...] = ()
    """Heads that must be unmoved for the append to succeed."""


class Loaded(Protocol):
    """The aggregates loaded for one decision.

    Each is of the type that its module declares (`core.domain.site.Site`, …). The decider annotates the type, since
    importing the types here would be a cycle.
    """

    @property
    def site(self) -> Any:
        """The site."""

    @property
    def thread(self) -> Any:
        """The thread."""

    @property
    def named(self) -> Recorded | None:
        """The event that the command names, if the thread has an event at that position."""

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
        """The position of a head; None if there is no such aggregate."""


class Handler(Struct, frozen=True, kw_only=True):
    """The handler of one type of command."""

    needs: Callable[[Any, str], Needs]
    """Data needed for a command of this caller. The site and the caller's standing are loaded for every command."""
    decide: Callable[[Any, Context, Loaded], list[Event]]
    """Return the events of the command: none if the command changes nothing. Raises a Refusal."""
    unchanged_since: Callable[[Any, Context, Loaded], Position | None]
    """Position of the event that already set the state, if the command changes nothing; None: the site's opening."""
    site_wide: bool = False
    """Set if the command concerns the site's own log instead of a thread."""
    named: Callable[[Any], Position | None] | None = None
    """The event that the command refers to, read before the decision; None if it refers to none."""
    missing: Callable[[Any, Context, Loaded], str | None] | None = None
    """An ancestor that must also be loaded before the command can be decided; None if all are loaded."""


Handlers = Mapping[type[Command], Handler]
