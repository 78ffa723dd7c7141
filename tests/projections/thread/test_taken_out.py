"""The law of what is taken out: fold with words, then without, is fold without words.

Every string of content is made unlike every other, so that it can be found in the state of a thread wherever the fold
has put it. A part of some events is then taken out of their entries. The fold of these entries is the fold of the whole
ones, without the strings of what was taken out: no other value, no order and no count differs.
"""

import json
from itertools import count
from typing import Any

import anyio
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.events.comment_events import CommentEdited, CommentPosted
from core.events.content import Part, gone, salted, without_profile, without_words
from core.events.envelope import Stamp, decode, encode
from core.events.event import Event
from core.events.types import EVENTS
from core.log.port import Entry
from core.position import Position
from projections.thread.fold import fold
from projections.thread.state import ThreadState
from tests.support.discussions import SITE, THREADS, Move, entries, moves, played
from tests.support.event_shapes import ACTOR, SHAPES
from tests.support.event_shapes import without as never_had

PARTS: tuple[Part, ...] = ("profile", "words")
TAKE = {"profile": without_profile, "words": without_words}
TYPES = {str(event.__struct_config__.tag): event for event in EVENTS}


def marked(entry: Entry, numbers: "count[int]") -> tuple[Entry, dict[Part, set[str]]]:
    """The entry with content in which every string is unlike all others, salted; and these strings by part."""
    recorded = decode(*entry)
    strings: dict[Part, set[str]] = {"profile": set(), "words": set()}
    said: dict[Part, dict[str, Any]] = {"profile": {}, "words": {}}
    kind = TYPES[recorded.envelope.type]
    for name in sorted(kind.CONTENT):
        value = getattr(recorded.event, name)
        if value:
            part: Part = "profile" if name in kind.PROFILE else "words"
            made = [f"{name} {next(numbers)}" for _ in range(len(value) if isinstance(value, tuple) else 1)]
            strings[part].update(made)
            said[part][name] = made if isinstance(value, tuple) else made[0]
    if not any(said.values()):
        return entry, strings
    profile = json.dumps(said["profile"]).encode() if said["profile"] else None
    c = salted(profile, json.dumps(said["words"]).encode(), lambda: next(numbers).to_bytes(16))
    return entry._replace(c=c), strings


def folded(log: list[Entry]) -> Any:
    events = (decode(*entry) for entry in log)
    thread = ThreadState(site=SITE, id=THREADS[0])
    return json.loads(msgspec.json.encode(fold(thread, [one for one in events if one.envelope.thread])))


def without(value: Any, strings: set[str]) -> Any:
    """A value without these strings, and without the fields that held them."""
    if isinstance(value, dict):
        kept = {name: without(one, strings) for name, one in value.items()}
        return {name: one for name, one in kept.items() if not (one in (None, []) and value[name])}
    if isinstance(value, list):
        return [one for one in (without(one, strings) for one in value) if one is not None]
    return None if isinstance(value, str) and value in strings else value


@given(moves(most=30, imports=True), st.lists(st.sets(st.sampled_from(PARTS)), min_size=1, max_size=40))
def test_the_fold_without_a_part_is_the_fold_with_it_and_then_without(some: list[Move], takes: list[set[Part]]) -> None:
    numbers = count(1)
    whole, left, out = [], [], set[str]()
    for number, entry in enumerate(anyio.run(_entries, some)):
        one, strings = marked(entry, numbers)
        whole.append(one)
        for part in takes[number % len(takes)]:
            if one.c:
                one = one._replace(c=TAKE[part](one.c))
                out |= strings[part]
        left.append(one)
    assert folded(left) == without(folded(whole), out)


async def _entries(some: list[Move]) -> list[Entry]:
    return await entries(await played(some))


@given(st.sampled_from([shape for kind in EVENTS for shape in SHAPES[kind]]), st.sets(st.sampled_from(PARTS)))
def test_an_event_of_which_a_part_was_taken_out_is_read_as_one_that_never_had_it(
    event: Event, parts: set[Part]
) -> None:
    e, c = encode(event, Stamp(actor=ACTOR, site=SITE, thread=THREADS[0]))
    fields = {"profile": event.PROFILE, "words": event.CONTENT - event.PROFILE}
    out = {name for part in parts for name in fields[part] if c}
    never = never_had(event, out)
    for part in parts:
        c = TAKE[part](c) if c else c
    assert decode(Position(1, 1), e + b',"tp":""}', c).event == never
    if isinstance(event, CommentPosted | CommentEdited) and c and event.name is not None:
        assert gone(c) == parts
