"""Encoding of arguments and decoding of replies for the log's scripts. Pure; see also the headers of the scripts."""

from collections.abc import Sequence
from typing import Any, Final

from core.durability import Durability
from core.heads import LAST
from core.keys import WINDOW_MS, window
from core.log.port import (
    FOREIGN,
    NO_HEAD,
    Answer,
    Append,
    Appended,
    Conflict,
    Entry,
    Head,
    KeyReused,
    Load,
    LoadResult,
    Outcome,
    Repeated,
    Skew,
)
from core.position import START, Position
from core.redis.command import Argument

HOPS: Final = 256
"""Maximum number of events that one script call walks back: about 1.4 ms in which the server is blocked."""


WORDS: Final = {
    Appended: "appended",
    Repeated: "repeated",
    KeyReused: "key_reused",
    Conflict: "conflict",
    Skew: "skew",
}
"""Names of the outcomes of an append in metrics."""


def load_arguments(load: Load, in_window: int, deployment: str) -> list[Argument]:
    """ARGV of load.lua. `deployment` is the id that every partition has a copy of, or ""."""
    arguments: list[Argument] = ["*" if load.reads else deployment, load.key or "", in_window, WINDOW_MS, HOPS]
    for wanted in load.heads:
        # No event is at START, so "after START" is all of them.
        known = str(wanted.known or START) if wanted.events else ""
        arguments += (wanted.field, known)
    return arguments


def append_arguments(append: Append, channel: str, deployment: str) -> list[Argument]:
    """ARGV of append.lua. `deployment` is the id that every partition has a copy of, or ""."""
    settled = "" if append.settled is None else str(append.settled)
    arguments: list[Argument] = [deployment, channel, LAST, append.key or "", append.digest, int(append.created)]
    arguments += (settled, window(append.now), WINDOW_MS, len(append.expected))
    for field, position in append.expected.items():
        arguments += (field, str(position or ""))
    arguments.append(len(append.events))
    for event in append.events:
        arguments += (event.head, event.e, event.c, event.note, event.mark or "")
    return arguments


def outcome(reply: bytes, durability: Durability) -> Outcome:
    """Decode the reply of append.lua; `durability` is that of the write."""
    word, _, rest = reply.partition(b" ")
    match word:
        case b"OK":
            after, *positions = _positions(rest)
            return Appended(tuple(positions), after, durability)
        case b"DUP":
            number, _, record = rest.partition(b" ")
            return Repeated(answer(int(number), record), durability)
        case b"REUSED":
            return KeyReused()
        case b"CONFLICT":
            field, _, position = rest.partition(b" ")
            return Conflict(field.decode(), Position.decode(position) if position else None)
        case b"SKEW":
            return Skew(int(rest))
        case _:
            raise ValueError(f"append.lua answered {word!r}")


def answer(number: int, record: bytes) -> Answer:
    """Decode the record of a command key in the window `number`, as append.lua wrote it."""
    created = record[:1] == b"1"
    if record[1:2] == b" ":
        digest, _, positions = record[2:].partition(b" ")
        return Answer(_positions(positions), created, digest.decode())
    ms, n = int.from_bytes(record[-9:-5]), int.from_bytes(record[-5:])
    return Answer((Position(number * WINDOW_MS + ms, n),), created, record[1:-9].decode())


def head(value: bytes | None) -> Head:
    """Decode a value of the heads hash: `<version> <position> <note>`, without version 1 and without an empty note."""
    if not value:
        return NO_HEAD
    version, _, rest = value.partition(b" ")
    if b"-" in version:
        return Head(1, Position.decode(version), rest.decode())
    position, _, note = rest.partition(b" ")
    return Head(int(version), Position.decode(position), note.decode())


def known(load: Load, reply: tuple[Sequence[bytes | None], Sequence[bytes]]) -> LoadResult | None:
    """Build the result of a load from HMGET and TIME; None if the position of a head is not the known one."""
    values, (seconds, micros) = reply
    found = {wanted.field: head(value) for wanted, value in zip(load.heads, values, strict=True)}
    events: dict[str, list[Entry]] = {}
    for wanted in load.heads:
        if wanted.events:
            if found[wanted.field].position != wanted.known:
                return None
            events[wanted.field] = []
    return LoadResult(now=int(seconds) * 1000 + int(micros) // 1000, answer=None, heads=found, events=events)


def chain(flat: Sequence[bytes]) -> list[Entry]:
    """Decode the entries of `id, e, c, id, e, c, …`, in that order."""
    return [Entry(Position.decode(flat[i]), flat[i + 1], flat[i + 2]) for i in range(0, len(flat), 3)]


def entries(reply: Sequence[Any]) -> list[Entry]:
    """Decode the entries of an XRANGE. Our fields are always in the order `e`, `c`; any others are foreign."""
    return [
        Entry(Position.decode(position), fields[1], fields[3])
        if len(fields) == 4 and fields[0] == b"e" and fields[2] == b"c"  # noqa: PLR2004 - two fields, two values
        else Entry(Position.decode(position), FOREIGN, b"\0".join(fields))
        for position, fields in reply
    ]


def _positions(text: bytes) -> tuple[Position, ...]:
    return tuple(Position.decode(position) for position in text.split())
