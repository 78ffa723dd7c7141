"""Comparison of what an import brought with what is served, once the views include it."""

from typing import Final

from projections.read.comments import read_counts
from projections.read.progress import reached
from projections.read.served_generation import Served
from workers.importers.applying import Applied

WITHIN: Final = 60.0
"""Seconds until the views have to include a thread."""


async def differences(served: Served, applied: Applied, *, within: float = WITHIN) -> list[str] | None:
    """Return the threads whose page has fewer comments than were brought to be read; None if the views are behind."""
    for thread, position in applied.last.items():
        if not await reached(served, applied.site, thread, position, within=within):
            return None
    names = list(applied.published)
    shown = await read_counts(served, applied.site, names) if names else {}
    return [name for name in names if shown[name].comments < applied.published[name]]
