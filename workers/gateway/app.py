"""The application: routes from the operation table; an id, a log line and metrics per request."""

import time
from collections.abc import Awaitable, Mapping

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from core.redis.errors import one_request
from core.refusals import NotFound
from workers.gateway.docs import documents
from workers.gateway.fast_page import FastPage, FastSection
from workers.gateway.feed.endpoint import Feed
from workers.gateway.feed.staff_feed import StaffFeed
from workers.gateway.http import caching, compression, problems, request_log
from workers.gateway.http.headers import header_of
from workers.gateway.http.negotiation import prefers_html
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import preflight, send_response
from workers.gateway.operations import notices, section
from workers.gateway.operations.operation import ROOT, THREAD
from workers.gateway.operations.queue import STAFF_FEED
from workers.gateway.operations.services import Services
from workers.gateway.operations.table import by_path, offered
from workers.gateway.resource import Resource
from workers.gateway.stream import StaffStream, Stream
from workers.gateway.web import front
from workers.gateway.web.assets import release
from workers.gateway.web.browser_endpoints import browser_endpoints
from workers.gateway.web.desk import Sample
from workers.gateway.web.discussions import Discussions
from workers.gateway.web.hosted import Shell
from workers.runtime import logs


def build(
    services: Services, *, feed: Feed | None = None, staff: StaffFeed | None = None, sample: Sample | None = None
) -> ASGIApp:
    """Build the ASGI application, with the response cache and the fast paths of pages in front.

    `feed` serves feeds of threads, `staff` those of moderators.

    With `sample`, the front page shows that discussion, and the token desk signs for people of its site.
    """
    found = endpoints(services, feed=feed, staff=staff, sample=sample)
    found[THREAD] = FastPage(services).before(found[THREAD])
    found[section.PATH] = FastSection(services).before(found[section.PATH])
    app = compression.before(Gateway(found))
    return services.lag.before(app if services.response_cache is None else services.response_cache.before(app))


def endpoints(
    services: Services, *, feed: Feed | None = None, staff: StaffFeed | None = None, sample: Sample | None = None
) -> dict[str, ASGIApp]:
    """Build the endpoints of all operations, documents and pages, by path template."""
    found: dict[str, ASGIApp] = {}
    apart = services.operations_apart
    for path, calls in by_path(offered(apart=apart)).items():
        if calls[0].handler is None:
            if path == STAFF_FEED:
                if staff is not None:
                    found[path] = recorded(StaffStream(calls[0], staff, services))
            elif feed is not None:
                found[path] = recorded(Stream(calls[0], feed))
            continue
        found[path] = recorded(Resource(services, path, calls))
        if path == ROOT:
            found[f"{path}/"] = found[path]
    hosted = browser_endpoints(discussions_of(services), services.keyring, notices.desk_of(services), sample)
    documented: dict[str, ASGIApp] = {**documents.all_documents(apart=apart), **hosted}
    of_pages = {path: recorded(page) for path, page in documented.items()}
    of_pages[front.ROUTE] = front.for_people(of_pages[front.ROUTE], found[front.ROUTE])
    return found | of_pages


def discussions_of(services: Services) -> Discussions:
    """Return what hosted pages read discussions with."""
    return Discussions(
        served=services.served,
        log=services.log,
        aggregates=services.aggregate_cache,
        cache=services.response_cache,
        gate=services.admission.reads,
        clock=services.clock,
    )


class Gateway:
    """Outermost layer: parses the path, and calls the endpoint."""

    def __init__(self, endpoints: Mapping[str, ASGIApp]) -> None:
        """`endpoints` are by path template. The first match handles the request."""
        self._routes = [(compile_path(path)[0].fullmatch, endpoint) for path, endpoint in endpoints.items()]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        if scope["type"] != "http":
            return _unanswered()
        # A full router also handles methods, mounts and slashes: unused here, and as costly as all of the checks.
        path: str = scope["path"]
        for matches, endpoint in self._routes:
            found = matches(path)
            if found is not None:
                scope["path_params"] = found.groupdict()
                return endpoint(scope, receive, send)
        return _nowhere(scope, receive, send)


def recorded(endpoint: ASGIApp) -> ASGIApp:
    """Wrap an endpoint to give every request an id, a log line and metrics."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        record = scope["hansard"] = RequestRecord(request_log.request_id())
        logs.begin(request=record.request)
        try:
            with one_request():
                await endpoint(scope, receive, send)
        finally:
            request_log.record(record, scope["method"], time.perf_counter() - begun)

    return answered


async def _unanswered() -> None:
    """Handle no request: a lifespan needs no response here, and a websocket gets none."""


@recorded
async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Handle a request that matches no route."""
    del receive
    record: RequestRecord = scope["hansard"]
    if scope["method"] == "OPTIONS":
        # Without a preflight response a browser never sees why the request itself is refused.
        reply = preflight()
    else:
        reply = problems.reply(NotFound("there is nothing at this address"))
        if scope["method"] in ("GET", "HEAD") and prefers_html(header_of(scope, b"accept")):
            reply = Shell(release()).refused(reply)
        else:
            reply = reply.also((b"cache-control", caching.NO_STORE))
        reply = reply.also((b"vary", b"Accept"))
    await send_response(send, record.ends(reply), without_body=scope["method"] == "HEAD")
