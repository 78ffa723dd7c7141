"""The directory of the embedded server: its lock, socket and log, and the check for room on its disk."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio.to_thread

from workers.runtime.generated_secrets import FILES

LONGEST_SOCKET_PATH = 100
"""Bytes. `sun_path` holds 108 on Linux and 104 on macOS, its terminating zero included."""

ROOM = 16 * 1024 * 1024
"""Bytes that must be free on the disk before a server may write."""

_TRIED = 1024 * 1024
"""Bytes of a trial write. Figures of the disk do not show quotas and limits of the process."""


class EmbeddedError(Exception):
    """The embedded server is not available. The message is one line for the operator."""


@contextmanager
def undone(data: Path) -> Iterator[Callable[[], None]]:
    """Remove what the block creates in a data directory if the block fails, the directory itself included.

    The block calls the yielded function as soon as a client may rely on the files: then everything stays. Files that
    others put there always stay.
    """
    absolute = data.absolute()
    home = absolute / "server"
    made = [path for path in (home, absolute, *absolute.parents) if not path.exists()]
    new_secrets = [secrets for name in FILES if not (secrets := absolute / name).exists()]
    kept = False

    def keep() -> None:
        nonlocal kept
        kept = True

    try:
        yield keep
    except BaseException:
        if not kept and not _is_in_use(home):
            if home in made:
                shutil.rmtree(home, ignore_errors=True)
            # A path that cannot be removed was never created, or holds files of others.
            for secrets in new_secrets:
                with suppress(OSError):
                    secrets.unlink()
            for path in made:
                with suppress(OSError):
                    path.rmdir()
        raise


def _is_in_use(home: Path) -> bool:
    """True if a server runs there, or is about to."""
    try:
        lock = os.open(home / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextmanager
def opened(home: Path) -> Iterator[int]:
    """Create the directory, for its owner alone, and open its lock file."""
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


@contextmanager
def socket_in(home: Path) -> Iterator[str]:
    """Choose the path of the socket and record it. Leftovers of a killed process are removed first."""
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
    """Remove a socket without a listener, and the directory that was created for it alone."""
    with suppress(OSError):  # it may be gone already
        socket.unlink(missing_ok=True)
        if socket.parent != home:
            socket.parent.rmdir()


@contextmanager
def fresh_log(path: Path) -> Iterator[int]:
    """Open an empty log, for its owner alone. The log of the previous run is kept beside it."""
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


def free(home: Path) -> int:
    """Bytes free on the disk."""
    return shutil.disk_usage(home).free


def taken(home: Path) -> int:
    """Bytes that the append-only files take."""
    size = 0
    for path in (home / "appendonlydir").glob("*"):
        with suppress(FileNotFoundError):  # a rewrite may replace the file at any moment
            size += path.stat().st_size
    return size


async def has_room(home: Path) -> bool:
    """True if the disk has room for what a server writes here."""
    return await anyio.to_thread.run_sync(_has_room, home)


def _has_room(home: Path) -> bool:
    try:
        if free(home) < ROOM:
            return False
        with tempfile.TemporaryFile(dir=home, buffering=0) as file:
            written = file.write(bytes(_TRIED))
            os.fsync(file.fileno())
            return written == _TRIED
    except OSError:
        return False  # the cause does not matter: a server would fail likewise
