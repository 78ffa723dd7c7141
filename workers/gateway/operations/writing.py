"""Carrying commands out, and what a write answers with."""

from functools import cache
from typing import Any, Final

import msgspec

from core import ids
from core.application.transact import Result, transact
from core.domain.commands import AnyCommand
from core.durability import MEMORY
from core.refusals import BadField
from core.times import parse_rfc3339
from workers.gateway.http.response import Header, Reply, encode, json
from workers.gateway.operations.operation import Asked
from workers.gateway.shapes.rows import Waiting
from workers.runtime import logs, metrics

DURABILITY: Final = b"hansard-durability"
"""The header that says how safe it is what a write has done."""

VIEW_WITHIN: Final = 2.0
"""Seconds that a write, or a read of one's own write, waits for the views."""

# Looked up once for each of the few that there are.
_ACKNOWLEDGED: Final = cache(metrics.ACKNOWLEDGEMENTS.labels)

ACCEPTED: Final = 202
CREATED: Final = 201
OK: Final = 200


async def carry_out(
    asked: Asked[Any, Any], command: AnyCommand, *, thread: str = "", item: str | None = None, batch: str | None = None
) -> Result:
    """Carry a command of the caller's out, once under its key; `item` is the key of one item of a bulk call."""
    services, caller = asked.services, asked.caller
    result = await transact(
        services.log,
        command,
        site=asked.site,
        thread=thread,
        caller=caller,
        key=_key(asked, item),
        batch=batch,
        folds=services.folds,
        confirm=None if asked.trust is None else asked.trust.confirm,
    )
    services.views.appended(result.recorded, result.earlier)
    logs.about(position=str(result.position))
    return result


async def still(asked: Asked[Any, Any], result: Result) -> Result:
    """The result of a command about the site, with how safe it is by now, and all that was written beside it since."""
    durability = await asked.services.log.confirm(asked.site, "", _key(asked, None))
    return msgspec.structs.replace(result, durability=durability or MEMORY)


def acknowledged(asked: Asked[Any, Any], reply: Reply, *results: Result) -> Reply:
    """The reply, with the least durability that was reached; 202 where the deployment promises more."""
    promised = asked.services.durability
    reached = {result.durability for result in results}
    for result in results:
        _ACKNOWLEDGED(result.durability).inc()
    if reached == {promised}:
        return reply.also((DURABILITY, promised.encode()))
    return reply._replace(status=ACCEPTED).also((DURABILITY, MEMORY.encode()))


async def on_thread(asked: Asked[Any, Any], command: AnyCommand, *headers: Header) -> Reply:
    """Carry out a command about the thread in the path, or the site, and answer with its position."""
    result = await carry_out(asked, command, thread=asked.path.get("thread", ""))
    return positioned(asked, result, *headers)


def positioned(asked: Asked[Any, Any], result: Result, *headers: Header) -> Reply:
    """`{"position"}`."""
    reply = json({"position": str(result.position)}, CREATED if result.created else OK, *headers)
    return acknowledged(asked, reply, result)


async def on_comment(asked: Asked[Any, Any], command: AnyCommand) -> Reply:
    """Carry out a command about the comment in the path, and answer with its position and the comment."""
    result = await carry_out(asked, command, thread=asked.thread)
    return await written(asked, result, asked.comment)


async def written(
    asked: Asked[Any, Any], result: Result, comment: str, *headers: Header, waiting: Waiting | None = None
) -> Reply:
    """What a write on a comment answers with, once the views have taken it in; `waiting` is told beside its row."""
    views = asked.services.views
    row: bytes | None = None
    with asked.gate.aside():
        shown = await views.reached(asked.site, asked.thread, result.position, within=VIEW_WITHIN)
    if shown:
        row = await views.row(asked.site, asked.thread, comment, asked.viewer)
    return answered(asked, row, result, *headers, waiting=waiting)


def answered(
    asked: Asked[Any, Any], row: bytes | None, result: Result, *headers: Header, waiting: Waiting | None = None
) -> Reply:
    """`{"position", "comment"}`, and `waiting` where something waits; the row is JSON already."""
    more = b"" if waiting is None else b',"waiting":%b' % encode(waiting)
    body = b'{"position":"%b","comment":%b%b}' % (str(result.position).encode(), row or b"null", more)
    return acknowledged(asked, Reply(CREATED if result.created else OK, body, headers), result)


def _key(asked: Asked[Any, Any], item: str | None) -> str:
    return ids.command_key(asked.site, asked.caller.id, asked.call.method, asked.place, item or asked.key)


def time_of(pointer: str, text: str) -> int:
    """Milliseconds since 1970 of a time in a body. Raises BadField."""
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise BadField(pointer, str(error)) from None
