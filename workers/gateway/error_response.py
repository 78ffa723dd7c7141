"""The answer to a request that the server itself refuses: malformed, too large, too late, or one too many."""

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from core.refusals import Refusal
from workers import logs
from workers.gateway import caching, problems, request_log
from workers.gateway.exchange import Exchange
from workers.gateway.reply import send_reply


def error_response(refusal: Refusal) -> ASGIApp:
    """Make an application that answers one request with this refusal, logged and counted as every other answer is."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        begun = time.perf_counter()
        exchange = Exchange(request_log.request_id())
        logs.begin(request=exchange.request)
        reply = problems.reply(refusal).also((b"cache-control", caching.NO_STORE))
        try:
            await send_reply(send, exchange.ends(reply), bare=scope["method"] == "HEAD")
        finally:
            request_log.record(exchange, scope["method"], time.perf_counter() - begun)

    return answer
