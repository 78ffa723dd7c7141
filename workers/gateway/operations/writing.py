"""Execution of commands, and the responses to writes."""

from functools import cache, partial
from typing import Any, Final

import msgspec

from core import ids
from core.application.member_notes import notes_of
from core.application.transact import Result, transact
from core.domain.handler import Command
from core.durability import MEMORY
from core.refusals import BadField
from core.times import parse_rfc3339
from projections.read import comments
from projections.read.progress import reached
from workers.gateway.http.response import Header, Response, encode, json
from workers.gateway.operations.member_rates import count_opening
from workers.gateway.operations.operation import Request
from workers.gateway.shapes.rows import Waiting
from workers.runtime import logs, metrics

DURABILITY: Final = b"hansard-durability"
"""The header that states the durability a write has reached."""

VIEW_WITHIN: Final = 2.0
"""Seconds that a write, or a read of the caller's own write, waits for the views."""

# Cached by durability: there are few.
_ACKNOWLEDGED: Final = cache(metrics.ACKNOWLEDGEMENTS.labels)

ACCEPTED: Final = 202
CREATED: Final = 201
OK: Final = 200


async def execute(
    request: Request[Any, Any],
    command: Command,
    *,
    thread: str = "",
    item: str | None = None,
    batch: str | None = None,
) -> Result:
    """Execute a command of the authenticated caller, once per idempotency key; in a bulk request `item` is the key."""
    services, caller = request.services, request.caller
    result = await transact(
        services.log,
        command,
        site=request.site,
        thread=thread,
        caller=caller,
        key=command_key(request, item),
        batch=batch,
        cache=services.aggregate_cache,
        confirm=request.confirm,
        admit=None if request.rate is None else partial(count_opening, request, command),
    )
    if result.after is not None:
        services.current_rows.appended(result.recorded, result.after, result.earlier)
    services.notes.put(notes_of(result, caller, request.site, thread))
    logs.about(position=str(result.position))
    return result


async def with_durability(request: Request[Any, Any], result: Result) -> Result:
    """The result of a site command, with the durability that it and all writes beside it have reached by now."""
    durability = await request.services.log.confirm(request.site, "", command_key(request, None))
    return msgspec.structs.replace(result, durability=durability or MEMORY)


def acknowledged(request: Request[Any, Any], response: Response, *results: Result) -> Response:
    """The response with the lowest durability reached; 202 if the deployment promises more."""
    promised = request.services.durability
    reached = {result.durability for result in results}
    for result in results:
        _ACKNOWLEDGED(result.durability).inc()
    if reached == {promised}:
        return response.also((DURABILITY, promised.encode()))
    return response._replace(status=ACCEPTED).also((DURABILITY, MEMORY.encode()))


async def on_thread(request: Request[Any, Any], command: Command, *headers: Header) -> Response:
    """Execute a command on the thread in the path, or on the site, and respond with its position."""
    result = await execute(request, command, thread=request.path.get("thread", ""))
    return position_response(request, result, *headers)


def position_response(request: Request[Any, Any], result: Result, *headers: Header) -> Response:
    """The response `{"position"}`."""
    response = json({"position": str(result.position)}, CREATED if result.created else OK, *headers)
    return acknowledged(request, response, result)


async def on_comment(request: Request[Any, Any], command: Command) -> Response:
    """Execute a command on the comment in the path, and respond with its position and the comment."""
    result = await execute(request, command, thread=request.thread)
    return await comment_response(request, result, request.comment)


async def comment_response(
    request: Request[Any, Any],
    result: Result,
    comment: str,
    *headers: Header,
    waiting: Waiting | None = None,
    more: bytes = b"",
) -> Response:
    """Respond to a write on a comment once the views include the write. `waiting` and `more` go beside the row."""
    served = request.services.served
    row: bytes | None = None
    with request.gate.released():
        shown = await reached(served, request.site, request.thread, result.position, within=VIEW_WITHIN)
    if shown:
        row = await comments.row(served, request.site, request.thread, comment, request.viewer)
    return row_response(request, row, result, *headers, waiting=waiting, more=more)


def row_response(
    request: Request[Any, Any],
    row: bytes | None,
    result: Result,
    *headers: Header,
    waiting: Waiting | None = None,
    more: bytes = b"",
) -> Response:
    """The response `{"position", "comment"}`, with `waiting` if a revision waits; the row is JSON already.

    `more` are further members as JSON, each with a leading comma.
    """
    if waiting is not None:
        more += b',"waiting":%b' % encode(waiting)
    body = b'{"position":"%b","comment":%b%b}' % (str(result.position).encode(), row or b"null", more)
    return acknowledged(request, Response(CREATED if result.created else OK, body, headers), result)


def command_key(request: Request[Any, Any], item: str | None) -> str:
    """The command key of a request, or of one item of it."""
    if item is None and request.rate is not None:
        return request.rate.digest
    return ids.command_key(
        request.site, request.caller.id, request.operation.method, request.place, item or request.key
    )


def time_of(pointer: str, text: str) -> int:
    """Milliseconds since 1970 of a time in a body. Raises BadField."""
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise BadField(pointer, str(error)) from None
