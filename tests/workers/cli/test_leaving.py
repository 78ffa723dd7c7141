"""A site that leaves one deployment and moves into another is served there as it was."""

from collections.abc import Iterator
from typing import Any, Final

import httpx2
import pytest

from tests.support.program import SITE, THREAD, Up, up
from tests.support.same_pages import differences, without_positions

AUDIT: Final = ("type", "actor", "comment", "revision")
_OF_AN_IMPORT: Final = frozenset({"imported", "import", "until", "since", "now"})
"""Fields that tell of the import, and times that begin with it: of an appeal window, and of waiting in the queue."""

SECRET: Final = "a secret of thirty-two bytes ...."


class Reader:
    """Someone who reads a deployment, and writes there."""

    def __init__(self, where: Up, *claims: str) -> None:
        self._headers = {"Authorization": f"Bearer {where.token(*claims)}"} if claims else {}
        self._base = f"{where.url}/v1/sites/{SITE}"

    def asked(self, path: str, **query: str | int) -> httpx2.Response:
        """The answer to a request."""
        return httpx2.get(f"{self._base}{path}", params=query, headers=self._headers, timeout=60)

    def send(self, method: str, path: str, **body: Any) -> Any:
        """The answer to a request that writes."""
        headers = self._headers | {"Idempotency-Key": path}
        answer = httpx2.request(method, f"{self._base}{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()

    def get(self, path: str, **query: str | int) -> Any:
        """A document, without positions."""
        answer = self.asked(path, **query)
        assert answer.status_code == 200, (path, answer.text)
        return _without_import(without_positions(answer.json()))


def _without_import(value: Any) -> Any:
    match value:
        case dict():
            return {name: _without_import(one) for name, one in value.items() if name not in _OF_AN_IMPORT}
        case list():
            return [_without_import(one) for one in value]
        case _:
            return value


def _ids(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield row["id"]
        yield from _ids(row["replies"]["comments"])


def _seen(where: Up, after: str) -> dict[str, Any]:
    """Everything that readers, authors and staff see of the discussion."""
    anyone, staff = Reader(where), Reader(where, "--sub", "mia", "--name", "Mia", "--role", "moderator")
    auditor = Reader(where, "--sub", "aud", "--name", "Aud", "--role", "auditor")
    found: dict[str, Any] = {}
    thread = f"/threads/{THREAD}"
    for who, reader in (("anyone", anyone), ("staff", staff)):
        for sort in ("newest", "oldest", "top"):
            found[f"{who} {sort}"] = reader.get(thread, sort=sort, limit=200, depth=50, replies=200, after=after)
    for comment in _ids(found["staff oldest"]["comments"]):
        for who, reader in (("anyone", anyone), ("staff", staff)):
            path = f"{thread}/comments/{comment}"
            answer = reader.asked(path)
            found[f"{who} {comment}"] = answer.status_code
            if answer.status_code == 200:
                found[f"{who} revisions {comment}"] = reader.get(f"{path}/revisions", diff="words")
    for author in ("bea", "piet", "kassandra"):
        found[f"me {author}"] = Reader(where, "--sub", author, "--name", author.title()).get(f"{thread}/me")
    found["counts"] = anyone.get("/counts", thread=THREAD)
    found["queue"] = staff.get("/moderation/queue")
    found["threads"] = staff.get("/threads")
    events = auditor.get("/audit", thread=THREAD, limit=500)["events"]
    found["trail"] = [{name: event.get(name) for name in AUDIT} for event in events]
    return found


def _write(where: Up) -> None:
    """Let something wait for a moderator: a comment with a link, a report, and a notice."""
    bea = Reader(where, "--sub", "bea", "--name", "Bea", "--entitlement", "subscriber")
    thread = f"/threads/{THREAD}"
    posted = bea.send("POST", f"{thread}/comments", body="See https://lamplighter.example/ *there*.", parent="nt-01")
    assert posted["comment"]["status"] == "pending"
    bea.send("POST", f"{thread}/comments/nt-02/reports", reason="insult", note="Look.")
    notice = {"thread": THREAD, "comment": "nt-02", "explanation": "He never said so.", "good_faith": True}
    Reader(where).send("POST", "/notices", **notice)
    wilma = Reader(where, "--sub", "wilma", "--name", "Wilma", "--role", "moderator")
    wilma.send("PUT", "/members/gus/suspension", reason="Rude.", until=None)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What is seen of the sample where it was, and where it moved to."""
    folder = tmp_path_factory.mktemp("leaving")
    file, plan = str(folder / "sample.jsonl"), str(folder / "plan")
    with up(folder / "before") as old:
        _write(old)
        before = _seen(old, _last(old))
        assert old.ask("export", SITE, file).status == 0
        name = httpx2.get(f"{old.url}/v1/sites/{SITE}", headers=_operator(old)).json()["name"]
        policy = Reader(old, "--sub", "adm", "--name", "Adm", "--role", "admin").asked("/policy").json()["policy"]
    with up(folder / "after", sample=False) as new:
        site = {"name": name, "keys": {"hs256": [SECRET]}, "policy": policy}
        opened = httpx2.put(f"{new.url}/v1/sites/{SITE}", json=site, headers=_operator(new))
        assert opened.status_code == 201, opened.text
        assert new.ask("import", "plan", "native", file, "--site", SITE, "--into", plan).status == 0
        applied = new.ask("import", "apply", plan)
        assert applied.status == 0, applied.err
        assert new.ask("verify").status == 0
        yield before, _seen(new, _last(new))


def _operator(where: Up) -> dict[str, str]:
    return {"Authorization": f"Bearer {where.token('--operator')}"}


def _last(where: Up) -> str:
    """The position of the last event of the discussion."""
    *_, last = where.ask("replay", "--json", "--site", SITE, "--thread", THREAD).documents
    return str(last["position"])


def test_it_is_served_as_it_was(moved: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = moved
    assert before["anyone oldest"]["comments"]
    assert before["queue"]["items"]
    assert [*differences(before, after)] == []
