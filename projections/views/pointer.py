"""Which views are served: the pointer of a partition, and how it is written."""

from typing import NamedTuple, Self

from core.keys import FIRST_GENERATION


class Pointer(NamedTuple):
    """A generation of views, and how often the views of one thread were exchanged as a whole in it.

    Written `<generation>.<exchanges>`. It moves whenever what is served changes without an event: whoever read or
    remembered anything under another one begins again.
    """

    generation: int
    exchanges: int = 0

    @classmethod
    def read(cls, stored: bytes | None) -> Self:
        """The pointer that a partition keeps; without one, the first generation is served."""
        if stored is None:
            return cls(FIRST_GENERATION)
        generation, _, exchanges = stored.partition(b".")
        return cls(int(generation), int(exchanges))

    def __str__(self) -> str:
        return f"{self.generation}.{self.exchanges}"


FIRST = Pointer(FIRST_GENERATION)
"""What is served where no pointer says another."""
