"""Everything in one process: the embedded server unless another is named, projector, screener and gateway."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from signal import SIGKILL
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from redis.exceptions import RedisError

from core.application.transact import transact
from core.caller import OPERATOR
from core.concurrency import gathered
from core.domain.site import OpenSite
from core.keys import PROCESSES, SCREENERS, WORKERS
from core.redis.deployment import Deployment
from core.redis.errors import is_passing, own_server, said
from core.refusals import SiteExists, UnreadablePartition
from projections.read.progress import reached
from workers.embedded import server as embedded
from workers.embedded.home import undone
from workers.embedded.supervisor import keep as keep_running
from workers.gateway.auth.keyring import KeySet
from workers.gateway.operations.services import Services
from workers.gateway.web import desk
from workers.importers import importer, sample
from workers.importers.importer import Imported, SiteSettings
from workers.roles import roles
from workers.runtime.generated_secrets import Secrets, contacts_key_of, secrets_of
from workers.runtime.loopback import is_loopback
from workers.runtime.process import Failed, Process, worker_name
from workers.runtime.settings import Settings

SHOWN_WITHIN: Final = 30.0
"""Seconds within which the views must show the sample after its import; they need a fraction of one."""

_THIS_MACHINE: Final = "127.0.0.0/8,::1"
"""Hosts that the sample's key sets may be fetched from, beside public ones, where only this machine is served."""

_log = structlog.get_logger(__name__)


class Up(Struct, frozen=True, kw_only=True):
    """The running system: URL of the gateway, data directory, and flags for the sample and the embedded server.

    `page` is the address of its front page.
    """

    url: str
    page: str
    data: str
    sample: bool
    own_server: bool


async def run(process: Process, settings: Settings, *, with_sample: bool, on_ready: Callable[[Up], object]) -> None:
    """Run everything until a signal. `on_ready` is called once, when all is ready.

    Raises SettingsError, Failed, `workers.embedded.server.EmbeddedError`, `core.redis.errors.CannotOpen`.
    """
    with undone(settings.data) as keep:
        await _run(process, settings, with_sample=with_sample, on_ready=on_ready, keep=keep)


async def _run(
    process: Process,
    settings: Settings,
    *,
    with_sample: bool,
    on_ready: Callable[[Up], object],
    keep: Callable[[], object],
) -> None:
    """Run everything. `keep` is called once the first client may have been answered."""
    secrets = secrets_of(settings.data)
    if settings.contacts_key is None:
        settings = replace(settings, contacts_key=contacts_key_of(settings.data))
    shown = _shown(settings) if with_sample else None
    if shown is not None and not settings.private_hooks:
        settings = replace(settings, private_hooks=_THIS_MACHINE)
    async with _server(settings) as (url, server), roles.opened(url, settings) as deployment:
        name = worker_name()
        projector = roles.make_projector(deployment, name, settings)
        dependencies = roles.services(
            deployment,
            settings,
            settings.admin_secret or secrets.admin,
            projector=projector,
            running=lambda: process.ready,
        )
        async with (
            roles.application(deployment, dependencies, settings, shown) as (app, hub),
            process.parts() as parts,
        ):
            if server is not None:
                # Only Linux ends a child with its parent. A server that outlived it would keep the data locked.
                process.at_once(lambda: os.kill(server.pid, SIGKILL))
                await parts.watch(keep_running, server)
                await _take_leases_back(deployment)
            operations_url = await roles.start_operations(parts, dependencies, settings)
            await roles.join(parts, deployment, role="up", name=name)
            await parts.start(projector.run, drain=projector.drain)
            await roles.start_sampling(parts, deployment, projector, settings)
            worker = roles.make_screener(deployment, name, settings)
            await parts.start(worker.run, drain=worker.drain)
            if with_sample:
                try:
                    await load_sample(dependencies, secrets)
                except UnreadablePartition as error:
                    # Everything else is served all the same.
                    _log.error("sample_not_loaded", partition=error.partition, fault=error.why)
            listens = await roles.start_http(parts, app, settings, hub, public=dependencies.public)
            keep()
            process.described = roles.start_fields(
                "up", deployment, settings, worker=name, listens=listens, operations_url=operations_url
            )
            on_ready(
                Up(
                    url=listens,
                    page=f"{dependencies.public.url}/",
                    data=str(settings.data),
                    sample=with_sample,
                    own_server=server is not None,
                )
            )


def _shown(settings: Settings) -> desk.Sample | None:
    """Return the sample for the front page, whose desk signs tokens for anybody; None if others may reach it."""
    if settings.trusted_proxies or not is_loopback(settings.host):
        return None
    return desk.Sample(site=sample.SITE, thread=sample.THREAD)


async def load_sample(dependencies: Services, secrets: Secrets) -> Imported:
    """Import the sample site and its discussion, unless they are there. Raises Failed."""
    source = sample.discussion()
    await open_site(dependencies, source.site, secrets.sample)
    imported = await importer.import_source(dependencies.log, source)
    for thread, position in imported.last.items():
        if not await reached(dependencies.served, source.site.id, thread, position, within=SHOWN_WITHIN):
            raise Failed("The sample is in the log, but the views do not show it: see `hansard doctor`")
    _log.info("sample_loaded", site=source.site.id, appended=imported.appended, known=imported.known)
    return imported


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[tuple[str, embedded.EmbeddedServer | None]]:
    """URL of the named server; or of the embedded server, with that server."""
    if settings.redis_url is not None:
        yield settings.redis_url, None
    else:
        if settings.durability == "replicated":
            raise Failed("Durability replicated needs a server with replicas: give its address with --redis-url")
        own_server()
        async with embedded.running(settings.data) as server:
            yield server.url, server


async def _take_leases_back(deployment: Deployment) -> None:
    """End the leases and presence left by a killed process. The embedded server has no other user."""
    leases = [lease for partition in deployment.keys for lease in (partition.lease, partition.screening_lease)]
    try:
        await gathered([partial(deployment.calls.call, "DEL", key) for key in (WORKERS, SCREENERS, PROCESSES, *leases)])
    except RedisError as error:
        if not is_passing(error):
            raise
        _log.warning("old_leases_not_ended", error=said(error))  # they expire by themselves


async def open_site(dependencies: Services, site: SiteSettings, secret: str) -> None:
    """Open a site with this secret. An existing site keeps its own keys and policy."""
    command = OpenSite(name=site.name, policy=site.policy, keys_kind="hs256", keys_number=1)
    try:
        await transact(dependencies.log, command, site=site.id, caller=OPERATOR)
    except SiteExists:
        _log.info("sample_site_found", site=site.id)
        return
    # Only the caller that opened the site writes its keys, and only afterwards, as in `sites.open_site`.
    await dependencies.keyring.open(site.id, KeySet("hs256", 1, msgspec.json.encode([secret])))
