"""`hansard upgrade`, and what the doctor and `/readyz` say of live processes and of the deployment's record."""

import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2
import pytest

from core.formats import FORMATS, Formats, reads
from core.keys import DEPLOYMENT, PROCESSES
from core.redis.deployment import open_deployment
from core.redis.live_processes import LiveProcess
from tests.support.program import SITE, THREAD, Up, here, up
from tests.support.servers import client
from workers.cli.upgrade import execute
from workers.coordination.membership import Membership
from workers.runtime.process import Failed
from workers.runtime.settings import Settings

LOOKS = 50_000
"""Requests after which what was waited for has failed to come."""
NEXT = Formats(reads=(*FORMATS.reads, FORMATS.writes + 1), writes=FORMATS.writes + 1)
"""What the next release may write."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up") / "data", "--record-interval", "0.02") as found:
        yield found


def server(running: Up) -> str:
    return f"unix://{(running.data / 'server' / 'address').read_text()}"


def live(running: Up) -> LiveProcess:
    with client(server(running)) as redis:
        (document,) = redis.zrange(PROCESSES, 0, -1)
    found = json.loads(document)
    return LiveProcess(**{**found, "reads": tuple(found["reads"])})


def test_where_the_format_is_the_newest_there_is_nothing_to_do(running: Up) -> None:
    done = running.beside("upgrade")
    text = (
        f"Nothing to do: the deployment has format {FORMATS.writes}, the newest that this version of Hansard writes\n"
    )
    assert (done.status, done.out) == (0, text)
    (document,) = running.ask("upgrade", "--json").documents
    assert document == {"format": FORMATS.writes, "before": FORMATS.writes, "refused_by": []}


def test_an_upgrade_beside_a_process_that_does_not_read_the_format_is_refused_and_names_it(
    running: Up, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    one = live(running)
    assert (one.role, one.reads) == ("up", FORMATS.reads)
    settings = Settings(data=running.data)
    with pytest.raises(Failed) as refused:
        execute(settings, NEXT, json=False)
    assert str(refused.value) == (
        f"1 live process does not read format {NEXT.writes}: up {one.name} ({one.version}). Update or stop it, and run "
        "`hansard upgrade` again"
    )
    capsysbinary.readouterr()
    assert execute(settings, NEXT, json=True) == 1
    told = json.loads(capsysbinary.readouterr().out)
    assert (told["format"], told["before"]) == (FORMATS.writes, FORMATS.writes)
    assert [each["name"] for each in told["refused_by"]] == [one.name]
    with client(server(running)) as redis:
        assert redis.hget(DEPLOYMENT, "format") == b"%d" % FORMATS.writes


def test_an_upgrade_is_told_with_what_was_before(fresh: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    async def begin() -> None:
        async with open_deployment(fresh, partitions=2, formats=FORMATS) as deployment:
            one = LiveProcess(name="n", role="gateway", version="1", reads=NEXT.reads, writes=NEXT.writes)
            await Membership(deployment.calls, one.document(), key=PROCESSES).renew()

    anyio.run(begin)
    settings = Settings(redis_url=fresh)
    assert execute(settings, NEXT, json=False) == 0
    said = f"The deployment has format {NEXT.writes} now; it had {FORMATS.writes}\n"
    assert capsysbinary.readouterr().out.decode() == said
    assert execute(settings, NEXT, json=True) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert told == {"format": NEXT.writes, "before": NEXT.writes, "refused_by": []}
    refused = here("upgrade", "--redis-url", fresh)
    assert refused.status == 1
    assert refused.err == (
        f"hansard: The deployment in Redis has format {NEXT.writes}; this version of Hansard reads {reads(FORMATS)}: "
        "update Hansard\n"
    )


def test_without_a_deployment_there_is_nothing_to_upgrade(fresh: str, tmp_path: Path) -> None:
    assert here("upgrade", "--redis-url", fresh).status == 1
    assert here("upgrade", "--data", str(tmp_path / "none")).status == 1


def test_the_doctor_lists_the_live_processes_and_the_format(running: Up) -> None:
    found = {one["about"]: one for one in running.ask("doctor", "--json").documents}
    one = live(running)
    assert found["format"]["found"] == f"{FORMATS.writes}, the newest"
    assert found["processes"] == {"verdict": "good", "about": "processes", "found": str(one), "change": None}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda redis: redis.delete(DEPLOYMENT), "is gone from Redis"),
        (lambda redis: redis.hset(DEPLOYMENT, "id", "another"), "another deployment"),
        (lambda redis: redis.hset(DEPLOYMENT, "format", "99"), "has format 99"),
    ],
)
def test_a_running_process_takes_no_writes_while_its_record_is_not_right(running: Up, spoil: object, why: str) -> None:
    token = running.token("--sub", "ada", "--name", "Ada", "--entitlement", "subscriber")
    path = f"/v1/sites/{SITE}/threads/{THREAD}/comments"
    with httpx2.Client(base_url=running.url, timeout=30) as http, client(server(running)) as redis:

        def post() -> httpx2.Response:
            return http.post(path, headers={"Authorization": f"Bearer {token}"}, json={"body": f"Words about {why}."})

        def until(path: str, status: int) -> httpx2.Response:
            """The answer once it is so; each look is a request of its own."""
            for _ in range(LOOKS):
                answer = http.get(path)
                if answer.status_code == status:
                    return answer
            raise AssertionError(answer.text)

        def ready(status: int) -> httpx2.Response:
            return until("/readyz", status)

        assert post().status_code in (201, 202)
        record = redis.hgetall(DEPLOYMENT)
        spoil(redis)  # type: ignore[operator] # a function of the client
        assert why in ready(503).json()["detail"]
        refused = post()
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
        assert int(refused.headers["retry-after"]) > 0
        redis.hset(DEPLOYMENT, mapping=record)
        ready(200)
        answer = post()
        assert answer.status_code in (201, 202)
        # The projector goes on, too.
        page = f"/v1/sites/{SITE}/threads/{THREAD}?after={answer.json()['position']}"
        until(page, 200)
