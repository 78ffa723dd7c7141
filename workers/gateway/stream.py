"""The route of the feed: checks before a stream begins, and responses that are no stream.

A browser stops reconnecting for good on any status but 200 and 204. So a 4xx is sent only for permanent errors. For a
transient error a 200 is sent that sets the reconnection time, and ends.
"""

from typing import Final

from starlette.types import Receive, Scope, Send

from core.redis import errors
from core.refusals import NotFound, Refusal, Unavailable
from workers.gateway.feed.endpoint import Feed, start_of
from workers.gateway.feed.hub import ClientPlace
from workers.gateway.feed.resume import Start
from workers.gateway.http import caching, feed_retry, parameters, problems
from workers.gateway.http.defects import broken
from workers.gateway.http.feed_retry import ComeBack
from workers.gateway.http.headers import headers_of
from workers.gateway.http.parameters import Query
from workers.gateway.http.refusals import MethodNotAllowed
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import EVERYWHERE, NO_CONTENT, Response, preflight, send_response
from workers.gateway.operations.operation import Operation
from workers.runtime import logs, metrics

_METHODS: Final = ("GET", "HEAD")
_ALLOWED: Final = "GET, HEAD, OPTIONS"
_FOLLOWED: Final = 200


class Stream:
    """ASGI endpoint of `GET …/feed`."""

    def __init__(self, call: Operation, feed: Feed) -> None:
        self._call = call
        self._feed = feed
        self._query = parameters.ParameterReader(call.query)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request: respond with a stream, or with the reason why there is none."""
        record: RequestRecord = scope["hansard"]
        record.route = self._call.path
        if scope["method"] == "OPTIONS":
            await send_response(send, record.ends(preflight(_ALLOWED)))
            return

        found = await self._resolve(scope, record)
        without_body = scope["method"] == "HEAD"
        if isinstance(found, Response):
            await send_response(send, record.ends(found), without_body=without_body)
            return
        record.status = _FOLLOWED
        if found is None:
            # No Content-Length: that of the stream itself is not known either.
            await send(start_of(EVERYWHERE))
            await send({"type": "http.response.body", "body": b""})
            return
        record.streamed = True
        errors.no_request()
        await self._feed.follow(found, EVERYWHERE, receive, send)

    async def _resolve(self, scope: Scope, record: RequestRecord) -> Response | ClientPlace | None:
        """Return a complete response, the place of a client that follows, or None for a `HEAD` of a stream."""
        query: Query = {}
        try:
            query = parameters.parse(scope["query_string"])
            found = await self._answer(scope, query)
        except ComeBack as later:
            found = _come_back(later)
        except Unavailable:
            found = _come_back(ComeBack("unavailable"))
        except Refusal as refused:
            found = problems.reply(refused)
        except Exception as error:  # noqa: BLE001 - it is logged, and becomes a response
            found = broken(error, record)
            if found.status == problems.UNAVAILABLE:
                found = _come_back(ComeBack("unavailable"))
        if isinstance(found, Response):
            return caching.apply(found, self._call.caching, token=False, fresh="after" in query)
        return found

    async def _answer(self, scope: Scope, query: Query) -> Response | ClientPlace | None:
        if scope["method"] not in _METHODS:
            raise MethodNotAllowed(_ALLOWED)
        path: dict[str, str] = scope["path_params"]
        if not parameters.are_ids(path):
            raise NotFound
        site, thread = path["site"], path["thread"]
        logs.about(site=site, thread=thread)
        wanted = self._query.read(query)
        last_event_id = headers_of(scope).get(b"last-event-id", b"").decode("latin-1")
        start = Start(last_event_id, wanted.after)
        if await self._feed.ended(site, thread):
            return Response(NO_CONTENT)  # stops an EventSource for good
        if scope["method"] == "HEAD":
            return None
        return await self._feed.connect(site, thread, start)


def _come_back(later: ComeBack) -> Response:
    metrics.FEED_TURNED_AWAY.labels(later.cause).inc()
    return feed_retry.reply(later.cause)
