"""Reads of the events that figures count: those of comments from the views, those of members from the site's own log.

The listing of these events is read forward by time, in all partitions at once, and only between the times asked for:
the work depends on the number of events in that time, and not on the length of the log.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final, NamedTuple

from core.concurrency import gathered
from core.events.envelope import Recorded, read_or_error
from core.events.statement_events import AppealDecided, AppealFiled
from core.log.port import Entry, Log
from core.position import Position
from core.refusals import Unavailable
from core.throttle import Pace
from projections.figures.site_kinds import site_figure
from projections.read import listing
from projections.read.served_generation import PartitionCommands, Served
from projections.views.listings.figures import FIGURES, Figure, figure_of
from projections.views.listings.listing import position_text

AT_ONCE: Final = 500
"""Events per read of one partition."""
MOST: Final = 50_000
"""Events per call, beyond which it reads no further. A call may have read `AT_ONCE` per partition more."""
PATIENCE: Final = 4
"""Times `MOST` that a call reads at most, where it has not reached the time that it has to."""
MOST_OF_SITE: Final = 20_000
"""Events of the site's own log that one read goes back over."""
_CHUNK: Final = 1000
_CASE: Final = 20
"""Events of the case of a suspension, back from the decision on the appeal to the appeal."""


class FiguresRead(NamedTuple):
    """Events of comments in a time, and the time before which none is missing, in milliseconds since 1970."""

    figures: list[Figure]
    until: int


async def read(
    served: Served, site: str, begin: int, end: int, *, most: int = MOST, least: int = 0, pace: Pace | None = None
) -> FiguresRead:
    """The events of comments from `begin` until `end`, or until a time after `least` at which `most` were read.

    Times are in milliseconds since 1970. Raises Unavailable if an earlier version made the views, without the listing.
    """
    pace = pace or Pace()
    partitions = list(served.keys)
    await gathered([partial(listing.require, served, one, FIGURES) for one in partitions])
    last = f"({position_text(max(end, 0), 0)}"
    places = [f"[{position_text(max(begin, 0), 0)}"] * len(partitions)
    frontiers = [begin] * len(partitions)
    found: list[Figure] = []
    open_ = list(range(len(partitions)))

    def part(at: int) -> PartitionCommands:
        keys, low = partitions[at], places[at]
        return PartitionCommands(
            keys,
            lambda g: [("ZRANGEBYLEX", keys.listing(g, site, FIGURES.name), low, last, "LIMIT", 0, AT_ONCE)],
        )

    least = max(begin, least)
    while open_ and (
        len(found) < most or (min(frontiers[at] for at in open_) <= least and len(found) < PATIENCE * most)
    ):
        replies = await served.commands_of([part(at) for at in open_])
        going_on = []
        for at, reply in zip(open_, replies, strict=True):
            members = reply.parts[0]
            for member in members:
                found.append(figure_of(member.decode()))
                if pace.due:
                    await pace.rest()
            if len(members) == AT_ONCE:
                places[at] = f"({members[-1].decode()}"
                frontiers[at] = found[-1].ms
                going_on.append(at)
        open_ = going_on
    until = min((frontiers[at] for at in open_), default=end)
    if until <= begin < end:
        raise Unavailable("too many events of one moment")
    return FiguresRead([one for one in found if one.ms < until], until)


async def every(
    served: Served, site: str, begin: int, end: int, *, pace: Pace | None = None
) -> AsyncIterator[list[Figure]]:
    """All events of comments from `begin` until `end`, in lists of bounded length. Raises Unavailable, as `read`."""
    while begin < end:
        some, begin = await read(served, site, begin, end, pace=pace)
        yield some


async def of_site(
    log: Log, site: str, begin: int, end: int, *, most: int = MOST_OF_SITE, pace: Pace | None = None
) -> list[Figure]:
    """The events of members from `begin` until `end`, oldest first. Raises Unavailable if that is too far back."""
    pace = pace or Pace()
    at = await log.thread_last(site, "")
    found: list[Figure] = []
    examined = 0
    while at is not None and at.ms >= begin:
        if examined >= most:
            raise Unavailable("too much happened to members since then: ask for a later time, or use `hansard report`")
        chunk = await log.chain(site, "", at, limit=_CHUNK)
        examined += len(chunk)
        at = None
        for entry in chunk:
            recorded = read_or_error(*entry)
            if not isinstance(recorded, Recorded):
                raise Unavailable("the site's own log cannot be read whole")
            if recorded.position.ms < begin:
                return found[::-1]
            at = recorded.before
            figure = site_figure(recorded)
            if figure is not None and begin <= figure.ms < end:
                if isinstance(recorded.event, AppealDecided):
                    figure = figure._replace(since=await _filed(log, site, recorded.position))
                found.append(figure)
            if pace.due:
                await pace.rest()
    return found[::-1]


async def _filed(log: Log, site: str, decided: Position) -> int | None:
    """The time at which the appeal was filed that the event at a position decided, in milliseconds since 1970."""
    entries: list[Entry] = await log.chain(site, "", decided, aggregate=True, limit=_CASE)
    for entry in entries:
        recorded = read_or_error(*entry)
        if isinstance(recorded, Recorded) and isinstance(recorded.event, AppealFiled):
            return recorded.position.ms
    return None
