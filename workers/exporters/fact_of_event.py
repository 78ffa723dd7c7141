"""The fact that an event is exported as. What is left out has its reason in `workers.exporters.left_out`.

A fact has those fields of its event that have the same name. Where a field is named or stored otherwise, an entry of
the table says how it is made.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from core.caller import Actor
from core.domain.import_fact import Fact, ImportedPerson
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.import_events import IMPORT
from core.times import rfc3339

More = Callable[[Any, Recorded, Any], dict[str, Any]]
"""Fields that are made otherwise, from what is known of the thread or of the members, the record, and its event."""

_OF_EVERY_FACT: Final = frozenset(Fact.__struct_fields__)


class ExportedAs(Struct, frozen=True):
    """The kind of fact of an event type."""

    fact: type[Fact]
    more: More = lambda _, __, ___: {}


class Exports:
    """A table of event types, each with its kind of fact."""

    def __init__(self, table: Mapping[type[Event], ExportedAs]) -> None:
        self.table = table
        self._fields = {event: _shared(event, how.fact) for event, how in table.items()}

    def fact(self, known: Any, recorded: Recorded, **common: Any) -> Fact | None:
        """The fact of an event, with these fields of every fact; None if its type is left out."""
        event = recorded.event
        how = self.table.get(type(event))
        if how is None:
            return None
        fields = {name: getattr(event, name) for name in self._fields[type(event)]}
        fields |= {"at": rfc3339(recorded.occurred_at)} | common | how.more(known, recorded, event)
        return how.fact(**fields)


def person(actor: Actor) -> ImportedPerson | None:
    """The person or the rule that acted; None if an import did not know who."""
    if actor.kind == "system" and actor.id == IMPORT:
        return None
    return ImportedPerson(id=actor.id, kind=actor.kind)


def _shared(event: type[Event], fact: type[Fact]) -> tuple[str, ...]:
    """The fields of a fact that its event has under the same name."""
    return tuple(
        name for name in fact.__struct_fields__ if name in event.__struct_fields__ and name not in _OF_EVERY_FACT
    )
