"""Responses by the server itself to requests that are malformed, too large, too late, or one too many."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from core.refusals import Refusal
from workers.gateway.http import caching, problems, request_log
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response, send_response
from workers.runtime import logs


def error_response(refusal: Refusal) -> ASGIApp:
    """Make an application that responds to one request with this refusal, as `response` does."""
    return response(problems.reply(refusal))


def response(reply: Response) -> ASGIApp:
    """Make an application that sends this response to one request, logged and counted like any other response."""
    unstored = reply.also((b"cache-control", caching.NO_STORE))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        begun = time.perf_counter()
        record = RequestRecord(request_log.request_id())
        logs.begin(request=record.request)
        try:
            await send_response(send, record.ends(unstored), without_body=scope["method"] == "HEAD")
        finally:
            request_log.record(record, scope["method"], time.perf_counter() - begun)

    return answer
