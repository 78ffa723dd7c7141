"""The pointer of a partition to its served views, and the pointer's stored form."""

from typing import NamedTuple, Self

from core.keys import FIRST_GENERATION


class Pointer(NamedTuple):
    """A generation of views and the number of thread exchanges in it.

    Stored as `<generation>.<exchanges>`. The pointer changes whenever the served views change without an event: a
    reader or cache that used another pointer starts over.
    """

    generation: int
    exchanges: int = 0

    @classmethod
    def read(cls, stored: bytes | None) -> Self:
        """Parse the stored pointer of a partition; None stands for the first generation."""
        if stored is None:
            return cls(FIRST_GENERATION)
        generation, _, exchanges = stored.partition(b".")
        return cls(int(generation), int(exchanges))

    def __str__(self) -> str:
        return f"{self.generation}.{self.exchanges}"


FIRST = Pointer(FIRST_GENERATION)
"""The pointer in effect if none is stored."""
