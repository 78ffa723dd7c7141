"""Comparison of a plan with the running site: what would come after live comments, and whether the server has room.

The order of a page is that of the log. A comment that is brought after a live one of its thread comes after it there,
however old it is.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from core.domain.import_comment_facts import PostedFact, VotedFact
from core.domain.import_fact import Fact
from core.events.comment_events import CommentPosted
from core.events.envelope import UnreadableEntry, read
from core.events.event import tag_of
from core.events.import_events import IMPORT
from core.log.port import Log
from core.redis.topology import Topology
from workers.importers import fact_file
from workers.importers.brought import entries_of
from workers.importers.room import free_bytes, wanted

_SHOWN: Final = 5
"""Maximum number of threads that are named."""
_POSTED: Final = f'"type":"{tag_of(CommentPosted)}"'.encode()
"""Bytes of the type of every event that posts a comment."""


class Against(Struct, frozen=True, kw_only=True):
    """A plan beside the running site. Comments that are there already are in none of the counts but their own."""

    known: int = 0
    """Comments of the plan that the site has."""
    late: int = 0
    """Comments that would come after live ones which are newer."""
    live: int = 0
    """The live comments that they would come after."""
    threads: int = 0
    """The threads of these."""
    examples: list[str] = []
    """Some of these threads."""
    bytes: int = 0
    """Memory of the server that the other comments of the plan, and the votes on them, take."""
    free: int | None = None
    """Memory that the server has; None if it does not disclose it."""
    tally_saves: int = 0
    """Part of `bytes` that `--votes tally` would save."""


class CommentsThere(NamedTuple):
    """The comments of a thread in the log: their ids, and the times of those that people posted here."""

    ids: set[str]
    live: list[int]


async def against(log: Log, topology: Topology, facts: Path) -> Against:
    """Compare the facts of a plan with the site that its header names. Raises UnfitFile, Unavailable."""
    site = fact_file.header(facts).site
    known = late = live = comments = ballots = 0
    threads: list[str] = []
    for group in fact_file.threads(facts):
        posted = [fact for fact in group.facts if isinstance(fact, PostedFact)]
        if not posted:
            continue
        found = await _found(log, site, group.thread)
        new = {fact.comment: fact.occurred_at for fact in posted if fact.comment not in found.ids}
        known, comments = known + len(posted) - len(new), comments + len(new)
        ballots += _ballots(group.facts, new)
        behind = sum(at < max(found.live, default=0) for at in new.values())
        if behind:
            late, live = late + behind, live + sum(at > min(new.values()) for at in found.live)
            threads.append(group.thread)
    return Against(
        known=known,
        late=late,
        live=live,
        threads=len(threads),
        examples=threads[:_SHOWN],
        bytes=wanted(comments, ballots),
        free=await free_bytes(topology),
        tally_saves=wanted(0, ballots),
    )


def _ballots(facts: Iterable[Fact], new: dict[str, int]) -> int:
    return sum(isinstance(fact, VotedFact) and fact.comment in new for fact in facts)


async def _found(log: Log, site: str, thread: str) -> CommentsThere:
    found = CommentsThere(set(), [])
    async for entry in entries_of(log, site, thread):
        if _POSTED not in entry.e:
            continue
        try:
            recorded = read(*entry)
        except UnreadableEntry:
            continue  # it is no comment that people see
        event = recorded.event
        if isinstance(event, CommentPosted):
            found.ids.add(event.comment)
            if recorded.envelope.cause != IMPORT:
                found.live.append(recorded.occurred_at)
    return found
