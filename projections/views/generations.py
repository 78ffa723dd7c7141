"""The view generations of a partition: the served one, the rebuild behind each, and the versions that wrote into each.

A number is assigned only once. A generation that is neither listed here nor served is unused: its keys may be deleted.
The set of versions that have written into a generation is a separate key, deleted together with the generation.
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
    """Origin of a generation. Not recorded for the first generation."""

    rebuild: str | None = None
    """The rebuild that the generation belongs to."""
    began: int | None = None
    """Start of the build, in milliseconds since 1970."""
    served: bool = False
    """Set if the generation was ever served: then it is complete and a rollback to it is allowed."""


class Generations(Struct, frozen=True, kw_only=True):
    """The generations of one partition, as last read."""

    pointer: int | None
    """The generation in the stored pointer; None if there is no pointer yet."""
    last: int
    """The highest number assigned so far."""
    built: Mapping[int, Built]
    exchanges: Mapping[int, int]
    """Number of thread exchanges in each generation that was served before."""

    @property
    def served(self) -> int:
        """The served generation."""
        return FIRST_GENERATION if self.pointer is None else self.pointer

    def pointer_to(self, number: int) -> Pointer:
        """A pointer to serve that generation with, different from all its former pointers."""
        return Pointer(number, self.exchanges[number] + 1 if number in self.exchanges else 0)

    @property
    def before(self) -> int | None:
        """The latest kept generation that was served before the current one."""
        return max((one for one, built in self.built.items() if built.served and one < self.served), default=None)

    def of(self, number: int) -> Built:
        """The origin of a generation, with defaults if not recorded."""
        return self.built.get(number, Built())

    def belongs(self, rebuild: str) -> bool:
        """True if the served generation is of this rebuild, which then has nothing left to do."""
        return self.of(self.served).rebuild == rebuild

    def begun(self, rebuild: str) -> int | None:
        """The generation that this rebuild has begun but not finished."""
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
    """The parts of a generation that version `own` can compare. Raises `redis.exceptions.RedisError`.

    Views with a cursor but without a set of versions were written by versions that kept no set.
    """
    # In this order, the version of a first commit between the two reads is seen.
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
    """Record generations and remove others. False if the caller's lease is gone or another generation is served now.

    Idempotent. Raises `redis.exceptions.RedisError`.
    """
    arguments: list[Argument] = [nonce, known.pointer or "", len(struck), *struck]
    for number, one in (built or {}).items():
        arguments += (number, _JSON.encode(one))
    arguments += (_LAST, max((known.last, *(built or ()))))
    return bool(await calls.run(NOTE, [keys.building, keys.generation, keys.generations], arguments) == b"OK")


_BUILT: Final = msgspec.json.Decoder(Built)
_JSON: Final = msgspec.json.Encoder()
