"""`hansard up` as a whole: it starts on nothing, keeps what it acknowledged, and ends politely."""

import json
import os
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from core.keys import Keys
from core.position import Position
from tests.support import servers
from tests.support.full import bound_files
from tests.support.program import SITE, THREAD, Up, hansard, here, running, up
from workers.embedded import supervisor

BOUND = 512 * 1024
"""Bytes that a file may have while the disk is full: fewer than the record has, and than are written to try it."""
PAGE = f"/v1/sites/{SITE}/threads/{THREAD}"


def client(run: Up, token: str | None = None) -> httpx2.Client:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx2.Client(base_url=run.url, headers=headers, timeout=60)


def bea(run: Up) -> str:
    return run.token("--sub", "bea", "--name", "Bea", "--entitlement", "subscriber")


def post(run: Up, body: str, token: str | None = None) -> dict[str, Any]:
    with client(run, token or bea(run)) as http:
        answer = http.post(f"{PAGE}/comments", json={"body": body})
        assert answer.status_code == 201, answer.text
        posted: dict[str, Any] = answer.json()
        return posted


def read(run: Up, after: str | None = None) -> dict[str, Any]:
    with client(run) as http:
        answer = http.get(PAGE, params={} if after is None else {"after": after})
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


def vote(run: Up, token: str) -> httpx2.Response:
    with client(run, token) as http:
        return http.put(f"{PAGE}/comments/nt-01/vote", json={"value": -1}, headers={"Idempotency-Key": "k"})


def server_of(run: Up) -> int:
    """The process id of its server, with which each line of its log begins. Raises ValueError where there is none."""
    return int((run.data / "server" / "log").read_text().partition(":")[0])


def test_it_needs_nothing_and_says_where_to_look_and_how_to_get_tokens(tmp_path: Path) -> None:
    said, data = tmp_path / "said", tmp_path / "data"
    with running("up", "--sample", "--port", "0", "--data", str(data), said=said) as run:
        first = run.line()
        assert first.startswith("Hansard listens on http://127.0.0.1:")
        url = first.split()[3].rstrip(",")
        told: list[str] = []
        while not (told and told[-1].startswith("open ")):
            told.append(run.line())
        assert told[-1] == f"open {url}/"
        lines = [line.split() for line in told if line]
        assert ["read", "curl", f"{url}{PAGE}"] in lines
        assert httpx2.get(f"{url}{PAGE}").json()["thread"]["comments"] == 14
        tokens = [line for line in told if " token " in line]
        access = ["a reader", "a subscriber", "a moderator", "an auditor", "an operator"]
        assert [line.split("  ")[1] for line in tokens] == access
        assert all(line.endswith(f"--data {data}") for line in tokens)
        assert run.stop() == 0
        assert run.logged[-2:] == ["process_drain_began", "process_stopped"]


def test_what_was_acknowledged_is_there_after_a_kill_and_tokens_of_before_are_good(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data) as run:
        moderator, operator = run.token("--sub", "w", "--name", "W", "--role", "moderator"), run.token("--operator")
        posted = post(run, "I will be here tomorrow.")
        run.kill()
    with up(data) as run:
        # The sample was loaded before: asking for it again adds nothing.
        page = read(run, posted["position"])
        assert page["thread"]["comments"] == 15
        assert page["comments"][0]["id"] == posted["comment"]["id"]
        assert page["comments"][0]["body"] == "I will be here tomorrow."
        again = post(run, "And I can go on.")
        assert Position.parse(again["position"]).n == Position.parse(posted["position"]).n + 1
        assert read(run, again["position"])["thread"]["comments"] == 16
        assert run.ask("verify").status == 0
        with client(run, moderator) as http:
            assert http.get(f"/v1/sites/{SITE}/moderation/queue").status_code == 200
        with client(run, operator) as http:
            opened = {"name": "Another", "keys": {"hs256": ["another " * 4]}}
            assert http.put("/v1/sites/another/", json=opened).status_code == 201
        assert run.ask("token", "--site", "another", "--sub", "a", "--name", "A").status == 0
        assert run.stop(signal.SIGINT) == 0


