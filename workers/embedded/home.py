"""The directory of the embedded server: its lock, its socket, its log, and whether its disk has room."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio.to_thread

LONGEST_SOCKET_PATH = 100
"""Bytes. `sun_path` holds 108 on Linux and 104 on macOS, its closing zero included."""

ROOM = 16 * 1024 * 1024
"""Bytes that must be free on the disk before a server is let write."""

_TRIED = 1024 * 1024
"""Bytes that are written to see whether they can be: quotas and bounds of a process are in no figure of the disk."""


class EmbeddedError(Exception):
    """The embedded server cannot be had; the message is one line for whoever started the program."""


@contextmanager
def undone(data: Path) -> Iterator[Callable[[], None]]:
    """Remove what the block makes in a data directory, and the directory where it made that, too, if the block fails.

    The block calls what it is given as soon as anybody may rely on what is there: then everything stays. What others
    put there stays in any case.
    """
    absolute = data.absolute()
    home, secrets = absolute / "server", absolute / "secrets.json"
    made = [path for path in (home, absolute, *absolute.parents) if not path.exists()]
    had_secrets = secrets.exists()
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
            # What cannot be removed was never made, or has somebody else's files in it.
            if not had_secrets:
                with suppress(OSError):
                    secrets.unlink()
            for path in made:
                with suppress(OSError):
                    path.rmdir()
        raise


def _is_in_use(home: Path) -> bool:
    """Whether a server runs there, or is about to."""
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


@contextmanager
def socket_in(home: Path) -> Iterator[str]:
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


@contextmanager
def fresh_log(path: Path) -> Iterator[int]:
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


def free(home: Path) -> int:
    """Bytes that are free on the disk."""
    return shutil.disk_usage(home).free


def taken(home: Path) -> int:
    """Bytes that the record takes there."""
    size = 0
    for path in (home / "appendonlydir").glob("*"):
        with suppress(FileNotFoundError):  # written anew, it replaces the old one at any moment
            size += path.stat().st_size
    return size


async def has_room(home: Path) -> bool:
    """Whether the disk has room for what a server writes here."""
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
        return False  # whatever it is, a server would meet it, too
