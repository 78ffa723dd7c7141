"""The roles of a process: gateway, projector, or both. A role is a set of parts over one open deployment."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

import structlog

from core.application.aggregate_cache import AggregateCache
from core.application.current_state import site_of
from core.contacts import Contacts
from core.log.notes import MemberNotes
from core.log.redis import RedisLog
from core.redis.deployment import Deployment, open_deployment
from core.screener import Screeners
from core.sightings import Sightings
from core.singleflight import SingleFlight
from projections.read import progress
from projections.read.current_row import CurrentRows
from projections.read.feed import FeedLog
from projections.read.revisions import DIFFERENCES
from projections.read.served_generation import Served
from workers.coordination.presence import Presence
from workers.drift.sampler import Sampler
from workers.gateway.app import build
from workers.gateway.auth.fetched_keys import KeyFetcher
from workers.gateway.auth.keyring import Keyring
from workers.gateway.auth.tokens import Operators
from workers.gateway.batches import OpenBatches
from workers.gateway.deciders import Deciders
from workers.gateway.feed.endpoint import Feed
from workers.gateway.feed.feed_limits import FeedLimits
from workers.gateway.feed.hub import Hub
from workers.gateway.feed.staff_feed import StaffFeed
from workers.gateway.hands import HandStore
from workers.gateway.health_app import health_alone, operations
from workers.gateway.http.admission import Admission
from workers.gateway.http.body_budget import BodyBudget
from workers.gateway.http.client_address import ClientAddress
from workers.gateway.http.http_server import Application, CannotListen, HttpServer
from workers.gateway.http.lag_watch import LagWatch
from workers.gateway.http.networks import Networks
from workers.gateway.http.public_address import PublicAddress
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
from workers.gateway.web.desk import Sample
from workers.http_client import HttpClient
from workers.projector.projector import Projector
from workers.runtime import metrics
from workers.runtime.address_guard import parse_private_hosts
from workers.runtime.process import Failed, Parts, Process, worker_name
from workers.runtime.settings import Settings
from workers.screener.screening_worker import ScreeningWorker

_log = structlog.get_logger(__name__)

SUMMARY_KEPT: Final = 1.0
"""Seconds for which a summary of a site's moderation is shared."""

OnStarted = Callable[[str], object]
Role = Callable[[Process, Settings, OnStarted], Awaitable[None]]
"""Runs until a signal. `OnStarted` is called once, with the URL it listens on."""


@asynccontextmanager
async def opened(url: str, settings: Settings) -> AsyncIterator[Deployment]:
    """The deployment at `url`, created if there is none. Raises `core.redis.errors.CannotOpen`."""
    async with open_deployment(
        url,
        partitions=settings.partitions,
        durability=settings.durability,
        replicas=settings.replicas,
        record_interval=settings.record_interval,
    ) as deployment:
        yield deployment


async def join(parts: Parts, deployment: Deployment, *, role: str, name: str) -> None:
    """Join the deployment as a live process, receive its wake-ups, and watch its record for changes. Raises Failed."""
    presence = Presence(deployment, name=name, role=role)
    await presence.begin()
    await parts.watch(presence.run)
    await parts.watch(deployment.record.run)
    await parts.start(deployment.pubsub.run)


