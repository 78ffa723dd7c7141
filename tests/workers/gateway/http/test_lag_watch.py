"""Views that are behind the log: what answers say of it, and who notices where no projector lives."""

import re

import anyio
import pytest

from core.partitions import partition_of
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, AUDITOR, MOD, PARTITIONS, SITE, THREAD, House, at, told
from workers.gateway.http.lag_watch import LagWatch
from workers.runtime import metrics

OTHER = next(
    name
    for name in map(str, range(100))
    if partition_of(SITE, name, PARTITIONS) != partition_of(SITE, THREAD, PARTITIONS)
)
"""A thread of another partition."""


async def held(house: House) -> tuple[str, float]:
    """A comment that the views have, and the time of the first event that they have not."""
    await house.open_thread(OTHER)
    comment = await house.post(ADA)
    house.hold()
    unseen = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "unseen"})
    assert unseen.status_code == 201
    return comment, int(unseen.json()["position"].partition("-")[0]) / 1000


async def test_answers_from_views_that_are_far_behind_say_by_how_many_seconds(house: House) -> None:
    comment, since = await held(house)
    page = f"threads/{THREAD}"
    etag = (await house.get(page)).headers["etag"]
    of_views = (
        (page, None),
        (f"{page}?sort=top", None),
        (f"{page}?limit=1&at=2999-01-01T00:00:00Z", MOD),
        (f"{page}/me", ADA),
        (f"{page}/anchors", None),
        (at(comment), None),
        (f"{at(comment)}/replies", None),
        (f"{at(comment)}/revisions", None),
        (f"counts?thread={THREAD}", None),
        ("threads", MOD),
        ("moderation/queue", MOD),
        ("moderation/comments", MOD),
        ("members/ada", MOD),
        ("members/ada/comments", MOD),
    )
    house.now = since + 9.9
    await house.services.lag.measure()
    for path, who in of_views:
        assert "hansard-lag" not in (await house.get(path, who)).headers, path
    house.now = since + 12.7
    await house.services.lag.measure()
    for path, who in of_views:
        answer = await house.get(path, who)
        if answer.status_code < 500 and "at=" not in path:
            assert answer.headers["hansard-lag"] == "12", path
    # Kept ready, and not changed, and without a body.
    assert (await house.get(page)).headers["hansard-lag"] == "12"
    known = await house.get(page, If_None_Match=etag)
    assert (known.status_code, known.headers["hansard-lag"]) == (304, "12")
    assert (await house.ask("HEAD", page)).headers["hansard-lag"] == "12"
    # The other partitions are level, and the log is never behind.
    of_others = (
        (f"threads/{OTHER}", None),
        (f"{page}/policy", None),
        (f"{at(comment)}/trail", MOD),
        ("audit", AUDITOR),
        ("", ADMIN),
        ("/healthz", None),
        ("/readyz", None),
        ("/openapi.json", None),
    )
    for path, who in of_others:
        assert "hansard-lag" not in (await house.get(path, who)).headers, path
    exposed = (await house.get(page)).headers["access-control-expose-headers"]
    assert "Hansard-Lag" in exposed
    house.now = None
    house.release()
    while "hansard-lag" in (await house.get(page)).headers:
        await house.services.lag.measure()


async def test_a_lag_keeps_nobody_from_reading_and_readiness_and_metrics_tell_it(house: House) -> None:
    _, since = await held(house)
    house.now = since + 3600
    ready = await house.get("/readyz")
    assert (ready.status_code, ready.json()["reads"], ready.json()["writes"]) == (200, "served", "taken")
    assert ready.json()["views"]["lag_s"] == pytest.approx(3600)
    assert (await house.get("/readyz/writes")).status_code == 200
    samples = (await house.get("/metrics")).text
    found = re.search(r"^hansard_views_lag_seconds ([0-9.]+)$", samples, re.MULTILINE)
    assert found is not None
    assert float(found[1]) == pytest.approx(3600)
    house.now += 100  # nobody has looked since
    assert metrics.REGISTRY.get_sample_value("hansard_views_lag_seconds") == pytest.approx(3700)


async def test_a_gateway_looks_by_itself_and_says_once_that_the_views_are_behind(house: House) -> None:
    """No projector lives, and nobody asks for readiness."""
    _, since = await held(house)
    watch = LagWatch(house.services.served, house.log, clock=house.clock, every=0.001)
    house.now = since + 11
    with told() as lines:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            with anyio.fail_after(BOUND):
                while watch.to_report(f"/v1/sites/{SITE}/threads/{THREAD}") is None:
                    await anyio.lowlevel.checkpoint()
                for _ in range(2):
                    look = watch.last
                    while watch.last is look:
                        await anyio.lowlevel.checkpoint()
                house.now = None
                house.release()
                while "views_recovered" not in [line["event"] for line in lines]:
                    await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert [line["event"] for line in lines if line["event"].startswith("views_")] == [
        "views_lagged",
        "views_recovered",
    ]
    (lagged,) = [line for line in lines if line["event"] == "views_lagged"]
    assert (lagged["partitions"], lagged["seconds"]) == (1, 11)


async def test_what_is_told_follows_the_bound_that_was_set(house: House) -> None:
    _, since = await held(house)
    watch = LagWatch(house.services.served, house.log, clock=house.clock, bound=0.5)
    house.now = since + 1
    await watch.measure()
    path = f"/v1/sites/{SITE}/threads/{THREAD}"
    assert watch.to_report(path) == 1
    assert watch.to_report(f"/v1/sites/{SITE}/threads/{OTHER}") is None
    assert watch.to_report(f"/v1/sites/{SITE}/moderation/queue") == 1
    # Any of these may be what a publication calls an article.
    for name in ("audit", "policy", "keys", "record", "trail"):
        partition = partition_of(SITE, name, PARTITIONS)
        expected = 1 if partition == partition_of(SITE, THREAD, PARTITIONS) else None
        assert watch.to_report(f"/v1/sites/{SITE}/threads/{name}") == expected
        assert watch.to_report(f"/v1/sites/{SITE}/threads/{THREAD}/comments/{name}") == 1
    for path in ("/v1/sites", f"/v1/sites/{SITE}", f"/v1/sites/{SITE}/", "/healthz", f"/v1/sites/{SITE}/audit"):
        assert watch.to_report(path) is None
