"""`hansard verify` and `hansard doctor`."""

import pytest

from core.keys import DEPLOYMENT, Keys
from tests.support.program import SITE, THREAD, Up, here
from tests.support.servers import client

EVENTS = 77
"""Of the sample: 76 of its thread, and the site that was opened."""


def test_verify_finds_a_row_that_was_changed_by_hand(scribbled: Up) -> None:
    clean = scribbled.ask("verify")
    assert clean.status == 0
    events, right = clean.out.split(" events folded, 1 thread compared: ")
    assert int(events) >= EVENTS
    assert right == "the served views match the log\n"
    socket = (scribbled.data / "server" / "address").read_text()
    key = Keys(64).of(SITE, THREAD).thread_views(1, SITE, THREAD).rows
    with client(f"unix://{socket}") as redis:
        row = redis.hget(key, "nt-12")
        assert isinstance(row, bytes)
        redis.hset(key, "nt-12", row.replace(b"soup", b"stew"))
        try:
            done = scribbled.beside("verify")
            told, whole = scribbled.ask("verify", "--json", "--values").documents
        finally:
            redis.hset(key, "nt-12", row)
    assert done.status == 1
    first, *_, last = done.out.splitlines()
    assert first == f"differs     sample/night-train  {key}  nt-12"
    assert last == f"{events} events folded, 1 thread compared: 1 difference"
    assert "stew" not in done.out, "values are texts, and shown only to who asks"
    assert (told["thread"], told["field"], told["difference"]) == ("sample/night-train", "nt-12", "differs")
    # The last line says what was verified.
    verified = whole["verified"]
    assert (verified["partitions"], verified["events"], verified["threads"]) == (64, int(events), 1)
    assert (verified["differences"], verified["not_compared_whole"]) == (1, 0)
    (right_now,) = scribbled.ask("verify", "--json").documents
    assert right_now == {"verified": verified | {"differences": 0}}
    assert "soup" in told["expected"]
    assert "stew" in told["found"]


def test_the_doctor_finds_a_server_of_ours_well(night_train: Up) -> None:
    done = night_train.ask("doctor")
    assert done.status == 0
    assert "✓ persistence appendfsync always" in done.out
    assert "✓ views       up to date with the log" in done.out
    findings = night_train.ask("doctor", "--json").documents
    # It listens on this machine alone, where clients have no addresses of their own.
    assert [found["about"] for found in findings if found["verdict"] != "good"] == ["addresses"]


def test_the_doctor_says_what_must_change(fresh: str) -> None:
    with client(fresh) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            done = here("doctor", "--redis-url", fresh, "--json")
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    wrong = {found["about"]: found for found in done.documents if found["verdict"] == "wrong"}
    assert done.status == 1
    assert wrong.keys() == {"eviction", "persistence"}
    assert wrong["eviction"]["found"] == "allkeys-lru"
    assert wrong["eviction"]["change"].startswith("Set maxmemory-policy noeviction")
    assert wrong["persistence"]["change"].startswith("Set appendonly yes, appendfsync always")


@pytest.mark.parametrize("grown", [0, 3])
def test_the_doctor_finds_a_log_that_is_older_than_the_views_and_says_what_to_do(fresh: str, grown: int) -> None:
    keys = Keys(64)[12]
    with client(fresh) as redis:
        redis.hset(DEPLOYMENT, mapping={"partitions": 64, "format": 1})
        for number in range(1, 4):
            redis.xadd(keys.log, {"e": b"{}", "c": b""}, id=f"5-{number}")
        redis.set(keys.cursor(1), "5-3")
        level = here("doctor", "--redis-url", fresh, "--json")
        # An older log is put there, and goes on in its own way.
        redis.delete(keys.log)
        for number in range(1, 3 + grown):
            redis.xadd(keys.log, {"e": b"{}", "c": b""}, id=f"{5 if number < 3 else 7}-{number}")
        done = here("doctor", "--redis-url", fresh, "--json")
        lines = here("doctor", "--redis-url", fresh).out.splitlines()
    assert {found["found"] for found in level.documents if found["about"] == "views"} == {"up to date with the log"}
    (views,) = (found for found in done.documents if found["about"] == "views")
    assert done.status == 1
    assert (views["verdict"], views["found"]) == ("wrong", "in 1 of 64 partitions not made from the log beside them")
    ends = f"{7 if grown else 5}-{2 + grown}"
    assert views["change"].startswith(
        f"In partition 12 the views have event 5-3; the log lacks it, and ends at {ends}."
    )
    assert "Restore the backup" in views["change"]
    assert "`hansard rebuild`" in views["change"]
    assert all(line[:1] in "✓!✗" or line.startswith(14 * " ") for line in lines)


def test_what_the_doctor_says_stays_in_its_column(fresh: str) -> None:
    lines = here("doctor", "--redis-url", fresh).out.splitlines()
    assert any(line.startswith("✗ persistence ") for line in lines)
    assert all(line[:1] in "✓!✗" or line.startswith(14 * " ") for line in lines)


def test_advice_alone_is_no_failure(fresh: str) -> None:
    done = here("doctor", "--redis-url", fresh, "--durability", "memory", "--json")
    assert done.status == 0
    assert {found["about"] for found in done.documents if found["verdict"] == "advice"} >= {"persistence", "deployment"}
