"""What imports brought, in the queue of a site and in the figures about it."""

from typing import Any

import pytest

from core.caller import Actor
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.report_events import ReportFiled
from core.times import rfc3339
from tests.support.bringing import IMPORTED, bring
from tests.support.house import ADA, ADMIN, BEN, MOD, THREAD, House, at, problem

QUEUE = "moderation/queue"
OLD_READER = Actor(id="wp:7")


async def items(house: House, query: str = "") -> list[dict[str, Any]]:
    answer = await house.get(f"{QUEUE}{query}", MOD)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    assert answer.json()["total"] >= len(found)
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [item["comment"]["id"] for item in found]


async def waiting(house: House, comment: str, *, imported: str = IMPORTED) -> str:
    """An import brings a comment that waits; the time at which it came."""
    posted = CommentPosted(comment=comment, body="Waits since long ago.", rule="import", origin=comment)
    return rfc3339((await bring(house, posted, by=OLD_READER, imported=imported)).ms)


async def reported(house: House, comment: str) -> str:
    """An import brings a report of a published comment; the time at which it came."""
    await bring(house, CommentPosted(comment=comment, body="Reported long ago."), by=OLD_READER)
    return rfc3339((await bring(house, ReportFiled(comment=comment, reason="spam"), by=Actor(id="wp:8"))).ms)


async def report(house: House, comment: str) -> None:
    answer = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})
    assert answer.status_code == 201
    await house.settled(answer.json()["position"])


async def held(house: House, body: str) -> str:
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "all"})).status_code == 200
    return await house.post(ADA, body)


async def test_what_an_import_brought_comes_after_all_else_and_names_it(house: House) -> None:
    first = await waiting(house, "wp-1")
    second = await reported(house, "wp-2")
    own = await held(house, "Waits since now.")
    there = await items(house)
    assert ids(there) == [own, "wp-1", "wp-2"]
    assert [one["import"] for one in there] == [None, IMPORTED, IMPORTED]
    assert [one["since"] for one in there[1:]] == [first, second]
    assert there[1]["held_by"] == {"kind": "rule", "name": "import"}
    assert ids(await items(house, "?state=pending")) == [own, "wp-1"]
    (only,) = await items(house, "?state=reported")
    assert (only["comment"]["id"], only["import"], only["since"]) == ("wp-2", IMPORTED, second)


@pytest.mark.parametrize("state", ["", "&state=pending"])
async def test_a_cursor_goes_on_into_what_imports_brought(house: House, state: str) -> None:
    for number in range(3):
        await waiting(house, f"wp-{number}")
    own = [await held(house, f"Waits since now: {number}.") for number in range(2)]
    found, query = [], ""
    while True:
        answer = (await house.get(f"{QUEUE}?limit=1{state}{query}", MOD)).json()
        found += ids(answer["items"])
        assert answer["total"] == 5
        if answer["next"] is None:
            break
        query = f"&cursor={answer['next']}"
    assert found == [*own, "wp-0", "wp-1", "wp-2"]


async def test_the_queue_of_one_import_and_of_none(house: House) -> None:
    await waiting(house, "wp-1")
    await waiting(house, "dsq-1", imported="other")
    own = await held(house, "Waits since now.")
    for state in ("", "state=pending&", f"thread={THREAD}&"):
        assert ids(await items(house, f"?{state}import={IMPORTED}")) == ["wp-1"]
        assert ids(await items(house, f"?{state}import=other")) == ["dsq-1"]
        assert ids(await items(house, f"?{state}import=none")) == [own]
        assert ids(await items(house, f"?{state}import=another")) == []
    assert ids(await items(house, "?state=removal&import=none")) == []
    page = (await house.get(f"{QUEUE}?limit=1", MOD)).json()
    problem(await house.get(f"{QUEUE}?limit=1&import=none&cursor={page['next']}", MOD), 400, "bad-cursor")
    problem(await house.get(f"{QUEUE}?import=a%20b", MOD), 400, "bad-request")


async def test_what_people_here_do_about_it_makes_it_an_item_like_all_others(house: House) -> None:
    await waiting(house, "wp-1")
    await reported(house, "wp-2")
    await waiting(house, "wp-3")
    await report(house, "wp-2")
    assert [(one["comment"]["id"], one["import"]) for one in await items(house)] == [
        ("wp-2", None),
        ("wp-1", IMPORTED),
        ("wp-3", IMPORTED),
    ]
    edit = CommentEdited(comment="wp-3", revision=2, body="Edited long ago.", rule="import")
    await bring(house, edit, by=OLD_READER)
    assert ids(await items(house, f"?import={IMPORTED}")) == ["wp-1", "wp-3"], "an import's edit changes nothing"
    answer = await house.decide("wp-1", "hold")
    await house.settled(answer.json()["position"])
    assert ids(await items(house, "?import=none")) == ["wp-1", "wp-2"]
    for comment in ("wp-1", "wp-2"):
        await house.settled((await house.decide(comment, "approve")).json()["position"])
    assert ids(await items(house)) == ["wp-3"]


async def test_the_summary_counts_what_imports_brought_apart(house: House) -> None:
    await waiting(house, "wp-1")
    await reported(house, "wp-2")
    about = {"url": f"https://kew.example/{THREAD}", "title": "About it", "labels": ["politics"]}
    assert (await house.ask("PUT", f"threads/{THREAD}", MOD, about)).status_code == 200
    own = await held(house, "Waits since now.")
    for query in ("", "?label=politics"):
        summary = (await house.get(f"moderation/summary{query}", MOD)).json()
        assert (summary["pending"], summary["reported"], summary["imported"]) == (1, 0, 2), query
        (thread,) = summary["threads"]
        assert (thread["pending"], thread["reported"]) == (1, 0)
        assert summary["oldest"] < 1000
    await house.settled((await house.decide(own, "approve")).json()["position"])
    (listed,) = (await house.get("threads", MOD)).json()["threads"]
    assert listed["waiting"] == {"pending": 1, "reported": 1}, "a thread counts all that waits in it"
