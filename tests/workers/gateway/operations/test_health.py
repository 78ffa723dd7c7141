"""What machines ask: alive, ready, metrics. And what the gateway says of itself while it works."""

import re
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from core.concurrency import gathered
from core.singleflight import SingleFlight
from projections.read import pages
from projections.read.revisions import DIFFERENCES
from tests.support.house import ADA, ADMIN_SECRET, MOD, PARTITIONS, SITE, THREAD, House, at, built, problem, token, told
from tests.support.servers import started
from workers.embedded import server as embedded
from workers.gateway.health_app import health_alone, operations
from workers.gateway.http.response import Response
from workers.roles.roles import services
from workers.runtime import metrics
from workers.runtime.settings import Settings

READY = {"status": "ready", "reads": "served", "writes": "taken", "views": {"lag_s": 0.0, "stopped": 0}}


async def test_alive_and_ready_are_two_things(house: House) -> None:
    assert (await house.get("/healthz")).json() == {"status": "alive"}
    position = await house.post(ADA)
    assert position
    ready = await house.get("/readyz")
    assert ready.status_code == 200, ready.text
    assert ready.json() == READY
    writes = await house.get("/readyz/writes")
    assert (writes.status_code, writes.json()) == (200, READY)


async def test_a_gateway_beside_a_log_that_is_older_than_the_views_is_not_ready(house: House) -> None:
    await house.post(ADA)
    keys = house.deployment.keys.of(SITE, THREAD)
    there = await house.deployment.calls.call("GET", keys.cursor(1))
    await house.deployment.calls.call("SET", keys.cursor(1), "9999999999999-99")
    answer = problem(await house.get("/readyz"), 503, "unavailable")
    assert "in 1 of the partitions the log ends before the views" in answer["detail"]
    await house.deployment.calls.call("SET", keys.cursor(1), there)
    assert (await house.get("/readyz")).status_code == 200


async def test_without_redis_the_gateway_is_alive_and_asks_to_come_again() -> None:
    with ExitStack() as stack:
        url = stack.enter_context(started(embedded.binary()))
        async with built(url, patience=0.1) as house:
            await house.open_site()
            await house.open_thread()
            stack.close()  # the server is killed
            for answer in (
                await house.get(f"threads/{THREAD}"),
                await house.get(f"threads/{THREAD}/me", ADA),
                await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "a"}),
                await house.get("/readyz"),
            ):
                problem(answer, 503, "unavailable")
                assert int(answer.headers["retry-after"]) > 0
                assert answer.headers["cache-control"] == "no-store"
            assert (await house.get("/healthz")).status_code == 200


async def asked_ends(house: House) -> int:
    """How often the server was asked where a log ends: once per partition for one look at readiness."""
    stats: dict[str, Any] = await house.deployment.writing.info("commandstats")
    return int(stats.get("cmdstat_xrevrange", {"calls": 0})["calls"])


async def together(house: House, path: str, callers: int = 50) -> list[httpx2.Response]:
    """The answers to so many callers who ask at the same time."""
    return await gathered([partial(house.get, path)] * callers)


async def test_readiness_is_looked_at_once_for_all_who_ask_in_one_second(house: House) -> None:
    clock = 100.0
    one = replace(house.services, readiness=SingleFlight(keep=1.0, clock=lambda: clock))
    house.serve(one)
    before = await asked_ends(house)
    answers = await together(house, "/readyz")
    assert {answer.status_code for answer in answers} == {200}
    clock += 0.9
    await together(house, "/readyz")
    assert await asked_ends(house) == before + PARTITIONS
    clock += 0.2
    await together(house, "/readyz")
    assert await asked_ends(house) == before + 2 * PARTITIONS


async def test_that_it_is_not_ready_is_shared_too(house: House) -> None:
    await house.post(ADA)
    clock = 100.0
    house.serve(replace(house.services, readiness=SingleFlight(keep=1.0, clock=lambda: clock)))
    keys = house.deployment.keys.of(SITE, THREAD)
    there = await house.deployment.calls.call("GET", keys.cursor(1))
    await house.deployment.calls.call("SET", keys.cursor(1), "9999999999999-99")
    before = await asked_ends(house)
    for answer in await together(house, "/readyz"):
        assert "the log ends before the views" in problem(answer, 503, "unavailable")["detail"]
    await house.deployment.calls.call("SET", keys.cursor(1), there)
    assert (await house.get("/readyz")).status_code == 503
    assert await asked_ends(house) == before + PARTITIONS
    clock += 1.1
    assert (await house.get("/readyz")).status_code == 200


async def test_a_process_that_starts_or_ends_is_not_ready_at_once(house: House) -> None:
    running = True
    shared: SingleFlight[str, Response] = SingleFlight(keep=60)
    house.serve(replace(house.services, readiness=shared, running=lambda: running))
    assert (await house.get("/readyz")).status_code == 200
    running = False
    for path in ("/readyz", "/readyz/writes"):
        problem(await house.get(path), 503, "unavailable")


