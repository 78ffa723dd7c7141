"""Operations on notices: filing one, and reading what became of it. Neither needs a token."""

from typing import Final

from starlette.types import Receive, Scope

from core.refusals import NotFound
from core.times import rfc3339
from projections.read.notices import notice_status
from projections.read.progress import reached
from projections.views.listings.references import NoticeStatus
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.notice_filing import file_notice
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.services import Services
from workers.gateway.operations.writing import CREATED, VIEW_WITHIN, acknowledged
from workers.gateway.shapes import notices as shapes
from workers.gateway.shapes import rows
from workers.gateway.web.notice_page import FilledForm, NoticeDesk
from workers.runtime import logs

MOST_BYTES: Final = 49_152
"""Most bytes of a notice: as many characters as it may have, each encoded at length."""


async def file(request: Request[NoQuery, shapes.NewNotice]) -> Response:
    """File a notice."""
    services, provisional = request.services, request.provisional
    filed = await file_notice(
        services,
        request.site,
        request.body,
        token=request.token,
        network=request.network,
        key=request.key,
        confirm=None if provisional is None else provisional.confirm,
    )
    logs.about(position=str(filed.result.position))
    with request.gate.released():  # so that the reference is found at once
        await reached(services.served, request.site, request.body.thread, filed.result.position, within=VIEW_WITHIN)
    place = f"{ROOT.replace('{site}', request.site)}/notices/{filed.reference}"
    response = json({"reference": filed.reference}, CREATED, (b"location", place.encode()))
    return acknowledged(request, response, filed.result)


async def read(request: Request[NoQuery, None]) -> Response:
    """Read what became of a notice."""
    return json(document(await status_of(request.services, request.site, request.path["reference"])))


async def status_of(services: Services, site: str, reference: str) -> NoticeStatus:
    """The status of a notice. Raises NotFound."""
    number = services.references.partition(reference)
    if number is not None:
        found = await notice_status(services.served, services.served.keys[number], site, reference)
        if found is not None:
            return found
    raise NotFound("there is no such notice")


def document(status: NoticeStatus) -> shapes.NoticeAnswer:
    """A notice as everyone with its reference sees it."""
    decision = None
    if status.verdict is not None and status.decided is not None:
        decision = shapes.NoticeDecision(action=status.verdict, ground=status.ground, at=rfc3339(status.decided))
    return shapes.NoticeAnswer(reference=status.reference, filed_at=rfc3339(status.filed), decision=decision)


def desk_of(services: Services) -> NoticeDesk:
    """Return what the form for notices needs."""

    async def file_from_form(form: FilledForm, scope: Scope, receive: Receive) -> str:
        services.require_fit()
        site, notice = form.site, form.notice
        network = services.networks.of(scope, site, services.clock)
        gate = services.admission.writes
        await gate.enter(receive)
        try:
            filed = await file_notice(services, site, notice, network=network, key=form.key, language=form.language)
        finally:
            gate.leave()
        await reached(services.served, site, notice.thread, filed.result.position, within=VIEW_WITHIN)
        return filed.reference

    async def read_document(site: str, reference: str) -> shapes.NoticeAnswer:
        return document(await status_of(services, site, reference))

    return NoticeDesk(
        file=file_from_form,
        read=read_document,
        body=lambda receive, length: services.bodies.read(receive, length, MOST_BYTES),
        release=services.bodies.release,
        takes_contacts=lambda: services.contacts.has_key,
    )


_REFERENCE: Final = "ADLk3xQ2vYb0m8sT1kLw9Z"

OPERATIONS: Final = (
    Operation(
        name="fileNotice",
        method="POST",
        path=f"{ROOT}/notices",
        access=Access.ANYONE,
        tag="Notices",
        summary="State that a comment is illegal",
        detail=(
            "Needs no token; with a moderator's it is a notice of their own initiative. It is about the text that "
            "readers see now: a comment that they do not see is 404. It waits in the moderation queue as `legal`, "
            "until a decision names it. `name` and `email` are sealed, and kept apart from the record: no operation "
            "shows them, to nobody. Notices are limited per site, and 20 may be open about one comment."
        ),
        handler=file,
        body=shapes.NewNotice,
        most_bytes=MOST_BYTES,
        request_example={
            "thread": "power-broker",
            "comment": rows.EXAMPLE_ROW["id"],
            "explanation": "It publishes the address of a minor.",
            "law": "GDPR, Article 6",
            "email": "reader@example.org",
            "good_faith": True,
        },
        answer=shapes.NoticeReceipt,
        example={"reference": _REFERENCE},
        statuses=(201,),
        problems=("not-allowed", "suspended", "idempotency-key-reused"),
        keyed=True,
    ),
    Operation(
        name="readNotice",
        method="GET",
        path=ROOT + "/notices/{reference}",
        access=Access.EVERYONE,
        tag="Notices",
        summary="Read what became of a notice",
        detail="Whoever has the reference may read this. A decision that is undone opens the notice again.",
        handler=read,
        answer=shapes.NoticeAnswer,
        example={
            "reference": _REFERENCE,
            "filed_at": "2023-10-29T11:31:00.000Z",
            "decision": {"action": "reject", "ground": "law", "at": "2023-10-29T11:35:00.000Z"},
        },
    ),
)
