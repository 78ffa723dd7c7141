"""What a caller may not see does not exist for them: the answer about it is, byte for byte, that about what never was.

Laws over the table of calls: a call that is added is held to them, too.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, NamedTuple

from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, GUEST, MOD, SITE, SUBSCRIBER, THREAD, House, Who, at
from workers.gateway.operations.operation import COMMENT, Operation
from workers.gateway.operations.table import OPERATIONS

NEVER: Final = "a" * 22
"""The id of a comment that never was, of the form that ids have."""
STRANGERS: Final = (None, BEN, GUEST, SUBSCRIBER, ADMIN, EVE)
"""Everybody but the author and staff; `EVE` is suspended."""
ON_A_COMMENT: Final = tuple(call for call in OPERATIONS if call.path.startswith(COMMENT))
READS: Final = tuple(call for call in ON_A_COMMENT if call.method == "GET")
QUERIES: Final = ("?after=99999999999999-1", "?after=x", "?limit=1", "?limit=x", "?cursor=x", "?at=1-1", "?at=x")
BODIES: Final[tuple[Any, ...]] = ({}, {"unknown": 1}, {"value": 1, "revision": 7})
"""What is given besides the example of the call."""


class Told(NamedTuple):
    """An answer, without what is new in each."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


State = Callable[[House], Awaitable[str]]


async def held(house: House) -> str:
    return await house.post(ADA, "See https://held.example now.")


async def held_and_edited(house: House) -> str:
    comment = await held(house)
    await house.ask("PATCH", at(comment), ADA, {"body": "See https://other.example now."}, If_Match='"1"')
    return comment


async def rejected(house: House) -> str:
    comment = await held(house)
    await house.decide(comment, "reject", reason="No.")
    return comment


async def rejected_and_edited(house: House) -> str:
    comment = await rejected(house)
    await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"')
    return comment


async def held_and_withdrawn(house: House) -> str:
    comment = await held(house)
    await house.ask("DELETE", at(comment), ADA)
    return comment


async def redacted(house: House) -> str:
    comment = await held(house)
    await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "No."})
    return comment


async def approved_while_withdrawn(house: House) -> str:
    comment = await held_and_withdrawn(house)
    await house.decide(comment, "approve")
    return comment


async def taken_down(house: House) -> str:
    comment = await house.post(ADA)
    await house.decide(comment, "reject", reason="No.")
    return comment


async def withdrawn(house: House) -> str:
    comment = await house.post(ADA)
    await house.ask("DELETE", at(comment), ADA)
    return comment


async def taken_down_and_redacted(house: House) -> str:
    comment = await taken_down(house)
    await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "No."})
    return comment


UNSEEN: Final = (
    held,
    held_and_edited,
    rejected,
    rejected_and_edited,
    held_and_withdrawn,
    redacted,
    approved_while_withdrawn,
)
"""Comments that no reader ever saw: neither reads nor writes tell of them."""
SEEN_ONCE: Final = (taken_down, withdrawn, taken_down_and_redacted)
"""That these once stood on the page is no secret, but what may be read of them is what may be read of nothing."""


async def strict(house: House) -> None:
    """Let rules hold what has a link, and suspend one of the strangers."""
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})).status_code == 200
    assert (await house.ask("PUT", f"members/{EVE.id}/suspension", MOD, {"reason": "No."})).status_code == 200


async def settled(house: House) -> str:
    """Let the views have everything; the position that they have then."""
    answer = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "closed"})
    answer = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "open"})
    position = str(answer.json()["position"])
    await house.settled(position)
    return position


async def told(house: House, call: Operation, place: str, who: Who | None, body: Any, query: str, **more: str) -> Told:
    path = call.path.replace(COMMENT, place).replace("{revision}", "1")
    if call.keyed:
        more["Idempotency_Key"] = "k"
    answer = await house.ask(call.method, path + query, who, body, operator=False, **more)
    kept = sorted((name, value) for name, value in answer.headers.items() if name not in ("date", "retry-after"))
    assert not any(name.startswith("x-request") for name, _ in kept)
    return Told(answer.status_code, tuple(kept), answer.text)


def asks(call: Operation, who: Who | None, now: str) -> Iterator[tuple[Any, str, dict[str, str]]]:
    """What is asked of a call: well-formed, and by the first two strangers in every other way, too."""
    edited = {"If_Match": '"1"'} if call.edits else {}
    yield call.request_example, "", edited
    if who not in STRANGERS[:2]:
        return
    if call.method == "GET":
        for query in (*QUERIES, f"?at={now}", f"?at={now}&limit=1", f"?at={now}&after={now}"):
            yield None, query, {}
        yield None, "", {"If_None_Match": "*"}
        return
    for body in (None, *BODIES):
        yield body, "", edited
    yield call.request_example, "?after=1-1", edited
    if call.edits:
        yield call.request_example, "", {}
        yield call.request_example, "", {"If_Match": '"7"'}


async def law(house: House, states: tuple[State, ...], calls: tuple[Operation, ...]) -> None:
    """Hold that strangers are told of these comments what they are told of one that never was."""
    await strict(house)
    comments = {state.__name__: await state(house) for state in states}
    now = await settled(house)
    length = await house.length()
    for call in calls:
        for who in STRANGERS:
            for body, query, headers in asks(call, who, now):
                never = await told(house, call, at(NEVER), who, body, query, **headers)
                assert never.status >= 400, (call.name, who)
                for state, comment in comments.items():
                    hidden = await told(house, call, at(comment), who, body, query, **headers)
                    hidden = hidden._replace(body=hidden.body.replace(comment, NEVER))
                    assert hidden == never, (state, call.name, who, body, query, headers)
    assert await house.length() == length, "nothing was written"


