"""All operations. The routes and the OpenAPI document derive from this table; the most used come first."""

from collections.abc import Sequence
from typing import Final

from workers.gateway.http.machine_paths import APART
from workers.gateway.operations import (
    about,
    appeals,
    audit,
    check,
    comments,
    decisions,
    figures,
    guests,
    health,
    member_standing,
    members,
    moderation,
    moderation_lists,
    notices,
    pages,
    queue,
    record,
    rehearsal,
    removal_requests,
    screening,
    section,
    sightings,
    sites,
    threads,
    votes,
    word_lists,
)
from workers.gateway.operations.operation import Operation

OPERATIONS: Final[Sequence[Operation]] = (
    *pages.OPERATIONS,
    *section.OPERATIONS,
    *comments.OPERATIONS,
    *removal_requests.OPERATIONS,
    *appeals.OPERATIONS,
    *guests.OPERATIONS,
    *notices.OPERATIONS,
    *threads.OPERATIONS,
    *decisions.OPERATIONS,
    *moderation.OPERATIONS,
    *queue.OPERATIONS,
    *moderation_lists.OPERATIONS,
    *figures.OPERATIONS,
    *votes.OPERATIONS,
    *sightings.OPERATIONS,
    *members.OPERATIONS,
    *member_standing.OPERATIONS,
    *audit.OPERATIONS,
    *record.OPERATIONS,
    *check.OPERATIONS,
    *sites.OPERATIONS,
    *rehearsal.OPERATIONS,
    *word_lists.OPERATIONS,
    *screening.OPERATIONS,
    *about.OPERATIONS,
    *health.OPERATIONS,
)


def offered(*, apart: bool) -> Sequence[Operation]:
    """Return the operations at the public address: with `apart`, those of operators' machines are not among them."""
    return tuple(call for call in OPERATIONS if call.path not in APART) if apart else OPERATIONS


def by_path(calls: Sequence[Operation] = OPERATIONS) -> dict[str, list[Operation]]:
    """The operations of each path, paths in the order of the table."""
    paths: dict[str, list[Operation]] = {}
    for call in calls:
        paths.setdefault(call.path, []).append(call)
    return paths
