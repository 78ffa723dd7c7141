"""A gateway at the limit of open files: it says so once, serves whom it has, and takes newcomers when it can again."""

import resource
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.support.wire import request

FILES = 64
SERVER = f"""
import resource, sys, anyio
from workers.gateway.http.http_server import HttpServer
from workers.runtime import logs, metrics
from workers.runtime.limits import Limits

async def application(scope, receive, send):
    failures = metrics.REGISTRY.get_sample_value("hansard_accept_failures_total")
    said = b"%d" % failures
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]}})
    await send({{"type": "http.response.body", "body": said}})

async def main():
    logs.configure("json")
    # What it reckons with is more than the system gives.
    server = HttpServer(application, "127.0.0.1", 0, drain=1, limits=Limits(idle_timeout=3600))
    resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
    async with anyio.create_task_group() as tasks:
        print(await tasks.start(server.run), flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)
        await server.drain()

anyio.run(main, backend_options={{"use_uvloop": sys.argv[1] == "uvloop"}})
"""


def ask(connection: socket.socket) -> int:
    """How often nothing could be accepted, as the server says on a connection."""
    connection.sendall(request())
    said = b""
    while not (body := said.partition(b"\r\n\r\n")[2]):
        part = connection.recv(65_536)
        assert part, "the connection was closed"
        said += part
    return int(float(body))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_gateway_without_files_serves_on_and_says_so_once(loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, loop],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process, ExitStack() as stack:
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline())

        def connect() -> socket.socket:
            connection = socket.create_connection((url.hostname or "", url.port or 0), timeout=30)
            return stack.enter_context(connection)

        connections = [connect() for _ in range(2 * FILES)]
        newest = connections[-1]
        assert ask(newest) > 0, "the longest idle connection was closed for it"
        connections.append(connect())
        assert ask(connections[-1]) > 0
        for connection in connections[:-1]:
            connection.close()
        for _ in range(5):
            assert ask(connect()) > 0
        _, said = process.communicate()
    assert process.returncode == 0, said
    lines = [msgspec.json.decode(line) for line in said.splitlines()]
    assert [line["cause"] for line in lines if line["event"] == "accept_failed"] == ["EMFILE"]


def test_the_soft_limit_of_files_is_raised_when_a_process_begins() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = """
import resource
from workers.runtime import process
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
async def work(process):
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
process.run(work, drain=1)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    wanted = hard if hard != resource.RLIM_INFINITY else 1_048_576
    assert ran.stdout.split()[0] == str(wanted)
