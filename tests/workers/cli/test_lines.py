"""What comes out of a process that stays, where its lines are JSON: JSON, and nothing else, whatever happens."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.keys import Keys
from tests.support.bounds import BOUND
from tests.support.program import TOP, Ended, command, environment, hansard, here, killed_after
from tests.support.servers import client, started
from workers.embedded import server as embedded

SECRET = "o" * 32
PARTITIONS = 128
ROLES = ("gateway", "projector", "up")


def lines_of(done: Ended) -> list[Any]:
    """What a command said on both outputs, each line decoded."""
    return [json.loads(line) for line in (done.out + done.err).splitlines()]


def failures_of(done: Ended) -> list[dict[str, Any]]:
    """The lines that say why a command ended. What earlier tests left may be tidied up meanwhile, and told, too."""
    return [line for line in lines_of(done) if line["event"] == "command_failed"]


@pytest.fixture(scope="module")
def server() -> Any:
    with started(embedded.binary()) as url:
        yield url


@pytest.mark.parametrize("role", ROLES)
def test_a_whole_life_is_json_and_the_start_says_what_started(role: str, server: str, tmp_path: Path) -> None:
    settings = {"REDIS_URL": server, "ADMIN_SECRET": SECRET, "DURABILITY": "memory", "LOG_FORMAT": "json"}
    with killed_after(
        subprocess.Popen(
            command(role, "--port", "0", "--data", str(tmp_path / "data")),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=TOP,
            env=environment(PYTHONWARNINGS="always", **{f"HANSARD_{name}": value for name, value in settings.items()}),
        )
    ) as process:
        assert process.stdout is not None
        found: list[Any] = []
        while not any(line.get("event") == "process_started" for line in found):
            found.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=BOUND)
        found += [json.loads(line) for line in out.splitlines()]
    start = next(line for line in found if line.get("event") == "process_started")
    (told,) = [line for line in found if "event" not in line]
    assert told["url"] == start["listens"]
    assert start["listens"].startswith("http://127.0.0.1:")
    assert (start["role"], start["durability"], start["partitions"]) == (role, "memory", 64)
    assert start["version"][0].isdigit()
    assert found[-1]["event"] == "process_stopped"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("flags", "settings", "status", "said"),
    [
        (("--port", "x"), {}, 2, "--port must be a port"),
        (("--prot", "1"), {}, 2, "--prot"),
        ((), {"PORT": "x"}, 2, "HANSARD_PORT must be a port"),
        ((), {"REDIS_URL": "unix:///nowhere/at/all"}, 1, "Redis does not answer"),
    ],
)
def test_an_error_is_one_line_of_json(
    role: str, flags: tuple[str, ...], settings: dict[str, str], status: int, said: str, tmp_path: Path
) -> None:
    given = {"ADMIN_SECRET": SECRET, "REDIS_URL": "unix:///nowhere", "LOG_FORMAT": "json", **settings}
    more = ("--data", str(tmp_path / "data"))
    done = here(role, *flags, *more, **{f"HANSARD_{name}": value for name, value in given.items()})
    assert done.status == status
    (line,) = failures_of(done)
    assert (line["event"], line["level"], line["status"]) == ("command_failed", "error", status)
    assert said in line["detail"]


@pytest.mark.parametrize("flag", [("--log-format", "json"), ("--log-format=json",)])
def test_the_flag_counts_as_well_before_settings_are_read(flag: tuple[str, ...]) -> None:
    done = here("gateway", *flag, "--nonsense")
    (line,) = failures_of(done)
    assert (done.status, line["event"]) == (2, "command_failed")


def test_what_ends_a_process_after_its_first_line_is_json_too(server: str) -> None:
    """In the form that is found out: nobody chose one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {"HANSARD_REDIS_URL": server, "HANSARD_ADMIN_SECRET": SECRET, "HANSARD_DURABILITY": "memory"}
        operations = ("--operations", "127.0.0.1:0")
        done = hansard("gateway", "--port", port, *operations, **settings)
    lines = lines_of(done)
    assert done.status == 1
    assert "operations_served" in [line["event"] for line in lines]
    assert lines[-1]["event"] == "command_failed"
    (failed,) = [line for line in lines if line["event"] == "command_failed"]
    assert "Cannot listen" in failed["detail"]


