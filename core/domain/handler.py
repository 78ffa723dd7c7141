"""Command handlers: the aggregates to load, the decider, and the position to report if nothing changes.

Each decider module declares `HANDLERS`, by command; `core.application.handlers` joins them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from core import heads
from core.domain.context import Context
from core.events.envelope import Recorded
from core.events.event import Event
from core.position import Position


class Command(Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base class of commands: the requested changes. A command concerns one site.

    Caller, time and policy are part of the context. Text in a command is raw: deciders normalise it before they
    validate it. A repeated `Idempotency-Key` is compared by the encoded command, so a command holds nothing that
    differs between two attempts, but for the fields in `FACTS`: what a record said when the command was made. The
    event has them, and a repeat is not compared by them.
    """

    FACTS: ClassVar[frozenset[str]] = frozenset()


class Needs(Struct, frozen=True):
    """The data to load from the partition of a command, as fields of a heads hash (`core.heads`)."""

    folded: tuple[str, ...] = ()
    """Aggregates to fold."""
    heads_only: tuple[str, ...] = ()
    """Heads to load without events."""
    expected: tuple[str, ...] = ()
    """Heads that must be unmoved for the append to succeed."""


class OfComment(Protocol):
    """A command about one comment."""

    @property
    def comment(self) -> str:
        """Id of the comment."""


def comment_needs(command: OfComment, _: str) -> Needs:
    """The needs of a command that depends on a comment and its thread alone."""
    fields = heads.THREAD, heads.comment(command.comment)
    return Needs(folded=fields, expected=fields)


def member_needs(caller: str, *expected: str) -> Needs:
    """The needs of a command of the caller that depends on these heads of members, in the site's own log."""
    # Without duplicates: the caller may be the member named.
    folded = tuple(dict.fromkeys((heads.SITE, heads.member(caller), *expected)))
    return Needs(folded=folded, expected=expected)


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

    def suspension_case(self, member: str) -> Any:
        """The case of a member's suspension: whether they were told, and the appeal."""

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

    @property
    def lists(self) -> Any:
        """The word lists of the site."""

    def position(self, field: str) -> Position | None:
        """The position of a head; None if there is no such aggregate."""

    def note(self, field: str) -> str:
        """The note of a head; "" if it has none."""


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
    judges: bool = False
    """Set if the command brings a text that the rules of the policy judge: they may need facts of other partitions."""
    missing: Callable[[Any, Context, Loaded], str | None] | None = None
    """An ancestor that must also be loaded before the command can be decided; None if all are loaded."""


Handlers = Mapping[type[Command], Handler]
