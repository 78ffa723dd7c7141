"""The routes of the feeds: checks before a stream begins, and responses that are no stream.

A browser stops reconnecting for good on any status but 200 and 204. So a 4xx is sent only for permanent errors. For a
transient error a 200 is sent that sets the reconnection time, and ends.
"""

from typing import Any, Final, NamedTuple

from starlette.types import Receive, Scope, Send

from core.redis import errors
from core.refusals import NotAllowed, NotFound, Refusal, Unavailable
from workers.gateway.auth import tokens
from workers.gateway.auth.authentication import verified_by
from workers.gateway.feed.endpoint import Feed, start_of
from workers.gateway.feed.hub import ClientPlace
from workers.gateway.feed.resume import Start
from workers.gateway.feed.staff_feed import StaffClient, StaffFeed
from workers.gateway.http import caching, feed_retry, parameters, problems
from workers.gateway.http.defects import broken
from workers.gateway.http.feed_retry import NotServedNow
from workers.gateway.http.headers import headers_of
from workers.gateway.http.parameters import Query
from workers.gateway.http.refusals import MethodNotAllowed
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import EVERYWHERE, NO_CONTENT, Response, preflight, send_response
from workers.gateway.operations.operation import Operation
from workers.gateway.operations.services import Services
from workers.runtime import logs, metrics

_METHODS: Final = ("GET", "HEAD")
_ALLOWED: Final = "GET, HEAD, OPTIONS"
_FOLLOWED: Final = 200


class EventStream:
    """ASGI endpoint of an event stream: a `GET` that is answered with a stream, or with the reason why not."""

    def __init__(self, call: Operation) -> None:
        self._call = call
        self.query = parameters.reader_of(call.query)

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
        await self.follow(found, receive, send)

    async def answer(self, scope: Scope, path: dict[str, str], query: Query) -> Any:
        """Return a complete response, what `follow` takes, or None for a `HEAD` of a stream. Raises a Refusal."""
        raise NotImplementedError

    async def follow(self, found: Any, receive: Receive, send: Send) -> None:
        """Respond with the stream."""
        raise NotImplementedError

    async def _resolve(self, scope: Scope, record: RequestRecord) -> Any:
        query: Query = {}
        try:
            query = parameters.parse(scope["query_string"])
            found = await self._checked(scope, query)
        except NotServedNow as later:
            found = _not_served_now(later)
        except Unavailable:
            found = _not_served_now(NotServedNow("unavailable"))
        except Refusal as refused:
            found = problems.reply(refused)
        except Exception as error:  # noqa: BLE001 - it is logged, and becomes a response
            found = broken(error, record)
            if found.status == problems.UNAVAILABLE:
                found = _not_served_now(NotServedNow("unavailable"))
        if isinstance(found, Response):
            return caching.apply(found, self._call.caching, token=False, fresh="after" in query)
        return found

    async def _checked(self, scope: Scope, query: Query) -> Any:
        if scope["method"] not in _METHODS:
            raise MethodNotAllowed(_ALLOWED)
        path: dict[str, str] = scope["path_params"]
        if not parameters.are_ids(path):
            raise NotFound
        logs.about(**path)
        return await self.answer(scope, path, query)


class Stream(EventStream):
    """ASGI endpoint of the feed of a thread."""

    def __init__(self, call: Operation, feed: Feed) -> None:
        super().__init__(call)
        self._feed = feed

    async def answer(self, scope: Scope, path: dict[str, str], query: Query) -> Response | ClientPlace | None:
        """Return the place of a client, or 204 for an archived thread: it stops an EventSource for good."""
        site, thread = path["site"], path["thread"]
        wanted = self.query.read(query)
        last_event_id = headers_of(scope).get(b"last-event-id", b"").decode("latin-1")
        start = Start(last_event_id, wanted.after)
        if await self._feed.ended(site, thread):
            return Response(NO_CONTENT)
        if scope["method"] == "HEAD":
            return None
        return await self._feed.connect(site, thread, start)

    async def follow(self, found: ClientPlace, receive: Receive, send: Send) -> None:
        """Respond with the frames of the thread."""
        await self._feed.follow(found, EVERYWHERE, receive, send)


class _Listener(NamedTuple):
    """A listener of the staff feed, and the seconds until its token ends."""

    client: StaffClient
    seconds: float


class StaffStream(EventStream):
    """ASGI endpoint of the staff feed. The stream ends with the caller's token."""

    def __init__(self, call: Operation, feed: StaffFeed, services: Services) -> None:
        super().__init__(call)
        self._feed = feed
        self._services = services

    async def answer(self, scope: Scope, path: dict[str, str], query: Query) -> _Listener | None:
        """Return a listener. Raises NotFound, Unauthenticated, InvalidToken, NotAllowed, NotServedNow, Unavailable."""
        services, site = self._services, path["site"]
        self.query.read(query)
        self._feed.hub.check_room()
        services.require_fit()
        keys = await services.keyring.read(site)
        if keys is None:
            raise NotFound("there is no such site")
        token = tokens.bearer(headers_of(scope).get(b"authorization"))
        if token is None:
            raise tokens.required()
        found = await verified_by(keys, services.keyring, token, site, services.clock())
        role = self._call.required_role
        if role is not None and role not in found.caller.roles:
            raise NotAllowed(f"this requires the role {role}")
        if scope["method"] == "HEAD":
            return None
        return _Listener(await self._feed.connect(site), found.ends - services.clock())

    async def follow(self, found: _Listener, receive: Receive, send: Send) -> None:
        """Respond with the changes of the queue."""
        await self._feed.follow(found.client, found.seconds, EVERYWHERE, receive, send)


def _not_served_now(later: NotServedNow) -> Response:
    metrics.FEED_TURNED_AWAY.labels(later.cause).inc()
    return feed_retry.reply(later.cause)
