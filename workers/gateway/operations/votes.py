"""Operations of staff on the votes of others: who voted, by pseudonym, and the voiding of a ring's votes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from core import ids
from core.caller import Caller
from core.concurrency import gathered
from core.domain.void import VoidVote
from core.events.envelope import Recorded, read_or_error
from core.events.vote_events import VoteCast, VoteRestored, VoteVoided
from core.partitions import partition_of
from core.position import Position
from core.refusals import NotAllowed, NotFound, UnknownVoter
from core.times import rfc3339
from projections.audit.thread_events import ThreadEvents
from projections.read import cursors
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.problems import problem
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, json
from workers.gateway.operations.batches import (
    ItemDone,
    batch_of,
    batch_response,
    execute_item,
    sees_voters,
    voter_namer,
)
from workers.gateway.operations.inspections import record_inspection
from workers.gateway.operations.moderation import TAG
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.pseudonyms import is_pseudonym
from workers.gateway.shapes import rows
from workers.gateway.shapes import votes as shapes


async def list_votes(request: Request[shapes.VotesQuery, None]) -> Response:
    """Votes of a thread, those that changed last first."""
    services, query, caller, site = request.services, request.query, request.caller, request.site
    if not caller.sees_all:
        raise NotAllowed("this requires the role moderator or auditor")
    _require_pseudonym(caller, "/voter", query.voter)
    with request.gate.released():
        index = await services.records.whole(site, query.thread)
    voter = query.voter
    if voter is not None and is_pseudonym(voter):
        voter = services.pseudonyms.whose(site, voter, index.votes.voters)
        if voter is None:
            raise UnknownVoter
    if voter is not None and sees_voters(caller):
        await record_inspection(request, voter)
    mark = cursors.mark("votes", site, query.thread, query.comment, query.voter, query.limit, sees_voters(caller))
    end = len(index)
    if query.cursor is not None:
        end = index.before(Position.parse(*cursors.read(query.cursor, mark, cursors.POSITION)))
    numbers, following = index.votes.find(end, query.limit, comment=query.comment, voter=voter)
    found = await _read(request, query.thread, index, numbers)
    name = voter_namer(request)
    return json(
        {
            "votes": [_vote(one, name) for one in found],
            "next": None if following is None else cursors.write(mark, index.position(following)),
        }
    )


async def void_votes(request: Request[NoQuery, shapes.NewVoids]) -> Response:
    """Void votes, each by itself, under one batch id."""
    votes, caller = request.body.votes, request.caller
    for number, vote in enumerate(votes):
        _require_pseudonym(caller, f"/votes/{number}/voter", vote.voter)
    voters = await _voters_of(request, votes)
    batch = await batch_of(request, request.body.batch, (votes[0].thread, _item_key(request, votes[0], voters[0])))
    done = await gathered(
        [partial(_void, request, vote, voter, batch) for vote, voter in zip(votes, voters, strict=True)]
    )
    return await batch_response(request, done, batch)


async def _void(
    request: Request[NoQuery, shapes.NewVoids], vote: shapes.VoidedVote, voter: str | None, batch: str
) -> ItemDone:
    said = {"thread": vote.thread, "comment": vote.comment, "voter": vote.voter}
    if voter is None:
        return {**said, "problem": problem(UnknownVoter())}, None
    command = VoidVote(comment=vote.comment, voter=voter, reason=request.body.reason)
    key = _item_key(request, vote, voter)
    return await execute_item(request, command, said, thread=vote.thread, item=key, batch=batch)


async def _voters_of(request: Request[Any, Any], votes: Sequence[shapes.VoidedVote]) -> list[str | None]:
    """The id of the voter of each vote; None for a pseudonym of no voter on the comment."""
    services, site = request.services, request.site
    threads: dict[str, set[str]] = {}
    for vote in votes:
        if is_pseudonym(vote.voter):
            threads.setdefault(vote.thread, set()).add(vote.comment)
    known: dict[tuple[str, str], Mapping[str, str]] = {}
    makers = [services.pseudonyms.maker(site, months_ago=months) for months in (1, 0)]
    for thread, comments in threads.items():
        try:
            with request.gate.released():
                index = await services.records.whole(site, thread)
                async with services.records.walk(searches=True) as pace:
                    found = await index.votes.voters_of(comments, pace)
        except NotFound:
            continue
        for comment, voters in found.items():
            known[thread, comment] = {make(voter): voter for make in makers for voter in voters}
    return [
        known.get((vote.thread, vote.comment), {}).get(vote.voter) if is_pseudonym(vote.voter) else vote.voter
        for vote in votes
    ]


async def _read(request: Request[Any, Any], thread: str, index: ThreadEvents, numbers: Sequence[int]) -> list[Recorded]:
    log = request.services.log
    partition = partition_of(request.site, thread, log.partitions)
    entries = await log.entries(partition, [index.position(number) for number in numbers])
    return [one for entry in entries if isinstance(one := read_or_error(*entry), Recorded)]


def _vote(recorded: Recorded, name: Callable[[str], str]) -> dict[str, Any]:
    """A vote by its last event."""
    event, envelope = recorded.event, recorded.envelope
    assert isinstance(event, VoteCast | VoteVoided | VoteRestored)
    voter, at, voided = envelope.actor.id, recorded.occurred_at, None
    if isinstance(event, VoteVoided | VoteRestored):
        voter, at = event.voter, Position.parse(event.cast or str(recorded.position)).ms
    if isinstance(event, VoteVoided):
        voided = {
            "batch": envelope.batch,
            "by": envelope.actor.id,
            "at": rfc3339(recorded.occurred_at),
            "reason": event.reason,
        }
    return {
        "comment": event.comment,
        "voter": name(voter),
        "value": event.value,
        "revision": event.revision,
        "at": rfc3339(at),
        "voided": voided,
    }


def _item_key(request: Request[Any, Any], vote: shapes.VoidedVote, voter: str | None) -> str:
    return ids.item_key(request.key, vote.thread, f"{vote.comment} {voter or vote.voter}")


def _require_pseudonym(caller: Caller, pointer: str, voter: str | None) -> None:
    """Raise BadRequest where a caller who is not told who voted names a voter by an id, of a voter or not."""
    if voter is not None and not is_pseudonym(voter) and not sees_voters(caller):
        raise BadRequest.at(pointer, "moderators name voters by the pseudonyms of GET /moderation/votes")


_VOTER: Final = "*Jq3xQ2vYb0m8sT1kLw9ZpA"
_BATCH: Final = "Jq3xQ2vYb0m8sT1kLw9ZpA"
_COMMENT: Final = rows.EXAMPLE_ROW["id"]

OPERATIONS: Final = (
    Operation(
        name="listVotes",
        method="GET",
        path=f"{ROOT}/moderation/votes",
        access=Access.STAFF,
        tag=TAG,
        summary="List the votes of a thread, those that changed last first",
        detail=(
            "Moderators read pseudonyms of voters, auditors ids. That an auditor looks at the votes of one person "
            "(`voter`) is recorded (`votes.inspected`), once per auditor, person and day of the site's `timezone`. "
            "Votes that were retracted are left out. A request does bounded work, so a page may have fewer votes than "
            "`limit`, or none, and still have `next`."
        ),
        handler=list_votes,
        query=shapes.VotesQuery,
        answer=shapes.VoteList,
        example={
            "votes": [
                {
                    "comment": _COMMENT,
                    "voter": _VOTER,
                    "value": -1,
                    "revision": 1,
                    "at": "2023-10-29T11:20:00.000Z",
                    "voided": None,
                }
            ],
            "next": None,
        },
        problems=("not-allowed", "bad-cursor", "unknown-voter"),
    ),
    Operation(
        name="voidVotes",
        method="POST",
        path=f"{ROOT}/moderation/voids",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=TAG,
        summary="Void up to 100 votes as one batch",
        detail=(
            "A void vote counts nowhere: not in tallies, the order `top`, or the votes of earlier texts. Its voter "
            "reads that it is void (`voided` in `/me`), may retract it, and cannot cast it again (403 "
            "`vote-voided`) until the batch is reversed, which restores each vote as it was. Each vote is voided by "
            "itself; one that is void already stays with its batch. `batch` continues an earlier batch of the caller, "
            "as of decisions. Moderators name voters by pseudonyms of this month or the last, who is an auditor, too, "
            "by ids as well."
        ),
        handler=void_votes,
        body=shapes.NewVoids,
        request_example={
            "votes": [{"thread": "power-broker", "comment": _COMMENT, "voter": _VOTER}],
            "reason": "Twelve votes within a minute, on three comments.",
        },
        answer=shapes.VoidAnswer,
        example={
            "batch": _BATCH,
            "results": [
                {"thread": "power-broker", "comment": _COMMENT, "voter": _VOTER, "position": "1698579300000-43"}
            ],
        },
        problems=("not-allowed", "suspended", "unknown-voter", "unknown-batch"),
        keyed=True,
    ),
)
