"""`hansard trail`, and the decisions in `hansard history --staff`: why a comment vanished, in one command."""

import re
from typing import Any

import httpx2
import pytest

from tests.support.program import SITE, THREAD, Up
from tests.workers.cli.test_reading import check, get

PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"


def positionless(text: str) -> str:
    """Positions are others in every run."""
    return re.sub(r"\b\d{13}-(\d+)\b", r"…-\1", text)


@pytest.mark.parametrize("columns", ["80", "160"])
@pytest.mark.parametrize("comment", ["nt-09", "nt-13", "nt-03"])
def test_a_trail_reads_as_text_at_any_width(night_train: Up, comment: str, columns: str) -> None:
    done = night_train.ask("trail", SITE, THREAD, comment, COLUMNS=columns)
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= int(columns)
    check(f"trail-{comment}-{columns}", positionless(done.out))


def test_a_comment_is_found_without_its_thread(night_train: Up) -> None:
    assert night_train.ask("trail", SITE, "nt-09").out == night_train.ask("trail", SITE, THREAD, "nt-09").out


def test_it_says_first_why_readers_do_not_see_the_comment(night_train: Up) -> None:
    line = night_train.ask("trail", SITE, "nt-09", COLUMNS="200").out.splitlines()[1]
    assert line == (
        "Readers do not see it since 2026-10-12 10:02:13: rejected by staff wilma. "
        "“Argue with what she says, not with her being there.”"
    )


def test_as_json_the_events_are_what_the_gateway_tells_staff(night_train: Up) -> None:
    (found,) = night_train.ask("trail", SITE, THREAD, "nt-09", "--json").documents
    staff = ("--sub", "m", "--name", "M", "--role", "moderator")
    assert found["events"] == get(night_train, f"{PAGE}/comments/nt-09/trail", *staff)["events"]
    assert (found["site"], found["thread"], found["comment"]) == (SITE, THREAD, "nt-09")
    assert found["author"] == {"id": "gus", "name": "Gus T."}
    assert (found["status"], found["since"]["type"]) == ("rejected", "comment.rejected")
    assert found["since"] in found["events"]


def test_a_comment_that_never_was_has_no_trail(night_train: Up) -> None:
    for place in ((SITE, "nowhere"), (SITE, THREAD, "nowhere"), ("nowhere", THREAD, "nt-09"), (SITE, "no", "nt-09")):
        done = night_train.ask("trail", *place)
        assert (done.out, done.status) == ("", 1)
        assert re.fullmatch(r"hansard: there is no such \w+ \(not-found\)\n", done.err)


def act(run: Up, method: str, path: str, claims: tuple[str, ...], body: Any = None, **headers: str) -> Any:
    given = {"Authorization": f"Bearer {run.token(*claims)}", **headers}
    answer = httpx2.request(method, f"{run.url}{PAGE}/comments{path}", json=body, headers=given, timeout=60)
    assert answer.is_success, answer.text
    httpx2.get(f"{run.url}{PAGE}", params={"after": answer.json()["position"]}, timeout=60)
    return answer.json()


def test_what_made_the_status_what_it_is_is_followed_through_everything(scribbled: Up) -> None:
    author = ("--sub", "una", "--name", "Una", "--entitlement", "subscriber")
    moderator = ("--sub", "wilma", "--name", "Wilma", "--role", "moderator")
    name = act(scribbled, "POST", "", author, {"body": "First words."})["comment"]["id"]

    def stands() -> str:
        done = scribbled.ask("trail", SITE, THREAD, name, COLUMNS="200")
        assert done.status == 0, done.err
        return re.sub(r" ?,? since [0-9: -]{19}", "", done.out.splitlines()[1])

    assert stands() == "Readers see it."
    act(scribbled, "PUT", f"/{name}/vote", moderator, {"value": 1})
    act(scribbled, "PATCH", f"/{name}", author, {"body": "See https://a.example/b"}, **{"If-Match": '"1"'})
    assert stands() == "Readers see it."  # the edit waits, and the first text stands
    act(scribbled, "POST", f"/{name}/decisions", moderator, {"verdict": "hold", "revision": 1, "reason": "Later."})
    assert stands() == "Readers do not see it: held by staff wilma. “Later.”"
    act(scribbled, "POST", f"/{name}/decisions", moderator, {"verdict": "reject", "revision": 2, "note": "Enough."})
    act(scribbled, "DELETE", f"/{name}", author)
    assert stands() == "Readers do not see it: withdrawn by its author."
    act(scribbled, "PUT", f"/{name}/revisions/2/redaction", moderator, {"reason": "An address."})
    done = scribbled.ask("trail", SITE, THREAD, name)
    assert "https://a.example" not in done.out
    assert "[redacted]" in done.out
    assert "vote.cast" not in done.out
    types = [event["type"] for event in scribbled.ask("trail", SITE, name, "--json").documents[0]["events"]]
    assert types == [
        "comment.posted",
        "comment.edited",
        "comment.held",
        "comment.rejected",
        "comment.withdrawn",
        "revision.redacted",
    ]

    (history,) = scribbled.ask("history", SITE, THREAD, name, "--staff", "--json").documents
    decided = {row["revision"]: [one["verdict"] for one in row["decisions"]] for row in history["revisions"]}
    assert decided == {1: ["hold"], 2: ["hold", "reject", "redact"]}
    by_rule, rejected, _ = history["revisions"][1]["decisions"]
    assert (by_rule["rule"], by_rule["by"]["kind"]) == ("links", "system")
    assert (rejected["by"], rejected["note"]) == ({"kind": "staff", "id": "wilma"}, "Enough.")
    assert scribbled.ask("verify").status == 0


@pytest.mark.parametrize("columns", ["80", "160"])
def test_a_history_for_staff_has_holds_and_decisions(night_train: Up, columns: str) -> None:
    done = night_train.ask("history", SITE, THREAD, "nt-13", "--staff", COLUMNS=columns)
    assert done.status == 0
    check(f"history-nt-13-staff-{columns}", done.out)
    public = night_train.ask("history", SITE, THREAD, "nt-13")
    assert "held by" not in public.out
    assert "wilma" not in public.out
    (shown,) = night_train.ask("history", SITE, THREAD, "nt-13", "--json").documents
    assert "decisions" not in shown["revisions"][0]