ESCAPING = """
import gc, logging, sys, threading, warnings
import anyio
from workers.runtime import logs, process

logs.configure("json", "warning")
warnings.simplefilter("always")

class Broken:
    def __del__(self):
        raise RuntimeError("while it goes")

def fail():
    raise RuntimeError("in a thread")

async def task_that_fails():
    raise RuntimeError("in a task")

async def work(own):
    import asyncio
    warnings.warn("this will go", DeprecationWarning)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Broken()
    gc.collect()
    forgotten = asyncio.ensure_future(task_that_fails())
    await anyio.lowlevel.checkpoint()
    await anyio.lowlevel.checkpoint()
    del forgotten
    gc.collect()
    logging.getLogger("asyncio").error("a library speaks")

sys.exit(process.run(work, drain=1))
"""


def test_what_python_says_by_itself_is_json() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ESCAPING],
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
        cwd=TOP,
        env=environment(),
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 0, done.stderr
    told = [(line["event"], line.get("library")) for line in lines]
    assert told.count(("exception_escaped", None)) == 2
    assert ("library_logged", "py.warnings") in told
    assert ("library_logged", "asyncio") in told
    exceptions = " ".join(line.get("exception", "") for line in lines)
    for words in ("while it goes", "in a thread", "in a task"):
        assert words in exceptions


HUNG = """
import sys
from workers.projector import projector
from workers.roles import roles
from workers.runtime import logs, process, settings

projector.RENEWED_S = 0.1  # as in production, only sooner

async def work(own):
    await roles.run_projector(own, settings.read(), lambda url: print(url, flush=True))

logs.configure("json", "warning", every=0.5)
sys.exit(process.run(work, drain=10))
"""


def test_a_hung_server_is_told_in_few_lines_however_many_partitions_there_are(tmp_path: Path) -> None:
    said = tmp_path / "said"
    settings = {"ADMIN_SECRET": SECRET, "DURABILITY": "memory", "PORT": "0", "PARTITIONS": str(PARTITIONS)}
    with started(embedded.binary()) as url, said.open("w") as err:
        with client(url) as redis:
            server = redis.info("server")["process_id"]
        process = subprocess.Popen(
            [sys.executable, "-c", HUNG],
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            cwd=TOP,
            env=environment(HANSARD_REDIS_URL=url, **{f"HANSARD_{name}": value for name, value in settings.items()}),
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http")
            with client(url) as redis:  # it has all of them
                while redis.exists(*(keys.lease for keys in Keys(PARTITIONS))) < PARTITIONS:
                    pass
            os.kill(server, signal.SIGSTOP)
            counts: list[dict[str, Any]] = []
            while not counts:
                lines = [json.loads(line) for line in said.read_text().splitlines(keepends=True) if line.endswith("\n")]
                counted = [line for line in lines if line["event"] == "lease_not_renewed" and "times" in line]
                # On a busy machine the first of these lines comes before all partitions have failed once.
                counts = [line for line in counted if line["partitions"] >= PARTITIONS - 1]
        finally:
            os.kill(server, signal.SIGCONT)
            process.kill()
            process.communicate(timeout=BOUND)
    assert len(lines) < PARTITIONS // 4


def test_where_both_outputs_are_one_file_and_nobody_chose_all_of_it_is_for_people(tmp_path: Path) -> None:
    with killed_after(
        subprocess.Popen(
            command("up", "--port", "0", "--data", str(tmp_path / "data")),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=TOP,
            env=environment(),
        )
    ) as process:
        assert process.stdout is not None
        found: list[str] = []
        while not any("process_started" in line for line in found):
            found.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=BOUND)
    found += out.splitlines()
    assert any(line.startswith("Hansard listens on http://127.0.0.1:") for line in found)
    assert not [line for line in found if line.startswith("{")]


def test_a_variable_that_is_no_setting_is_a_line_of_its_own(server: str, tmp_path: Path) -> None:
    given = {"HANSARD_PROT": "1", "HANSARD_REDIS_URL": "unix:///nowhere", "HANSARD_ADMIN_SECRET": SECRET}
    for role in ROLES:
        done = here(role, "--log-format", "json", "--data", str(tmp_path / "data"), **given)
        pointed_out, _ = lines_of(done)
        assert (pointed_out["event"], pointed_out["level"]) == ("setting_ignored", "warning")
        assert (pointed_out["setting"], pointed_out["meant"]) == ("HANSARD_PROT", "HANSARD_PORT")
    done = here("doctor", "--redis-url", server, HANSARD_PROT="1")
    assert done.err.splitlines()[0] == "hansard: HANSARD_PROT is not a setting: did you mean HANSARD_PORT?"
