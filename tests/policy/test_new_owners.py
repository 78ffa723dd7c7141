"""A comment that an import gave to the wrong member is given to the right one: every list, right and figure follows."""

from typing import Any

import pytest

from core.caller import Actor
from core.events.comment_events import CommentPosted, CommentRejected
from core.events.import_events import AuthorReassigned
from projections.verify.verifier import verify
from tests.support.bringing import bring
from tests.support.house import BEN, MOD, SITE, THREAD, House, Who, at, problem

OLD = Who("wp:7")
NEW = Who("wanda")


@pytest.fixture
async def given(house: House) -> None:
    """Three comments of one former member: published, pending and rejected; then all of them are another's."""
    by = Actor(id=OLD.id)
    await bring(house, CommentPosted(comment="wp-1", body="First *words*.", name="Wanda"), by=by)
    await bring(house, CommentPosted(comment="wp-2", body="It waits.", name="Wanda", rule="import"), by=by)
    await bring(house, CommentPosted(comment="wp-3", body="It is spam.", name="Wanda"), by=by)
    await bring(house, CommentRejected(comment="wp-3", revision=1))
    for number in (1, 2, 3):
        await bring(house, AuthorReassigned(comment=f"wp-{number}", author=NEW.id))


async def read(house: House, path: str, who: Who | None = MOD) -> Any:
    answer = await house.get(path, who)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


@pytest.mark.usefixtures("given")
async def test_lists_pages_and_figures_are_the_new_authors(house: House) -> None:
    (row,) = await house.rows()
    assert row["author"]["id"] == NEW.id
    profile = (await read(house, f"members/{NEW.id}"))["member"]
    assert (profile["names"], profile["comments"]["published"]) == (["Wanda"], 1)
    assert (profile["comments"]["pending"], profile["comments"]["rejected"]) == (1, 1)
    listed = (await read(house, f"members/{NEW.id}/comments"))["comments"]
    assert {one["id"] for one in listed} == {"wp-1", "wp-2", "wp-3"}
    assert (await read(house, f"members/{OLD.id}/comments"))["comments"] == []
    found = (await read(house, "members?q=wan"))["members"]
    assert [one["id"] for one in found] == [NEW.id]
    assert [one["comment"]["id"] for one in (await read(house, f"moderation/queue?member={NEW.id}"))["items"]] == [
        "wp-2"
    ]
    assert (await read(house, f"moderation/queue?member={OLD.id}"))["items"] == []


@pytest.mark.usefixtures("given")
async def test_the_new_author_sees_and_does_what_an_author_does_and_the_former_one_no_more(house: House) -> None:
    own = await read(house, f"threads/{THREAD}/me", NEW)
    assert ([one["id"] for one in own["pending"]], [one["id"] for one in own["rejected"]]) == (["wp-2"], ["wp-3"])
    former = await read(house, f"threads/{THREAD}/me", OLD)
    assert (former["pending"], former["rejected"]) == ([], [])
    problem(await house.get(at("wp-2"), OLD), 404, "not-found")
    refused = await house.ask("PATCH", at("wp-1"), OLD, {"body": "Mine."}, If_Match='"1"')
    problem(refused, 403, "not-allowed")
    edited = await house.ask("PATCH", at("wp-1"), NEW, {"body": "Mine now."}, If_Match='"1"')
    assert edited.status_code == 200, edited.text
    await house.settled(edited.json()["position"])
    problem(await house.ask("PUT", f"{at('wp-1')}/vote", NEW, {"value": 1}), 403, "own-vote")
    voted = await house.ask("PUT", f"{at('wp-1')}/vote", BEN, {"value": 1})
    assert voted.status_code == 200
    trail = (await read(house, f"{at('wp-1')}/trail", NEW))["events"]
    assert {one["actor"]["id"] for one in trail if one["type"] in ("comment.posted", "comment.edited")} == {NEW.id}
    assert OLD.id not in str(trail)
    problem(await house.get(f"{at('wp-2')}/trail", OLD), 404, "not-found")
    withdrawn = await house.ask("DELETE", at("wp-1"), NEW)
    assert withdrawn.status_code == 200
    await house.settled(withdrawn.json()["position"])
    assert await house.rows() == []
    reads, keys = house.deployment.reads, house.deployment.keys
    assert [one async for one in verify(house.log, reads, keys)] == []


@pytest.mark.usefixtures("given")
async def test_a_page_of_the_past_names_the_author_of_then(house: House) -> None:
    record = (await read(house, f"threads/{THREAD}/record", MOD))["events"]
    first = next(one["position"] for one in record if one["type"] == "comment.posted")
    (row,) = await house.rows(query=f"?at={first}")
    assert row["author"]["id"] == OLD.id
    last = record[-1]
    assert (last["type"], last["data"]["author"]) == ("author.reassigned", NEW.id)
    assert (last["actor"], last["data"]["cause"]) == ({"kind": "system", "id": "import"}, "import")
    assert last["site"] == SITE
