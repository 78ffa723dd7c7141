"""Hansard of the format before, in which content is plain: `python -m tests.faults.older gateway`.

It knows the formats and the content schemes that there were then, and nothing of those that came since.
"""

import sys

import core.formats
from core.formats import FORMATS, SALTED_SINCE, Formats

BEFORE = Formats(reads=tuple(one for one in FORMATS.reads if one < SALTED_SINCE), writes=SALTED_SINCE - 1)

if __name__ == "__main__":
    core.formats.FORMATS = BEFORE  # type: ignore[misc] # what every module that is imported below takes for its own

    from core.events import content

    content.SCHEMES = frozenset({content.PLAIN})  # type: ignore[misc] # alike

    from workers.__main__ import main

    sys.exit(main())
