"""What the gateway answers where somebody else wrote into a partition of the log."""

from typing import Any

import pytest
from msgspec.structs import replace

from core.application.aggregate_cache import AggregateCache
from core.partitions import partition_of
from core.position import Position
from projections.audit import merge
from tests.core.log.test_foreign_entries import FIELDS
from tests.support import house as houses
from tests.support.house import ADA, AUDITOR, BEN, MOD, PARTITIONS, SITE, House, problem

THREAD = "tea"
HERE = partition_of(SITE, THREAD, PARTITIONS)
"""Not where the site's own events are."""


@pytest.fixture
async def house(house: House) -> House:
    assert partition_of(SITE, "", PARTITIONS) != HERE
    await house.open_thread(THREAD)
    return house


def at(comment: str) -> str:
    return houses.at(comment, THREAD)


async def intrude(house: House, *fields: bytes) -> Position:
    """Put an entry into the partition of the thread as somebody else's program might; the views stay before it."""
    house.hold()
    last = await house.log.last(HERE)
    position = Position(last.ms, last.n + 1)
    await house.deployment.calls.call("XADD", house.deployment.keys[HERE].log, str(position), *fields)
    return position


async def spoil(house: House) -> bytes:
    """Put a key of another type in the place of the log; what was there."""
    house.hold()
    log = house.deployment.keys[HERE].log
    saved: bytes = await house.deployment.calls.call("DUMP", log)
    await house.deployment.calls.call("DEL", log)
    await house.deployment.calls.call("SET", log, "somebody else's")
    return saved


async def audited(house: House, query: str = "") -> list[dict[str, Any]]:
    answer = await house.get(f"audit{query}", AUDITOR)
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
async def test_the_audit_shows_an_entry_that_cannot_be_read_in_its_place(
    house: House, fields: tuple[bytes, ...]
) -> None:
    await house.post(ADA, thread=THREAD)
    before = await audited(house, f"?thread={THREAD}")
    bad = await intrude(house, *fields)
    shown = {"position": str(bad), "type": "unreadable"}
    assert await audited(house, f"?thread={THREAD}") == [*before, shown]
    assert shown in await audited(house)
    # Nobody can say that it is not what was asked for.
    for query in (f"?thread={THREAD}&type=vote.cast", "?actor=nobody", "?comment=none"):
        assert await audited(house, query) == [shown]
    # Page by page, it comes once.
    found, cursor = [], None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        answer = (await house.get(f"audit?thread={THREAD}&limit=1{more}", AUDITOR)).json()
        if not answer["events"]:
            break
        found += answer["events"]
        cursor = answer["next"]
    assert found == [*before, shown]


