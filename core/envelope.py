"""How an event is written: the two fields of a stream entry, and the two stages of reading them.

`e` is one JSON object: the envelope and the open facts of the event, side by side. `c` is empty, or a scheme byte
and the event's content. Scheme 0 is a plain JSON object. Only the append script knows the two back pointers, so `e`
is handed over without its closing brace and the script adds `,"tp":"<ms>-<n>","ap":"<ms>-<n>"}`: the previous event
of the thread, empty where there is none, and that of the aggregate, left out where there is none.

What is usual is left out, and so read: version 1, and of a post, a vote or a report revision 1.

Reading decodes the envelope first and the fact second, so that an event of a type that is not known here is still
read, counted and passed on, and one whose fact makes no sense can be told from others and be shown.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from core.caller import Actor
from core.events import EVENTS, FIRST, Event, UnknownEvent, UnreadableEvent
from core.fault import fault
from core.position import Position
from core.upcasting import VERSION, upcast

PLAIN: Final = b"\x00"
"""The scheme byte of content that is stored as it is."""


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who, where, when and why. A `thread` of "" means the site's own log."""

    v: int = 1
    type: str
    actor: Actor
    site: str
    thread: str = ""
    key: str | None = None
    """The hashed command key."""
    cause: str | None = None
    """What brought it about where that is not the actor's own call, for example `import`."""
    batch: str | None = None
    """Shared by the events of one bulk call."""
    by_policy: str | None = None
    """Position of the site's policy that judged it."""
    by_standing: str | None = None
    """Position of the member's standing that judged it."""
    at: int | None = None
    """When it occurred, in milliseconds since 1970; only where that is not when it was recorded."""
    comment: str | None = None
    revision: int | None = None
    """As it is written. `Recorded.revision` also knows it where it is left out."""
    tp: str = ""
    """Position of the previous event of the thread."""
    ap: str = ""
    """Position of the previous event of the aggregate."""


class Stamp(Struct, frozen=True, kw_only=True):
    """What the events of one command share: the envelope, less what each event says itself."""

    actor: Actor
    site: str
    thread: str = ""
    key: str | None = None
    cause: str | None = None
    batch: str | None = None
    by_policy: Position | None = None
    by_standing: Position | None = None
    at: int | None = None


class Recorded(Struct, frozen=True, gc=False):
    """An event as the log has it."""

    position: Position
    envelope: Envelope
    event: Event

    @property
    def occurred_at(self) -> int:
        """When it happened, in milliseconds since 1970: when it was recorded, unless it was imported."""
        return self.position.ms if self.envelope.at is None else self.envelope.at

    @property
    def revision(self) -> int | None:
        """The revision of the comment that it is about; None where it is about none."""
        told = self.envelope.revision
        return FIRST if told is None and self.envelope.type in _OF_THE_FIRST else told


def stamped(event: Event, stamp: Stamp) -> Envelope:
    """The envelope of an event that is written under this stamp, without the back pointers."""
    name = _tag(type(event))
    revision: int | None = getattr(event, "revision", None)
    return Envelope(
        v=VERSION[name],
        type=name,
        actor=stamp.actor,
        site=stamp.site,
        thread=stamp.thread,
        key=stamp.key,
        cause=stamp.cause,
        batch=stamp.batch,
        by_policy=None if stamp.by_policy is None else str(stamp.by_policy),
        by_standing=None if stamp.by_standing is None else str(stamp.by_standing),
        at=stamp.at,
        comment=getattr(event, "comment", None),
        revision=None if revision == FIRST and name in _OF_THE_FIRST else revision,
    )


def encode(event: Event, stamp: Stamp) -> tuple[bytes, bytes]:
    """`e` without its closing brace, and `c`, of an event to append."""
    facts: dict[str, Any] = msgspec.to_builtins(event)
    # In the order of the fields, so that the same event is the same bytes in every process.
    content = {name: facts.pop(name) for name in tuple(facts) if name in event.CONTENT}
    entry: dict[str, Any] = msgspec.to_builtins(stamped(event, stamp)) | facts
    return msgspec.json.encode(entry)[:-1], PLAIN + msgspec.json.encode(content) if content else b""


def decode(position: Position, e: bytes, c: bytes) -> Recorded:
    """The event of a stream entry. Unknown types come as `UnknownEvent`. Raises `msgspec.DecodeError` for rot."""
    envelope = _ENVELOPE.decode(e)
    return Recorded(position, envelope, _event(envelope, e, c))


def read(position: Position, e: bytes, c: bytes) -> Recorded:
    """As `decode`, but where only the envelope can be read the event is an `UnreadableEvent`.

    For whoever has to go on, or to show what is there. Raises `msgspec.DecodeError` where there is no envelope.
    """
    envelope = _ENVELOPE.decode(e)
    try:
        event = _event(envelope, e, c)
    except Exception as error:  # noqa: BLE001 - whatever a fact breaks on, a step between two versions included
        event = UnreadableEvent(fault=fault(error))
    return Recorded(position, envelope, event)


def _event(envelope: Envelope, e: bytes, c: bytes) -> Event:
    decoder = _DECODERS.get(envelope.type)
    known = VERSION.get(envelope.type, 0)
    if decoder is None or envelope.v > known:
        return UnknownEvent(name=envelope.type)
    whole = e
    if c[:1] == PLAIN:
        # Two JSON objects become one without being parsed: the closing brace of the facts, the opening of the content.
        whole = e[:-1] + b"," + c[2:]
    if envelope.v < known:
        entry = upcast(envelope.type, envelope.v, msgspec.json.decode(whole))
        return msgspec.convert(entry, _CLASSES[envelope.type])
    return decoder.decode(whole)


def _tag(event: type[Event]) -> str:
    return str(event.__struct_config__.tag)


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_CLASSES: Final[dict[str, type[Event]]] = {_tag(event): event for event in EVENTS}
_DECODERS: Final[dict[str, msgspec.json.Decoder[Event]]] = {
    tag: msgspec.json.Decoder(event) for tag, event in _CLASSES.items()
}
_OF_THE_FIRST: Final = frozenset(
    tag
    for tag, event in _CLASSES.items()
    if any(field.name == "revision" and field.default == FIRST for field in msgspec.structs.fields(event))
)
"""The types that are about the first revision where they name none."""
