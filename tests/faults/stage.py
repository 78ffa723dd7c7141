"""Where faults happen: servers and processes of one deployment, all of them started here, all mortal."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import anyio
from anyio.to_thread import run_sync

from core.log.redis import RedisLog
from core.partitions import partition_of, slot, tag
from core.redis.deployment import Deployment, open_deployment
from core.refusals import Unavailable
from tests.faults import engines
from tests.faults.clients import Client
from tests.faults.judged import judging
from tests.faults.people import ADMIN, SECRET, SITE, Tokens
from tests.faults.proxy import Proxy
from tests.faults.workers import Hansard
from tests.support import clusters
from tests.support.clusters import Cluster, Node, Sentinels
from tests.support.screener_host import SECRET as SCREENER_SECRET
from tests.support.screener_host import ScreenerHost, screener_host
from tests.support.servers import free_port
from workers.embedded import server as embedded

Kind = Literal["single", "sentinel", "cluster"]

PARTITIONS: Final = 6
SCREENERS: Final = 2
MAX_DEPTH: Final = 8
LEVELS: Final[dict[Kind, str]] = {"single": "fsynced", "sentinel": "replicated", "cluster": "replicated"}
DEADLINE: Final = 60
"""Seconds that a screener has for an answer: so many that only what is never asked again goes without."""
CONTACTS_KEY: Final = "the key of what is sealed where things fail"
_OURS: Final = ("port", "unixsocketperm")
_Answer = TypeVar("_Answer")


class Stage:
    """A deployment on servers of its own. `deployment` and `log` are the harness's own way to them."""

    def __init__(self, kind: Kind, program: Path, home: Path) -> None:
        self.kind = kind
        self.home = home
        self.level = LEVELS[kind]
        self.engine = engines.version(program)
        self.nodes: list[Node] = []
        self.gateways: list[Hansard] = []
        self.projectors: list[Hansard] = []
        self.screeners: list[Hansard] = []
        self.host: ScreenerHost | None = None
        self.cluster: Cluster | None = None
        self.sentinels: Sentinels | None = None
        self.proxy: Proxy | None = None
        self.tokens = Tokens()
        self._deployment: Deployment | None = None
        self._log: RedisLog | None = None

    @property
    def deployment(self) -> Deployment:
        """The harness's own way to the servers."""
        assert self._deployment is not None
        return self._deployment

    @property
    def log(self) -> RedisLog:
        """The log, read past every gateway."""
        assert self._log is not None
        return self._log

    @property
    def addresses(self) -> list[str]:
        """Where the gateways listen."""
        return [gateway.url for gateway in self.gateways]

    @property
    def workers(self) -> list[Hansard]:
        """Every process of Hansard."""
        return [*self.gateways, *self.projectors, *self.screeners]

    def slot_of(self, thread: str) -> int:
        """The slot that a thread lies in."""
        return slot(tag(partition_of(SITE, thread, PARTITIONS), PARTITIONS))

    def primary_of(self, thread: str) -> Node:
        """The node that a thread is written to now."""
        if self.cluster is not None:
            return self.cluster.primary_of(self.slot_of(thread))
        return self.nodes[0] if self.sentinels is None else self.sentinels.primary()

    def replicas_of(self, node: Node) -> list[Node]:
        """The nodes that copy this one."""
        if self.cluster is not None:
            return self.cluster.replicas_of(node)
        return [] if self.sentinels is None else self.sentinels.replicas()

    async def well(self) -> list[str]:
        """Start what is down, thaw what is frozen, and wait until servers and processes are as in the beginning.

        Faults start what they killed: what is named here ended by itself.
        """
        gone = [node.address for node in self.nodes if not node.running]
        gone += [f"a {worker.role}" for worker in self.workers if not worker.alive]
        for node in self.nodes:
            if not node.running:
                await run_sync(node.restart)
        for worker in self.workers:
            if worker.frozen:
                worker.thaw()
            if not worker.alive:
                await worker.restart()
        if self.cluster is not None:
            await run_sync(self.cluster.until_ok)
        if self.sentinels is not None:
            await run_sync(self.sentinels.until_ok)
        return gone

    async def open_threads(self, names: Sequence[str]) -> None:
        """Open threads to write in."""
        client = Client(self.addresses, self.tokens)
        for name in names:
            about = {"url": f"https://kew.example/{name}", "title": f"About {name}"}
            await self._put(client, f"/threads/{name}", about, self.tokens.of("mod"))
        client.close()

    async def open(self, deployment: Deployment, *, rates: Literal["normal", "off"] = "off") -> None:
        """Open the site, through the gateways that run by now."""
        self._deployment, self._log = deployment, RedisLog(deployment)
        client = Client(self.addresses, self.tokens)
        policy: dict[str, Any] = {"max_depth": MAX_DEPTH, "rates": rates}
        if self.host is not None:
            policy["screening"] = {"when": "before", "deadline": DEADLINE, "on_failure": "hold"}
        document = {"name": "Kew", "policy": policy, "keys": {"hs256": [SECRET]}}
        await self._put(client, "", document, self.tokens.operator)
        if self.host is not None:
            screener = {"url": self.host.url, "shape": "hansard", "secret": SCREENER_SECRET}
            await self._put(client, "/screening", screener, self.tokens.of(ADMIN))
        client.close()

    @staticmethod
    async def _put(client: Client, path: str, document: object, bearer: str) -> None:
        with anyio.fail_after(60):
            while True:
                answer = await client.put(path, document, bearer)
                if answer is not None and answer.status in (200, 201):
                    return
                assert answer is None or answer.status in (202, 503), answer
                await anyio.sleep(0.05)


