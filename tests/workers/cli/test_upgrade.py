"""A data directory that another version of Hansard wrote: it is opened, served as it is, and made of one version."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from msgspec.structs import replace

from core.formats import FORMATS
from core.keys import DEPLOYMENT, Keys
from projections.views.versions import OWN, encode
from tests.support.program import SITE, THREAD, Up, hansard, up
from tests.support.servers import client

KEYS = Keys(64)
PARTITION = KEYS.of(SITE, THREAD)
LOOKS = 50_000
"""Requests after which what was waited for has failed to come."""
EARLIER = replace(OWN, renderer=OWN.renderer - 1)


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Up]:
    """A running `hansard up` on data that one with another renderer had written."""
    data = tmp_path / "data"
    with up(data, "--drift-budget", "0") as before, client(_server(before)) as redis:
        rows = PARTITION.thread_views(1, SITE, THREAD).rows
        for comment, row in redis.hgetall(rows).items():
            redis.hset(rows, comment, re.sub(rb'"html":"(\\.|[^"\\])*"', b'"html":"<p>earlier</p>"', row))
        redis.delete(PARTITION.versions(1))
        redis.sadd(PARTITION.versions(1), encode(EARLIER))
        before.stop()
    with up(data, sample=False) as found:
        yield found


def _server(one: Up) -> str:
    return f"unix://{(one.data / 'server' / 'address').read_text()}"


def _page(one: Up) -> str:
    return httpx2.get(f"{one.url}/v1/sites/{SITE}/threads/{THREAD}", timeout=60).text


def test_what_another_renderer_wrote_is_served_and_no_difference_until_a_rebuild_makes_it_anew(upgraded: Up) -> None:
    assert "<p>earlier</p>" in _page(upgraded)

    done = upgraded.ask("verify")
    assert done.status == 0
    told, summary, advice = done.out.splitlines()
    number = re.fullmatch(
        rf"not compared  partition {PARTITION.number}  the html of (\d+) rows; written by versions {EARLIER}", told
    )
    assert number is not None
    assert summary.endswith("1 thread compared: everything compared matches the log")
    assert advice == (
        "The views of 1 partition were also written by other versions of Hansard, and were not compared whole: "
        "`hansard rebuild` rewrites them with this version"
    )
    document, whole = upgraded.ask("verify", "--json").documents
    assert (whole["verified"]["differences"], whole["verified"]["not_compared_whole"]) == (0, 1)
    assert document["partition"] == PARTITION.number
    assert document["not_compared"] == {"html": int(number[1])}
    assert document["versions"] == [str(EARLIER)]

    (finding,) = (one for one in upgraded.ask("doctor", "--json").documents if one["about"] == "versions")
    assert finding["verdict"] == "advice"
    assert finding["found"] == f"in 1 of 64 partitions written by versions {EARLIER}"
    assert "`hansard rebuild`" in finding["change"]
    assert upgraded.ask("doctor").status == 0
    assert upgraded.ask("rebuild", "--status").out.splitlines()[-1] == (
        f"The views served in 1 partition were written by versions {EARLIER} of Hansard; this is {OWN}. All of them "
        "are served, and a rebuild rewrites them with this version"
    )

    done = upgraded.ask("rebuild", "--pace", "1")
    assert (done.status, done.out.splitlines()[0].rpartition(": ")[2]) == (0, "no thread had been served wrong")
    assert upgraded.ask("verify").out.endswith("the served views match the log\n")
    findings = upgraded.ask("doctor", "--json").documents
    assert [one["about"] for one in findings if one["verdict"] != "good"] == ["addresses"], "all come from here"
    assert len(upgraded.ask("rebuild", "--status").out.splitlines()) == 2
    assert "<p>earlier</p>" not in _page(upgraded)
    assert not {"drift_found", "drift_mended", "views_differed"} & set(upgraded.logged)


def test_a_difference_is_told_beside_what_is_not_compared_and_again_after_a_break(
    upgraded: Up, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(_server(upgraded)) as redis:
        redis.hset(KEYS[5].thread_views(1, SITE, "nowhere").rows, "c", "words")
    kept = tmp_path / "record"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda path, **_: path)
        done = upgraded.ask("verify", "--state", str(kept))
    assert done.status == 1
    assert done.out.splitlines()[-2].endswith("1 thread compared: 1 difference")
    again = upgraded.ask("verify", "--resume", "--state", str(kept))
    assert sorted(again.out.splitlines()) == sorted(done.out.splitlines())
    assert again.status == 1


RULES = [{"kind": "links_over", "links": 0}]


def _asked(one: Up, method: str, path: str, token: str, body: object) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.request(method, f"{one.url}/v1/sites/{SITE}{path}", headers=headers, json=body, timeout=60)


def test_a_policy_has_rules_once_the_deployment_is_upgraded(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data, sample=False) as fresh, client(_server(fresh)) as redis:
        redis.hset(DEPLOYMENT, "format", 1)  # as a version before made it
        fresh.stop()
    with up(data, "--record-interval", "0.02") as running:
        admin = running.token("--sub", "adi", "--name", "Adi", "--role", "admin")
        author = running.token("--sub", "ada", "--name", "Ada", "--entitlement", "subscriber")
        refused = _asked(running, "PATCH", "/policy", admin, {"rules": RULES})
        assert refused.status_code == 503
        assert refused.json()["detail"] == (
            "policy.changed needs format 2, but the deployment has format 1: run `hansard upgrade` once every process "
            "reads format 2"
        )
        assert _asked(running, "PATCH", "/policy", admin, {"premoderation": "none"}).status_code == 200
        (finding,) = (one for one in running.ask("doctor", "--json").documents if one["about"] == "format")
        assert finding["verdict"] == "advice"
        assert "`hansard upgrade`" in finding["change"]

        done = running.ask("upgrade")
        assert (done.status, done.out) == (0, f"The deployment has format {FORMATS.writes} now; it had 1\n")
        for _ in range(LOOKS):
            changed = _asked(running, "PATCH", "/policy", admin, {"rules": RULES})
            if changed.status_code != 503:
                break
        assert changed.json()["policy"]["rules"] == RULES
        posted = _asked(running, "POST", f"/threads/{THREAD}/comments", author, {"body": "see https://a.org"})
        assert posted.json()["comment"]["status"] == "pending"
        events = [
            one for one in running.ask("replay", "--site", SITE, "--json").documents if one["type"] == "policy.changed"
        ]
        assert [one["data"]["changes"] for one in events] == [{"premoderation": "none"}, {"rules": RULES}]
        assert running.ask("verify").status == 0
        with client(_server(running)) as redis:
            contents = [fields[b"c"] for key in redis.keys("*:log") for _, fields in redis.xrange(key)]
        assert {c[:1] for c in contents} == {b"", b"\x00", b"\x01"}, "the sample was imported before"
    assert hansard("upgrade", "--data", str(data)).out.startswith("Nothing to do")
