"""Batches: the id that the items of bulk requests share, over several requests of one caller."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core import ids
from core.application.transact import Result
from core.caller import Caller
from core.domain.handler import Command
from core.log.port import Load
from core.refusals import CannotFold, FormatTooOld, Refusal, Unavailable, UnknownBatch
from projections.read.members import latest_names
from workers.gateway.http.problems import problem
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import Request
from workers.gateway.operations.writing import acknowledged, command_key, execute

ItemDone = tuple[dict[str, Any], Result | None]
"""An item of a bulk request: its part of the response, and the result if the item was executed."""


async def batch_of(
    request: Request[Any, Any], continued: str | None = None, first: tuple[str, str | None] = ("", None)
) -> str:
    """The id of the batch of a request: its own, or the one that it continues.

    `first` is the thread of its first command, empty for the site's own log, and the key of that item of a bulk
    request. A repeated request continues its batch whenever it comes. Raises UnknownBatch, Unavailable.
    """
    services, site, caller = request.services, request.site, request.caller.id
    batch = continued or ids.batch_id(site, caller, request.place, request.key)
    if continued is not None and not await services.batches.is_of(site, batch, caller):
        if not await _was_executed(request, *first):
            raise UnknownBatch
        return batch
    await services.batches.note(site, batch, caller)
    return batch


async def _was_executed(request: Request[Any, Any], thread: str, item: str | None) -> bool:
    """True if a command of the request was executed before."""
    load = Load(site=request.site, thread=thread, heads=(), key=command_key(request, item), reads=True)
    return (await request.services.log.load(load)).answer is not None


def sees_voters(caller: Caller) -> bool:
    """True if the caller is told who voted."""
    return "auditor" in caller.roles


def voter_namer(request: Request[Any, Any]) -> Callable[[str], str]:
    """The function that names a voter for the caller: by id for auditors, otherwise by pseudonym."""
    return _same if sees_voters(request.caller) else request.services.pseudonyms.maker(request.site)


def _same(voter: str) -> str:
    return voter


async def note_decider(request: Request[Any, Any]) -> None:
    """Note that the caller decided something."""
    services = request.services
    await services.deciders.note(request.site, request.caller.id, services.clock())


async def execute_item(
    request: Request[Any, Any], command: Command, said: Mapping[str, Any], *, thread: str, item: str, batch: str | None
) -> ItemDone:
    """Execute one item of a bulk request. `said` is how the response names the item, `item` is its key.

    Raises as `_item_problem`.
    """
    try:
        result = await execute(request, command, thread=thread, item=item, batch=batch)
    except Refusal as refusal:
        return {**said, "problem": await _item_problem(request, refusal)}, None
    return {**said, "position": str(result.position)}, result


def items_response(request: Request[Any, Any], done: Sequence[ItemDone], **beside: Any) -> Response:
    """The response of a bulk request: a result per item, and the lowest durability of those that were executed."""
    response = json({**beside, "results": [said for said, _ in done]})
    results = [result for _, result in done if result is not None]
    return acknowledged(request, response, *results) if results else response


async def batch_response(request: Request[Any, Any], done: Sequence[ItemDone], batch: str) -> Response:
    """The response of a bulk request by which the caller decided something."""
    if any(result is not None for _, result in done):
        await note_decider(request)
    return items_response(request, done, batch=batch)


async def _item_problem(request: Request[Any, Any], refusal: Refusal) -> dict[str, Any]:
    """Return the problem of one item of a bulk request.

    Raises the refusal if the client can retry the whole request with its key: items already done get their first
    result.
    """
    # The first two fail until another version runs, and must not hold up the other items.
    if isinstance(refusal, Unavailable) and not isinstance(refusal, CannotFold | FormatTooOld):
        raise refusal
    await name_decider(request, refusal)
    return problem(refusal)


async def name_decider(request: Request[Any, Any], refusal: Refusal) -> None:
    """Add the name of who decided to a refusal that tells of a decision."""
    decided = refusal.extra.get("decided")
    if decided is not None:
        by = decided["by"]
        by["name"] = (await latest_names(request.services.served, request.site, [by["id"]]))[by["id"]]
