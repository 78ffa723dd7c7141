"""Encoding of events: the two fields of a stream entry, and the two stages of decoding them.

`e` is one JSON object that holds the envelope and the open facts of the event. `c` is empty, or a scheme byte and the
event's content (`core.events.content`). Only the append script knows the two back pointers, so `e` is passed
without its closing brace and the script adds `,"tp":"<ms>-<n>","ap":"<ms>-<n>"}`. `tp` is the previous event of the
thread, empty if there is none. `ap` is that of the aggregate, left out if there is none.

Usual values are left out and read as defaults: version 1, and revision 1 of a post, a vote or a report.

The envelope is decoded first and the fact second. An event of an unknown type, version or scheme is thus still
attributed to its thread, and an event with an invalid fact can be identified and shown. An entry without an envelope
belongs to no thread: decoding it raises `UnreadableEntry`, and nothing else.
"""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from core.caller import Actor
from core.error_summary import fault
from core.events import content
from core.events.content import SaltPool
from core.events.event import FIRST, Event, tag_of
from core.events.skip_events import UnknownEvent, UnreadableEvent
from core.events.types import EVENTS, INTRODUCED
from core.events.upcasting import ADDED, EARLIER, STEPS, VERSION, Back, Step, upcast
from core.formats import FORMATS, SALTED_SINCE
from core.ids import is_site, is_thread
from core.position import Position
from core.refusals import FormatTooOld
from core.times import EARLIEST, LATEST


class UnreadableEntry(Exception):
    """An entry without an envelope: damaged, or not written by Hansard. Its event and its thread are unknown."""

    def __init__(self, position: Position, why: str) -> None:
        super().__init__(f"the entry at {position} cannot be read: {why}")
        self.position = position
        self.why = why
        """The fault, without a value or a word of the entry."""


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Metadata of an event: actor, place, time and cause. A `thread` of "" means the site's own log."""

    v: int = 1
    type: str
    actor: Actor
    site: str
    thread: str = ""
    key: str | None = None
    """The hashed command key."""
    cause: str | None = None
    """Cause of the event if it is not the actor's own request, for example `import`."""
    batch: str | None = None
    """Shared by the events of one bulk request."""
    by_policy: str | None = None
    """Position of the site's policy that applied to the decision."""
    by_standing: str | None = None
    """Position of the member's standing that applied to the decision."""
    at: int | None = None
    """Time of occurrence, in milliseconds since 1970. Set only if it differs from the time of recording."""
    comment: str | None = None
    revision: int | None = None
    """As stored. `Recorded.revision` also gives the revision that is left out."""
    tp: str = ""
    """Position of the previous event of the thread."""
    ap: str = ""
    """Position of the previous event of the aggregate."""


class Stamp(Struct, frozen=True, kw_only=True):
    """Envelope fields shared by the events of one command."""

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
    """An event as recorded in the log."""

    position: Position
    envelope: Envelope
    event: Event

    @property
    def occurred_at(self) -> int:
        """Time of occurrence, in milliseconds since 1970: the time of recording, unless the event was imported."""
        return self.position.ms if self.envelope.at is None else self.envelope.at

    @property
    def before(self) -> Position | None:
        """Position of the previous event of the thread; None at the first."""
        return Position.parse(self.envelope.tp) if self.envelope.tp else None

    @property
    def revision(self) -> int | None:
        """Number of the revision that the event names; None if the event names no revision."""
        revision = self.envelope.revision
        return FIRST if revision is None and self.envelope.type in _OF_THE_FIRST else revision


