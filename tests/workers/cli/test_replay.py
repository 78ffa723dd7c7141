"""Events told: all of them, those that were chosen, and those that come."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.keys import DEPLOYMENT, Keys
from tests.support.bounds import BOUND
from tests.support.program import SITE, THREAD, TOP, Up, command, environment, here, killed_after
from tests.support.servers import client

PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"


def get(run: Up, path: str, *claims: str, **params: Any) -> Any:
    headers = {"Authorization": f"Bearer {run.token(*claims)}"} if claims else {}
    answer = httpx2.get(f"{run.url}{path}", params=params, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_replay_tells_what_the_audit_tells(night_train: Up) -> None:
    told = night_train.ask("replay", "--site", SITE, "--json").documents
    audited = get(night_train, f"/v1/sites/{SITE}/audit", "--sub", "a", "--name", "A", "--role", "auditor", limit=500)
    assert told == audited["events"]
    assert len(told) == 77


def test_replay_is_a_line_an_event(night_train: Up) -> None:
    done = night_train.ask("replay", "--site", SITE, "--thread", THREAD)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert len(lines) == 76
    position, *rest = lines[37].split(maxsplit=6)
    assert position.endswith("-38")
    assert rest[:5] == ["2026-10-12T10:02:13.808Z", "comment.rejected", "sample/night-train/nt-09:1", "staff", "wilma"]
    assert rest[5].startswith('basis="report" reason="Argue with what she says')


def test_replay_gives_what_was_chosen(night_train: Up) -> None:
    thread = ("--site", SITE, "--thread", THREAD)
    whole = night_train.ask("replay", *thread, "--json").documents
    chosen = night_train.ask("replay", *thread, "--json", "--type", "comment.held", "--type", "comment.approved")
    assert [one["type"] for one in chosen.documents] == ["comment.held", "comment.approved"]
    span = ("--from", whole[10]["position"], "--to", whole[13]["position"])
    assert night_train.ask("replay", *thread, *span, "--json").documents == whole[10:13]
    begin, end = whole[20]["at"], whole[40]["at"]
    spanned = night_train.ask("replay", *thread, "--from", begin, "--to", end, "--json").documents
    assert spanned == [one for one in whole if begin <= one["at"] < end]
    assert night_train.ask("replay", "--from", "2999-01-01T00:00:00Z").out == ""


def test_whatever_a_line_says_can_be_asked_for_in_the_same_words(night_train: Up) -> None:
    thread = ("--site", SITE, "--thread", THREAD)
    whole = night_train.ask("replay", *thread).out.splitlines()
    for line in (whole[37], whole[3], whole[53], whole[0]):
        position, _, type_, place, kind, actor, *rest = line.split(maxsplit=6)
        comment, _, revision = place.removeprefix(f"{SITE}/{THREAD}").lstrip("/").partition(":")
        name, _, value = rest[0].partition(" ")[0].partition("=") if rest else ("", "", "")
        asked = [
            ("--position", position),
            ("--type", type_),
            ("--kind", kind),
            ("--actor", actor),
            ("--actor", f"{kind} {actor}"),
            *([("--comment", comment)] if comment else []),
            *([("--comment", comment, "--revision", revision)] if revision else []),
            *([("--having", f"{name}={value}")] if value.startswith('"') and value.endswith('"') else []),
            *([("--having", f"{name}={value.strip(chr(34))}")] if value.endswith('"') else []),
        ]
        for flags in asked:
            found = night_train.ask("replay", *thread, *flags).out.splitlines()
            assert line in found, flags
            assert len(found) < len(whole), flags
        together = [flag for flags in asked if flags[0] != "--actor" for flag in flags if "--comment" not in flags]
        assert line in night_train.ask("replay", *thread, *together).out.splitlines()


def test_what_was_chosen_is_all_that_fits(night_train: Up) -> None:
    whole = night_train.ask("replay", "--json").documents
    cases: tuple[tuple[tuple[str, ...], Any], ...] = (
        (("--kind", "staff"), lambda one: one["actor"]["kind"] == "staff"),
        (("--actor", "piet", "--actor", "wilma"), lambda one: one["actor"]["id"] in ("piet", "wilma")),
        (("--site", SITE, "--comment", "nt-13"), lambda one: one.get("comment") == "nt-13"),
        (
            ("--site", SITE, "--comment", "nt-03", "--revision", "3"),
            lambda one: (one.get("comment"), one.get("revision")) == ("nt-03", 3),
        ),
        (("--having", "value=-1"), lambda one: one["data"].get("value") == -1),
        (("--having", "rule=links", "--type", "comment.posted"), lambda one: one["data"].get("rule") == "links"),
        (("--actor", "member wilma"), lambda _: False),
    )
    for flags, fits in cases:
        expected = [one for one in whole if fits(one)]
        assert night_train.ask("replay", "--json", *flags).documents == expected, flags
        assert bool(expected) == (flags != ("--actor", "member wilma"))


def test_redacted_text_is_not_given_back_by_anything(scribbled: Up) -> None:
    headers = {"Authorization": f"Bearer {scribbled.token('--sub', 'w', '--name', 'W', '--role', 'moderator')}"}
    answer = httpx2.put(
        f"{scribbled.url}{PAGE}/comments/nt-09/revisions/1/redaction",
        json={"reason": "An address was in it."},
        headers=headers,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    httpx2.get(f"{scribbled.url}{PAGE}", params={"after": answer.json()["position"]}, timeout=60)
    for arguments in (
        ("replay",),
        ("replay", "--json"),
        ("history", SITE, THREAD, "nt-09", "--staff"),
        ("history", SITE, THREAD, "nt-09", "--staff", "--json"),
        ("trail", SITE, THREAD, "nt-09"),
        ("trail", SITE, "nt-09", "--json"),
        ("thread", SITE, THREAD, "--at", "2026-10-12T09:30:00Z", "--staff"),
    ):
        done = scribbled.ask(*arguments)
        assert done.status == 0
        assert "Then move" not in done.out
    assert scribbled.ask("verify").status == 0


def test_tail_tells_events_as_they_come_until_it_is_interrupted(scribbled: Up) -> None:
    arguments = command("tail", "--data", str(scribbled.data), "--site", "tailed", "--json")
    headers = {"Authorization": f"Bearer {scribbled.token('--operator')}"}

    def put(path: str, words: dict[str, Any]) -> None:
        assert httpx2.put(f"{scribbled.url}{path}", json=words, headers=headers, timeout=60).is_success

    with killed_after(
        subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=TOP
        )
    ) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert tail.stderr.readline() == "following\n"
        for name in ("tailed", "untailed"):
            put(f"/v1/sites/{name}/", {"name": name, "keys": {"hs256": ["first " * 6]}})
        put("/v1/sites/tailed/keys", {"hs256": ["later " * 6]})
        assert [json.loads(tail.stdout.readline())["type"] for _ in range(2)] == ["site.opened", "site.rekeyed"]
        tail.send_signal(signal.SIGINT)
        assert tail.communicate(timeout=BOUND) == ("", "")
        assert tail.returncode == 130


def test_tail_ends_where_what_it_printed_is_in_the_record_no_more(fresh: str) -> None:
    log = Keys(64)[12].log
    with client(fresh) as redis:
        redis.hset(DEPLOYMENT, mapping={"partitions": 64, "format": 1})
        redis.xadd(log, {"e": b"{}", "c": b""}, id="5-1")
        arguments = command("tail", "--redis-url", fresh)
        with killed_after(
            subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment(), cwd=TOP)
        ) as tail:
            assert tail.stderr is not None
            assert tail.stderr.readline() == "following\n"
            redis.delete(log)
            redis.xadd(log, {"e": b"{}", "c": b""}, id="6-1")
            assert tail.wait(BOUND) == 1
            said = tail.stderr.read()
    assert said.startswith(
        "hansard: the log of partition 12 no longer has event 5-1 as it was read: the server lost it"
    )
    assert said.count("\n") == 1


def test_tail_needs_somebody_who_writes(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    done = here("tail", "--data", str(tmp_path))
    assert done.err == f"hansard: `hansard up` is not running on {tmp_path}: start it, or give --redis-url\n"
    assert done.status == 1


@pytest.mark.parametrize("asked", [("replay", "--json"), ("thread", SITE, THREAD)])
def test_who_stops_reading_is_no_error(night_train: Up, asked: tuple[str, ...]) -> None:
    arguments = command(*asked, "--data", str(night_train.data))
    with killed_after(
        subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=TOP)
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait(BOUND) == 0
