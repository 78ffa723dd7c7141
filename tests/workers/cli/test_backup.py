"""`hansard backup` and `hansard restore`, as an operator runs them, and the script for cron."""

import json
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from core.keys import DEPLOYMENT
from tests.support import servers
from tests.support.program import SITE, THREAD, TOP, Up, environment, here, up

SCRIPT = TOP / "deploy" / "backup.sh"


def test_a_backup_of_a_running_up_becomes_another_one(night_train: Up, tmp_path: Path) -> None:
    file, data = tmp_path / "backup", tmp_path / "data"
    (taken,) = night_train.ask("backup", str(file), "--json").documents
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (taken["file"], taken["bytes"], taken["sites"]) == (str(file), file.stat().st_size, 1)
    told = {name: taken[name] for name in ("file", "events", "commands", "sites", "sha256")}
    assert here("restore", str(file), "--check", "--json").documents == [told | {"restored": False}]
    before = night_train.ask("replay", "--json").out.splitlines()
    done = here("restore", str(file), "--data", str(data))
    assert (done.status, done.err.count("\n")) == (0, 1)
    assert done.out == f"{taken['events']} events, {taken['commands']} command keys, the keys of 1 site: restored\n"
    assert here("replay", "--json", "--data", str(data)).out.splitlines() == before[: taken["events"]]
    with up(data, sample=False) as again:
        last = [event["position"] for event in map(json.loads, before) if event.get("thread") == THREAD][-1]
        page = httpx2.get(f"{again.url}/v1/sites/{SITE}/threads/{THREAD}", params={"after": last}, timeout=60)
        assert page.status_code == 200, page.text
        verified = again.ask("verify")
        assert verified.status == 0
        assert verified.out.startswith(f"{taken['events']} events folded, 1 thread compared: ")
        thread = again.ask("thread", SITE, THREAD, "--json").documents
        assert thread == night_train.ask("thread", SITE, THREAD, "--json").documents


def test_it_is_only_restored_where_there_is_nothing(night_train: Up, fresh: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert night_train.ask("backup", str(file)).status == 0
    beside = night_train.ask("restore", str(file))
    assert (beside.status, beside.out) == (1, "")
    assert beside.err == (
        f"hansard: `hansard up` runs on {night_train.data}: stop it first, or name a new directory with --data\n"
    )
    assert here("restore", str(file), "--redis-url", fresh).status == 0
    again = here("restore", str(file), "--redis-url", fresh)
    assert (again.status, again.out) == (1, "")
    assert again.err.splitlines()[-1] == (
        "hansard: There is a record already: restore a backup only into an empty deployment"
    )
    over = night_train.ask("backup", str(file))
    assert over.err.splitlines()[-1] == f"hansard: {file} exists: a backup never replaces another"
    assert over.status == 1


@pytest.mark.parametrize("command", ["gateway", "projector", "verify", "backup", "doctor"])
def test_nothing_starts_on_a_deployment_that_is_half_restored(command: str, fresh: str, tmp_path: Path) -> None:
    with servers.client(fresh) as redis:
        redis.hset(DEPLOYMENT, mapping={"partitions": 64, "format": 1, "restoring": "a backup"})
    given = [str(tmp_path / "backup")] if command == "backup" else []
    if command in ("gateway", "projector"):
        given = ["--durability", "memory", "--port", "0"]
    done = here(command, *given, "--redis-url", fresh, HANSARD_ADMIN_SECRET="o" * 32)
    assert done.status == 1
    said = " ".join((done.out if command == "doctor" else done.err).split())
    assert "A restore is running there, or was interrupted: run `hansard restore` on the same file" in said


def test_a_file_that_is_no_backup_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("words")
    done = here("restore", str(tmp_path / "text"), "--data", str(tmp_path / "data"))
    assert (done.status, done.out) == (1, "")
    assert done.err == f"hansard: {tmp_path / 'text'} is not a backup that this version of Hansard can read\n"
    assert not (tmp_path / "data").exists()


def test_the_script_for_cron_keeps_the_newest_and_fails_where_the_program_does(night_train: Up, tmp_path: Path) -> None:
    for name in ("hansard-20200101T000000Z.backup", "hansard-20200102T000000Z.backup", "another.backup"):
        (tmp_path / name).write_text("old")
    settings = {"HANSARD": shlex.join([sys.executable, "-m", "workers"]), "HANSARD_DATA": str(night_train.data)}
    command = ["sh", str(SCRIPT), str(tmp_path), "2"]
    # HANSARD is for the script: the program does not know such a setting, and does not mind it.
    done = subprocess.run(command, env=environment(**settings), cwd=TOP, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "the file is intact" in done.stdout
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept[:2] == ["another.backup", "hansard-20200102T000000Z.backup"]
    assert len(kept) == 3
    gone = environment(**settings | {"HANSARD_DATA": str(tmp_path / "none")})
    failed = subprocess.run(command, env=gone, cwd=TOP, check=False, capture_output=True, text=True)
    assert failed.returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
