"""Every call there is. The routes and the OpenAPI document are made from this; the hottest stand first."""

from collections.abc import Sequence
from typing import Final

from workers.gateway.operations import about, audit, comments, health, members, moderation, pages, sites, threads
from workers.gateway.operations.operation import Call

CALLS: Final[Sequence[Call]] = (
    *pages.CALLS,
    *comments.CALLS,
    *threads.CALLS,
    *moderation.CALLS,
    *members.CALLS,
    *audit.CALLS,
    *sites.CALLS,
    *about.CALLS,
    *health.CALLS,
)


def by_path(calls: Sequence[Call] = CALLS) -> dict[str, list[Call]]:
    """The calls of each path, paths in the order of the table."""
    paths: dict[str, list[Call]] = {}
    for call in calls:
        paths.setdefault(call.path, []).append(call)
    return paths
