"""The registry of shapes. A new one is a module and an entry here."""

from collections.abc import Mapping
from typing import Final

from workers.screening_shapes.akismet import AKISMET
from workers.screening_shapes.coral import CORAL
from workers.screening_shapes.hansard import HANSARD
from workers.screening_shapes.shape import Shape

SHAPES: Final[Mapping[str, Shape]] = {shape.name: shape for shape in (HANSARD, CORAL, AKISMET)}
"""Every shape that this version knows, by name."""
