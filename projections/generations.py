"""The generations of views that a partition has: which one is served, and what each was built by.

Numbers are given out once. Whatever is not written down here, and is not served, is nobody's: its keys may go.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from core.keys import FIRST_GENERATION, Partition
from core.redis.call import Argument
from core.redis.calls import Calls
from core.redis.script import Script
from core.text.markup import RENDERER
from projections.loading import Reads, together
from projections.pointer import Pointer
from projections.state import FOLD

NOTE: Final = Script("projections", "generations_note")
_LAST: Final = "last"


class Built(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a generation was built by. Of the first one nobody wrote it down."""

    fold: int | None = None
    renderer: int | None = None
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


def by_now(rebuild: str, began: int) -> Built:
    """What is built now, by this version of the fold and of the renderer."""
    return Built(fold=FOLD, renderer=RENDERER, rebuild=rebuild, began=began)


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


async def note(
    calls: Calls,
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
