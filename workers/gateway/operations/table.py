"""All operations. The routes and the OpenAPI document derive from this table; the most used come first."""

from collections.abc import Sequence
from typing import Final

from workers.gateway.operations import (
    about,
    audit,
    check,
    comments,
    health,
    members,
    moderation,
    pages,
    record,
    section,
    sites,
    threads,
)
from workers.gateway.operations.operation import Operation

OPERATIONS: Final[Sequence[Operation]] = (
    *pages.OPERATIONS,
    *section.OPERATIONS,
    *comments.OPERATIONS,
    *threads.OPERATIONS,
    *moderation.OPERATIONS,
    *members.OPERATIONS,
    *audit.OPERATIONS,
    *record.OPERATIONS,
    *check.OPERATIONS,
    *sites.OPERATIONS,
    *about.OPERATIONS,
    *health.OPERATIONS,
)


def by_path(calls: Sequence[Operation] = OPERATIONS) -> dict[str, list[Operation]]:
    """The operations of each path, paths in the order of the table."""
    paths: dict[str, list[Operation]] = {}
    for call in calls:
        paths.setdefault(call.path, []).append(call)
    return paths
