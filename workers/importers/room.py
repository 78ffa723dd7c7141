"""Memory of the server that an import takes, and whether the server has it."""

from typing import Final

from core.domain.import_facts import ImportHeader
from core.redis.server_facts import memory_of
from core.redis.topology import Topology
from workers.runtime.amounts import size

COMMENT_BYTES: Final = 2_300
"""Memory of the server per comment with its views (docs/speed.md)."""
BALLOT_BYTES: Final = 400
"""Memory of the server per ballot."""


class TooLarge(Exception):
    """The server has no room for the import. The message is one line."""


def wanted(comments: int, ballots: int) -> int:
    """Return the bytes of the server's memory that these take."""
    return comments * COMMENT_BYTES + ballots * BALLOT_BYTES


async def free_bytes(topology: Topology) -> int | None:
    """Return the free memory of all primaries; None if a server does not disclose it."""
    free = 0
    for node in topology.primaries():
        memory = memory_of(await node.writing.info("memory"))
        if not memory.allowed:
            return None
        free += max(memory.allowed - memory.used, 0)
    return free


async def require_room(topology: Topology, header: ImportHeader) -> None:
    """Raise TooLarge if the server has no memory for an import of which nothing was brought yet."""
    need, free = wanted(header.counts.get("comments", 0), header.counts.get("ballots", 0)), await free_bytes(topology)
    if free is not None and need > free:
        raise TooLarge(
            f"the import takes about {size(need)} of the server's memory, of which {size(free)} are free: "
            "give it more, or plan less with --since or --votes tally"
        )