async def test_a_trail_shows_what_may_have_been_a_report_in_its_place(house: House) -> None:
    comment = await house.post(ADA, thread=THREAD)
    vote = (await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})).json()["position"]
    report = (await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse"})).json()["position"]
    # The same log, with something else where the vote was.
    house.hold()
    log = house.deployment.keys[HERE].log
    entries = await house.deployment.calls.call("XRANGE", log, "-", "+")
    await house.deployment.calls.call("DEL", log)
    for position, fields in entries:
        there = (b"foo", b"bar") if position == vote.encode() else fields
        await house.deployment.calls.call("XADD", log, position, *there)
    events = (await house.get(f"{at(comment)}/trail", MOD)).json()["events"]
    assert events[1] == {"position": vote, "type": "unreadable"}
    assert [(one["type"], one["position"]) for one in events[2:]] == [("report.filed", report)]
    own = (await house.get(f"{at(comment)}/trail", ADA)).json()["events"]
    assert [one["type"] for one in own] == ["comment.posted"]


async def test_where_a_partition_cannot_be_read_the_record_ends_before_it_and_names_it(house: House) -> None:
    comment = await house.post(ADA, thread=THREAD)
    first = (await house.get(f"audit?thread={THREAD}&limit=1", AUDITOR)).json()
    saved = await spoil(house)
    named = f"partition {HERE} cannot be read: "
    paths = ["audit", f"audit?thread={THREAD}", f"audit?thread={THREAD}&limit=1&cursor={first['next']}"]
    paths += [f"{at(comment)}/trail", f"{at(comment)}/revisions", f"threads/{THREAD}/me"]
    for path in paths:
        who = AUDITOR if path.startswith("audit") else ADA
        answer = await house.get(path, who)
        assert problem(answer, 503, "unavailable")["detail"].startswith(named), path
        assert "retry-after" in answer.headers
    # What is served goes on being served, and so do threads elsewhere.
    assert (await house.get(f"threads/{THREAD}")).status_code == 200
    other = next(name for name in ("a", "b", "c", "d") if partition_of(SITE, name, PARTITIONS) != HERE)
    assert (await house.get(f"audit?thread={other}", AUDITOR)).json()["events"] == []
    assert (await house.get("/readyz")).status_code == 200
    # The cursor of before is as good as ever, once the log is back.
    log = house.deployment.keys[HERE].log
    await house.deployment.calls.call("RESTORE", log, 0, saved, "REPLACE")
    answer = await house.get(f"audit?thread={THREAD}&cursor={first['next']}", AUDITOR)
    assert [event["type"] for event in answer.json()["events"]] == ["comment.posted"]


async def test_a_page_of_the_record_ends_where_a_partition_cannot_be_read_any_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "_FIRST", 1)
    await house.post(ADA, thread=THREAD)
    whole = await audited(house, f"?thread={THREAD}")
    read, asked = house.log.read, 0

    async def once(partition: int, *given: Any, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            await spoil(house)
        return await read(partition, *given, **more)

    monkeypatch.setattr(house.log, "read", once)
    answer = (await house.get(f"audit?thread={THREAD}", AUDITOR)).json()
    assert answer["events"] == whole[:1]
    again = await house.get(f"audit?thread={THREAD}&cursor={answer['next']}", AUDITOR)
    assert problem(again, 503, "unavailable")["detail"].startswith(f"partition {HERE} cannot be read")


async def test_who_is_not_ready_for_a_partition_that_stopped_says_which_where_and_why(house: House) -> None:
    stopped = {7: "after 1-2 (Hole: x)", 3: "after 5-6 (UnreadableEntry: y)"}
    house.serve(replace(house.services, stopped=lambda: stopped))
    assert (await house.get("/readyz")).json()["views"]["stopped"] == 2, "pages are served"
    house.serve(replace(house.services, stopped=lambda: stopped, serves_pages=False))
    told = problem(await house.get("/readyz"), 503, "unavailable")["detail"]
    assert told.startswith(
        "projection has stopped in 2 of the partitions, for example in partition 3 after 5-6 (UnreadableEnt"
    )


async def test_a_gateway_without_a_projector_lags_at_such_an_entry_whatever_its_number(house: House) -> None:
    await house.post(ADA, thread=THREAD)
    house.hold()
    last = await house.log.last(HERE)
    await house.deployment.calls.call("XADD", house.deployment.keys[HERE].log, f"{last.ms + 1}-0", "foo", "bar")
    house.now = last.ms / 1000 + 60
    assert (await house.get("/readyz")).json()["views"]["lag_s"] > 59


async def test_no_read_is_a_defect_where_an_entry_in_the_chain_of_its_thread_cannot_be_read(house: House) -> None:
    first = await house.post(ADA, thread=THREAD)
    await house.ask("PATCH", at(first), ADA, {"body": "Better words."}, operator=False, **{"If-Match": '"1"'})
    last = (await house.ask("POST", f"threads/{THREAD}/comments", BEN, {"body": "Words."})).json()["position"]
    house.hold()
    log = house.deployment.keys[HERE].log
    entries = await house.deployment.calls.call("XRANGE", log, "-", "+")
    await house.deployment.calls.call("DEL", log)
    for number, (position, fields) in enumerate(entries):
        there = (b"e", b"{not json", b"c", b"") if number == len(entries) - 2 else fields
        await house.deployment.calls.call("XADD", log, position, *there)
    house.serve(replace(house.services, aggregate_cache=AggregateCache(0)))
    paths = [f"threads/{THREAD}", f"threads/{THREAD}?at={last}", f"threads/{THREAD}/me", f"threads/{THREAD}/policy"]
    paths += [at(first), f"{at(first)}?at={last}", f"{at(first)}/revisions", f"{at(first)}/trail", "audit"]
    for path in paths:
        for who in (None, ADA, MOD, AUDITOR):
            answer = await house.get(path, who)
            assert answer.status_code in (200, 401, 403, 404, 503), (path, who, answer.text)
            if answer.status_code == 503:
                assert "retry-after" in answer.headers
    refused = await house.ask("PATCH", at(first), ADA, {"body": "Again."}, operator=False, **{"If-Match": '"2"'})
    problem(refused, 503, "unavailable")
