"""What callers get of a thread that is parked: everything as before the bad event, and no failure of ours."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.application.transact import transact
from core.caller import OPERATOR
from core.domain.skip import SkipEvent
from core.position import Position
from projections.read import progress
from projections.read.progress import view_position
from projections.read.served_generation import Served
from projections.rebuild.requeue import requeue
from projections.views.store import Store
from tests.support.house import ADA, AUDITOR, BEN, MOD, SITE, THREAD, House, at, built, problem
from tests.support.poisoning import poison
from tests.support.projecting import projecting
from workers.gateway.operations import reading, writing
from workers.projector.projector import Projector

OTHER = "tea"


class Poisoned:
    """A house in which one thread has a comment, an event that cannot be applied, and a comment after it."""

    def __init__(self, house: House, before: str, bad: Position, after: str, last: str) -> None:
        self.house, self.before, self.bad, self.after, self.last = house, before, bad, after, last

    async def ask(self, method: str, path: str, *given: Any, **more: Any) -> Any:
        return await self.house.ask(method, path, *given, **more)


@pytest.fixture
async def here(fresh: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Poisoned]:
    async with (
        built(fresh, follows=False) as house,
        projecting(Projector(house.deployment, house.log, worker="one")),
    ):
        await house.open_site()
        await house.open_thread()
        await house.open_thread(OTHER)
        before = await house.post(ADA)
        bad = await poison(house.log, THREAD)
        answer = await house.ask("POST", f"threads/{THREAD}/comments", BEN, {"body": "Later words."})
        assert answer.status_code == 201, answer.text
        assert answer.json()["comment"]["body"] == "Later words."
        last = answer.json()["position"]
        # Whoever waited from here on would never be answered.
        monkeypatch.setattr(writing, "VIEW_WITHIN", math.inf)
        monkeypatch.setattr(reading, "VIEW_WITHIN", math.inf)
        yield Poisoned(house, before, bad, answer.json()["comment"]["id"], last)


async def test_a_parked_thread_is_read_as_it_was_and_others_go_on(here: Poisoned) -> None:
    house = here.house
    # Where the cursor is there, the thread is parked: both are written by one commit.
    assert not await progress.reached(house.served, SITE, THREAD, here.bad, within=math.inf)
    page = (await house.get(f"threads/{THREAD}")).json()
    assert [row["id"] for row in page["comments"]] == [here.before]
    assert (await house.get(at(here.before))).status_code == 200
    problem(await house.get(at(here.after)), 404, "not-found")
    beside = await house.post(ADA, thread=OTHER)
    assert [row["id"] for row in await house.rows(thread=OTHER)] == [beside]


async def test_the_log_tells_of_a_parked_thread_what_its_page_does_not(here: Poisoned) -> None:
    house = here.house
    assert not await progress.reached(house.served, SITE, THREAD, here.bad, within=math.inf)
    trail = await house.get(f"{at(here.after)}/trail", MOD)
    assert (trail.status_code, trail.json()["events"][0]["position"]) == (200, here.last)
    assert (await house.get(f"counts?thread={THREAD}")).json()["counts"] == {THREAD: 1}
    for path in ("/readyz", "/readyz/writes"):
        assert (await house.get(path)).status_code == 200


async def test_what_is_written_there_is_answered_at_once_without_a_row(here: Poisoned) -> None:
    # Before it is parked, a vote is answered with the row that the views have.
    assert not await progress.reached(here.house.served, SITE, THREAD, here.bad, within=math.inf)
    own, others = at(here.before), at(here.after)
    for answer in (
        await here.ask("PUT", f"{own}/vote", BEN, {"value": 1}),
        await here.ask("PUT", f"{others}/vote", ADA, {"value": 1}),
        await here.ask("PATCH", own, ADA, {"body": "Other words."}, If_Match='"1"'),
        await here.ask("POST", f"{others}/reports", ADA, {"reason": "spam"}),
        await here.ask("POST", f"{others}/decisions", MOD, {"verdict": "reject", "revision": 1}),
        await here.ask("DELETE", own, ADA),
    ):
        assert answer.status_code in (200, 201), answer.text
        assert Position.parse(answer.json()["position"]) > here.bad
        assert answer.json()["comment"] is None
    # Where nothing changes, the position that made it so may be one that the views do show.
    again = await here.ask("DELETE", own, ADA)
    assert (again.status_code, again.json()["comment"]) == (200, None)


async def test_what_a_parked_thread_cannot_show_is_not_available(here: Poisoned) -> None:
    assert (await here.house.get(f"threads/{THREAD}?after={here.bad}")).headers["retry-after"]
    for query in (f"after={here.last}", f"at={here.last}", f"at={here.bad}"):
        problem(await here.house.get(f"threads/{THREAD}?{query}"), 503, "unavailable")
        problem(await here.house.get(f"threads/{THREAD}?{query}", AUDITOR), 503, "unavailable")
    then = (await here.house.get(f"threads/{THREAD}/comments/{here.before}/trail", ADA)).json()
    posted = then["events"][0]["position"]
    for query in (f"after={posted}", f"at={posted}"):
        answer = await here.house.get(f"threads/{THREAD}?{query}")
        assert answer.status_code == 200, answer.text
        assert [row["id"] for row in answer.json()["comments"]] == [here.before]


async def test_the_audit_tells_the_bad_event_its_skip_and_who_did_it(here: Poisoned) -> None:
    house, bad = here.house, here.bad
    command = SkipEvent(position=str(bad), reason="Written by a fault.", parked=str(bad))
    done = await transact(house.log, command, site=SITE, thread=THREAD, caller=OPERATOR)
    events = (await house.get(f"audit?thread={THREAD}", AUDITOR)).json()["events"]
    told = {event["position"]: event for event in events}
    assert told[str(bad)]["type"] == "comment.edited"
    skipped = told[str(done.position)]
    assert (skipped["type"], skipped["actor"]) == ("event.skipped", {"kind": "staff", "id": "operator"})
    assert skipped["data"]["position"] == str(bad)
    assert skipped["data"]["reason"] == "Written by a fault."
    only = await house.get("audit?type=event.skipped", AUDITOR)
    assert [event["position"] for event in only.json()["events"]] == [str(done.position)]


async def test_a_requeued_thread_is_another_page(here: Poisoned) -> None:
    house, bad = here.house, here.bad
    assert not await progress.reached(house.served, SITE, THREAD, bad, within=math.inf)
    before = await house.get(f"threads/{THREAD}")
    command = SkipEvent(position=str(bad), reason="Written by a fault.", parked=str(bad))
    await transact(house.log, command, site=SITE, thread=THREAD, caller=OPERATOR)
    deployment = house.deployment
    served = Served(deployment)
    parked = (await view_position(served, SITE, THREAD)).parked
    assert parked is not None
    store = Store(deployment.calls, deployment.reads, deployment.keys)
    assert await requeue(house.log, store, served, parked, now=0) is None
    after = await house.get(f"threads/{THREAD}", If_None_Match=before.headers["etag"])
    assert after.status_code == 200
    assert [row["id"] for row in after.json()["comments"]] == [here.after, here.before]
    assert (await house.get(f"threads/{THREAD}?at={here.last}")).status_code == 200
