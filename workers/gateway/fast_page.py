"""Fast paths for the common requests for a thread's page, as JSON and as HTML. They skip what only others need.

Pages are requested a thousand times as often as anything else, and most threads of a publication are in no cache when
a reader comes. A fast path has the steps of every operation, in the same order: path, query, gate, views, caching. The
parser of path and query is that of every operation. A fast path responds only with a page that was found. Any other
outcome, failures included, is left to the application, which handles the request from the beginning. So the rules for
refusals exist only once.
"""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Generic, TypeVar

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from core import ids
from core.application.current_state import policy_of
from core.lru import Lru
from core.redis.errors import left, waiting
from core.refusals import NotFound
from projections.read import pages
from projections.read.queries import BadCursor
from workers.gateway.http import caching, parameters
from workers.gateway.http.caching import Caching
from workers.gateway.http.headers import if_none_match
from workers.gateway.http.refusals import BadRequest
from workers.gateway.http.response import Response, send_response
from workers.gateway.http.response_cache import STATES_WITHIN, counter, states_of_site
from workers.gateway.operations import section
from workers.gateway.operations.operation import THREAD
from workers.gateway.operations.reading import found
from workers.gateway.operations.services import Services
from workers.gateway.shapes import threads as shapes

_LONGEST: Final = 200
"""Longest query in bytes that the fast path takes. Caching a longer query costs more memory than parsing costs time."""
_QUERIES: Final = 1024
"""Parsed queries in the cache. Few different queries are in use at a time."""

_log = structlog.get_logger(__name__)
_pages: Final = parameters.reader_of(shapes.PageParameters)
_sections: Final = parameters.reader_of(section.SectionParameters)
_section_queries: Final = Lru[bytes, section.SectionParameters](_QUERIES)
_LANGUAGE: Final = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z]{2})?")
_Query = TypeVar("_Query", bound=shapes.PageParameters)


class _FastPath(ABC, Generic[_Query]):
    """Responds to simple requests in front of the endpoint of one operation."""

    def __init__(self, services: Services, route: str, query_of: Callable[[bytes], _Query | None]) -> None:
        self._services = services
        self._gate = services.admission.reads
        self._cache = services.response_cache
        self._route = route
        self._count = counter(route)
        self._query_of = query_of

    def before(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app`, the endpoint of the operation, which handles all other requests."""

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            begun = time.perf_counter()
            response = await self._respond(scope) if scope["method"] == "GET" else None
            if response is None:
                await app(scope, receive, send)
                return
            if self._cache is not None:
                self._cache.keep(scope, self._route, response)
            response = caching.unless_known(response, if_none_match(scope))
            await send_response(send, response)
            self._count(str(response.status), begun)

        return respond

    async def _respond(self, scope: Scope) -> Response | None:
        raw: bytes = scope["query_string"]
        query = self._query_of(raw) if len(raw) <= _LONGEST else None
        site, thread = scope["path_params"].values()
        # What `parameters.are_ids` checks, written out: its loop takes twice as long.
        if query is None or not (ids.is_site(site) and ids.is_thread(thread) and self._gate.enter_at_once()):
            return None
        response = None
        try:
            with waiting(min(STATES_WITHIN, left())):
                response = await self._read(site, thread, query, scope)
        except (BadCursor, NotFound):
            return None
        except Exception as error:  # noqa: BLE001 - the application meets the error again, and responds to it
            _log.warning("page_retried", site=site, thread=thread, cause=type(error).__name__)
            return None
        finally:
            self._gate.leave()
        return None if response is None else caching.apply(response, Caching.EVERYONE, token=False, fresh=False)

    @abstractmethod
    async def _read(self, site: str, thread: str, query: _Query, scope: Scope) -> Response | None:
        """Return the response without its caching headers; None if there is no such thread."""


class FastPage(_FastPath[shapes.PageParameters]):
    """The fast path of pages as JSON."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, THREAD, _page_query)

    async def _read(self, site: str, thread: str, query: shapes.PageParameters, scope: Scope) -> Response | None:
        del scope
        answer = await pages.page(self._services.served, site, thread, query, once=True)
        return None if answer is None else found(answer)


class FastSection(_FastPath[section.SectionParameters]):
    """The fast path of pages as HTML. The policy is read after the state of the site's events, as in `section`."""

    def __init__(self, services: Services) -> None:
        super().__init__(services, section.PATH, _section_query)

    async def _read(self, site: str, thread: str, query: section.SectionParameters, scope: Scope) -> Response | None:
        services = self._services
        states = await states_of_site(services.response_cache, services.served.keys, site)
        answer = await pages.page(services.served, site, thread, query, once=True)
        if answer is None:
            return None
        policy = await policy_of(services.log, site, thread, cache=services.aggregate_cache)
        context = section.section_context(services, site, thread, query, policy)
        kept = None if self._cache is None else self._cache.kept(scope)
        return section.section_of(found(answer), states, context, query, kept)


def _query_of(reader: parameters.ParameterReader, raw: bytes) -> shapes.PageParameters | None:
    """Parse a query string. None if it is malformed or has parameters that the fast paths do not take."""
    try:
        query: shapes.PageParameters = reader.read(parameters.parse(raw))
    except BadRequest:
        return None
    return query if query.at is None and query.after is None else None


@lru_cache(_QUERIES)
def _page_query(raw: bytes) -> shapes.PageParameters | None:
    return _query_of(_pages, raw)


def _section_query(raw: bytes) -> section.SectionParameters | None:
    found = _section_queries.get(raw)
    if found is None:
        query = _query_of(_sections, raw)
        if query is None:
            return None
        assert isinstance(query, section.SectionParameters)
        found = query
        # A language may be any text. Of readers' own words nothing is cached.
        if found.lang is None or _LANGUAGE.fullmatch(found.lang):
            _section_queries.put(raw, found, 1)
    return found
