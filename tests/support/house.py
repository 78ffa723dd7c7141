"""A whole Hansard in one process: a real server, the log, views that follow by themselves, and the gateway.

`House` speaks to it over HTTP as anybody would. Members are named by `Who`: each request signs a token for them.
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, NamedTuple

import anyio
import httpx2
import structlog
from joserfc import jwt
from joserfc.jwk import OctKey
from structlog.testing import capture_logs

from core.application.aggregate_cache import AggregateCache
from core.application.current_state import site_of
from core.contacts import Contacts
from core.domain.site import Site
from core.durability import Durability
from core.events.envelope import decode
from core.log.notes import MemberNotes
from core.log.redis import RedisLog
from core.position import Position
from core.redis.deployment import Deployment, open_deployment
from core.screener import Screeners
from core.sightings import Sightings
from projections.read import progress
from projections.read.current_row import CurrentRows
from projections.read.queries import ViewState
from projections.read.served_generation import Served
from projections.views.projection import Projection
from projections.views.store import Done, Store
from projections.views.stored_thread import load_thread
from tests.support.bounds import BOUND
from tests.support.key_host import LOOPBACK, tls_client
from workers.coordination.leases import Leases
from workers.gateway.app import build
from workers.gateway.auth.fetched_keys import KeyFetcher
from workers.gateway.auth.keyring import Keyring
from workers.gateway.auth.tokens import Operators
from workers.gateway.batches import OpenBatches
from workers.gateway.deciders import Deciders
from workers.gateway.hands import HandStore
from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.lag_watch import LagWatch
from workers.gateway.http.networks import Networks
from workers.gateway.http.response_cache import ResponseCache
from workers.gateway.note_keeper import NoteKeeper
from workers.gateway.notice_references import NoticeReferences
from workers.gateway.operations.count_cache import CountCache
from workers.gateway.operations.past_cache import PastPages
from workers.gateway.operations.record_cache import RecordIndexes
from workers.gateway.operations.services import Services
from workers.gateway.operations.standings_cache import StandingsCache
from workers.gateway.operations.thread_checks import ThreadChecks
from workers.gateway.pseudonyms import Pseudonyms
from workers.gateway.rates import Rates
from workers.http_client import HttpClient
from workers.runtime import logs

ADMIN_SECRET: Final = "the operator's secret, 32 bytes and more"
CONTACTS_KEY: Final = "the key that seals contacts, of 32 bytes"
SECRET: Final = "the secret of the site kew, 32 bytes long"
SITE: Final = "kew"
THREAD: Final = "palm-house"
PARTITIONS: Final = 3
MAX_REQUEST: Final = 20_000
AT_EASE: Final = {"grace": 0, "edit_window": None, "rates": "off"}
"""A policy for tests, which act faster than people and have clocks of their own."""


class Who(NamedTuple):
    """Whom a token names."""

    id: str
    roles: tuple[str, ...] = ()
    more: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        return self.id.title()


ADA: Final = Who("ada")
BEN: Final = Who("ben")
EVE: Final = Who("eve")
GUEST: Final = Who("gil", more={"kind": "guest"})
SUBSCRIBER: Final = Who("sue", more={"entitlements": ["subscriber"], "badges": ["subscriber"]})
MOD: Final = Who("mod", ("moderator",))
AUDITOR: Final = Who("aud", ("auditor",))
ADMIN: Final = Who("adi", ("admin",))


def signed(claims: Mapping[str, Any], secret: str = SECRET, alg: str = "HS256") -> str:
    """A token that says this."""
    return jwt.encode({"alg": alg}, dict(claims), OctKey.import_key(secret.encode()), algorithms=[alg])


def claims_of(who: Who, site: str = SITE) -> dict[str, Any]:
    """What a good token of somebody's says."""
    claims = {"sub": who.id, "name": who.name, "aud": site, "exp": int(time.time()) + 3600, **who.more}
    return claims | ({"roles": list(who.roles)} if who.roles else {})


def token(who: Who, site: str = SITE) -> str:
    """A good token."""
    return signed(claims_of(who, site))


def operator_token() -> str:
    """A good token of the operator's."""
    return signed({"aud": "hansard", "exp": int(time.time()) + 3600, "roles": ["operator"]}, ADMIN_SECRET)