def stamped(event: Event, stamp: Stamp, version: int | None = None) -> Envelope:
    """Return the envelope of an event, without the back pointers. `version` defaults to the current one."""
    name = tag_of(type(event))
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
    """Encoder and decoder of the event shapes of one Hansard version; `TODAY` is that of this version.

    `steps` lead from older versions to those of `versions`, `earlier` leads back. `introduced` gives the first
    deployment format that allows each shape, and `newest` the format that allows all of them. Content is salted in
    formats from `salted_since` on, with salts from `salts`; content of other schemes than `schemes` is not read.
    """

    def __init__(  # noqa: PLR0913 # the shapes of one version, by keyword
        self,
        events: tuple[type[Event], ...] = EVENTS,
        *,
        versions: Mapping[str, int] = VERSION,
        steps: Mapping[tuple[str, int], Step] = STEPS,
        earlier: Mapping[tuple[str, int], Back] = EARLIER,
        introduced: Mapping[tuple[str, int], int] = INTRODUCED,
        newest: int = FORMATS.writes,
        salted_since: int = SALTED_SINCE,
        schemes: Collection[int] = content.SCHEMES,
        salts: Callable[[], bytes] | None = None,
    ) -> None:
        self._classes: dict[str, type[Event]] = {tag_of(event): event for event in events}
        self._decoders: dict[str, msgspec.json.Decoder[Event]] = {
            tag: msgspec.json.Decoder(event) for tag, event in self._classes.items()
        }
        self._fields = {tag: _content_fields(event) for tag, event in self._classes.items()}
        self._versions = versions
        self._steps = steps
        self._earlier = earlier
        self._introduced = introduced
        self._added = {tag: _added(tag, event, versions[tag]) for tag, event in self._classes.items()}
        self._alike = {tag: _alike(tag, versions[tag]) for tag in self._classes}
        """The first version of each type that is decoded as the current one is."""
        self._newest = newest
        self._salted_since = salted_since
        self._schemes = schemes
        self._salts = salts or SaltPool()

    def encode(self, event: Event, stamp: Stamp, format_: int | None = None) -> tuple[bytes, bytes]:
        """Encode an event for a deployment of this format: `e` without its closing brace, and `c`.

        The default is the newest format. Raises FormatTooOld if the format allows no shape that can express the event.
        """
        name = tag_of(type(event))
        today, version = self._versions[name], self.version(event, format_)
        facts: dict[str, Any] = msgspec.to_builtins(event)
        if version < today:
            facts = self._downcast(name, version, facts, format_)
        facts = event.stored(facts)
        # In field order, so that every process encodes the same event to the same bytes, but for salts.
        of_profile, of_words, of_both = self._fields[name]
        is_salted = (self._newest if format_ is None else format_) >= self._salted_since
        words = {field: facts.pop(field) for field in (of_words if is_salted else of_both) if field in facts}
        profile = {field: facts.pop(field) for field in of_profile if field in facts}
        for field in _IN_ENVELOPE:
            facts.pop(field, None)
        e = msgspec.json.encode(stamped(event, stamp, version))[:-1]
        if facts:
            e += b"," + msgspec.json.encode(facts)[1:-1]
        if not words and not profile:
            return e, b""
        said = msgspec.json.encode(words)
        if not is_salted:
            return e, content.plain(said)
        return e, content.salted(msgspec.json.encode(profile) if profile else None, said, self._salts)

    def version(self, event: Event, format_: int | None = None) -> int:
        """Return the version in which an event is written for a deployment of this format. Raises FormatTooOld."""
        name = tag_of(type(event))
        version = self._versions[name]
        if format_ is not None and format_ < self._newest:
            version = self._allowed(name, format_)
        for later, fields in self._added[name]:
            if version < later:
                continue
            if version > later or any(getattr(event, field) != default for field, default in fields):
                break
            version = later - 1
        return version

    def decode(self, position: Position, e: bytes, c: bytes) -> Recorded:
        """Decode the event of a stream entry. Unknown shapes become `UnknownEvent`.

        Raises `UnreadableEntry`. Any other error is a fault of the fact.
        """
        envelope = envelope_of(position, e)
        return Recorded(position, envelope, self._event(envelope, e, c))

    def read(self, position: Position, e: bytes, c: bytes) -> Recorded:
        """As `decode`, but an event with a readable envelope and an unreadable fact becomes an `UnreadableEvent`.

        For readers that must go on past the event, or show it. Raises `UnreadableEntry`.
        """
        envelope = envelope_of(position, e)
        try:
            event = self._event(envelope, e, c)
        except Exception as error:  # noqa: BLE001 - any error in a fact, also in an upcasting step
            event = UnreadableEvent(fault=fault(error))
        return Recorded(position, envelope, event)

    def _event(self, envelope: Envelope, e: bytes, c: bytes) -> Event:
        name = envelope.type
        decoder = self._decoders.get(name)
        if decoder is None:
            return UnknownEvent(name=name)
        known = self._versions[name]
        if envelope.v > known:
            return UnknownEvent(
                name=name, fault=f"this version of Hansard does not know version {envelope.v} of this event type"
            )
        if c and c[0] not in self._schemes:
            return UnknownEvent(name=name, fault=f"this version of Hansard does not know content scheme {c[0]}")
        document = content.joined(e, c)
        if envelope.v < self._alike[name]:
            entry = upcast(name, envelope.v, msgspec.json.decode(document), steps=self._steps, today=self._versions)
            return msgspec.convert(entry, self._classes[name])
        return decoder.decode(document)

    def _allowed(self, name: str, format_: int) -> int:
        """Return the newest version of a type that a format allows. Raises FormatTooOld if it allows none."""
        for version in range(self._versions[name], 0, -1):
            if self._introduced.get((name, version), 1) <= format_:
                return version
        raise FormatTooOld(name, self._introduced[name, 1], format_)

    def _downcast(self, name: str, to: int, facts: dict[str, Any], format_: int | None) -> dict[str, Any]:
        """Return the facts in the shape of an older version. Raises FormatTooOld if that shape cannot express them."""
        for version in range(self._versions[name], to, -1):
            back = self._earlier.get((name, version))
            earlier = None if back is None else back(facts)
            if earlier is None:
                raise FormatTooOld(name, self._introduced[name, version], format_)
            facts = earlier
        return facts


