"""Unpacking and folding of a thread in steps, with a rest whenever one is due.

Both take time proportional to the thread and would block all other tasks if done in one step.
"""

import zlib
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from msgspec import Raw

from core.events.envelope import Recorded, read
from core.events.lost_content import LostContents
from core.log.port import Entry
from core.throttle import Pace
from projections.thread.skip_rule import Skipped, take_in
from projections.thread.state import CommentState, ThreadState

_PIECE: Final = 256 * 1024
"""Bytes inflated per step."""

_encoder: Final = msgspec.msgpack.Encoder()
_thread: Final = msgspec.msgpack.Decoder(ThreadState)
_fields: Final = msgspec.msgpack.Decoder(dict[str, Raw])
_comment: Final = msgspec.msgpack.Decoder(CommentState)
_NO_ROWS: Final = Raw(_encoder.encode({}))


async def unpack(snapshot: bytes, pace: Pace) -> ThreadState:
    """Unpack a snapshot comment by comment, as `projections.thread.snapshots.unpack` does in one step."""
    pace.begin()
    inflating = zlib.decompressobj()
    pieces, rest = list[bytes](), snapshot
    while rest and not inflating.eof:
        pieces.append(inflating.decompress(rest, _PIECE))
        rest = inflating.unconsumed_tail
        if pace.due:
            await pace.rest()
    fields = _fields.decode(b"".join([*pieces, inflating.flush()]))
    stored = _fields.decode(fields.pop("rows", _NO_ROWS))
    state = _thread.decode(_encoder.encode(fields))
    state.picks = []
    for name, row in stored.items():
        state.rows[name] = comment = _comment.decode(row)
        if comment.is_pick:
            state.picks.append(name)
        if pace.due:
            await pace.rest()
    return state


async def fold(
    state: ThreadState,
    entries: Iterable[Entry],
    skipped: Skipped,
    within: Callable[[Recorded], bool],
    pace: Pace,
    passed: Callable[[ThreadState], None] | None = None,
    lost: LostContents | None = None,
) -> bool:
    """Apply entries of a thread in place, up to the first one not `within`. True if all are within.

    `passed` is called after each event, and `lost` collects missing content. Raises `CannotApply` at an event that
    cannot be applied, unless it is in `skipped`.
    """
    for entry in entries:
        recorded = read(*entry)
        if not within(recorded):
            return False
        if lost is not None:
            lost.add(recorded.position, recorded.envelope, entry.c)
        take_in(state, recorded, skipped)
        if passed is not None:
            passed(state)
        if pace.due:
            await pace.rest()
    return True
