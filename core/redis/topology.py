"""Topology of a deployment: the node that serves each slot, and the refresh of that map after a change.

One server is a cluster with one node, and so is the primary that sentinels name. The map is looked up once at the
start, and again when a command fails in a way that may mean that the map is outdated. One caller refreshes it for all,
not more often than ten times a second, by asking several nodes. Commands to healthy nodes never wait for that.
"""

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import anyio
import structlog
from anyio import Event
from redis.asyncio import Redis
from redis.exceptions import AskError, MovedError, RedisError

from core.partitions import SLOTS
from core.redis import address as addresses
from core.redis.access import refusal, require_access
from core.redis.address import Address
from core.redis.client import ask, connect
from core.redis.confirmation import Confirmation
from core.redis.discovery import ANSWER_WITHIN, ask_cluster, ask_sentinels
from core.redis.errors import CannotOpen, Denied, UnfitServer, Unreachable, is_denied, is_loading
from core.redis.node import Node
from core.redis.server_facts import Server, require
from core.redis.server_loading import LoadingWait
from core.redis.slots import SlotMap

REFRESH_PAUSE: Final = 0.1
"""Seconds between two refreshes of the slot map."""

REFRESHES: Final = 3
"""Attempts to look up the slot map at the start, if a node answers but the map is incomplete."""

MEMORY: Final = Confirmation()

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def find_servers(url: str, confirmation: Confirmation = MEMORY) -> AsyncIterator["Topology"]:
    """Find the servers at `url`, fit or unfit. They stay open until the block ends.

    Raises `BadAddress`, `Unreachable`, `Denied`. Waits for a cluster that is loading its data.
    """
    topology = Topology(addresses.parse(url), confirmation)
    try:
        await topology.until_complete()
        yield topology
    finally:
        await topology.aclose()


async def until_loaded(topology: "Topology") -> None:
    """Inspect every server that takes writes, and wait while any of them is loading its data.

    Raises `Unreachable`, or `UnfitServer` for a server that refuses INFO.
    """
    waiting = LoadingWait()
    while loading := {node.name: one.loading for node, one in await _inspected(topology) if one.loading is not None}:
        await waiting.pause(loading)
        await topology.refresh()
    waiting.over()


async def require_access_to(topology: "Topology") -> None:
    """Raise `Denied` for the first server whose account lacks permissions. Raises `Unreachable`."""
    for node, server in await _inspected(topology):
        with _named(topology, node):
            await require_access(node.writing, node.calls, cluster=server.cluster)


async def require_fit(topology: "Topology", confirmation: Confirmation) -> None:
    """Check every server that takes writes. Raises `Unreachable`, or `UnfitServer` for the first that is unfit.

    Waits for a server that is loading its data.
    """
    await until_loaded(topology)
    for node, server in await _inspected(topology):
        with _named(topology, node):
            require(server, confirmation.level)
            await require_access(node.writing, node.calls, cluster=server.cluster)
        if confirmation.level == "replicated" and server.replicas < confirmation.replicas:
            _log.warning("replicas_missed", node=node.name, linked=server.replicas, wanted=confirmation.replicas)
    only = topology.only
    if only is not None and only.server is not None and only.server.cluster:
        known = (await ask(only.writing, "CLUSTER INFO"))["cluster_known_nodes"]
        if int(known) > 1:
            raise UnfitServer("The server is a node of a cluster: give the URL as redis+cluster://host:port,…")


async def _inspected(topology: "Topology") -> list[tuple[Node, Server]]:
    found = []
    for node in topology.primaries():
        with _named(topology, node):
            found.append((node, await node.inspect()))
    return found


@contextmanager
def _named(topology: "Topology", node: Node) -> Iterator[None]:
    """Prefix an error with the name of its server, if the URL may mean several."""
    try:
        yield
    except CannotOpen as error:
        if topology.address.kind == "single":
            raise
        raise type(error)(f"{node.name}: {error}") from error