async def test_what_readers_never_saw_is_for_strangers_what_never_was_in_every_call(house: House) -> None:
    await law(house, UNSEEN, ON_A_COMMENT)


async def test_what_readers_see_no_more_reads_like_what_never_was(house: House) -> None:
    await law(house, SEEN_ONCE, READS)


async def test_a_member_is_for_others_one_who_never_was(house: House) -> None:
    await strict(house)
    await house.post(ADA)
    calls = [call for call in OPERATIONS if "{member}" in call.path]
    assert calls
    for call in calls:
        for who in STRANGERS[:-1]:
            told_of = set()
            for member in (ADA.id, EVE.id, "nil"):
                path = call.path.replace("{site}", SITE).replace("{member}", member)
                answer = await house.ask(call.method, path, who, call.request_example)
                assert answer.status_code >= 400
                told_of.add((answer.status_code, answer.text))
            assert len(told_of) == 1, (call.name, who)


async def test_a_hidden_parent_is_none(house: House) -> None:
    await strict(house)
    comments = [await state(house) for state in UNSEEN]
    await settled(house)
    for who in STRANGERS[1:]:
        for more in ({}, {"parent_revision": 1}, {"anchor": "none"}, {"body": ""}):
            answers = {
                (answer.status_code, answer.text.replace(parent, NEVER))
                for parent in (NEVER, *comments)
                for answer in [
                    await house.ask(
                        "POST", f"threads/{THREAD}/comments", who, {"body": "Words.", "parent": parent, **more}
                    )
                ]
            }
            ((status, _),) = answers
            assert status == 422


async def test_a_hidden_revision_of_a_published_comment_is_none(house: House) -> None:
    """Of the second, third and fourth revision readers know nothing: they wait, are rejected or redacted."""
    await strict(house)
    comment = await house.post(ADA, "First words.")
    for number in (1, 2, 3):
        body = {"body": f"See https://{number}.example now."}
        assert (await house.ask("PATCH", at(comment), ADA, body, If_Match=f'"{number}"')).status_code == 200
        if number == 2:
            await house.decide(comment, "reject", 3)
    gone = await house.ask("PUT", f"{at(comment)}/revisions/2/redaction", MOD, {"reason": "No."})
    assert gone.status_code == 200
    await settled(house)
    for who in (BEN, EVE, GUEST, ADMIN):
        seen = set()
        for revision in (2, 3, 4, 5, 99):
            found = [
                await house.ask("PUT", f"{at(comment)}/vote", who, {"value": 1, "revision": revision}),
                await house.ask("POST", f"{at(comment)}/reports", who, {"reason": "spam", "revision": revision}),
                await house.ask("PUT", f"{at(comment)}/revisions/{revision}/redaction", who, {"reason": "No."}),
                await house.ask("POST", f"{at(comment)}/decisions", who, {"verdict": "approve", "revision": revision}),
                await house.ask(
                    "POST",
                    f"threads/{THREAD}/comments",
                    who,
                    {"body": "Words.", "parent": comment, "parent_revision": revision},
                ),
            ]
            assert all(answer.status_code >= 400 for answer in found)
            seen.add(tuple(answer.text for answer in found))
        assert len(seen) == 1, who
    listed = (await house.get(f"{at(comment)}/revisions?limit=1", BEN)).json()
    assert [one["revision"] for one in listed["revisions"]] == [1]
    assert listed["next"] is None


async def test_who_voted_is_told_to_auditors_and_not_to_moderators(house: House) -> None:
    """Over every call that gives JSON to a moderator."""
    voter = Who("zoe-the-voter")
    comment = await house.post(ADA)
    for value in (1, 0, -1):
        answer = await house.ask("PUT", f"{at(comment)}/vote", voter, {"value": value})
        assert answer.status_code == 200
    await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})
    await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"')
    await settled(house)
    assert (await house.ask("PUT", "lists/insults", ADMIN, {"terms": ["fool"]})).status_code == 200
    notice = {"thread": THREAD, "comment": comment, "explanation": "It lies.", "good_faith": True}
    reference = (await house.ask("POST", "notices", None, notice)).json()["reference"]
    names = {"site": SITE, "thread": THREAD, "comment": comment, "member": ADA.id, "list": "insults"}
    names["reference"] = reference
    asked = 0
    for call in OPERATIONS:
        if call.method != "GET" or not call.path.startswith("/v1") or call.handler is None:
            continue
        path = re.sub(r"{(\w+)}", lambda found: names[found[1]], call.path)
        query = f"?thread={THREAD}" if call.name in ("count", "listVotes") else ""
        answer = await house.get(path + query, MOD)
        assert answer.status_code in (200, 401, 403), (call.name, answer.text)
        assert voter.id not in answer.text, call.name
        asked += answer.status_code == 200
    assert asked > 10
    (row,) = await house.rows(MOD)
    assert row["votes"]["down"] == 1
    assert voter.id in (await house.get("audit?type=vote.cast", AUDITOR)).text
