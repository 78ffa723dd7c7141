"""Carrying commands out, and what a write answers with."""

from typing import Any, Final

import structlog

from core import ids
from core.commands import AnyCommand
from core.position import Position
from core.refusals import BadField
from core.times import parse_rfc3339
from core.transact import Result, transact
from workers import metrics
from workers.gateway.call import Asked
from workers.gateway.reply import Header, Reply, json

VIEW_WITHIN: Final = 2.0
"""Seconds that a write, or a read of one's own write, waits for the views."""

CREATED: Final = 201
OK: Final = 200


async def carry_out(
    asked: Asked[Any, Any], command: AnyCommand, *, thread: str = "", item: str | None = None, batch: str | None = None
) -> Result:
    """Carry a command of the caller's out, once under its key; `item` is the key of one item of a bulk call."""
    caller = asked.caller
    key = ids.command_key(asked.site, caller.id, asked.call.method, asked.place, item or asked.key)
    services = asked.services
    result = await transact(
        services.log,
        command,
        site=asked.site,
        thread=thread,
        caller=caller,
        key=key,
        batch=batch,
        folds=services.folds,
    )
    metrics.ACKNOWLEDGEMENTS.labels(services.durability).inc()
    structlog.contextvars.bind_contextvars(position=str(result.position))
    return result


async def on_thread(asked: Asked[Any, Any], command: AnyCommand, *headers: Header) -> Reply:
    """Carry out a command about the thread in the path, or the site, and answer with its position."""
    result = await carry_out(asked, command, thread=asked.path.get("thread", ""))
    return json({"position": str(result.position)}, CREATED if result.created else OK, *headers)


async def on_comment(asked: Asked[Any, Any], command: AnyCommand) -> Reply:
    """Carry out a command about the comment in the path, and answer with its position and the comment."""
    result = await carry_out(asked, command, thread=asked.thread)
    return await written(asked, result, asked.comment)


async def written(asked: Asked[Any, Any], result: Result, comment: str, *headers: Header) -> Reply:
    """What a write on a comment answers with, once the views have taken it in."""
    views = asked.services.views
    row: bytes | None = None
    with asked.gate.aside():
        shown = await views.reached(asked.site, asked.thread, result.position, within=VIEW_WITHIN)
    if shown:
        row = await views.row(asked.site, asked.thread, comment, asked.viewer)
    return answered(result.position, row, result, *headers)


def answered(position: Position, row: bytes | None, result: Result, *headers: Header) -> Reply:
    """`{"position", "comment"}`; the row is JSON already."""
    body = b'{"position":"%b","comment":%b}' % (str(position).encode(), row or b"null")
    return Reply(CREATED if result.created else OK, body, headers)


def time_of(pointer: str, text: str) -> int:
    """Milliseconds since 1970 of a time in a body. Raises BadField."""
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise BadField(pointer, "a time is RFC 3339, for example 2023-10-29T11:20:00.000Z") from None