class House:
    """The gateway as its callers see it. Paths are below `/v1/sites/kew` unless they begin with `/`."""

    def __init__(self, deployment: Deployment, patience: float) -> None:
        self.deployment = deployment
        self.log = log = RedisLog(deployment, patience=patience)
        self.served = Served(deployment, patience=patience)
        self._follows = anyio.Event()
        self.release()
        self.later = 0.0
        """Seconds by which the clock of the key sets is ahead."""
        self.fetcher = KeyFetcher(HttpClient(LOOPBACK, tls=tls_client()), clock=lambda: time.monotonic() + self.later)
        self.aggregate_cache = AggregateCache()
        self.now: float | None = None
        """What the gateway's clock says; None for the time it is."""
        past = PastPages(self.served, log)
        response_cache = ResponseCache(self.states, fresh=0)  # so that every test is one of what is kept, too
        self.services = Services(
            log=log,
            served=self.served,
            current_rows=CurrentRows(self.served),
            past=past,
            records=RecordIndexes(log, past.work),
            standings=StandingsCache(log, past.work),
            checks=ThreadChecks(deployment, self.served, log, self.clock),
            sightings=Sightings(deployment.calls, deployment.keys, patience=patience),
            contacts=Contacts(deployment.calls, deployment.keys, CONTACTS_KEY, patience=patience),
            screeners=Screeners(deployment.calls, deployment.keys, CONTACTS_KEY, patience=patience),
            references=NoticeReferences(ADMIN_SECRET, deployment.keys.partitions),
            pseudonyms=Pseudonyms(ADMIN_SECRET, self.clock),
            hands=HandStore(deployment.calls, deployment.keys, deployment.pubsub, patience=patience),
            deciders=Deciders(deployment.calls, deployment.keys, patience=patience),
            batches=OpenBatches(deployment.calls, deployment.keys, patience=patience),
            notes=NoteKeeper(MemberNotes(deployment.calls, deployment.keys)),
            counts=CountCache(self.served, response_cache.states),
            response_cache=response_cache,
            keyring=Keyring(
                deployment.calls, deployment.keys, sites=self._site, fetcher=self.fetcher, patience=patience
            ),
            rates=Rates(deployment.calls, deployment.keys),
            networks=Networks(ClientAddress(0), ADMIN_SECRET),
            operators=Operators(ADMIN_SECRET),
            durability=deployment.durability,
            max_request=MAX_REQUEST,
            lag=LagWatch(self.served, log, clock=self.clock),
            unfit=lambda: None if deployment.record.unfit is None else deployment.record.unfit.detail,
            clock=self.clock,
            aggregate_cache=self.aggregate_cache,
        )
        self.serve(self.services)

    async def _site(self, site: str) -> Site:
        return await site_of(self.log, site, cache=self.aggregate_cache)

    async def states(self, partitions: Sequence[int]) -> list[ViewState]:
        """The states of the views of these partitions, as the gateway reads them."""
        return await progress.states(self.served, partitions)

    def clock(self) -> float:
        """Seconds since 1970, as the gateway has them."""
        return time.time() if self.now is None else self.now

    def serve(self, services: Services) -> None:
        """Answer with these services from now on."""
        self.app = build(services)
        transport = httpx2.ASGITransport(self.app)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://hansard.example")

    def hold(self) -> None:
        """Let the views stay where they are."""
        self._follows = anyio.Event()

    def release(self) -> None:
        """Let the views follow the log."""
        self._follows.set()

    async def ask(
        self,
        method: str,
        path: str,
        who: Who | None = None,
        body: Any = None,
        *,
        operator: bool = False,
        **headers: str,
    ) -> httpx2.Response:
        """One request; underscores in the names of headers are hyphens."""
        url = path if path.startswith("/") else f"/v1/sites/{SITE}/{path}".rstrip("/")
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            given["Authorization"] = f"Bearer {token(who)}"
        if operator:
            given["Authorization"] = f"Bearer {operator_token()}"
        if body is None:
            return await self.client.request(method, url, headers=given)
        return await self.client.request(method, url, headers=given, json=body)

    async def get(self, path: str, who: Who | None = None, **headers: str) -> httpx2.Response:
        """Read."""
        return await self.ask("GET", path, who, operator=False, **headers)

    async def open_site(self, *, site: str = SITE, secret: str = SECRET, **policy: Any) -> None:
        """Open a site with one secret, at ease unless the policy says otherwise."""
        body = {"name": "Kew", "policy": {**AT_EASE, **policy}, "keys": {"hs256": [secret]}}
        answer = await self.ask("PUT", f"/v1/sites/{site}", body=body, operator=True)
        assert answer.status_code == 201, answer.text

    async def open_thread(self, thread: str = THREAD) -> None:
        """Open a thread. The views have it."""
        body = {"url": f"https://kew.example/{thread}", "title": f"About the {thread}"}
        answer = await self.ask("PUT", f"threads/{thread}", MOD, body)
        assert answer.status_code == 201, answer.text
        await self.settled(answer.json()["position"], thread)

    async def post(self, who: Who, body: str = "First words.", *, thread: str = THREAD, **more: Any) -> str:
        """Post a comment that is taken; its id. The views have it."""
        answer = await self.ask("POST", f"threads/{thread}/comments", who, {"body": body, **more})
        assert answer.status_code == 201, answer.text
        await self.settled(answer.json()["position"], thread)
        return str(answer.json()["comment"]["id"])

    async def decide(self, comment: str, verdict: str, revision: int = 1, **more: Any) -> httpx2.Response:
        """A moderator's verdict that is taken."""
        body = {"verdict": verdict, "revision": revision, **more}
        answer = await self.ask("POST", f"{at(comment)}/decisions", MOD, body)
        assert answer.status_code == 200, answer.text
        return answer

    async def settled(self, position: str, thread: str = THREAD) -> None:
        """Wait until the views have this position of a thread."""
        assert await progress.reached(self.served, SITE, thread, Position.parse(position), within=BOUND)

    async def passed(self, position: Position, thread: str = THREAD) -> None:
        """Wait until the views have folded the event at this position of a thread, whether readers notice it or not."""
        assert await progress.passed(self.served, SITE, thread, position, within=BOUND)

    async def rows(self, who: Who | None = None, thread: str = THREAD, query: str = "") -> list[dict[str, Any]]:
        """The top-level rows of the page."""
        answer = await self.get(f"threads/{thread}{query}", who)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["comments"]
        return found

    async def length(self) -> int:
        """How many events there are in all."""
        return sum([(await self.log.last(number)).n for number in range(PARTITIONS)])

    async def project(self, partition: int) -> None:
        """Keep the views of one partition up with its log, as a projector does."""
        deployment = self.deployment
        keys = deployment.keys[partition]
        store = Store(deployment.calls, deployment.reads, deployment.keys)
        nonce = await Leases(deployment.calls, deployment.keys, "test").take(partition)
        assert nonce is not None
        projection = Projection(keys, store.generation, await store.cursor(partition))
        async for entries in self.log.follow(partition, projection.cursor):
            await self._follows.wait()
            for entry in entries:
                recorded = decode(*entry)
                if projection.misses(recorded):
                    site, thread = recorded.envelope.site, recorded.envelope.thread
                    projection.hold(await load_thread(deployment.reads, keys, store.generation, site, thread))
                projection.apply(recorded)
            commit = projection.take()
            assert commit is not None
            assert await store.commit(partition, nonce, commit) == Done()


@contextmanager
def told() -> Iterator[list[MutableMapping[str, Any]]]:
    """The lines that are logged in the block, with what is bound to each request."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))
    with capture_logs(processors=[logs.where]) as lines:
        yield lines
    structlog.configure(**before)


def at(comment: str, thread: str = THREAD) -> str:
    """The path of a comment."""
    return f"threads/{thread}/comments/{comment}"


@asynccontextmanager
async def built(
    url: str, *, patience: float = 5.0, follows: bool = True, durability: Durability = "memory"
) -> AsyncIterator[House]:
    """A house on an empty server, whose every call of it is tried for so many seconds.

    Unless its views follow by themselves, somebody else has to keep them up with the log.
    """
    opening = open_deployment(url, partitions=PARTITIONS, durability=durability)
    async with opening as deployment, anyio.create_task_group() as tasks:
        house = House(deployment, patience)
        await tasks.start(deployment.pubsub.run)
        if follows:
            for number in range(PARTITIONS):
                tasks.start_soon(house.project, number)
        async with house.client, house.services.keyring.running(), house.services.notes.running():
            yield house
        tasks.cancel_scope.cancel()


def problem(answer: httpx2.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem that an answer is, checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"/problems/{slug}", told
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told
