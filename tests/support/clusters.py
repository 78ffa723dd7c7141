"""A real Redis Cluster, or a primary under Sentinel, for tests: on the loopback interface, gone with the test run.

`with cluster() as there:` is ready when every slot is served and every replica linked; `with sentinels() as there:`
when the sentinels know the primary, its replicas and each other. `node.kill()`, `freeze()`, `thaw()` and `restart()`
return when that is so. What the others make of it is asked with `until`, never waited for by time.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from redis.exceptions import RedisError

from core.partitions import SLOTS
from tests.support.servers import START_BOUND, client, engines
from workers.embedded import die_with_parent

HOST: Final = "127.0.0.1"

NODE_TIMEOUT_MS: Final = 1500
"""After so much silence the nodes of a cluster, or the sentinels, take one of them for dead."""

STATE_BOUND: Final = 120.0
"""Seconds within which what a cluster is asked for comes about, on a machine that is busy with other things."""

SERVICE: Final = "hansard"
"""What the sentinels call the primary."""

# A replica is linked as soon as it can be: by itself, a server waits five seconds for others to share the transfer.
_AT_ONCE: Final = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")

# As deploy/redis.conf has it: where one part is gone, the others go on.
_PARTS_STAND_ALONE: Final = ("--cluster-require-full-coverage", "no")


class Node:
    """One server process with an address of its own, which it keeps when it is started again."""

    def __init__(self, home: Path, port: int, arguments: Sequence[str], program: Path) -> None:
        self.address = f"{HOST}:{port}"
        self.port = port
        self.url = f"redis://{self.address}"
        self._home = home
        self._command = [str(program), *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether there is a process, be it frozen."""
        return self._process is not None and self._process.poll() is None

    @property
    def role(self) -> str:
        """`primary` or `replica`, as it says itself."""
        with client(self.url) as connection:
            return "primary" if connection.role()[0] == b"master" else "replica"

    def ask(self, *command: str | int) -> Any:
        """The answer to one command, within a second."""
        with client(f"{self.url}?socket_timeout=1&socket_connect_timeout=1") as connection:
            return connection.execute_command(*command)

    def info(self) -> dict[str, Any]:
        """What it says of itself."""
        with client(self.url) as connection:
            found: dict[str, Any] = connection.info()
        return found

    def said(self) -> str:
        """Its log, for whoever looks into a failure."""
        return (self._home / "said").read_text(errors="replace")

    def start(self) -> None:
        """Start it, and return when it answers, be it that it is still loading its data."""
        assert not self.running
        with (self._home / "said").open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> None:
        """Wait until it answers."""
        until(lambda: self.running is False or answers(self), "a server answers", bound=START_BOUND)
        assert self.running, self.said()

    def kill(self) -> None:
        """End it outright."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop it where it stands: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP, "T")

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT, "SR")

    def restart(self) -> None:
        """Start it again, with the address and the files it had; return when it answers."""
        self.start()
        self.ready()

    def _signal(self, number: signal.Signals, states: str) -> None:
        os.kill(self.pid, number)
        if sys.platform == "linux":
            until(lambda: self._state() in states or not self.running, f"{self.address} obeys {number.name}")

    def _state(self) -> str:
        # After the name in brackets, which may hold anything (proc(5)).
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][0]


class Cluster:
    """A running cluster: `nodes` are all its servers, the first `primaries` of which began as primaries."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.url = "redis+cluster://" + ",".join(node.address for node in nodes)

    def primary_of(self, slot: int) -> Node:
        """The node that serves this slot, in the view of most nodes that answer."""
        ports = Counter(
            port for view in self._views() for start, end, (_, port, *_), *_ in view if start <= slot <= end
        )
        return self.at(f"{HOST}:{ports.most_common(1)[0][0]}")

    def primaries(self) -> list[Node]:
        """The nodes that serve slots now, in the view of most nodes that answer."""
        views = self._views()
        ports = Counter(port for view in views for port in {port for _, _, (_, port, *_), *_ in view})
        return [node for node in self.nodes if 2 * ports[node.port] > len(views)]

    def replicas_of(self, primary: Node) -> list[Node]:
        """The nodes that copy this one, by their own account."""
        return [node for node in self.nodes if node.running and _follows(node) == primary.port]

    def _views(self) -> list[list[Any]]:
        """Which slots are served where, in the view of each node that answers."""
        views = []
        for node in self.nodes:
            if node.running:
                with suppress(RedisError):
                    views.append(node.ask("CLUSTER SLOTS"))
        return views

    def at(self, address: str) -> Node:
        """The node with this address."""
        return next(node for node in self.nodes if node.address == address)

    def ok(self) -> bool:
        """Whether every running node sees all slots served, and every replica is linked."""
        running = [node for node in self.nodes if node.running]
        serving = self.primaries()
        return all(_sees_all(node) and _is_linked(node) and (node in serving or _follows(node)) for node in running)

    def until_ok(self) -> None:
        """Wait until all is well again."""
        until(self.ok, "every slot is served and every replica linked")

    def move_slot(self, slot: int, target: Node, *, halfway: Callable[[], object] = lambda: None) -> None:
        """Give a slot with all its keys to another primary, as a resharding does; `halfway`, it is in both places."""
        source = self.primary_of(slot)
        ids = {node.address: node.ask("CLUSTER", "MYID").decode() for node in (source, target)}
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source.address])
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target.address])
        names = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 1_000_000)
        for number, name in enumerate(names):
            if number == len(names) // 2:
                halfway()
            source.ask("MIGRATE", HOST, target.port, name, 0, 5000)
        halfway()
        # What was made meanwhile was made at the target already; one that is written again and again may be left.
        while left := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 1_000_000):
            for name in left:
                source.ask("MIGRATE", HOST, target.port, name, 0, 5000)
        for node in (target, source, *(node for node in self.primaries() if node not in (source, target))):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[target.address])


