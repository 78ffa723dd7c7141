"""Fast path for the common request for a thread's page. Skips everything that only other operations need.

Pages are requested a thousand times as often as anything else, and most threads of a publication are in no cache when
a reader comes. The fast path has the steps of every operation, in the same order: path, query, gate, views, caching.
The parser of path and query is that of every operation. The fast path responds only with a page that was found. Any
other outcome, failures included, is left to the application, which handles the request from the beginning. So the rules
for refusals exist only once.
"""

import time
from functools import lru_cache
from typing import Final

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from core import ids
from core.redis.errors import left, waiting
from projections.read import pages
from projections.read.queries import BadCursor, PageQuery
from workers.gateway.http import caching, parameters
from workers.gateway.http.caching import Caching
from workers.gateway.http.headers import if_none_match
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, send_response
from workers.gateway.http.response_cache import STATES_WITHIN, counter
from workers.gateway.operations.operation import THREAD
from workers.gateway.operations.reading import found
from workers.gateway.operations.services import Services
from workers.gateway.shapes import threads as shapes

_LONGEST: Final = 200
"""Longest query in bytes that the fast path takes. Caching a longer query costs more memory than parsing costs time."""
_QUERIES: Final = 1024
"""Parsed queries in the cache. Few different queries are in use at a time."""

_log = structlog.get_logger(__name__)
_reader: Final = parameters.ParameterReader(shapes.PageParameters)


class FastPage:
    """Responds to simple page requests in front of the endpoint of pages."""

    def __init__(self, services: Services) -> None:
        self._served = services.served
        self._gate = services.admission.reads
        self._cache = services.response_cache
        self._count = counter(THREAD)

    def before(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app`, the endpoint of `THREAD`, which handles all other requests."""

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            begun = time.perf_counter()
            response = await self._page(scope) if scope["method"] == "GET" else None
            if response is None:
                await app(scope, receive, send)
                return
            if self._cache is not None:
                self._cache.keep(scope, THREAD, response)
            response = caching.unless_known(response, if_none_match(scope))
            await send_response(send, response)
            self._count(str(response.status), begun)

        return respond

    async def _page(self, scope: Scope) -> Response | None:
        raw: bytes = scope["query_string"]
        query = _query_of(raw) if len(raw) <= _LONGEST else None
        site, thread = scope["path_params"].values()
        # What `parameters.are_ids` checks, written out: its loop takes twice as long.
        if query is None or not (ids.is_site(site) and ids.is_thread(thread) and self._gate.enter_at_once()):
            return None
        answer = None
        try:
            with waiting(min(STATES_WITHIN, left())):
                answer = await pages.page(self._served, site, thread, query, once=True)
        except BadCursor:
            return None
        except Exception as error:  # noqa: BLE001 - the application meets the error again, and responds to it
            _log.warning("page_retried", site=site, thread=thread, cause=type(error).__name__)
            return None
        finally:
            self._gate.leave()
        return None if answer is None else caching.apply(found(answer), Caching.EVERYONE, token=False, fresh=False)


@lru_cache(_QUERIES)
def _query_of(raw: bytes) -> PageQuery | None:
    """Parse a query string. None if it is malformed or has parameters that the fast path does not take."""
    try:
        query = _reader.read(parameters.parse(raw))
    except BadRequest:
        return None
    return query if query.at is None and query.after is None else None
