"""What is measured, as processes of their own: a server as shipped, `hansard` in its roles, a constant answer."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tests.bench.constant import Constant, Constants
from tests.bench.cores import on
from tests.bench.crowd import FRAME_ENDS
from tests.bench.http import Answer
from tests.support.servers import START_BOUND, started
from workers.embedded import die_with_parent
from workers.embedded import server as embedded

ADMIN_SECRET: Final = "the operator's secret of what is measured"
ENDS_WITHIN: Final = 15.0
_OURS: Final = ("port", "unixsocketperm")
"""Settings of the embedded server that are the test server's own business."""


class Program(NamedTuple):
    """A program that runs: where it listens, and its process."""

    url: str
    pid: int


@contextmanager
def server(cores: frozenset[int]) -> Iterator[str]:
    """URL of an empty server with the settings that are shipped: each write is on disk before it is answered."""
    flags = [part for name, value in embedded.SETTINGS.items() if name not in _OURS for part in (f"--{name}", value)]
    with on(cores), started(embedded.binary(), *flags) as url:
        yield url


@contextmanager
def hansard(
    role: str, redis_url: str | None, cores: frozenset[int], *, data: Path | None = None, **others: str
) -> Iterator[Program]:
    """A running `hansard gateway`, `projector` or `up` on this server, logging as in production.

    `up` without a server has one of its own in the directory `data`. `others` are settings.
    """
    with tempfile.TemporaryDirectory(prefix="hansard-bench-") as home:
        settings = {
            "ADMIN_SECRET": ADMIN_SECRET,
            "DURABILITY": "fsynced",
            "DATA": str(data or home),
            "LOG_FORMAT": "json",
            **others,
        }
        if redis_url is not None:
            settings["REDIS_URL"] = redis_url
        with _listening([sys.executable, "-m", "workers", role], settings, Path(home, "log"), cores) as program:
            yield program


@contextmanager
def constant(cores: frozenset[int], answers: Mapping[str, Answer], *, frame: bytes = FRAME_ENDS) -> Iterator[Program]:
    """The same HTTP server with an application that gives these answers, by path, and the feed of `frame`."""
    given = {path: Constant(status=one.status, headers=one.headers(), body=one.body) for path, one in answers.items()}
    with tempfile.TemporaryDirectory(prefix="hansard-bench-") as home:
        path = Path(home, "answers")
        path.write_bytes(msgspec.json.encode(Constants(answers=given, frame=frame)))
        command = [sys.executable, "-m", "tests.bench.constant", str(path)]
        with _listening(command, {}, Path(home, "log"), cores) as program:
            yield program


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process, without settings of Hansard but for these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")}
    return kept | {f"HANSARD_{name}": value for name, value in settings.items()}


@contextmanager
def _listening(command: list[str], settings: dict[str, str], log: Path, cores: frozenset[int]) -> Iterator[Program]:
    """A program that listens at HANSARD_PORT, for the block."""
    port = _free_port()
    given = environment(**settings, PORT=str(port))
    tied = [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command]
    with log.open("wb") as said, on(cores):
        process = subprocess.Popen(tied, env=given, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        _wait_until_it_listens(process, port, log)
        yield Program(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    return number


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    bound = time.monotonic() + START_BOUND
    while process.poll() is None and time.monotonic() < bound:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.002)
        else:
            return
    raise AssertionError(f"{process.args!r} does not listen: {log.read_text(errors='replace')[-2000:]}")
