"""Key sets that publications serve at an address: fetched in the background, cached, and kept while a host is away.

A set is fetched again when it is older than `FRESH_S`, and when a token names a key that it lacks, but at most once per
`FLOOR_S`: a caller who makes up names of keys causes no load. A fetch is a task of its own, which no request owns. A
request waits for one only if its token cannot be verified otherwise, and it holds no place of others while it waits.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import anyio
import structlog
from anyio import Event
from anyio.abc import TaskGroup

from core.refusals import Unavailable
from workers.gateway.auth.public_keys import PublicKeys, UnusableKeySet, read_key_set
from workers.gateway.http.refusals import KeysNotFetched
from workers.http_client import HttpClient, RequestFailed
from workers.runtime import metrics

FRESH_S: Final = 600.0
"""Seconds for which a set is used without another fetch. A key that the publication took out is valid for as long."""
FLOOR_S: Final = 10.0
"""Fewest seconds between the beginnings of two fetches of one set."""
WITHIN_S: Final = 5.0
"""Most seconds of a fetch."""
MOST_WAITING: Final = 1000
"""Requests that wait for one fetch; others are told to retry."""
_OK: Final = 200

_log = structlog.get_logger(__name__)


class FetchedKeys:
    """The key set at one address, as it was last fetched."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.current: PublicKeys | None = None
        """The keys; None until the first fetch has succeeded."""
        self.digest = b""
        self.fresh_until = float("-inf")
        self.next_at = float("-inf")
        """Time before which no fetch begins."""
        self.flight: Event | None = None
        """Set when the running fetch has ended; None without one."""
        self.waiting = 0
        self.failing = False

    @property
    def keys(self) -> PublicKeys:
        """The keys. Raises KeysNotFetched."""
        if self.current is None:
            raise KeysNotFetched("the key set of this site could not be fetched yet")
        return self.current


class KeyFetcher:
    """Fetches key sets. Sites with one address share its set, which lasts as long as one of them has it.

    It fetches while it is `running`, in tasks that last no longer.
    """

    def __init__(self, client: HttpClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._tasks: TaskGroup | None = None
        self._sets = WeakValueDictionary[str, FetchedKeys]()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Fetch what is wanted for as long as the context lasts."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                try:
                    yield
                finally:
                    self._tasks = None
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._client.close()

    def at(self, url: str) -> FetchedKeys:
        """Return the set at an address, not fetched yet if it is new."""
        known = self._sets.get(url)
        if known is None:
            known = self._sets[url] = FetchedKeys(url)
        return known

    def freshen(self, found: FetchedKeys) -> None:
        """Begin to fetch a set again if it is due, without waiting for it."""
        if found.flight is None and found.fresh_until <= self._clock():
            self._begin(found)

    async def renewed(self, found: FetchedKeys, known: PublicKeys | None) -> bool:
        """Fetch a set again in which a key is missing. True if the set is no longer `known`.

        False at once if the last fetch began too recently. Raises Unavailable if too many requests wait already.
        """
        if found.current is not known:
            return True
        if found.flight is None and not self._begin(found):
            return False
        flight = found.flight
        assert flight is not None
        if found.waiting >= MOST_WAITING:
            raise Unavailable("too many requests are waiting for the key set of this site")
        found.waiting += 1
        try:
            # The fetch has its own bound, unless this process is ending.
            with anyio.move_on_after(WITHIN_S + 1):
                await flight.wait()
        finally:
            found.waiting -= 1
        return found.current is not known

    def _begin(self, found: FetchedKeys) -> bool:
        """Begin a fetch, if the last one did not begin too recently."""
        now = self._clock()
        if now < found.next_at or self._tasks is None:
            return False
        found.next_at = now + FLOOR_S
        found.flight = Event()
        self._tasks.start_soon(partial(self._fetch, found, found.flight))
        return True

    async def _fetch(self, found: FetchedKeys, flight: Event) -> None:
        try:
            outcome = await self._outcome(found)
        except Exception as defect:  # noqa: BLE001 - logged; whatever a host sends, it ends no process
            _log.error("key_set_fetch_failed", host=_host(found.url), exc_info=defect)
            outcome = "broken"
        finally:
            found.flight = None
            flight.set()
        metrics.KEY_SET_FETCHES.labels(outcome).inc()

    async def _outcome(self, found: FetchedKeys) -> str:
        try:
            reply = await self._client.send("GET", found.url, headers={"Accept": "application/json"}, within=WITHIN_S)
        except RequestFailed as error:
            return _failed(found, error.cause, str(error))
        if reply.status != _OK:
            return _failed(found, "status", f"the response has status {reply.status}")
        digest = blake2b(reply.body).digest()
        if found.current is None or found.digest != digest:
            try:
                keys = read_key_set(reply.body)
            except UnusableKeySet as error:
                return _failed(found, "malformed", str(error))
            found.current, found.digest = keys, digest
            _log.info("key_set_fetched", host=_host(found.url), usable=len(keys))
        elif found.failing:
            _log.info("key_set_fetched", host=_host(found.url), usable=len(found.keys))
        found.failing = False
        found.fresh_until = self._clock() + FRESH_S
        return "ok"


def _failed(found: FetchedKeys, cause: str, detail: str) -> str:
    """Log the first failure after a success: what follows is counted by the metric alone."""
    if not found.failing:
        found.failing = True
        _log.warning(
            "key_set_not_fetched", host=_host(found.url), cause=cause, detail=detail, kept=found.current is not None
        )
    return cause


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
