"""What a vote is answered with: the row, with the vote in it, whether or not the views have it yet."""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import msgspec
import pytest

from core.application.transact import transact
from core.domain.authoring import EditComment, PostComment
from core.domain.thread import OpenThread
from core.domain.vote import CastVote
from projections.read import comments, current_row
from projections.read.row_cache import RowMemory
from tests.support.house import ADA, BEN, EVE, MOD, SITE, SUBSCRIBER, THREAD, House, Who, at
from tests.support.people import ADA as AUTHOR
from tests.support.people import BEN as VOTER
from tests.support.people import MOD as MODERATOR
from tests.support.servers import client

pytestmark = pytest.mark.anyio

ANOTHER = Who("adam")


async def vote(house: House, comment: str, who: Who, value: int, **headers: str) -> dict[str, Any]:
    """Vote; what it is answered with."""
    answer = await house.ask("PUT", f"{at(comment)}/vote", who, {"value": value}, operator=False, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tally(answer: dict[str, Any]) -> tuple[int, int, int]:
    votes = answer["comment"]["votes"]
    return votes["up"], votes["down"], votes["score"]


async def test_a_vote_is_answered_with_its_row_while_the_views_stand_still(house: House) -> None:
    comment = await house.post(ADA)
    house.hold()
    assert tally(await vote(house, comment, BEN, 1)) == (1, 0, 1)
    assert tally(await vote(house, comment, EVE, -1)) == (1, 1, 0), "what was acknowledged before is in it"
    assert tally(await vote(house, comment, BEN, -1)) == (0, 2, -2), "one vote a member"
    assert tally(await vote(house, comment, EVE, 0)) == (0, 1, -1)


@pytest.mark.parametrize("beyond", [64, 0], ids=["looked through", "too much to look through"])
async def test_a_vote_that_changes_nothing_does_not_wait_for_the_views(
    house: House, beyond: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_row, "BEYOND", beyond)
    comment = await house.post(ADA)
    house.hold()
    cast = await vote(house, comment, BEN, 1)
    for number in range(4):
        await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": f"Other words, {number}."})
    again = await vote(house, comment, BEN, 1)
    assert (again["position"], tally(again)) == (cast["position"], (1, 0, 1))
    assert tally(await vote(house, comment, EVE, 0)) == ((1, 0, 1) if beyond else (0, 0, 0)), "nor one of no value"


async def test_what_is_answered_is_the_row_that_the_views_come_to(house: House) -> None:
    parent = await house.post(ADA)
    comment = await house.post(BEN, parent=parent)
    await house.post(ADA, parent=comment)
    await vote(house, comment, ADA, 1)
    house.hold()
    answered = await vote(house, comment, EVE, -1)
    house.release()
    await house.settled(answered["position"])
    row = await comments.row(house.served, SITE, THREAD, comment)
    assert row is not None
    assert answered["comment"] == msgspec.json.decode(row)
    assert answered["comment"]["replies"]["count"] == 1
    assert answered["comment"]["in_reply_to"]["name"] == ADA.name


async def test_where_too_much_is_beyond_the_views_the_vote_is_counted_upon_what_they_have(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_row, "BEYOND", 5)
    comment = await house.post(ADA)
    await house.settled((await vote(house, comment, BEN, 1))["position"])
    house.hold()
    for value in (-1, 0, 1, -1):
        await vote(house, comment, EVE, value)
    assert tally(await vote(house, comment, SUBSCRIBER, 1)) == (2, 1, 1), "few are counted"
    assert tally(await vote(house, comment, ANOTHER, 1)) == (3, 1, 2)
    assert tally(await vote(house, comment, BEN, -1)) == (0, 1, -1), "of many the own one alone"
    assert tally(await vote(house, comment, EVE, 1)) == (2, 0, 2), "though the views have no earlier one of theirs"
    house.release()


async def test_a_vote_on_what_the_views_do_not_have_waits_for_them(house: House) -> None:
    house.hold()
    posted = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "Words."})
    comment = posted.json()["comment"]["id"]
    await answered_after_release(house, comment, body="Words.")


@pytest.mark.parametrize("beyond", [64, 0], ids=["looked through", "too much to look through"])
async def test_a_vote_on_what_was_edited_since_is_answered_with_the_text_that_it_is_about(
    house: House, beyond: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_row, "BEYOND", beyond)
    comment = await house.post(ADA)
    house.hold()
    edit = EditComment(comment=comment, revision=1, body="Better words.")
    for number in range(4):
        await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": f"Other words, {number}."})
    await transact(house.log, edit, site=SITE, thread=THREAD, caller=AUTHOR)
    await answered_after_release(house, comment, body="Better words.")


async def test_an_answer_that_the_views_do_not_have_yet_is_counted(house: House) -> None:
    comment = await house.post(ADA)
    house.hold()
    await house.ask("POST", f"threads/{THREAD}/comments", EVE, {"body": "An answer.", "parent": comment})
    answer = await answered_after_release(house, comment, body="First words.")
    assert answer["comment"]["replies"]["count"] == 1


