"""How an event is written: the two fields of a stream entry, and the two stages of reading them.

`e` is one JSON object: the envelope and the open facts of the event, side by side. `c` is empty, or a scheme byte
and the event's content. Scheme 0 is a plain JSON object. Only the append script knows the two back pointers, so `e`
is handed over without its closing brace and the script adds `,"tp":"<ms>-<n>","ap":"<ms>-<n>"}`: the previous event
of the thread, empty where there is none, and that of the aggregate, left out where there is none.

What is usual is left out, and so read: version 1, and of a post, a vote or a report revision 1.

Reading decodes the envelope first and the fact second, so that an event of a type, version or scheme that is not known
here is still read and attributed to its thread, and one whose fact makes no sense can be told from others and be shown.
An entry without an envelope is nobody's: reading it raises `UnreadableEntry`, and nothing else.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.caller import Actor
from core.error_summary import fault
from core.events.types import EVENTS, FIRST, Event, UnknownEvent, UnreadableEvent
from core.events.upcasting import EARLIER, STEPS, VERSION, Back, Step, upcast
from core.formats import FORMATS, INTRODUCED
from core.ids import is_site, is_thread
from core.position import Position
from core.refusals import FormatTooOld
from core.times import EARLIEST, LATEST

PLAIN: Final = b"\x00"
"""The scheme byte of content that is stored as it is."""


class UnreadableEntry(Exception):
    """An entry without an envelope: damaged, or none of ours. What happened, and to what, cannot be told."""

    def __init__(self, position: Position, why: str) -> None:
        super().__init__(f"the entry at {position} cannot be read: {why}")
        self.position = position
        self.why = why
        """What is wrong, without a value or a word of the entry."""


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


def stamped(event: Event, stamp: Stamp, version: int | None = None) -> Envelope:
    """The envelope of an event that is written under this stamp, without the back pointers; `version` is today's."""
    name = _tag(type(event))
    revision: int | None = getattr(event, "revision", None)
    return Envelope(
        v=VERSION[name] if version is None else version,
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


class Codec:
    """Encoder and decoder of the event shapes that a version of Hansard knows; `TODAY` is that of this version.

    `steps` lead from older versions to those of `versions`, `earlier` back; `introduced` says which format of a
    deployment allows which shape, `newest` the format that allows all of them.
    """

    def __init__(
        self,
        events: tuple[type[Event], ...] = EVENTS,
        *,
        versions: Mapping[str, int] = VERSION,
        steps: Mapping[tuple[str, int], Step] = STEPS,
        earlier: Mapping[tuple[str, int], Back] = EARLIER,
        introduced: Mapping[tuple[str, int], int] = INTRODUCED,
        newest: int = FORMATS.writes,
    ) -> None:
        self._classes: dict[str, type[Event]] = {_tag(event): event for event in events}
        self._decoders: dict[str, msgspec.json.Decoder[Event]] = {
            tag: msgspec.json.Decoder(event) for tag, event in self._classes.items()
        }
        self._versions = versions
        self._steps = steps
        self._earlier = earlier
        self._introduced = introduced
        self._newest = newest

    def encode(self, event: Event, stamp: Stamp, format_: int | None = None) -> tuple[bytes, bytes]:
        """`e` without its closing brace, and `c`, of an event to append to a deployment of this format.

        Without a format, the newest. Raises FormatTooOld where the format does not allow the event in any shape that
        can say the same.
        """
        name = _tag(type(event))
        today = version = self._versions[name]
        if format_ is not None and format_ < self._newest:
            version = self._allowed(name, format_)
        facts: dict[str, Any] = msgspec.to_builtins(event)
        if version < today:
            facts = self._taken_back(name, version, facts, format_)
        # In the order of the fields, so that the same event is the same bytes in every process.
        content = {name: facts.pop(name) for name in tuple(facts) if name in event.CONTENT}
        entry: dict[str, Any] = msgspec.to_builtins(stamped(event, stamp, version)) | facts
        return msgspec.json.encode(entry)[:-1], PLAIN + msgspec.json.encode(content) if content else b""

    def decode(self, position: Position, e: bytes, c: bytes) -> Recorded:
        """The event of a stream entry. Unknown shapes come as `UnknownEvent`.

        Raises `UnreadableEntry`; whatever is raised else is about the fact.
        """
        envelope = envelope_of(position, e)
        return Recorded(position, envelope, self._event(envelope, e, c))

    def read(self, position: Position, e: bytes, c: bytes) -> Recorded:
        """As `decode`, but where only the envelope can be read the event is an `UnreadableEvent`.

        For readers that must go on past the event, or show it. Raises `UnreadableEntry`.
        """
        envelope = envelope_of(position, e)
        try:
            event = self._event(envelope, e, c)
        except Exception as error:  # noqa: BLE001 - any error in a fact, in a step between two versions too
            event = UnreadableEvent(fault=fault(error))
        return Recorded(position, envelope, event)

    def _event(self, envelope: Envelope, e: bytes, c: bytes) -> Event:
        name = envelope.type
        decoder = self._decoders.get(name)
        if decoder is None:
            return UnknownEvent(name=name)
        known = self._versions[name]
        if envelope.v > known:
            return UnknownEvent(name=name, fault=f"this version of Hansard does not know version {envelope.v} of it")
        whole = e
        if c:
            if c[:1] != PLAIN:
                return UnknownEvent(
                    name=name, fault=f"this version of Hansard does not know scheme {c[0]} of its content"
                )
            # Two JSON objects become one without being parsed: the closing brace of the facts, the opening of the
            # content.
            whole = e[:-1] + b"," + c[2:]
        if envelope.v < known:
            entry = upcast(name, envelope.v, msgspec.json.decode(whole), steps=self._steps, today=self._versions)
            return msgspec.convert(entry, self._classes[name])
        return decoder.decode(whole)

    def _allowed(self, name: str, format_: int) -> int:
        """The newest version of a type that a format allows. Raises FormatTooOld where it allows none."""
        for version in range(self._versions[name], 0, -1):
            if self._introduced.get((name, version), 1) <= format_:
                return version
        raise FormatTooOld(name, self._introduced[name, 1], format_)

    def _taken_back(self, name: str, to: int, facts: dict[str, Any], format_: int | None) -> dict[str, Any]:
        """The facts in the shape of an older version. Raises FormatTooOld where that cannot say them."""
        for version in range(self._versions[name], to, -1):
            back = self._earlier.get((name, version))
            earlier = None if back is None else back(facts)
            if earlier is None:
                raise FormatTooOld(name, self._introduced[name, version], format_)
            facts = earlier
        return facts


def envelope_of(position: Position, e: bytes, c: bytes = b"") -> Envelope:  # noqa: ARG001 - an entry is given whole
    """The envelope of a stream entry. Raises `UnreadableEntry`."""
    if not e:
        raise UnreadableEntry(position, "it has other fields than an event")
    try:
        envelope = _ENVELOPE.decode(e)
    except Exception as error:  # text that is no JSON, or no UTF-8, or nested too deeply: each is another error
        raise UnreadableEntry(position, fault(error)) from error
    at = position.ms if envelope.at is None else envelope.at
    if not (EARLIEST <= at <= LATEST and position.ms <= LATEST):
        raise UnreadableEntry(position, "its time cannot be written")
    if not _is_place(envelope.site, envelope.thread):
        raise UnreadableEntry(position, "nothing can be named like its site and thread")
    return envelope


@lru_cache(maxsize=16_384)  # the same few thousand threads are met again and again
def _is_place(site: str, thread: str) -> bool:
    return is_site(site) and (thread == "" or is_thread(thread))


def _tag(event: type[Event]) -> str:
    return str(event.__struct_config__.tag)


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_OF_THE_FIRST: Final = frozenset(
    _tag(event)
    for event in EVENTS
    if any(field.name == "revision" and field.default == FIRST for field in msgspec.structs.fields(event))
)
"""The types that are about the first revision where they name none."""

TODAY: Final = Codec()
"""The shapes of this version."""

Read = Callable[[Position, bytes, bytes], Recorded]
"""`Codec.read` of some version."""

encode = TODAY.encode
decode = TODAY.decode
read = TODAY.read


def read_or_error(position: Position, e: bytes, c: bytes) -> Recorded | UnreadableEntry:
    """The event of a stream entry; for an entry that cannot be read, the error that says so, to stand in its place."""
    try:
        return read(position, e, c)
    except UnreadableEntry as error:
        return error
