"""Real servers for tests: on a private socket, gone with the test run, leaving nothing behind.

Ask for `fresh` and get the URL of an empty server; a test that asks runs once on every engine that is here.
`started(program, *flags)` is for a server with flags or a fate of its own.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError  # noqa: A004 - the name redis has
from redis.retry import Retry

from workers.embedded import die_with_parent
from workers.embedded import server as embedded

START_BOUND = 120.0
"""Seconds in which a server with no data has to answer."""


def engines() -> dict[str, Path]:
    """Every server program that is here, by name; among them always the one that `hansard up` would start."""
    found = {"embedded": embedded.binary()}
    for name in ("valkey-server", "redis-server"):
        if program := shutil.which(name):
            found[name] = Path(program)
    return found


@contextmanager
def started(program: Path, *flags: str, conf: Path | None = None, password: str | None = None) -> Iterator[str]:
    """URL of a server that runs for the block; without a configuration or flags it keeps nothing on disk.

    `password` is the one that it asks for, and no part of the URL.
    """
    with tempfile.TemporaryDirectory(prefix="hansard-test-") as home:
        sock, said = Path(home, "sock"), Path(home, "said")
        base = [str(conf)] if conf else ["--dir", home, "--save", ""]
        flags = ("--port", "0", "--unixsocket", str(sock), *flags)
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), str(program), *base, *flags],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_it_answers(process, sock, said, password)
            yield f"unix://{sock}"
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def client(url: str) -> Redis:
    """A plain client for looking and for setting things up: no retries, bytes in answers."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), driver_info=None)


@pytest.fixture(scope="session", params=engines())
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of this run's server of one engine. Tests take `fresh`."""
    with started(engines()[request.param]) as url:
        yield url


@pytest.fixture
def fresh(server: str) -> str:
    """URL of an empty server."""
    with client(server) as connection:
        connection.flushall()
    return server


def _wait_until_it_answers(
    process: "subprocess.Popen[bytes]", sock: Path, said: Path, password: str | None = None
) -> None:
    """A server does not tell when it is ready, so it is asked until it answers."""
    bound = time.monotonic() + START_BOUND
    while process.poll() is None and time.monotonic() < bound:
        try:
            with client(f"unix://:{password}@{sock}" if password else f"unix://{sock}") as connection:
                connection.ping()
        except ConnectionError:
            time.sleep(0.005)
        else:
            return
    raise AssertionError(f"no server came up: {said.read_text(errors='replace')}")