def test_secrets_are_readable_by_their_owner_alone_and_told_to_nobody(night_train: Up) -> None:
    secrets = night_train.data / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(night_train.data.stat().st_mode) == 0o700
    for secret in msgspec.json.decode(secrets.read_bytes()).values():
        assert secret not in night_train.err


def test_its_page_shows_the_sample_to_this_machine_and_its_desk_signs_for_nobody_else(night_train: Up) -> None:
    assert night_train.told["page"] == f"{night_train.url}/"
    with httpx2.Client(base_url=night_train.url, headers={"Accept": "text/html"}) as http:
        page = http.get("/?as=ilse").text
        assert '<hansard-comments site="sample" thread="night-train"' in page
        assert "Nobody has mentioned the soup." in page
        asked = {"Sec-Fetch-Site": "same-origin"}
        answer = http.get("/desk/token?as=ilse", headers=asked)
        token = answer.json()["token"]
        assert http.get("/desk/token?as=ilse", headers=asked | {"Host": "evil.example"}).status_code == 404
    with client(night_train, token) as http:
        assert http.get(f"{PAGE}/me").json()["refusals"]["comment"] is None


def test_a_stream_that_is_open_ends_politely(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run, client(run) as http, http.stream("GET", f"{PAGE}/feed") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        run.process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass  # the end comes as an end of the answer, not as a broken connection
        assert run.process.wait(60) == 0


def test_a_second_one_on_the_same_data_is_refused_in_one_line(night_train: Up) -> None:
    done = night_train.ask("up", "--port", "0")
    assert (done.out, done.status) == ("", 1)
    assert done.err == (
        f"hansard: A server already runs on {night_train.data}: stop that hansard first, or name another --data\n"
    )


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = here("up", "--port", port, "--data", str(tmp_path / "data"))
    assert (done.out, done.status) == ("", 1)
    assert done.err == f"hansard: Cannot listen on 127.0.0.1, port {port}: Address already in use\n"


def test_a_server_of_yours_is_used_when_it_is_named(fresh: str, tmp_path: Path) -> None:
    public = ("--public-url", "https://comments.example/")
    with up(tmp_path / "data", "--redis-url", fresh, "--durability", "memory", *public) as run:
        assert run.told["own_server"] is False
        assert run.told["page"] == "https://comments.example/"
        assert read(run)["thread"]["comments"] == 14
        done = here("thread", SITE, THREAD, "--redis-url", fresh, "--json")
        assert done.documents[0]["thread"] == read(run)["thread"]
        assert not (run.data / "server").exists()


def test_a_server_that_may_lose_what_was_acknowledged_is_refused(fresh: str, tmp_path: Path) -> None:
    done = here("up", "--redis-url", fresh, "--port", "0", "--data", str(tmp_path / "data"))
    assert (done.out, done.status) == ("", 1)
    assert done.err.startswith("hansard: Durability fsynced needs appendonly yes, and before Redis 7.2")
    assert done.err.count("\n") == 1


def test_the_embedded_server_dying_costs_nobody_anything_but_time(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run:
        token = bea(run)
        before = post(run, "Before.", token)
        os.kill(server_of(run), signal.SIGKILL)
        after = post(run, "And after.", token)
        assert Position.parse(after["position"]).n == Position.parse(before["position"]).n + 1
        assert read(run, after["position"])["thread"]["comments"] == 16
        assert run.ask("verify").status == 0
        assert "embedded_server_restarted" in run.logged
        assert run.stop() == 0


def test_an_embedded_server_that_keeps_dying_ends_everything(tmp_path: Path) -> None:
    with up(tmp_path / "data", sample=False) as run:
        for restarted in range(supervisor.MOST + 1):
            while run.logged.count("embedded_server_restarted") < restarted:
                pass
            os.kill(server_of(run), signal.SIGKILL)
        assert run.process.wait(60) == 1
        assert run.logged.count("embedded_server_ended") == supervisor.MOST + 1
        last = json.loads(run.err.splitlines()[-1])
        assert (last["event"], last["status"]) == ("command_failed", 1)
        assert last["detail"].startswith("The embedded server ended with status -9")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets another process set a bound for files")
def test_with_a_full_disk_readers_are_answered_and_writers_as_soon_as_there_is_room(tmp_path: Path) -> None:
    with up(tmp_path / "data") as run:
        token = bea(run)
        first = post(run, "While there is room.", token)
        socket = (run.data / "server" / "address").read_text()
        with servers.client(f"unix://{socket}") as redis:
            redis.set("padding", bytes(BOUND))
            redis.set("brief", "", px=5000)
        for process in (run.process.pid, server_of(run)):
            bound_files(process, BOUND)
        answer = vote(run, token)
        with client(run) as http:
            while (ready := http.get("/readyz")).status_code != 200 or ready.json()["writes"] != "refused":
                pass
        closed = server_of(run)
        for refused in (answer, vote(run, token), vote(run, token)):
            assert refused.status_code == 503, refused.text
            assert int(refused.headers["retry-after"]) > 0
        with servers.client(f"unix://{socket}") as redis:
            while redis.exists("brief"):  # it is not the end of the server when something expires
                pass
        page = read(run)["thread"]
        assert (page["comments"], page["position"]) == (15, first["position"])
        bound_files(os.getpid(), BOUND)
        try:
            done = run.beside("doctor", "--json")
        finally:
            bound_files(os.getpid(), None)
        wrong = {found["about"]: found["found"] for found in done.documents if found["verdict"] == "wrong"}
        assert done.status == 1
        assert wrong["disk"].startswith("full: ")
        assert wrong["writes"] == "refused by the server: the disk of the server is full, or cannot be written"
        details = {refused.json()["detail"] for refused in (vote(run, token), answer)}
        assert "nothing can be written now: the disk of the server is full, or cannot be written" in details
        assert "few replicas" not in run.err
        assert "NOREPLICAS Not" not in run.err
        assert server_of(run) == closed, "it has not ended again"
        for process in (run.process.pid, closed):
            bound_files(process, None)
        while (answer := vote(run, token)).status_code == 503:
            pass
        assert answer.status_code == 200, answer.text
        assert Position.parse(answer.json()["position"]).n == Position.parse(first["position"]).n + 1
        assert vote(run, token).json()["position"] == answer.json()["position"]
        assert run.ask("verify").status == 0
        assert run.stop() == 0


def test_gateway_and_projector_run_by_themselves(fresh: str, tmp_path: Path) -> None:
    given = (
        "--redis-url",
        fresh,
        "--durability",
        "memory",
        "--port",
        "0",
        "--log-format",
        "json",
    )
    secret = {"HANSARD_ADMIN_SECRET": "o" * 32}
    with (
        running("gateway", *given, said=tmp_path / "gateway", **secret) as gateway,
        running("projector", *given, said=tmp_path / "projector", **secret) as projector,
    ):
        urls = [json.loads(run.line())["url"] for run in (gateway, projector)]
        token = here("token", "--operator", **secret).out.strip()
        opened = {"name": "Kew", "keys": {"hs256": ["of kew " * 5]}}
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx2.put(f"{urls[0]}/v1/sites/kew/", json=opened, headers=headers).status_code == 201
        token = here(
            "token", "--site", "kew", "--sub", "m", "--name", "M", "--role", "moderator", "--redis-url", fresh
        ).out.strip()
        headers = {"Authorization": f"Bearer {token}"}
        thread = f"{urls[0]}/v1/sites/kew/threads/palms"
        article = {"url": "https://kew.example/palms", "title": "Palms"}
        put = httpx2.put(thread, json=article, headers=headers)
        assert put.status_code == 201
        assert httpx2.get(thread, params={"after": put.json()["position"]}).status_code == 200
        for url in urls:
            assert httpx2.get(f"{url}/healthz").status_code == 200
            assert httpx2.get(f"{url}/readyz").status_code == 200
        # A projector says how it is, and nothing else.
        assert httpx2.get(f"{urls[1]}/v1/sites/kew/threads/palms").status_code == 404
        assert "hansard_owned_partitions 64.0" in httpx2.get(f"{urls[1]}/metrics").text
        # An event that nobody can apply: whoever is in charge of it is not ready, however short the lag.
        log, last = Keys(64).of("kew", "palms").log, Position.parse(put.json()["position"])
        with servers.client(fresh) as redis:
            redis.xadd(log, {"e": b"no event", "c": b""}, id=str(Position(last.ms, last.n + 1)))
        while (ready := httpx2.get(f"{urls[1]}/readyz")).status_code == 200:
            pass
        assert "projection has stopped in 1 of the partitions" in ready.json()["detail"]
        assert httpx2.get(f"{urls[1]}/healthz").status_code == 200
        assert projector.stop() == 0
        assert gateway.stop() == 0


def test_operations_are_served_at_an_address_of_their_own_in_every_role(fresh: str, tmp_path: Path) -> None:
    given = ("--redis-url", fresh, "--durability", "memory", "--port", "0", "--operations", "127.0.0.1:0")
    secret = {"HANSARD_ADMIN_SECRET": "o" * 32, "HANSARD_LOG_FORMAT": "json"}
    data = ("--data", str(tmp_path / "data"), "--json")
    for role, more in (("gateway", ()), ("projector", ()), ("up", data)):
        with running(role, *given, *more, said=tmp_path / role, **secret) as run:
            line = run.line()
            public = json.loads(line)["url"]
            lines = [json.loads(line) for line in run.err.splitlines()]
            (operations,) = [
                f"http://{line['host']}:{line['port']}" for line in lines if line["event"] == "operations_served"
            ]
            for url, there in ((public, 404), (operations, 200)):
                assert httpx2.get(f"{url}/healthz").status_code == 200
                assert httpx2.get(f"{url}/readyz").status_code == there, role
                assert httpx2.get(f"{url}/metrics").status_code == there
            assert httpx2.get(f"{operations}/v1/sites/kew/threads/a").status_code == 404
            assert run.stop() == 0


def everything(place: Path) -> set[Path]:
    return set(place.rglob("*"))


@pytest.mark.parametrize("parents", ["data", "a/b/data"])
def test_a_start_that_fails_leaves_no_directory_that_it_made(tmp_path: Path, parents: str) -> None:
    data = tmp_path / parents
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for more in ((), ("--redis-url", "unix:///nowhere/at/all"), ("--sample",), ("--durability", "replicated")):
            assert here("up", "--port", port, "--data", str(data), *more).status == 1
            assert everything(tmp_path) == set()
        # What was there before stays, and so does what others put there.
        data.mkdir(parents=True)
        (data / "mine").touch()
        before = everything(tmp_path)
        assert here("up", "--port", port, "--data", str(data)).status == 1
        assert everything(tmp_path) == before


def test_a_start_that_fails_on_data_of_before_leaves_all_of_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data) as run:
        posted = post(run, "I will be here tomorrow.")
        assert run.stop() == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert here("up", "--port", port, "--data", str(data)).status == 1
    with up(data) as run:
        assert read(run, posted["position"])["thread"]["comments"] == 15
        # Nor does one that finds another at work.
        assert run.ask("up", "--port", "0").status == 1
        assert read(run)["thread"]["comments"] == 15


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets another process set a bound for files")
def test_where_there_is_no_room_for_a_record_the_disk_is_blamed(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    bound_files(os.getpid(), BOUND)
    try:
        done = hansard("up", "--port", "0", "--data", str(data))
    finally:
        bound_files(os.getpid(), None)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"hansard: The disk of {data} is full: a new record needs 16 MiB")
    assert done.err.count("\n") == 1
    assert everything(tmp_path) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets another process set a bound for files")
def test_a_start_on_a_full_disk_serves_readers_and_blames_the_disk(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data) as run:
        token = bea(run)
        assert run.stop() == 0
    bound_files(os.getpid(), BOUND)
    try:
        with up(data, sample=False) as run:
            assert read(run)["thread"]["comments"] == 14
            answer = vote(run, token)
            assert answer.status_code == 503
            assert "the disk of the server is full" in answer.json()["detail"]
            assert "embedded_server_closed" in run.logged
            assert "replicas" not in run.err
            done = run.beside("doctor", "--json")
            assert "replicas" not in done.out
    finally:
        bound_files(os.getpid(), None)
