"""The answer to a request that the server itself gives: malformed, too large, too late, or one too many."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from core.refusals import Refusal
from workers.gateway.http import caching, problems, request_log
from workers.gateway.http.request_record import Exchange
from workers.gateway.http.response import Reply, send_reply
from workers.runtime import logs


def error_response(refusal: Refusal) -> ASGIApp:
    """Make an application that answers one request with this refusal, as `response` does."""
    return response(problems.reply(refusal))


def response(reply: Reply) -> ASGIApp:
    """Make an application that answers one request with this reply, logged and counted as every other answer is."""
    unstored = reply.also((b"cache-control", caching.NO_STORE))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        begun = time.perf_counter()
        exchange = Exchange(request_log.request_id())
        logs.begin(request=exchange.request)
        try:
            await send_reply(send, exchange.ends(unstored), bare=scope["method"] == "HEAD")
        finally:
            request_log.record(exchange, scope["method"], time.perf_counter() - begun)

    return answer
