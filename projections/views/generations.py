"""The generations of views of a partition: the served one, the builder of each, and the versions that wrote into it.

Numbers are given out once. A generation that is not listed here and is not served is unused: its keys may go. The
set of versions that have written into a generation is a key of its own, which goes with the generation.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from core.keys import FIRST_GENERATION, Partition
from core.position import START, kept
from core.redis.command import Argument
from core.redis.router import Router
from core.redis.script import Script
from projections.views.pointer import Pointer
from projections.views.stored_thread import Reads, together
from projections.views.versions import OWN, UNSIGNED, Scope, Versions, decode, scope

NOTE: Final = Script("projections.views", "note_generations")
_LAST: Final = "last"


class Built(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a generation was built by. Of the first one nobody wrote it down."""

    rebuild: str | None = None
    """The rebuild that it belongs to."""
    began: int | None = None
    """When that was, in milliseconds since 1970."""
    served: bool = False
    """Whether it was ever served: then it is whole, and one may go back to it."""


class Generations(Struct, frozen=True, kw_only=True):
    """The generations of one partition, as they were a moment ago."""

    pointer: int | None
    """The one that the pointer stands for; None where there is no pointer yet."""
    last: int
    """The highest number that was given out."""
    built: Mapping[int, Built]
    exchanges: Mapping[int, int]
    """How often threads had been exchanged in those that were served."""

    @property
    def served(self) -> int:
        """The one that is served."""
        return FIRST_GENERATION if self.pointer is None else self.pointer

    def anew(self, number: int) -> Pointer:
        """The pointer to serve that generation with: none that it ever was served with."""
        return Pointer(number, self.exchanges[number] + 1 if number in self.exchanges else 0)

    @property
    def before(self) -> int | None:
        """The one that was served before this one and is kept."""
        return max((one for one, built in self.built.items() if built.served and one < self.served), default=None)

    def of(self, number: int) -> Built:
        """What a generation was built by, as far as it was written down."""
        return self.built.get(number, Built())

    def belongs(self, rebuild: str) -> bool:
        """Whether what is served is of this rebuild: there is nothing more to do for it."""
        return self.of(self.served).rebuild == rebuild

    def begun(self, rebuild: str) -> int | None:
        """The one that this rebuild has begun and not come to the end of."""
        some = (one for one, built in self.built.items() if built.rebuild == rebuild and not built.served)
        return next((one for one in some if one != self.served), None)


async def generations(reads: Reads, keys: Partition) -> Generations:
    """The generations of a partition. Raises `redis.exceptions.RedisError`."""
    pointer, flat = await together(reads, [("GET", keys.generation), ("HGETALL", keys.generations)])
    fields = {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
    served = Pointer.read(pointer).generation
    return Generations(
        pointer=None if pointer is None else served,
        last=max(int(fields.pop(_LAST, FIRST_GENERATION)), served),
        built={int(name): _BUILT.decode(value) for name, value in fields.items() if name.isdecimal()},
        exchanges={int(name.split(" ")[0]): int(value) for name, value in fields.items() if not name.isdecimal()},
    )


async def scope_of(reads: Reads, keys: Partition, generation: int, own: Versions = OWN) -> Scope:
    """The parts of a generation that a comparer of version `own` can compare. Raises `redis.exceptions.RedisError`.

    Views that have come somewhere and have no set were written by versions that kept none.
    """
    # In this order: the version of a first commit between the two reads is seen.
    cursor, members = await together(reads, [("GET", keys.cursor(generation)), ("SMEMBERS", keys.versions(generation))])
    versions = decode(members)
    if not members and kept(cursor) != START:
        versions = frozenset((UNSIGNED,))
    return scope(own, versions, len(members))


async def note(
    calls: Router,
    keys: Partition,
    nonce: str,
    known: Generations,
    *,
    built: Mapping[int, Built] | None = None,
    struck: Collection[int] = (),
) -> bool:
    """Write generations down and strike others off; false where the lease is not ours or another one is served now.

    May be called again. Raises `redis.exceptions.RedisError`.
    """
    arguments: list[Argument] = [nonce, known.pointer or "", len(struck), *struck]
    for number, one in (built or {}).items():
        arguments += (number, _JSON.encode(one))
    arguments += (_LAST, max((known.last, *(built or ()))))
    return bool(await calls.run(NOTE, [keys.building, keys.generation, keys.generations], arguments) == b"OK")


_BUILT: Final = msgspec.json.Decoder(Built)
_JSON: Final = msgspec.json.Encoder()