async def test_metrics_are_written_once_per_format_for_all_who_ask_in_one_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    exposition = metrics.exposition

    def counted(wanted: metrics.Format) -> tuple[bytes, str]:
        written.append(wanted)
        return exposition(wanted)

    monkeypatch.setattr(metrics, "exposition", counted)
    house.serve(replace(house.services, exposition=SingleFlight(keep=60)))
    text = await together(house, "/metrics")
    # Every client may spell what it accepts in its own way; that makes no more answers.
    for number in range(20):
        accept = f"application/openmetrics-text; version=1.0.{number}; escaping=none-{number}"
        answer = await house.get("/metrics", Accept=accept)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {answer.status_code for answer in text} == {200}
    assert written == ["text/plain", "application/openmetrics-text"]


async def test_with_an_address_of_their_own_operations_are_not_at_the_public_one(house: House) -> None:
    house.serve(replace(house.services, operations_apart=True))
    for path in ("/readyz", "/readyz/writes", "/metrics"):
        problem(await house.get(path), 404, "not-found")
        assert (await house.ask("OPTIONS", path)).status_code == 200
        assert path not in (await house.get("/openapi.json")).json()["paths"]
    assert (await house.get("/healthz")).json() == {"status": "alive"}
    assert (await house.get(f"threads/{THREAD}")).status_code == 200
    for app, there in ((operations(house.services), 200), (health_alone(house.services), 404)):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://ops.example") as client:
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/readyz")).status_code == there
            assert (await client.get("/readyz/writes")).status_code == there
            assert (await client.get("/metrics")).status_code == there
            assert (await client.get(f"/v1/sites/{SITE}/threads/{THREAD}")).status_code == 404


async def test_a_request_is_one_line_with_its_route_and_without_words_or_names(house: House) -> None:
    comment = await house.post(ADA, "Words that nobody logs.")
    with told() as lines:
        await house.ask("PUT", f"{at(comment)}/vote", MOD, {"value": 1}, Authorization="Bearer x")
        await house.get("members/ada", MOD)
        await house.get("/nowhere/at/all?token=secret")
    assert [line["event"] for line in lines] == ["request_answered"] * 3
    vote, member, nowhere = lines
    assert vote["route"] == "/v1/sites/{site}/threads/{thread}/comments/{comment}/vote"
    assert (vote["method"], vote["status"], vote["site"], vote["thread"]) == ("PUT", 200, SITE, THREAD)
    assert vote["comment"] == comment
    assert re.fullmatch("[0-9a-f]{16}", vote["request"])
    assert isinstance(vote["ms"], float)
    assert member["route"] == "/v1/sites/{site}/members/{member}"
    assert (nowhere["route"], nowhere["status"]) == ("none", 404)
    assert "site" not in nowhere
    assert len({line["request"] for line in lines}) == 3
    said = repr(lines).replace(comment, "")
    for line in lines:
        said = said.replace(line["request"], "")  # what is drawn at random can spell any of the words
    for word in ("Words", "ada", "Ada", "mod", token(MOD)[:20], "secret", "nowhere"):
        assert word not in said


async def test_metrics_count_requests_by_route_and_name_no_site_thread_or_person(house: House) -> None:
    comment = await house.post(ADA)
    await house.get(f"threads/{THREAD}")
    await house.ask("BREW-" + "x" * 10, f"threads/{THREAD}")
    answer = await house.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    said = answer.text
    assert 'hansard_http_requests_total{method="GET",route="/v1/sites/{site}/threads/{thread}",status="200"}' in said
    assert 'method="other"' in said
    assert "hansard_http_seconds_bucket" in said
    samples = "\n".join(line for line in said.splitlines() if not line.startswith("#"))
    for word in (SITE, THREAD, comment, "ada", "BREW"):
        assert not re.search(rf"\b{word}\b", samples)


async def test_metrics_tell_how_many_bytes_the_remembered_differences_take(house: House) -> None:
    services(house.deployment, Settings(), ADMIN_SECRET)
    comment = await house.post(ADA)
    edit = {"body": "Words that nobody has said here before."}
    answer = await house.ask("PATCH", at(comment), ADA, edit, If_Match='"1"')
    await house.settled(answer.json()["position"])
    before = DIFFERENCES.bytes
    (_, last) = (await house.get(f"{at(comment)}/revisions?diff=words")).json()["revisions"]
    assert last["diff"]
    assert DIFFERENCES.bytes > before
    assert f"\nhansard_diff_bytes {float(DIFFERENCES.bytes)}\n" in (await house.get("/metrics")).text


async def test_a_defect_is_logged_under_the_request_id_without_what_was_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise LookupError("secret words")

    monkeypatch.setattr(pages, "page", broken)
    with told() as lines:
        answer = await house.get(f"threads/{THREAD}")
    again, failed, answered = lines
    assert (again["event"], again["cause"]) == ("page_retried", "LookupError")
    assert (failed["event"], failed["log_level"]) == ("request_failed", "error")
    assert failed["request"] == answered["request"] == answer.json()["request"]
    assert isinstance(failed["exc_info"], LookupError)  # workers.runtime.logs leaves out what such an exception quotes