def envelope_of(position: Position, e: bytes, c: bytes = b"") -> Envelope:  # noqa: ARG001 - an entry is given whole
    """Decode the envelope of a stream entry. Raises `UnreadableEntry`."""
    if not e:
        raise UnreadableEntry(position, "its fields are not those of an event")
    try:
        envelope = _ENVELOPE.decode(e)
    except Exception as error:  # invalid JSON, invalid UTF-8 and deep nesting each raise another type
        raise UnreadableEntry(position, fault(error)) from error
    at = position.ms if envelope.at is None else envelope.at
    if not (EARLIEST <= at <= LATEST and position.ms <= LATEST):
        raise UnreadableEntry(position, "its time is outside the years 1 to 9999")
    if not _is_place(envelope.site, envelope.thread):
        raise UnreadableEntry(position, "the name of its site or thread is invalid")
    return envelope


@lru_cache(maxsize=16_384)  # the same few thousand threads recur
def _is_place(site: str, thread: str) -> bool:
    return is_site(site) and (thread == "" or is_thread(thread))


def _content_fields(event: type[Event]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the fields of the profile, of the words, and of both, each in the order in which they are stored."""
    both = tuple(field for field in event.__struct_fields__ if field in event.CONTENT)
    profile = tuple(field for field in both if field in event.PROFILE)
    return profile, tuple(field for field in both if field not in event.PROFILE), both


def _added(name: str, event: type[Event], version: int) -> tuple[tuple[int, tuple[tuple[str, Any], ...]], ...]:
    """Return the versions that only add fields, newest first: each with its fields and their defaults."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(event)}
    later = [one for one in range(version, 1, -1) if (name, one) in ADDED]
    return tuple((one, tuple((field, defaults[field]) for field in ADDED[name, one])) for one in later)


def _alike(name: str, version: int) -> int:
    """Return the first version of a type from which on versions only add fields."""
    while (name, version) in ADDED:
        version -= 1
    return version


_IN_ENVELOPE: Final = ("type", "comment", "revision")
"""Fields of events that their envelope has, too."""
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_OF_THE_FIRST: Final = frozenset(
    tag_of(event)
    for event in EVENTS
    if any(field.name == "revision" and field.default == FIRST for field in msgspec.structs.fields(event))
)
"""Types for which an absent revision means the first one."""

TODAY: Final = Codec()
"""Codec of this version."""

Read = Callable[[Position, bytes, bytes], Recorded]
"""`Codec.read` of some version."""

encode = TODAY.encode
decode = TODAY.decode
read = TODAY.read


def read_or_error(position: Position, e: bytes, c: bytes) -> Recorded | UnreadableEntry:
    """Return the event of a stream entry, or the `UnreadableEntry` error of an entry that cannot be read."""
    try:
        return read(position, e, c)
    except UnreadableEntry as error:
        return error
