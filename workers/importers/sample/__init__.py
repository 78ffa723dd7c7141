"""The sample discussion: the readers' comments on an article about a night train.

Written for Hansard. It has every shape of a real discussion: replies five levels deep, edits, a comment that was held
and approved later, a rejected comment with a reply that stands, votes that were changed and taken back.
"""

from importlib.resources import files
from typing import Final

from workers.importers.importer import Source, read

SITE: Final = "sample"
THREAD: Final = "night-train"


def discussion() -> Source:
    """The sample discussion, ready to be imported."""
    return read(files(__name__).joinpath("night-train.json").read_bytes())