class Sentinels:
    """A primary with its replicas (`nodes`), and the sentinels that watch them."""

    def __init__(self, nodes: list[Node], watchers: list[Node]) -> None:
        self.nodes = nodes
        self.sentinels = watchers
        self.url = "redis+sentinel://" + ",".join(node.address for node in watchers) + f"/{SERVICE}"

    def primary(self) -> Node:
        """The primary in the view of the first sentinel that answers."""
        for watcher in self.sentinels:
            with suppress(RedisError):
                _, port = watcher.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
                return next(node for node in self.nodes if node.port == int(port))
        raise AssertionError("no sentinel answers")

    def replicas(self) -> list[Node]:
        """The running nodes that copy another, by their own account."""
        return [node for node in self.nodes if node.running and node.role == "replica"]

    def ok(self) -> bool:
        """Whether every sentinel knows the others and all nodes, agrees on the primary, and all replicas are linked."""
        running = [node for node in self.nodes if node.running]
        watchers = [watcher for watcher in self.sentinels if watcher.running]
        return (
            # One that is started again takes itself for the primary that it was, until it is told.
            [node.role for node in running].count("primary") == 1
            and all(_watches(watcher, len(self.nodes), len(self.sentinels)) for watcher in watchers)
            and all(_is_linked(node) for node in running)
        )

    def until_ok(self) -> None:
        """Wait until all is well again."""
        until(self.ok, "the sentinels know each other, the primary and its linked replicas")


@contextmanager
def cluster(
    *,
    primaries: int = 3,
    replicas: int = 1,
    node_timeout_ms: int = NODE_TIMEOUT_MS,
    appendonly: bool = False,
    program: Path | None = None,
    flags: Sequence[str] = (),
) -> Iterator[Cluster]:
    """A cluster with so many primaries, and so many replicas of each, that runs for the block."""
    many = primaries * (1 + replicas)
    ports = free_ports(2 * many)
    arguments = (
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        str(node_timeout_ms),
        *_PARTS_STAND_ALONE,
        *flags,
    )
    with ExitStack() as stack:
        nodes = []
        for port, bus in zip(ports[:many], ports[many:], strict=True):
            more = ("--cluster-port", str(bus), *arguments)
            nodes.append(_node(stack, port, more, appendonly=appendonly, program=program))
        for node in nodes:
            node.ready()
        _join(nodes, ports[many:], primaries)
        there = Cluster(nodes)
        there.until_ok()
        yield there


@contextmanager
def sentinels(
    *,
    replicas: int = 1,
    watchers: int = 3,
    down_after_ms: int = NODE_TIMEOUT_MS,
    appendonly: bool = False,
    program: Path | None = None,
    flags: Sequence[str] = (),
) -> Iterator[Sentinels]:
    """A primary with so many replicas, under so many sentinels, that runs for the block."""
    ports = free_ports(1 + replicas + watchers)
    with ExitStack() as stack:
        first = _node(stack, ports[0], flags, appendonly=appendonly, program=program)
        nodes = [first]
        for port in ports[1 : 1 + replicas]:
            more = ("--replicaof", f"{HOST} {ports[0]}", *flags)
            nodes.append(_node(stack, port, more, appendonly=appendonly, program=program))
        for node in nodes:
            node.ready()
        # What a sentinel does not see when it first looks, it sees ten seconds later.
        until(lambda: all(_is_linked(node) for node in nodes), "the replicas are linked")
        watching = [_watcher(stack, port, ports[0], watchers, down_after_ms, program) for port in ports[1 + replicas :]]
        for watcher in watching:
            watcher.ready()
        there = Sentinels(nodes, watching)
        there.until_ok()
        yield there


