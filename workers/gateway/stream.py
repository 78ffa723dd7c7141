"""The feed's place among the routes: what is checked before a stream begins, and what is told of it afterwards."""

from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from core import ids
from core.redis import faults
from core.refusals import NotFound, Refusal, Unavailable
from workers import logs
from workers.gateway import caching, problems, queries
from workers.gateway.call import Call
from workers.gateway.exchange import Exchange
from workers.gateway.feed.channel import Seat
from workers.gateway.feed.endpoint import Feed, Start
from workers.gateway.incoming import headers_of
from workers.gateway.queries import Query
from workers.gateway.refusals import MethodNotAllowed
from workers.gateway.reply import EVERYWHERE, NO_CONTENT, Reply, preflight, send_reply

_ALLOWED: Final = "GET, OPTIONS"
_FOLLOWED: Final = 200

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

        query: Query = {}
        try:
            query = queries.parse(scope["query_string"])
            found = await self._answer(scope, query)
        except Refusal as refused:
            found = problems.reply(refused)
        except Exception as error:  # noqa: BLE001 - it is logged, and answered
            found = broken(error, exchange)
        if isinstance(found, Reply):
            kept = caching.apply(found, self._call.caching, token=False, fresh="after" in query)
            await send_reply(send, exchange.ends(kept), bare=scope["method"] == "HEAD")
            return
        exchange.status, exchange.streamed = _FOLLOWED, True
        await self._feed.follow(*_place(scope), found, EVERYWHERE, receive, send)

    async def _answer(self, scope: Scope, query: Query) -> Reply | Seat:
        """What is answered at once, or the place of a client that follows."""
        if scope["method"] != "GET":
            raise MethodNotAllowed(_ALLOWED)
        site, thread = _place(scope)
        if not (ids.is_site(site) and ids.is_thread(thread)):
            raise NotFound
        logs.about(site=site, thread=thread)
        wanted = self._query.read(query)
        last_event_id = headers_of(scope).get(b"last-event-id", b"").decode("latin-1")
        start = Start(last_event_id, wanted.after)
        if await self._feed.ended(site, thread):
            return Reply(NO_CONTENT)  # ends an EventSource for good
        return await self._feed.seat(site, thread, start)


def _place(scope: Scope) -> tuple[str, str]:
    parameters = scope["path_params"]
    return parameters["site"], parameters["thread"]


def broken(error: Exception, exchange: Exchange) -> Reply:
    """The answer to a request that met a defect, or a server that is away."""
    if faults.is_passing(error):
        _log.warning("request_refused", cause=type(error).__name__)
        return problems.reply(Unavailable())
    _log.error("request_failed", exc_info=error)
    return problems.internal(exchange.request)
