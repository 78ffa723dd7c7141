"""Events that a fold does not apply: those that an operator skips, and those that this program cannot read."""

from typing import ClassVar

from core.events.event import Event


class EventSkipped(Event, frozen=True, kw_only=True, tag="event.skipped", omit_defaults=True):
    """The event of the same thread at `position` is skipped: folds that cannot apply it ignore it. The log keeps it."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    position: str
    reason: str | None = None


class UnknownEvent(Event, frozen=True, kw_only=True, tag="unknown", omit_defaults=True):
    """An event of a type, a version or a content scheme that this program does not know. Never written."""

    name: str
    fault: str = "this version of Hansard does not know this event type"
    """The unknown part (type, version or content scheme) in words, without a value or a word of the event."""


class UnreadableEvent(Event, frozen=True, kw_only=True, tag="unreadable", omit_defaults=True):
    """An event whose envelope can be read and whose fact cannot; `fault` says why. Never written."""

    fault: str
