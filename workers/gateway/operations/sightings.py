"""Operations on sightings: whether the passage of an inline question was found in its article."""

from typing import Final

from core.application.current_state import thread_of
from core.refusals import BadField, NotFound
from core.sightings import Quotation, Sighting
from core.text.unicode import is_blank, quoted
from projections.read.queries import SightedQuery
from projections.read.sightings import sighted_anchors
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, THREAD, Access, Operation, Request
from workers.gateway.operations.reading import context_of
from workers.gateway.shapes import threads as shapes


async def put_sighting(request: Request[NoQuery, shapes.PutSighting]) -> Response:
    """Note whether a passage was found, and what stands there instead."""
    services, body = request.services, request.body
    (await context_of(request)).require_role("moderator")
    thread = await thread_of(services.log, request.site, request.thread, cache=services.aggregate_cache)
    anchor = thread.anchors.get(request.path["anchor"])
    if anchor is None:
        raise NotFound("there is no such inline question")
    wording = anchor.wording
    sighting = Sighting(
        found=body.found,
        seen_at=request.now,
        quote=Quotation(exact=wording.exact or "", prefix=wording.prefix, suffix=wording.suffix).digest,
        proposal=_proposal(body),
    )
    await services.sightings.note(request.site, request.thread, request.path["anchor"], sighting)
    return json({"found": body.found})


async def list_sighted(request: Request[SightedQuery, None]) -> Response:
    """Inline questions whose passages were searched for."""
    query, services = request.query, request.services
    sighted = await services.sightings.read(request.site, request.now)
    answer = await sighted_anchors(services.served, request.site, sighted, query)
    return Response(200, answer.body)


def _proposal(body: shapes.PutSighting) -> Quotation | None:
    proposal = body.proposal
    if proposal is None:
        return None
    if body.found:
        raise BadField("/proposal", "a passage that was found needs no proposal")
    if is_blank(proposal.exact):
        raise BadField("/proposal/exact", "the proposed passage needs a visible character")
    return Quotation(
        exact=quoted(proposal.exact),
        prefix=None if proposal.prefix is None else quoted(proposal.prefix),
        suffix=None if proposal.suffix is None else quoted(proposal.suffix),
    )


_TAG: Final = "Moderation"
_PROPOSAL: Final = {"exact": "The Senate voted on it twice", "prefix": "In the end, ", "suffix": "."}

OPERATIONS: Final = (
    Operation(
        name="putSighting",
        method="PUT",
        path=THREAD + "/anchors/{anchor}/sighting",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="Say whether the passage of an inline question was found in its article",
        detail=(
            "A hint, kept for 30 days beside the log. Readers see no change. `proposal` is the text that stands "
            "between `prefix` and `suffix` instead. A new quote of the question forgets the hint."
        ),
        handler=put_sighting,
        body=shapes.PutSighting,
        request_example={"found": False, "proposal": _PROPOSAL},
        answer=shapes.SightingAnswer,
        example={"found": False},
        problems=("not-allowed", "suspended"),
    ),
    Operation(
        name="listSightedAnchors",
        method="GET",
        path=f"{ROOT}/moderation/anchors",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="List inline questions by the last search for their passages, the latest first",
        detail="Only questions whose passage was searched for in the last 30 days, and at most 500 of a site.",
        handler=list_sighted,
        query=SightedQuery,
        answer=shapes.SightedAnchors,
        example={
            "anchors": [
                {
                    "id": "q1",
                    "quote": {"exact": "The Senate never voted on it"},
                    "prompt": "Is that so?",
                    "status": "open",
                    "comments": 3,
                    "thread": {
                        "id": "power-broker",
                        "title": "The power broker",
                        "url": "https://example.org/power-broker",
                        "labels": ["politics"],
                    },
                    "found": False,
                    "seen_at": "2023-10-29T11:35:00.000Z",
                    "proposal": _PROPOSAL,
                }
            ],
            "next": None,
        },
        problems=("not-allowed", "bad-cursor"),
    ),
)
