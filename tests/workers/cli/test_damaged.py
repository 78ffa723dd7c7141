"""Every command where somebody else wrote into the log: each says where and what, and none ends in a trace."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.keys import Keys
from core.position import Position
from tests.support.program import SITE, THREAD, Ended, Up, here, running, up
from tests.support.servers import client

PARTITIONS = 2
KEYS = Keys(PARTITIONS)
HERE = KEYS.of(SITE, THREAD)
OTHER = 1 - HERE.number


@pytest.fixture(scope="module", params=["an entry", "the log"])
def damaged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, str]]:
    """A running `hansard up --sample`, started again on a log that somebody wrote into; how it names the damage."""
    data = tmp_path_factory.mktemp("up") / "data"
    settings = ("--partitions", str(PARTITIONS), "--drift-budget", "0")
    with up(data, *settings) as run:
        last = level(run)
        with client(server(run)) as redis:
            if request.param == "an entry":
                bad = f"{last.ms}-{last.n + 1}"
                redis.execute_command("XADD", HERE.log, bad, "foo", "bar")
                named = f"partition {HERE.number} at {bad}: its fields are not those of an event"
            else:
                redis.rename(HERE.log, "saved")
                redis.set(HERE.log, "somebody else's")
                named = f"partition {HERE.number}: the key {HERE.log} has the wrong type"
        assert run.stop() == 0
    with up(data, *settings) as run:
        while not httpx2.get(f"{run.url}/readyz").json()["views"]["stopped"]:
            pass
        yield run, named


def server(run: Up) -> str:
    return f"unix://{(run.data / 'server' / 'address').read_text()}"


def level(run: Up) -> Position:
    """Wait until the views have what the log has; where that ends."""
    with client(server(run)) as redis:
        while True:
            ((last, _),) = redis.xrevrange(HERE.log, count=1)
            if redis.get(HERE.cursor(1)) == last:
                return Position.decode(last)


def ends(done: Ended, status: int) -> None:
    """It came to its end like that, and without a trace."""
    assert done.status == status, done.err
    assert "command_failed" not in done.err
    assert "Traceback" not in done.err + done.out


def is_entry(named: str) -> bool:
    return " at " in named


def test_up_starts_again_and_serves_and_says_what_stopped(damaged: tuple[Up, str]) -> None:
    run, _ = damaged
    assert run.process.poll() is None
    page = f"{run.url}/v1/sites/{SITE}/threads/{THREAD}"
    assert httpx2.get(page).status_code == 200
    ready = httpx2.get(f"{run.url}/readyz")
    assert ready.status_code == 200
    assert ready.json()["views"]["stopped"] == 1
    assert "hansard_stopped_partitions 1.0" in httpx2.get(f"{run.url}/metrics").text
    stopped = [json.loads(line) for line in run.err.splitlines() if '"partition_stopped"' in line]
    assert [one["partition"] for one in stopped] == [HERE.number]
    # Threads elsewhere go on.
    thread = next(name for name in map(str, range(100)) if KEYS.of(SITE, name).number == OTHER)
    headers = {"Authorization": f"Bearer {run.token('--sub', 'mod', '--name', 'Mod', '--role', 'moderator')}"}
    other = f"{run.url}/v1/sites/{SITE}/threads/{thread}"
    put = httpx2.put(other, json={"url": "https://lamplighter.example/x", "title": "X"}, headers=headers)
    assert put.status_code in (200, 201), put.text
    assert httpx2.get(other, params={"after": put.json()["position"]}).status_code == 200


def test_replay_shows_it_in_its_place_or_ends_before_it(damaged: tuple[Up, str]) -> None:
    run, named = damaged
    for flags in ((), ("--json",), ("--type", "vote.cast")):
        done = run.ask("replay", "--site", SITE, "--thread", THREAD, *flags)
        if is_entry(named):
            ends(done, 0)
            bad = named.split(" at ")[1].split(":")[0]
            if flags == ("--json",):
                assert done.documents[-1] == {"position": bad, "type": "unreadable"}
            else:
                assert done.out.splitlines()[-1].split() == [bad, "-", "unreadable", "partition", str(HERE.number)]
        else:
            ends(done, 1)
            assert done.out == ""
            why = f"the key {HERE.log} has the wrong type"
            said = f"hansard: partition {HERE.number} cannot be read: {why} (unavailable)"
            assert done.err.splitlines()[-1] == said


def test_tail_goes_on_or_names_it(damaged: tuple[Up, str], tmp_path: Path) -> None:
    run, named = damaged
    if is_entry(named):
        with running("tail", "--data", str(run.data), said=tmp_path / "said") as tail:
            while "following" not in tail.err:
                assert tail.process.poll() is None, tail.err
    else:
        done = run.ask("tail")
        ends(done, 1)
        assert f"partition {HERE.number} cannot be read" in done.err


def test_verify_names_it_and_compares_the_others(damaged: tuple[Up, str]) -> None:
    run, named = damaged
    done = run.ask("verify")
    ends(done, 1)
    assert f"unreadable  {named}" in done.out.splitlines()
    assert done.out.splitlines()[-1].endswith(": 1 difference")
    told, _ = run.ask("verify", "--json").documents
    wanted: dict[str, Any] = {"partition": HERE.number, "thread": None, "key": HERE.log, "field": None}
    assert told.items() >= (wanted | {"difference": "unreadable"}).items()
    assert ("position" in told) == is_entry(named)
    again = run.ask("verify", "--partition", str(OTHER))
    ends(again, 0)


def test_the_doctor_names_it_and_says_what_to_do(damaged: tuple[Up, str]) -> None:
    run, named = damaged
    done = run.ask("doctor", "--json")
    ends(done, 1)
    (found,) = [one for one in done.documents if one["verdict"] == "wrong" and one["about"] == "log"]
    assert found["found"] == named
    assert HERE.log in found["change"]
    ends(run.ask("doctor"), 1)


def test_it_is_no_loss_that_could_be_accepted(damaged: tuple[Up, str]) -> None:
    run, _ = damaged
    done = run.ask("doctor", "--accept-loss", "--json")
    ends(done, 1)
    assert done.documents == []
    assert f"partition {HERE.number} at " in done.err


def test_commands_that_read_views_go_on(damaged: tuple[Up, str]) -> None:
    run, named = damaged
    ends(run.ask("parked"), 0)
    done = run.ask("thread", SITE, THREAD)
    ends(done, 0)
    assert "Piet Vanhoutte" in done.out
    ends(run.ask("history", SITE, THREAD, "nt-03"), 0 if is_entry(named) else 1)


def test_a_backup_takes_all_it_can_and_is_restored_when_asked_for(damaged: tuple[Up, str], tmp_path: Path) -> None:
    run, named = damaged
    path = tmp_path / "backup"
    done = run.ask("backup", str(path))
    ends(done, 1)
    why = named.rpartition(": ")[2]
    lacks = f"hansard: {path} is incomplete: it lacks partition {HERE.number} after "
    assert done.err.splitlines()[-1].startswith(lacks)
    assert done.err.splitlines()[-1].endswith(why)
    assert run.ask("backup", str(tmp_path / "another"), "--json").documents[0]["lacks"][0]["partition"] == HERE.number
    for flags in ((), ("--check",)):
        refused = here("restore", str(path), "--data", str(tmp_path / "data"), *flags)
        ends(refused, 1)
        assert refused.err.startswith(lacks)
        assert refused.err.endswith("Use --incomplete to restore the rest of it\n")
    assert not (tmp_path / "data").exists()
    checked = here("restore", str(path), "--incomplete", "--check")
    ends(checked, 0)
    assert f": the file lacks partition {HERE.number} after " in checked.out
    restored = here("restore", str(path), "--incomplete", "--data", str(tmp_path / "data"), "--json")
    ends(restored, 0)
    (told,) = restored.documents
    assert told["restored"] is True
    assert told["lacks"][0]["partition"] == HERE.number
    replayed = here("replay", "--json", "--data", str(tmp_path / "data"))
    ends(replayed, 0)
    assert len(replayed.documents) == told["events"]
    assert "unreadable" not in {event["type"] for event in replayed.documents}


def test_a_rebuild_builds_what_there_is_and_names_it(damaged: tuple[Up, str]) -> None:
    run, named = damaged
    done = run.ask("rebuild", "--pace", "1")
    ends(done, 1)
    assert done.err.splitlines()[-1].startswith("hansard: ")
    assert named in done.err.splitlines()[-1]
    ends(run.ask("rebuild", "--status"), 0)
    ends(run.ask("rebuild", "--clean"), 0)