async def patiently(ask: Callable[[], Awaitable[_Answer]], within: float = 90.0) -> _Answer:
    """The answer of something that the servers may not be there for just now."""
    with anyio.fail_after(within):
        while True:
            try:
                return await ask()
            except Unavailable:
                await anyio.sleep(0.02)


@asynccontextmanager
async def staged(
    kind: Kind,
    *,
    program: Path | None = None,
    gateways: int = 2,
    projectors: int = 2,
    proxied: bool = False,
    altered: bool = False,
    clock: bool = False,
    mixed: bool = False,
    screened: bool = False,
) -> AsyncIterator[Stage]:
    """A deployment that runs for the block.

    With `proxied`, the processes reach a single server through `stage.proxy`. With `altered`, servers have disks that
    can be filled, and with `clock` clocks that can be set. With `mixed`, the first gateway and the first projector are
    of the version before, and so is the format. With `screened`, texts wait for a screener, `stage.host`, that two
    processes ask.
    """
    real = program or engines.programs()[engines.OURS]
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hansard-faults-")))
        stage = Stage(kind, real, home)
        used = engines.wrapped(real, home, clock=clock) if altered or clock else real
        url = await run_sync(_servers, stack, stage, used)
        async with _screener(needed=screened) as stage.host, anyio.create_task_group() as tasks:
            for_workers = url
            if proxied:
                stage.proxy = Proxy(stage.nodes[0].port)
                await tasks.start(stage.proxy.run)
                for_workers = f"redis://127.0.0.1:{stage.proxy.port}"
            settings = {"REDIS_URL": for_workers, "DURABILITY": stage.level, "PARTITIONS": str(PARTITIONS)}
            settings["DRAIN"] = "2"
            if screened:
                settings |= {"CONTACTS_KEY": CONTACTS_KEY, "PRIVATE_HOOKS": clusters.HOST}
                stage.screeners = [Hansard("screener", home, settings) for _ in range(SCREENERS)]
            stage.gateways = [Hansard("gateway", home, settings, older=mixed and not n) for n in range(gateways)]
            stage.projectors = [Hansard("projector", home, settings, older=mixed and not n) for n in range(projectors)]
            # Who is older comes first, and opens the deployment in its format.
            for some in ([one for one in stage.workers if one.older], [one for one in stage.workers if not one.older]):
                for worker in some:
                    worker.start()
                    stack.callback(worker.end)
                for worker in some:
                    await worker.listening()
            async with open_deployment(url, partitions=PARTITIONS) as deployment:
                await stage.open(deployment, rates="normal" if mixed else "off")
                yield stage
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def _screener(*, needed: bool) -> AsyncIterator[ScreenerHost | None]:
    """The screener that texts wait for in the block."""
    if not needed:
        yield None
        return
    async with screener_host() as host:
        host.reply = judging
        yield host


def _servers(stack: ExitStack, stage: Stage, program: Path) -> str:
    """Start the servers of the block; the URL that they are reached by."""
    match stage.kind:
        case "single":
            node = alone(stage.home, program)
            node.start()
            stack.callback(node.kill)
            node.ready()
            stage.nodes = [node]
            return node.url
        case "cluster":
            stage.cluster = stack.enter_context(clusters.cluster(appendonly=True, program=program))
            stage.nodes = stage.cluster.nodes
            return stage.cluster.url
        case "sentinel":
            stage.sentinels = stack.enter_context(clusters.sentinels(appendonly=True, program=program))
            stage.nodes = stage.sentinels.nodes
            return stage.sentinels.url


def alone(home: Path, program: Path, *more: str) -> Node:
    """One server as `hansard up` configures it, but on a port: each write is on disk before it is answered."""
    port = free_port()
    arguments = ["--port", str(port), "--bind", clusters.HOST, "--dir", str(home)]
    for name, value in embedded.SETTINGS.items():
        if name not in _OURS:
            arguments += [f"--{name}", value]
    return Node(home, port, [*arguments, *more], program)
