"""`hansard verify` that was broken off, and goes on."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.keys import Keys
from tests.support.bounds import BOUND
from tests.support.program import SITE, THREAD, TOP, Ended, Up, environment, here, up
from tests.support.servers import client
from workers.cli.verify_progress import ProgressFile, Through

PARTITIONS = 64
KEYS = Keys(PARTITIONS)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `hansard up --sample` with a row, and keys in other partitions, that no event explains."""
    with up(tmp_path_factory.mktemp("up") / "data", "--drift-budget", "0") as found:
        with client(server(found)) as redis:
            key = KEYS.of(SITE, THREAD).thread_views(1, SITE, THREAD).rows
            row = redis.hget(key, "nt-12")
            assert isinstance(row, bytes)
            redis.hset(key, "nt-12", row.replace(b"soup", b"stew"))
            for number in (0, 5, 63):
                redis.hset(KEYS[number].thread_views(1, SITE, "nowhere").rows, "c", "words")
        yield found


def server(spoilt: Up) -> str:
    return f"unix://{(spoilt.data / 'server' / 'address').read_text()}"


@pytest.fixture
def kept(spoilt: Up, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The record of a run that was broken off at its very end."""
    path = tmp_path / "record"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda path, **_: path)
        assert verify(spoilt, "--state", str(path)).status == 1
    return path


def verify(spoilt: Up, *flags: str) -> Ended:
    """Run it to its end; what it logs on the way is left out."""
    done = spoilt.ask("verify", "--json", *flags)
    return done._replace(err="".join(line for line in done.err.splitlines(keepends=True) if not line.startswith("{")))


KILLED = """
import os, signal, sys
from workers.cli import verify_progress
from workers.__main__ import main

finished = verify_progress.ProgressFile.finished

def until(self, one):
    if {late}:
        finished(self, one)
    if one.partition == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    if not {late}:
        finished(self, one)

verify_progress.ProgressFile.finished = until
sys.argv = ["hansard", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize("late", [False, True])
def test_what_is_gone_on_with_after_a_kill_equals_an_uninterrupted_run(spoilt: Up, late: bool) -> None:
    whole = verify(spoilt)
    assert (whole.status, len(whole.documents)) == (1, 5)
    record = spoilt.data / "verify.jsonl"
    assert not record.exists()
    command = [sys.executable, "-c", KILLED.format(late=late), "verify", "--json", "--data", str(spoilt.data)]
    killed = subprocess.run(command, capture_output=True, check=False, timeout=BOUND, cwd=TOP, env=environment())
    assert killed.returncode == -signal.SIGKILL
    through = [line for line in record.read_text().splitlines() if '"through"' in line]
    assert len(through) == 5 + late
    assert record.stat().st_mode & 0o777 == 0o600
    assert (verify(spoilt, "--resume"), record.exists()) == (whole, False)


def test_wherever_the_record_was_cut_nothing_is_lost_and_nothing_told_twice(spoilt: Up, kept: Path) -> None:
    whole = verify(spoilt)
    content = kept.read_bytes()
    for cut in range(0, len(content), len(content) // 12):
        kept.write_bytes(content[:cut])
        assert verify(spoilt, "--resume", "--state", str(kept)) == whole
        assert not kept.exists()


def test_after_ctrl_c_it_says_how_to_go_on_and_goes_on_from_there(spoilt: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = spoilt.ask("verify")
    seen: list[int] = []
    finished = ProgressFile.finished

    def pressed(record: ProgressFile, one: Through) -> None:
        seen.append(one.partition)
        finished(record, one)
        if one.partition == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ProgressFile, "finished", pressed)
        done = spoilt.ask("verify")
    assert done.status == 130
    assert done.err.endswith("hansard: interrupted; `hansard verify --resume` continues\n")
    assert seen == [0, 1, 2, 3, 4, 5]
    monkeypatch.setattr(ProgressFile, "finished", lambda _, one: seen.append(one.partition))
    assert spoilt.ask("verify", "--resume").out == whole.out
    assert seen == list(range(PARTITIONS))


def test_texts_are_kept_only_where_they_were_asked_for(spoilt: Up, kept: Path) -> None:
    assert "stew" not in kept.read_text()
    done = verify(spoilt, "--resume", "--values", "--state", str(kept))
    assert done.err == "hansard: verification starts over: the interrupted run kept no values\n"
    assert any("stew" in str(told.get("found")) for told in done.documents)


def test_what_was_verified_of_another_deployment_counts_for_nothing(spoilt: Up, kept: Path) -> None:
    whole = verify(spoilt)
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    home = KEYS.of(SITE, THREAD).number

    def but(**more: Any) -> str:
        changed = [
            line | more if line.get("partition") == home and line["type"] == "through" else line for line in lines
        ]
        kept.write_text("".join(f"{json.dumps(line)}\n" for line in changed))
        done = verify(spoilt, "--resume", "--state", str(kept))
        assert done.out == whole.out
        return done.err

    assert but(position="5-7") == f"hansard: verification starts over: the log of partition {home} is a different one\n"
    assert but(generation=2) == f"hansard: verification starts over: partition {home} serves other views now\n"
    lines[0]["partitions"] = 8
    assert but() == "hansard: verification starts over: the interrupted run verified another deployment\n"


def test_one_partition_can_be_verified_alone(spoilt: Up) -> None:
    *differences, whole = verify(spoilt, "--partition", "5").documents
    assert [told["partition"] for told in differences] == [5]
    assert whole["verified"]["partitions"] == 1
    assert verify(spoilt, "--partition", "6").status == 0
    assert "0 to 63, not 64" in verify(spoilt, "--partition", "64").err
    for wrong in (("--partition", "64"), ("--partition", "5", "--resume"), ("--partition", "5", "--state", "f")):
        assert verify(spoilt, *wrong).status == 2


def test_where_there_is_no_data_directory_none_is_made_and_a_record_must_be_named(spoilt: Up, tmp_path: Path) -> None:
    nowhere = ("--redis-url", server(spoilt), "--data", str(tmp_path / "none"))
    assert here("verify", *nowhere).status == 1
    assert not (tmp_path / "none").exists()
    assert here("verify", *nowhere, "--resume").status == 2
    done = verify(spoilt, "--state", str(tmp_path / "none" / "record"))
    assert (done.status, done.documents) == (1, [])
    assert "No such file or directory" in done.err
