"""The feed's place among the routes: what is checked before a stream begins, and what is told of it afterwards."""

from typing import Final

import structlog
from starlette.types import Message, Receive, Scope, Send

from core import ids
from core.redis import faults
from core.refusals import NotFound, Refusal, Unavailable
from workers.gateway import caching, problems, queries
from workers.gateway.call import Call
from workers.gateway.exchange import Exchange
from workers.gateway.feed.endpoint import Feed, Start
from workers.gateway.incoming import headers_of
from workers.gateway.queries import Query
from workers.gateway.refusals import MethodNotAllowed
from workers.gateway.reply import EVERYWHERE, NO_CONTENT, Reply, preflight, send_reply

_ALLOWED: Final = "GET, OPTIONS"

_log = structlog.get_logger(__name__)


class Stream:
    """The ASGI endpoint of `GET …/feed`."""

    def __init__(self, call: Call, feed: Feed) -> None:
        self._call = call
        self._feed = feed
        self._query = queries.Reader(call.query)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: a stream, or at once why not."""
        exchange: Exchange = scope["hansard"]
        exchange.route = self._call.path
        if scope["method"] == "OPTIONS":
            await send_reply(send, exchange.ends(preflight(_ALLOWED)))
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.streamed = True
            await send(message)

        query: Query = {}
        try:
            query = queries.parse(scope["query_string"])
            reply = await self._answer(scope, query, receive, sending)
        except Refusal as refused:
            reply = problems.reply(refused)
        except Exception as error:
            if exchange.streamed:
                raise  # the answer has begun: all that is left is to break it off
            reply = broken(error, exchange)
        if reply is not None:
            kept = caching.apply(reply, self._call.caching, token=False, fresh="after" in query)
            await send_reply(send, exchange.ends(kept), bare=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, query: Query, receive: Receive, send: Send) -> Reply | None:
        """What is answered at once; None after a stream."""
        if scope["method"] != "GET":
            raise MethodNotAllowed(_ALLOWED)
        site, thread = scope["path_params"]["site"], scope["path_params"]["thread"]
        if not (ids.is_site(site) and ids.is_thread(thread)):
            raise NotFound
        structlog.contextvars.bind_contextvars(site=site, thread=thread)
        wanted = self._query.read(query)
        last_event_id = headers_of(scope).get(b"last-event-id", b"").decode("latin-1")
        start = Start(last_event_id, wanted.after)
        if await self._feed.ended(site, thread):
            return Reply(NO_CONTENT)  # ends an EventSource for good
        await self._feed.stream(site, thread, start, EVERYWHERE, receive, send)
        return None


def broken(error: Exception, exchange: Exchange) -> Reply:
    """The answer to a request that met a defect, or a server that is away."""
    if faults.is_passing(error):
        _log.warning("request_refused", cause=type(error).__name__)
        return problems.reply(Unavailable())
    _log.error("request_failed", exc_info=error)
    return problems.internal(exchange.request)