def until(holds: Callable[[], object], what: str, *, bound: float = STATE_BOUND) -> None:
    """Ask until it holds: servers do not tell. What a server that is away answers counts as no."""
    deadline = time.monotonic() + bound
    while True:
        with suppress(RedisError):
            if holds():
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {bound} s: {what}")
        time.sleep(0.01)


def answers(node: Node) -> bool:
    """Whether a node answers, be it with an error."""
    try:
        node.ask("PING")
    except RedisError as error:
        return "LOADING" in str(error) or "MASTERDOWN" in str(error)
    return True


def free_ports(many: int) -> list[int]:
    """TCP ports of the loopback interface that nothing listens on, each another."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(many)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def _node(
    stack: ExitStack, port: int, more: Sequence[str], *, appendonly: bool, program: Path | None, sentinel: bool = False
) -> Node:
    """Start a server of the block, with a directory of its own."""
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hansard-test-", ignore_cleanup_errors=True)))
    arguments = ["--port", str(port), "--bind", HOST, "--dir", str(home)]
    if sentinel:
        # A sentinel writes down what it finds out, and starts with a file that says what to watch.
        conf = home / "sentinel.conf"
        conf.write_text("\n".join(more) + "\n")
        arguments = [str(conf), "--sentinel", *arguments]
    else:
        arguments += ["--save", "", "--appendonly", "yes" if appendonly else "no", *_AT_ONCE, *more]
    node = Node(home, port, arguments, program or engines()["embedded"])
    node.start()
    stack.callback(node.kill)
    return node


def _watcher(stack: ExitStack, port: int, watched: int, many: int, down_after_ms: int, program: Path | None) -> Node:
    conf = (
        f"sentinel monitor {SERVICE} {HOST} {watched} {many // 2 + 1}",
        f"sentinel down-after-milliseconds {SERVICE} {down_after_ms}",
        f"sentinel failover-timeout {SERVICE} {4 * down_after_ms}",
    )
    return _node(stack, port, conf, appendonly=False, program=program, sentinel=True)


def _join(nodes: list[Node], buses: Sequence[int], primaries: int) -> None:
    """Make a cluster of servers that know nothing: slots in equal ranges, then each replica to its primary."""
    for number, node in enumerate(nodes):
        if number < primaries:
            start, end = number * SLOTS // primaries, (number + 1) * SLOTS // primaries - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", start, end)
        node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for node, bus in zip(nodes[1:], buses[1:], strict=True):
        nodes[0].ask("CLUSTER", "MEET", HOST, node.port, bus)
    until(lambda: all(len(_known(node)) == len(nodes) for node in nodes), "the nodes have met")
    ids = [node.ask("CLUSTER", "MYID").decode() for node in nodes]
    for number, node in enumerate(nodes[primaries:]):
        _replicate(node, ids[number % primaries])


def _replicate(node: Node, primary: str) -> None:
    def done() -> bool:
        node.ask("CLUSTER", "REPLICATE", primary)
        return True

    # Whom it has met it may not know as a primary yet.
    until(done, "a replica is told its primary")


def _known(node: Node) -> list[str]:
    lines = node.ask("CLUSTER", "NODES").decode().splitlines()
    return [line for line in lines if "handshake" not in line]


def _sees_all(node: Node) -> bool:
    info = node.ask("CLUSTER INFO")
    return bool(info["cluster_state"] == "ok" and info["cluster_slots_ok"] == str(SLOTS))


def _is_linked(node: Node) -> bool:
    info = node.info()
    return bool(info["role"] == "master" or info["master_link_status"] == "up")


def _follows(node: Node) -> int | None:
    """The port of the primary that a node copies; None for a primary, or where it does not answer."""
    with suppress(RedisError):
        role = node.ask("ROLE")
        return int(role[2]) if role[0] == b"slave" else None
    return None


def _watches(watcher: Node, nodes: int, watchers: int) -> bool:
    flat = watcher.ask("SENTINEL MASTER", SERVICE)
    state: dict[str, Any] = flat if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2], strict=True))
    return bool(
        int(state["num-slaves"]) == nodes - 1
        and int(state["num-other-sentinels"]) == watchers - 1
        and state["flags"] == "master"
    )