class Topology:
    """Servers of a deployment, and the node that serves each slot."""

    def __init__(self, address: Address, confirmation: Confirmation = MEMORY) -> None:
        self.address = address
        self.changed = Event()
        """Set, and then replaced, when a slot has another node than before."""
        self.doubted = Event()
        """Set if the map may be outdated and no refresh has begun yet."""
        self._confirmation = confirmation
        self._nodes: dict[str, Node] = {}
        self.sentinels: list[tuple[str, Redis]] = []
        """Sentinels named in the URL, with a client of each."""
        self._owners: list[Node] = []
        self._primaries: list[Node] = []
        self._only: Node | None = None
        self._refreshing: Event | None = None
        self._inspected = -math.inf
        match address.kind:
            case "single":
                self._only = self.at(address.places[0])
                self._owners, self._primaries = [self._only] * SLOTS, [self._only]
            case "sentinel":
                self.sentinels = [(one, connect(address.sentinel(one), writing=False)) for one in address.places]
                # Opens no connection, but checks that the server settings in the URL are valid.
                connect(address.server(address.places[0]), writing=True)
            case "cluster":
                for one in address.places:
                    self.at(one)

    @property
    def only(self) -> Node | None:
        """The node, if one serves all slots; else None."""
        return self._only

    def of(self, slot: int) -> Node:
        """Node that serves a slot."""
        return self._owners[slot]

    def at(self, place: str) -> Node:
        """Node at `host:port`."""
        node = self._nodes.get(place)
        if node is None:
            leads = self.address.kind == "sentinel"
            name, url = self.address.name(place), self.address.server(place)
            node = self._nodes[place] = Node(name, url, self._confirmation, leads=leads, slow=self.doubt)
        return node

    def primaries(self) -> list[Node]:
        """Nodes that serve slots, in the order of their slots."""
        return self._primaries

    def redirected(self, node: Node, by: AskError) -> Node:
        """Node named by a redirection: for the slot from now on (MOVED), or for one command alone (ASK)."""
        # A node that does not know the host of another, or must not tell it, means its own host.
        host = by.host if by.host not in {"", "?"} else node.name.rpartition(":")[0].strip("[]")
        named = self.at(addresses.place(host, by.port))
        if isinstance(by, MovedError) and self._owners[by.slot_id] is not named:
            self._owners[by.slot_id] = named
            self._changed()
            self.doubt()  # one slot seldom moves alone
        return named

    def doubt(self) -> None:
        """Request a refresh of the slot map in the background."""
        if self.address.kind != "single":
            self.doubted.set()

    async def refresh(self) -> None:
        """Refresh the slot map, once for all concurrent callers. The map stays as it is if no node answers."""
        if self._refreshing is not None:
            await self._refreshing.wait()
            return
        if self.address.kind == "single" or anyio.current_time() < self._inspected + REFRESH_PAUSE:
            return
        done = self._refreshing = Event()
        self.doubted = Event()
        try:
            seen = await self._ask()
            if seen is None:
                _log.warning("topology_not_found", asked=len(self.sentinels or self._nodes))
            else:
                await self._learn(seen)
        finally:
            self._inspected = anyio.current_time()
            self._refreshing = None
            done.set()

    async def until_complete(self) -> None:
        """Refresh until every slot has a node. Waits only for loading nodes. Raises `Unreachable`, `Denied`."""
        waiting, tries = LoadingWait(), 1
        await self.refresh()
        while not self._owners:
            loading, does_answer = await self._named()
            if loading:
                await waiting.pause(dict.fromkeys(loading, "?"))
            elif does_answer and tries < REFRESHES:
                tries += 1  # the node was slow, or does not know the others yet
                await anyio.sleep(REFRESH_PAUSE)
            else:
                where = "sentinel knows the primary" if self.sentinels else "node of the cluster answers"
                raise Unreachable(f"Redis does not answer: no {where}")
            await self.refresh()
        waiting.over()

    async def _named(self) -> tuple[list[str], bool]:
        """Names of the nodes in the URL that are loading their data, and True if any node answers.

        Raises `Denied` if a node refuses the command.
        """
        question = "SENTINEL MASTERS" if self.sentinels else "CLUSTER NODES"
        servers = self.sentinels or [(node.name, node.reading) for node in self._nodes.values()]
        loading, does_answer = [], False
        for name, client in servers:
            try:
                with anyio.move_on_after(ANSWER_WITHIN):
                    await ask(client, question)
                    does_answer = True
            except RedisError as error:
                if is_denied(error) and self.sentinels:
                    raise Denied(f"{name}: the Sentinel user may not run {question}: {error}") from error
                if is_denied(error):
                    raise await refusal(client, ("CLUSTER", "NODES")) from error
                if is_loading(error):
                    loading.append(name)
        return loading, does_answer

    async def aclose(self) -> None:
        """Close all connections."""
        with anyio.CancelScope(shield=True):
            for node in self._nodes.values():
                await node.aclose()
            for _, sentinel in self.sentinels:
                await sentinel.aclose()

    async def _ask(self) -> SlotMap | None:
        if self.sentinels:
            return await ask_sentinels(self.sentinels, self.address.service)
        return await ask_cluster([(node.name, node.reading) for node in self._nodes.values()])

    async def _learn(self, found: SlotMap) -> None:
        if not self._owners and None in found.owners:
            return  # at the start, the map must be complete
        is_new = not self._owners
        named = {name: self.at(name) for name in set(found.owners) if name is not None}
        owners = [
            self._owners[slot] if name is None else named[name]  # the last known node will report the fault
            for slot, name in enumerate(found.owners)
        ]
        if owners != self._owners:
            self._owners = owners
            self._only = owners[0] if self.sentinels else None
            self._changed()
            if not is_new:
                _log.info("topology_changed", primaries=[node.name for node in self._primaries])
        for name in found.dead & self._nodes.keys():
            self._nodes[name].give_up()
        await self._forget(found.known)
        if not is_new:
            await self._meet()

    async def _forget(self, known: frozenset[str]) -> None:
        """Close nodes that are no longer reported, unless the URL names them."""
        kept = {*known, *self.address.places, *(node.name for node in self._owners)}
        for name in self._nodes.keys() - kept:
            await self._nodes.pop(name).retire()

    async def _meet(self) -> None:
        """Inspect new primaries: their fitness was not checked at the start."""
        for node in self._primaries:
            if node.server is None:
                try:
                    with anyio.move_on_after(ANSWER_WITHIN):
                        server = await node.inspect()
                        require(server, self._confirmation.level)
                        await require_access(node.writing, node.calls, cluster=server.cluster)
                except CannotOpen as error:
                    _log.error("unfit_node_found", node=node.name, error=str(error))

    def _changed(self) -> None:
        self._primaries = list(dict.fromkeys(self._owners))
        self.changed.set()
        self.changed = Event()
