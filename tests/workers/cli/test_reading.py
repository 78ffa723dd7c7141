"""Commands that read: beside a running `hansard up`, and on its data alone."""

import json
import os
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.program import SITE, THREAD, Up, up

PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"
TEXTS = Path(__file__).parent / "texts"


def get(run: Up, path: str, *claims: str, **params: Any) -> Any:
    headers = {"Authorization": f"Bearer {run.token(*claims)}"} if claims else {}
    answer = httpx2.get(f"{run.url}{path}", params=params, headers=headers, timeout=60)
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


def test_a_token_is_all_that_is_printed_and_it_is_taken(night_train: Up) -> None:
    done = night_train.beside("token", "--site", SITE, "--sub", "bea", "--name", "Bea")
    assert done.status == 0
    assert done.out.count(".") == 2
    assert done.out.split() == [done.out.rstrip("\n")]
    overlay = httpx2.get(
        f"{night_train.url}{PAGE}/me", headers={"Authorization": f"Bearer {done.out.strip()}"}, timeout=60
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


def test_a_site_with_a_jwks_signs_its_own_tokens(scribbled: Up) -> None:
    headers = {"Authorization": f"Bearer {scribbled.token('--operator')}"}
    opened = {"name": "Keys", "keys": {"jwks": "https://keys.example/jwks.json"}}
    answer = httpx2.put(f"{scribbled.url}/v1/sites/keys/", json=opened, headers=headers, timeout=60)
    assert answer.status_code in (200, 201), answer.text
    done = scribbled.ask("token", "--site", "keys", "--sub", "a", "--name", "A")
    assert (done.out, done.status) == ("", 1)
    assert done.err.startswith("hansard: The tokens of site keys are signed with a JWKS")


def test_a_token_has_its_claims_where_the_policy_of_the_site_says(scribbled: Up) -> None:
    headers = {"Authorization": f"Bearer {scribbled.token('--operator')}"}
    keys = {"hs256": ["a secret of the site moved, which is long"]}
    policy = {
        "claims": {"sub": "user.id", "roles": "https://moved.example/roles"},
        "origins": ["https://moved.example"],
    }
    opened = {"name": "Moved", "keys": keys, "policy": policy}
    answer = httpx2.put(f"{scribbled.url}/v1/sites/moved/", json=opened, headers=headers, timeout=60)
    assert answer.status_code in (200, 201), answer.text
    made = scribbled.ask("token", "--site", "moved", "--sub", "ada", "--name", "Ada", "--role", "admin").out.strip()
    given = {"Authorization": f"Bearer {made}"}
    me = httpx2.get(f"{scribbled.url}/v1/sites/moved/threads/any/me", headers=given, timeout=60).json()
    assert (me["caller"]["id"], me["caller"]["roles"]) == ("ada", ["admin"])


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
    (page,) = night_train.ask("thread", SITE, THREAD, "--sort", "top", "--json").documents
    assert page == get(night_train, PAGE, sort="top")
    (history,) = night_train.ask("history", SITE, THREAD, "nt-03", "--json").documents
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


def test_a_thread_longer_than_a_page_is_shown_whole(scribbled: Up) -> None:
    token = scribbled.token("--sub", "bea", "--name", "Bea", "--role", "moderator")  # staff have no rates
    with httpx2.Client(base_url=scribbled.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        for number in range(205):
            parent = {"parent": "nt-12"} if number < 203 else {}
            posted = http.post(f"{PAGE}/comments", json={"body": f"Number {number}.", **parent})
            assert posted.status_code == 201
        last = posted.json()["position"]
        assert http.get(PAGE, params={"after": last}).status_code == 200
    for flags in ((), ("--at", last)):
        (page,) = scribbled.ask("thread", SITE, THREAD, "--json", *flags).documents
        (soup,) = (row for row in page["comments"] if row["id"] == "nt-12")
        assert [row["body"] for row in soup["replies"]["comments"]] == [f"Number {n}." for n in range(203)]
        assert soup["replies"]["next"] is None


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