async def answered_after_release(house: House, comment: str, *, body: str) -> dict[str, Any]:
    """A vote is not answered before the views follow, and then with this text and the vote."""
    answers: list[dict[str, Any]] = []

    async def ask() -> None:
        answers.append(await vote(house, comment, BEN, 1))

    length = await house.length()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        while await house.length() == length:
            pass  # each look lets the other task go on
        assert not answers
        house.release()
    (answer,) = answers
    assert answer["comment"]["body"] == body
    assert tally(answer) == (1, 0, 1)
    return answer


async def test_staff_is_answered_with_what_staff_sees(house: House) -> None:
    comment = await house.post(ADA)
    answer = await vote(house, comment, MOD, 1)
    assert "moderation" in answer["comment"]
    assert tally(answer) == (1, 0, 1)


async def test_a_repeated_vote_is_answered_with_the_row_as_it_is_now(house: House) -> None:
    comment = await house.post(ADA)
    first = await vote(house, comment, BEN, 1, Idempotency_Key="k")
    await vote(house, comment, EVE, 1)
    again = await vote(house, comment, BEN, 1, Idempotency_Key="k")
    assert again["position"] == first["position"]
    assert tally(again) == (2, 0, 2)


async def test_a_comment_of_another_site_with_the_same_name_has_votes_of_its_own(house: House) -> None:
    """The names of comments are unique within a site alone, and both lie in one partition."""
    comment = await house.post(ADA)
    await house.open_site(site="leeds")
    here = house.deployment.keys.of(SITE, THREAD)
    thread = next(name for name in map(str, range(100)) if house.deployment.keys.of("leeds", name) is here)
    there = partial(transact, house.log, site="leeds", thread=thread)
    await there(OpenThread(url="https://leeds.example/", title="Leeds"), caller=MODERATOR)
    posted = await there(PostComment(comment=comment, body="Other words."), caller=AUTHOR)
    await house.settled(str(posted.position))
    house.hold()
    await there(CastVote(comment=comment, value=1), caller=VOTER)
    assert tally(await vote(house, comment, EVE, 1)) == (1, 0, 1)


async def test_a_vote_takes_a_script_for_its_row_and_no_event_is_read_for_it(house: House, fresh: str) -> None:
    first = await house.post(ADA)
    await vote(house, first, BEN, 1)  # from here on the server knows the scripts, and the gateway the thread
    house.hold()
    with client(fresh) as connection:

        async def ran(ask: Callable[[], Awaitable[object]]) -> Counter[str]:
            before = Counter({name: told["calls"] for name, told in connection.info("commandstats").items()})
            await ask()
            await house.services.notes.written()
            after = Counter({name: told["calls"] for name, told in connection.info("commandstats").items()})
            return after - before

        posts = await ran(lambda: house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "Words."}))
        for votes in (
            await ran(lambda: vote(house, first, EVE, 1)),  # a first vote
            await ran(lambda: vote(house, first, EVE, -1)),  # one that changes
            await ran(lambda: vote(house, first, BEN, 0)),  # one that is taken back
        ):
            assert votes["cmdstat_evalsha"] == posts["cmdstat_evalsha"] == 2, (
                "row, append; append, and a note afterwards"
            )
            assert votes["cmdstat_hmget"] == posts["cmdstat_hmget"] == 2, "standing, and the heads of the append"
            assert votes["cmdstat_xadd"] == votes["cmdstat_hgetall"] == 1, "the event, and the keys that sign tokens"
            assert not votes["cmdstat_eval"], "no script is told anew"


async def test_a_row_that_the_gateway_knows_is_not_asked_for(house: House) -> None:
    rows = house.services.current_rows._memory = RowMemory(house.log.partitions, run=0)
    comment = await house.post(ADA)
    house.hold()
    await vote(house, comment, BEN, 1)
    assert rows.bytes
    assert house.services.current_rows.ask(SITE, THREAD, comment, EVE.id) is None
    assert tally(await vote(house, comment, EVE, -1)) == (1, 1, 0)
    assert tally(await vote(house, comment, BEN, 0)) == (0, 1, -1)
    house.release()
    answered = await vote(house, comment, BEN, 1)
    await house.settled(answered["position"])
    assert answered["comment"] == msgspec.json.decode(await comments.row(house.served, SITE, THREAD, comment) or b"")


async def test_a_row_that_another_process_wrote_to_is_asked_for_again_and_the_views_are_not_waited_for(
    house: House,
) -> None:
    house.services.current_rows._memory = RowMemory(house.log.partitions, run=0)
    comment = await house.post(ADA)
    await vote(house, comment, EVE, 1)
    house.hold()
    await transact(house.log, CastVote(comment=comment, value=-1), site=SITE, thread=THREAD, caller=VOTER)
    assert house.services.current_rows.ask(SITE, THREAD, comment, EVE.id) is None, "nothing has told yet"
    assert tally(await vote(house, comment, EVE, -1)) == (0, 2, -2)


async def test_an_edit_is_in_the_row_that_the_next_vote_is_answered_with(house: House) -> None:
    house.services.current_rows._memory = RowMemory(house.log.partitions, run=0)
    comment = await house.post(ADA)
    await vote(house, comment, EVE, 1)
    edit = {"body": "Better words."}
    answer = await house.ask("PATCH", at(comment), ADA, edit, operator=False, **{"If-Match": '"1"'})
    assert answer.status_code == 200
    assert (await vote(house, comment, EVE, -1))["comment"]["body"] == "Better words."
