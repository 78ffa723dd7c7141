"""Commands that read: beside a running `hansard up`, and on its data alone."""

import json
import os
import signal
import subprocess
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core.keys import Keys
from tests.cli.program import BOUND, SITE, THREAD, TOP, Up, command, environment, here, up
from tests.servers import client

PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"
TEXTS = Path(__file__).parent / "texts"


def get(run: Up, path: str, *claims: str, **params: Any) -> Any:
    headers = {"Authorization": f"Bearer {run.token(*claims)}"} if claims else {}
    answer = httpx2.get(f"{run.url}{path}", params=params, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


def check(name: str, text: str) -> None:
    """Compare a text with the one that was read and found right. KEEP_PAGES=1 writes it anew."""
    path = TEXTS / f"{name}.txt"
    if os.environ.get("KEEP_PAGES"):
        path.write_text(text)
    assert path.read_text() == text


def positionless(text: str) -> str:
    """A thread as text without its position, which is another in every run."""
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:2], lines[2].partition(" · position")[0], "\n", *lines[3:]])


# --- token ---


def test_a_token_is_all_that_is_printed_and_it_is_taken(night_train: Up) -> None:
    done = night_train.beside("token", "--site", SITE, "--sub", "bea", "--name", "Bea")
    assert done.status == 0
    assert done.out.count(".") == 2
    assert done.out.split() == [done.out.rstrip("\n")]
    overlay = httpx2.get(
        f"{night_train.url}{PAGE}/me", headers={"Authorization": f"Bearer {done.out.strip()}"}, timeout=20
    )
    assert overlay.status_code == 200
    # A reader without the entitlement may vote, and is told what a comment would need.
    assert overlay.json()["refusals"]["vote"] is None
    assert overlay.json()["refusals"]["comment"]["needs"] == "subscriber"


def test_what_a_token_says_is_what_was_asked_for(night_train: Up) -> None:
    claims = ("--entitlement", "subscriber", "--badge", "author", "--kind", "guest", "--role", "auditor")
    token = night_train.token("--sub", "g", "--name", "Gäste", *claims)
    payload = token.split(".")[1]
    said = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert said.pop("exp") > 0
    assert said == {
        "sub": "g",
        "name": "Gäste",
        "aud": SITE,
        "kind": "guest",
        "roles": ["auditor"],
        "entitlements": ["subscriber"],
        "badges": ["author"],
    }


def test_a_site_that_is_not_there_has_no_tokens(night_train: Up) -> None:
    done = night_train.ask("token", "--site", "nowhere", "--sub", "a", "--name", "A")
    assert (done.out, done.err, done.status) == ("", "hansard: There is no site nowhere\n", 1)


def test_a_site_with_a_jwks_signs_its_own_tokens(night_train: Up) -> None:
    headers = {"Authorization": f"Bearer {night_train.token('--operator')}"}
    opened = {"name": "Keys", "keys": {"jwks": "https://keys.example/jwks.json"}}
    answer = httpx2.put(f"{night_train.url}/v1/sites/keys/", json=opened, headers=headers, timeout=20)
    assert answer.status_code in (200, 201), answer.text
    done = night_train.ask("token", "--site", "keys", "--sub", "a", "--name", "A")
    assert (done.out, done.status) == ("", 1)
    assert done.err.startswith("hansard: The tokens of site keys are signed with a JWKS")


# --- thread and history ---


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("thread-top", ("--sort", "top")),
        ("thread-at-09.30", ("--at", "2026-10-12T09:30:00Z", "--sort", "oldest")),
        ("thread-at-09.30-staff", ("--at", "2026-10-12T09:30:00Z", "--sort", "oldest", "--staff")),
    ],
)
def test_a_thread_reads_as_text(night_train: Up, name: str, flags: tuple[str, ...]) -> None:
    done = night_train.ask("thread", SITE, THREAD, *flags)
    assert (done.status, done.err) == (0, "")
    check(name, positionless(done.out))


