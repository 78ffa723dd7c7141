"""The sample discussion: an article about a night train, and what its readers made of it.

Written for Hansard. It has every shape that a real one has: replies five levels deep, edits, a comment that was held
and approved later, one that was rejected under an answer that stands, votes that were changed and taken back.
"""

from importlib.resources import files
from typing import Final

from workers.importers.importer import Source, read

SITE: Final = "sample"
THREAD: Final = "night-train"


def discussion() -> Source:
    """The sample discussion, ready to be imported."""
    return read(files(__name__).joinpath("night-train.json").read_bytes())