def services(
    deployment: Deployment,
    settings: Settings,
    admin_secret: str,
    *,
    projector: Projector | None = None,
    serves_pages: bool = True,
    running: Callable[[], bool] = lambda: True,
) -> Services:
    """Dependencies of the gateway. A process without pages is not ready if its projector has stopped partitions."""
    log = RedisLog(deployment)
    served = Served(deployment)
    response_cache = ResponseCache(partial(progress.states, served))
    aggregate_cache = AggregateCache(settings.fold_bytes)
    private_hosts = parse_private_hosts(settings.private_hooks)
    keyring = Keyring(
        deployment.calls,
        deployment.keys,
        sites=partial(site_of, log, cache=aggregate_cache),
        fetcher=KeyFetcher(HttpClient(private_hosts)),
        most_bytes=settings.token_bytes,
    )
    metrics.DIFF_BYTES.set_function(lambda: DIFFERENCES.bytes)
    metrics.FOLD_BYTES.set_function(lambda: aggregate_cache.bytes)
    metrics.TOKEN_BYTES.set_function(lambda: keyring.tokens.bytes)
    past = PastPages(
        served,
        log,
        most_bytes=settings.past_bytes,
        at_once=settings.max_past,
        queue=settings.max_queue,
        share=settings.past_share,
    )
    return Services(
        log=log,
        served=served,
        current_rows=CurrentRows(served),
        past=past,
        records=RecordIndexes(log, past.work, most_bytes=settings.record_bytes),
        standings=StandingsCache(log, past.work, most_bytes=settings.record_bytes // 4),
        checks=ThreadChecks(deployment, served, log, time.time),
        sightings=Sightings(deployment.calls, deployment.keys),
        contacts=Contacts(deployment.calls, deployment.keys, settings.contacts_key),
        screeners=Screeners(deployment.calls, deployment.keys, settings.contacts_key),
        references=NoticeReferences(admin_secret, deployment.keys.partitions),
        pseudonyms=Pseudonyms(admin_secret, time.time),
        hands=HandStore(deployment.calls, deployment.keys, deployment.pubsub),
        deciders=Deciders(deployment.calls, deployment.keys),
        batches=OpenBatches(deployment.calls, deployment.keys),
        notes=NoteKeeper(MemberNotes(deployment.calls, deployment.keys)),
        counts=CountCache(served, response_cache.states),
        response_cache=response_cache,
        keyring=keyring,
        rates=Rates(
            deployment.calls,
            deployment.keys,
            guests_per_minute=settings.max_guests_per_minute,
            notices_per_minute=settings.max_notices_per_minute,
        ),
        networks=Networks(ClientAddress(settings.trusted_proxies), admin_secret),
        aggregate_cache=aggregate_cache,
        operators=Operators(admin_secret),
        durability=deployment.durability,
        max_request=settings.max_request,
        admission=Admission(
            writes=settings.max_writes,
            reads=settings.max_reads,
            queue=settings.max_queue,
            per_member=settings.max_writes_per_member,
        ),
        bodies=BodyBudget(
            most_bytes=settings.max_body_bytes_total,
            most_per_token=settings.max_bodies_per_token,
        ),
        lag=LagWatch(served, log, clock=time.time, bound=settings.lag_bound),
        running=running,
        summaries=SingleFlight(keep=SUMMARY_KEPT),
        readiness=SingleFlight(keep=settings.operations_shared),
        exposition=SingleFlight(keep=settings.operations_shared),
        public=PublicAddress(settings.public_url),
        private_hosts=private_hosts,
        operations_apart=settings.operations is not None,
        stopped=dict if projector is None else lambda: {one: str(why) for one, why in projector.stopped.items()},
        serves_pages=serves_pages,
        unfit=lambda: None if deployment.record.unfit is None else deployment.record.unfit.detail,
    )


async def run_gateway(process: Process, settings: Settings, on_started: OnStarted) -> None:
    """Run a gateway until a signal. Raises SettingsError, Failed, `core.redis.errors.CannotOpen`."""
    url, secret = settings.needed("redis_url"), settings.needed("admin_secret")
    async with opened(url, settings) as deployment:
        dependencies = services(deployment, settings, secret, running=lambda: process.ready)
        async with application(deployment, dependencies, settings) as (app, hub), process.parts() as parts:
            operations_url = await start_operations(parts, dependencies, settings)
            name = worker_name()
            await join(parts, deployment, role="gateway", name=name)
            url = await start_http(parts, app, settings, hub, public=dependencies.public)
            process.described = start_fields(
                "gateway", deployment, settings, worker=name, listens=url, operations_url=operations_url
            )
            on_started(url)


async def run_projector(process: Process, settings: Settings, on_started: OnStarted) -> None:
    """Run a projector until a signal, with health and metrics served beside it. Raises as `run_gateway`."""
    url, secret = settings.needed("redis_url"), settings.needed("admin_secret")
    async with opened(url, settings) as deployment, process.parts() as parts:
        name = worker_name()
        projector = make_projector(deployment, name, settings)
        dependencies = services(
            deployment, settings, secret, projector=projector, serves_pages=False, running=lambda: process.ready
        )
        operations_url = await start_operations(parts, dependencies, settings)
        await join(parts, deployment, role="projector", name=name)
        await parts.start(projector.run, drain=projector.drain)
        await start_sampling(parts, deployment, projector, settings)
        app = health_alone(dependencies) if dependencies.operations_apart else operations(dependencies)
        url = await start_http(parts, app, settings)
        process.described = start_fields(
            "projector", deployment, settings, worker=name, listens=url, operations_url=operations_url
        )
        on_started(url)


async def run_screener(process: Process, settings: Settings, on_started: OnStarted) -> None:
    """Run a screener's worker until a signal, with health and metrics served beside it. Raises as `run_gateway`."""
    url, secret = settings.needed("redis_url"), settings.needed("admin_secret")
    async with opened(url, settings) as deployment, process.parts() as parts:
        name = worker_name()
        worker = make_screener(deployment, name, settings)
        dependencies = services(deployment, settings, secret, serves_pages=False, running=lambda: process.ready)
        operations_url = await start_operations(parts, dependencies, settings)
        await join(parts, deployment, role="screener", name=name)
        await parts.start(worker.run, drain=worker.drain)
        app = health_alone(dependencies) if dependencies.operations_apart else operations(dependencies)
        url = await start_http(parts, app, settings)
        process.described = start_fields(
            "screener", deployment, settings, worker=name, listens=url, operations_url=operations_url
        )
        on_started(url)


def make_screener(deployment: Deployment, name: str, settings: Settings) -> ScreeningWorker:
    """A worker that asks screeners, for all partitions that no other one holds, under a unique name."""
    return ScreeningWorker(
        deployment,
        RedisLog(deployment),
        Screeners(deployment.calls, deployment.keys, settings.contacts_key),
        HttpClient(parse_private_hosts(settings.private_hooks)),
        worker=name,
        at_once=settings.max_screenings,
        per_site=settings.max_screenings_per_site,
        backlog=settings.max_screening_backlog,
        pause=settings.screening_pause,
    )


def start_fields(
    role: str, deployment: Deployment, settings: Settings, *, worker: str, listens: str, operations_url: str | None
) -> dict[str, object]:
    """Fields of the log line that reports the start of a process.

    `operations_url` is the address of the operations, if they have one of their own.
    """
    return {
        "role": role,
        "version": version("hansard"),
        "listens": listens,
        "operations": operations_url or listens,
        "durability": deployment.durability,
        "partitions": settings.partitions,
        "servers": deployment.topology.address.kind,
        "worker": worker,
    }


@asynccontextmanager
async def application(
    deployment: Deployment, dependencies: Services, settings: Settings, sample: Sample | None = None
) -> AsyncIterator[tuple[Application, Hub]]:
    """The whole application and the hub of its feeds, which runs for the block. `sample` is shown at the front."""
    hub = Hub(
        log=dependencies.log,
        served=dependencies.served,
        feed=FeedLog(deployment.reads, deployment.keys),
        subscription=lambda partition: deployment.pubsub.on(deployment.keys[partition].view_channel),
        limits=FeedLimits(
            feeds=settings.max_feeds,
            unopened=settings.max_unopened,
            replays=settings.max_replays,
            replay_wait=settings.replay_wait,
            replay_within=settings.replay_timeout,
            replay_rows=settings.replay_rows,
            replay_bytes=settings.replay_bytes,
            replay_piece=settings.replay_piece,
        ),
    )
    async with hub.running(), dependencies.keyring.running(), dependencies.notes.running():
        feed, staff = Feed(hub, unfit=dependencies.unfit), StaffFeed(hub, dependencies.served, dependencies.hands)
        yield build(dependencies, feed=feed, staff=staff, sample=sample), hub


def make_projector(deployment: Deployment, name: str, settings: Settings) -> Projector:
    """A projector for all partitions that no other worker holds, under a unique name."""
    projector = Projector(deployment, RedisLog(deployment), worker=name, thread_bytes=settings.thread_bytes)
    metrics.THREAD_BYTES.set_function(lambda: projector.threads.bytes)
    return projector


async def start_sampling(parts: Parts, deployment: Deployment, projector: Projector, settings: Settings) -> None:
    """Sample the partitions that the projector holds, unless the budget is 0. Stopped ones are left to an operator."""
    if settings.drift_budget:
        sampler = Sampler(
            deployment,
            RedisLog(deployment),
            budget=settings.drift_budget,
            held=lambda: projector.owned - projector.stopped.keys(),
        )
        await parts.watch(sampler.run)


async def start_operations(parts: Parts, dependencies: Services, settings: Settings) -> str | None:
    """Measure the lag of the views, and serve the operations at their own address, if one is set. Raises Failed.

    It starts before the other parts, and so drains after them: health, readiness and metrics are available for the
    whole life of the process. Returns the URL of the operations.
    """
    await parts.watch(dependencies.lag.run)
    if (place := settings.operations_place) is not None:
        url = await _serve(parts, operations(dependencies), *place, settings)
        _log.info("operations_served", host=place[0], port=int(url.rpartition(":")[2]))
        return url
    return None


async def start_http(
    parts: Parts, app: Application, settings: Settings, hub: Hub | None = None, public: PublicAddress | None = None
) -> str:
    """Serve the application as a part of the process, and return its URL, which `public` is told. Raises Failed."""
    return await _serve(parts, app, settings.host, settings.port, settings, hub, public)


async def _serve(
    parts: Parts,
    app: Application,
    host: str,
    port: int,
    settings: Settings,
    hub: Hub | None = None,
    public: PublicAddress | None = None,
) -> str:
    try:
        server = HttpServer(app, host, port, drain=settings.drain, limits=settings.limits())
    except CannotListen as error:
        raise Failed(str(error)) from error
    if public is not None:
        public.listens(server.url)  # before the first request

    async def drain() -> None:
        if hub is not None:
            hub.drain()  # first: streams end cleanly, and their connections are closed before the server drains
        await server.drain()

    url: str = await parts.start(server.run, drain=drain)
    return url