@pytest.mark.parametrize(("name", "comment"), [("history-nt-03", "nt-03"), ("history-nt-01", "nt-01")])
def test_a_history_marks_what_went_and_what_came(night_train: Up, name: str, comment: str) -> None:
    done = night_train.ask("history", SITE, THREAD, comment)
    assert (done.status, done.err) == (0, "")
    check(name, done.out)


def test_a_history_has_colours_where_there_are_any(night_train: Up) -> None:
    done = night_train.ask("history", SITE, THREAD, "nt-03", FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[9;31m98\x1b[0m\x1b[4;32m89\x1b[0m" in done.out


def test_json_is_what_the_gateway_says(night_train: Up) -> None:
    (page,) = night_train.beside("thread", SITE, THREAD, "--sort", "top", "--json").documents
    assert page == get(night_train, PAGE, sort="top")
    (history,) = night_train.beside("history", SITE, THREAD, "nt-03", "--json").documents
    assert history == get(night_train, f"{PAGE}/comments/nt-03/revisions", diff="words")


def test_what_readers_may_not_see_takes_a_flag(night_train: Up) -> None:
    done = night_train.ask("history", SITE, THREAD, "nt-09")
    assert (done.out, done.status) == ("", 1)
    assert done.err == "hansard: there is no such comment that readers see; --staff shows more (not-found)\n"
    assert "Then move." in night_train.ask("history", SITE, THREAD, "nt-09", "--staff").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("thread", SITE, "day-train"), "hansard: there is no such thread (not-found)"),
        (("thread", "nowhere", THREAD), "hansard: there is no such thread (not-found)"),
        (("history", SITE, "day-train", "nt-01"), "hansard: there is no such thread (not-found)"),
        (
            ("thread", SITE, THREAD, "--at", "2026-10-12T05:00:00Z"),
            "hansard: The thread was not opened yet at that time. (not-yet-opened)",
        ),
    ],
)
def test_what_is_not_there_is_one_line_and_status_one(night_train: Up, arguments: tuple[str, ...], said: str) -> None:
    done = night_train.ask(*arguments)
    assert (done.out, done.err, done.status) == ("", f"{said}\n", 1)


def test_a_position_that_has_not_come_is_wrong_usage(night_train: Up) -> None:
    done = night_train.ask("thread", SITE, THREAD, "--at", "9999999999999-999")
    assert (done.out, done.status) == ("", 2)
    assert "is later than the last event of the thread" in done.err


def test_a_thread_longer_than_a_page_is_shown_whole(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run:
        token = run.token("--sub", "bea", "--name", "Bea", "--entitlement", "subscriber")
        with httpx2.Client(base_url=run.url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as http:
            for number in range(205):
                parent = {"parent": "nt-12"} if number < 203 else {}
                posted = http.post(f"{PAGE}/comments", json={"body": f"Number {number}.", **parent})
                assert posted.status_code == 201
            last = posted.json()["position"]
            assert http.get(PAGE, params={"after": last}).status_code == 200
        for flags in ((), ("--at", last)):
            (page,) = run.ask("thread", SITE, THREAD, "--json", *flags).documents
            (soup,) = (row for row in page["comments"] if row["id"] == "nt-12")
            assert [row["body"] for row in soup["replies"]["comments"]] == [f"Number {n}." for n in range(203)]
            assert soup["replies"]["next"] is None


# --- replay and tail ---


def test_replay_tells_what_the_audit_tells(night_train: Up) -> None:
    told = night_train.beside("replay", "--site", SITE, "--json").documents
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
    assert rest[5].startswith('reason="Argue with what she says')


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


def test_redacted_text_is_not_given_back_by_anything(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run:
        headers = {"Authorization": f"Bearer {run.token('--sub', 'w', '--name', 'W', '--role', 'moderator')}"}
        answer = httpx2.put(
            f"{run.url}{PAGE}/comments/nt-09/revisions/1/redaction",
            json={"reason": "An address was in it."},
            headers=headers,
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        httpx2.get(f"{run.url}{PAGE}", params={"after": answer.json()["position"]}, timeout=20)
        for arguments in (
            ("replay",),
            ("replay", "--json"),
            ("history", SITE, THREAD, "nt-09", "--staff"),
            ("history", SITE, THREAD, "nt-09", "--staff", "--json"),
            ("thread", SITE, THREAD, "--at", "2026-10-12T09:30:00Z", "--staff"),
        ):
            done = run.ask(*arguments)
            assert done.status == 0
            assert "Then move" not in done.out
        assert run.ask("verify").status == 0


def test_tail_tells_events_as_they_come_until_it_is_interrupted(night_train: Up) -> None:
    arguments = command("tail", "--data", str(night_train.data), "--site", "tailed", "--json")
    headers = {"Authorization": f"Bearer {night_train.token('--operator')}"}

    def put(path: str, words: dict[str, Any]) -> None:
        assert httpx2.put(f"{night_train.url}{path}", json=words, headers=headers, timeout=20).is_success

    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=TOP
    ) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert tail.stderr.readline() == "following\n"
        for name in ("tailed", "untailed"):
            put(f"/v1/sites/{name}/", {"name": name, "keys": {"hs256": ["x" * 32]}})
        put("/v1/sites/tailed/keys", {"hs256": ["y" * 32]})
        assert [json.loads(tail.stdout.readline())["type"] for _ in range(2)] == ["site.opened", "site.rekeyed"]
        tail.send_signal(signal.SIGINT)
        assert tail.communicate(timeout=BOUND) == ("", "")
        assert tail.returncode == 130


def test_tail_needs_somebody_who_writes(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    done = here("tail", "--data", str(tmp_path))
    assert done.err == f"hansard: `hansard up` does not run on {tmp_path}: start it, or give --redis-url\n"
    assert done.status == 1


def test_who_stops_reading_is_no_error(night_train: Up) -> None:
    arguments = command("replay", "--json", "--data", str(night_train.data))
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=TOP) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait(BOUND) == 0


# --- verify and doctor ---


def test_verify_finds_a_row_that_was_changed_by_hand(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run:
        clean = run.ask("verify")
        assert (clean.status, clean.out) == (
            0,
            "77 events folded, 1 thread compared: what is served is what the log says\n",
        )
        socket = (run.data / "server" / "address").read_text()
        partition = Keys(64).of(SITE, THREAD)
        key = partition.thread_views(1, SITE, THREAD).rows
        with client(f"unix://{socket}") as redis:
            row = redis.hget(key, "nt-12")
            assert isinstance(row, bytes)
            redis.hset(key, "nt-12", row.replace(b"soup", b"stew"))
        done = run.beside("verify")
        assert done.status == 1
        first, *_, last = done.out.splitlines()
        assert first == f"differs     sample/night-train  {key}  nt-12"
        assert last == "77 events folded, 1 thread compared: 1 difference"
        assert "stew" not in done.out, "values are texts, and shown only to who asks"
        (told,) = run.ask("verify", "--json", "--values").documents
        assert (told["thread"], told["field"], told["difference"]) == ("sample/night-train", "nt-12", "differs")
        assert "soup" in told["expected"]
        assert "stew" in told["found"]


def test_the_doctor_finds_a_server_of_ours_well(night_train: Up) -> None:
    done = night_train.beside("doctor")
    assert done.status == 0
    assert "✓ persistence appendfsync always" in done.out
    assert "✓ views       level with the log" in done.out
    assert all(found["verdict"] == "good" for found in night_train.ask("doctor", "--json").documents)


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


def test_advice_alone_is_no_failure(fresh: str) -> None:
    done = here("doctor", "--redis-url", fresh, "--durability", "memory", "--json")
    assert done.status == 0
    assert {found["about"] for found in done.documents if found["verdict"] == "advice"} >= {"persistence", "deployment"}


# --- on data alone ---


def test_without_a_running_up_the_commands_start_a_server_over_its_data(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run:
        beside = run.ask("thread", SITE, THREAD, "--json").out
        run.stop()
        assert run.ask("thread", SITE, THREAD, "--json").out == beside
        assert len(run.ask("replay", "--json").documents) == 77
        assert run.ask("verify").status == 0
        assert run.ask("doctor").status == 0
        assert run.token("--sub", "a", "--name", "A")
        assert not (run.data / "server" / "address").exists(), "and end it again"
