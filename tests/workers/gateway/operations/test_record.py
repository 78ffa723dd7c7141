"""The record of a thread over HTTP: who sees what of it, its pages, its strip, its search."""

from itertools import chain
from typing import Any, Final

import pytest

from tests.support.house import (
    ADA,
    ADMIN,
    AUDITOR,
    BEN,
    EVE,
    GUEST,
    MOD,
    SUBSCRIBER,
    THREAD,
    House,
    Who,
    at,
    problem,
)

RECORD: Final = f"threads/{THREAD}/record"
EVERYONE: Final = (None, ADA, BEN, GUEST, SUBSCRIBER, ADMIN)
"""Whoever is no moderator and no auditor, the authors among them."""
BOTH: Final = Who("bo", ("moderator", "auditor"))


async def read(house: House, who: Who | None = None, query: str = "") -> dict[str, Any]:
    answer = await house.get(f"{RECORD}{query}", who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


async def types(house: House, who: Who | None = None, query: str = "") -> list[str]:
    return [event["type"] for event in (await read(house, who, query))["events"]]


async def edit(house: House, comment: str, who: Who, body: str, of: int = 1, **more: Any) -> None:
    answer = await house.ask("PATCH", at(comment), who, {"body": body, **more}, If_Match=f'"{of}"')
    assert answer.status_code == 200, answer.text


async def vote(house: House, comment: str, who: Who, value: int) -> None:
    answer = await house.ask("PUT", f"{at(comment)}/vote", who, {"value": value})
    assert answer.status_code == 200, answer.text


async def eventful(house: House) -> tuple[str, str, str]:
    """A comment that stayed, one that was rejected, and one that readers never saw."""
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})).status_code == 200
    kept, gone = await house.post(ADA, "Kept words."), await house.post(BEN, "Gone words.")
    await vote(house, kept, BEN, 1)
    await vote(house, kept, EVE, -1)
    await vote(house, gone, EVE, -1)
    await edit(house, kept, ADA, "Kept words, corrected.", reason="A slip.")
    await house.ask("POST", f"{at(gone)}/reports", EVE, {"reason": "abuse", "note": "Eve's note."})
    await house.decide(gone, "reject", reason="The reason.", note="Staff's note.")
    held = await house.post(EVE, "Hidden words: https://held.example")
    await vote(house, kept, EVE, 0)
    return kept, gone, held


async def test_an_auditor_reads_every_event_whole_in_the_shape_of_the_audit(house: House) -> None:
    await eventful(house)
    record = (await read(house, AUDITOR))["events"]
    audit = (await house.get(f"audit?thread={THREAD}", AUDITOR)).json()["events"]
    assert record == audit
    assert {event["actor"]["id"] for event in record if event["type"] == "vote.cast"} == {"ben", "eve"}
    assert record == (await read(house, BOTH))["events"]


async def test_a_moderator_reads_all_of_it_but_who_voted(house: House) -> None:
    kept, gone, _ = await eventful(house)
    whole, record = (await read(house, AUDITOR))["events"], (await read(house, MOD))["events"]
    votes = [event for event in record if event["type"].startswith("vote.")]
    assert [event for event in record if event not in votes] == [
        event for event in whole if not event["type"].startswith("vote.")
    ]
    assert [(event["comment"], event["data"]) for event in votes] == [
        (kept, {"value": 1, "up": 1, "down": 0}),
        (kept, {"value": -1, "up": 1, "down": 1}),
        (gone, {"value": -1, "up": 0, "down": 1}),
        (kept, {"up": 1, "down": 0}),
    ]
    assert {(event["actor"]["kind"], event["actor"]["id"]) for event in votes} == {("member", None)}


@pytest.mark.parametrize("who", EVERYONE, ids=lambda who: "nobody" if who is None else who.id)
async def test_everyone_else_reads_what_was_public_and_is_byte_for_byte_alike(house: House, who: Who | None) -> None:
    kept, gone, held = await eventful(house)
    answer = await house.get(RECORD, who)
    events = answer.json()["events"]
    assert [(event["type"], event.get("comment"), event["actor"]["id"], event["data"]) for event in events] == [
        ("thread.opened", None, None, {"title": f"About the {THREAD}", "url": f"https://kew.example/{THREAD}"}),
        ("comment.posted", kept, "ada", {"body": "Kept words.", "name": "Ada"}),
        ("comment.posted", gone, None, {}),
        ("vote.cast", kept, None, {"value": 1, "up": 1, "down": 0}),
        ("vote.cast", kept, None, {"value": -1, "up": 1, "down": 1}),
        ("comment.edited", kept, "ada", {"body": "Kept words, corrected.", "reason": "A slip."}),
        ("comment.rejected", gone, None, {}),
        ("vote.retracted", kept, None, {"up": 1, "down": 0}),
    ]
    for word in (
        held,
        "Gone",
        "Hidden",
        "note",
        "The reason",
        '"mod"',
        '"ben"',
        '"eve"',
        "Eve",
        "abuse",
        "report",
        "by_policy",
    ):
        assert word not in answer.text
    assert answer.content == (await house.get(RECORD)).content
    assert {event["actor"]["kind"] for event in events} == {"member", "staff"}


async def test_what_was_rejected_after_it_was_replaced_is_told_without_its_words(house: House) -> None:
    comment = await house.post(ADA, "First words.")
    await edit(house, comment, ADA, "Second words.", reason="Why.")
    await house.decide(comment, "reject", 2)
    await edit(house, comment, ADA, "Third words.", of=2)
    await house.decide(comment, "approve", 3)
    events = [event for event in (await read(house))["events"] if event.get("comment") == comment]
    assert [(event["type"], event["revision"], event["data"].get("body")) for event in events] == [
        ("comment.posted", 1, "First words."),
        ("comment.edited", 2, None),
        ("comment.rejected", 2, None),
        ("comment.edited", 3, "Third words."),
        ("comment.approved", 3, None),
    ]
    assert "reason" not in events[1]["data"]


async def test_a_redacted_text_is_absent_for_every_reader_and_in_every_search(house: House) -> None:
    comment = await house.post(ADA, "Libellous words.")
    await edit(house, comment, ADA, "Other words.", reason="Libellous reason.")
    answer = await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", MOD, {"reason": "The law."})
    assert answer.status_code == 200, answer.text
    for who in (None, ADA, MOD, AUDITOR):
        answer = await house.get(RECORD, who)
        assert "Libellous words" not in answer.text
        found = await read(house, who, "?q=libellous")
        assert [event["revision"] for event in found["events"]] == [2]
    assert "revision.redacted" in await types(house, MOD)
    assert "revision.redacted" not in await types(house)


async def test_a_search_finds_words_names_and_comments_that_the_record_shows_the_same_caller(house: House) -> None:
    kept, gone, held = await eventful(house)
    asks: list[tuple[Who | None, str, list[str]]] = [
        (None, "corr", ["comment.edited"]),
        (None, "KEPT%20words", ["comment.posted", "comment.edited"]),
        (None, "rected", []),
        (None, "ada", ["comment.posted"]),
        (None, gone, ["comment.posted", "comment.rejected"]),
        (None, "gone", []),
        (None, "hidden", []),
        (EVE, "hidden", []),
        (None, held, []),
        (MOD, "hidden", ["comment.posted"]),
        (MOD, "staff's", ["comment.rejected"]),
        (MOD, "eve", ["report.filed", "comment.posted"]),
        (AUDITOR, kept, ["comment.posted", "vote.cast", "vote.cast", "comment.edited", "vote.retracted"]),
    ]
    for who, q, expected in asks:
        assert await types(house, who, f"?q={q}") == expected, (who, q)


async def test_an_actor_is_found_by_id_and_never_by_votes(house: House) -> None:
    await eventful(house)
    for who in (MOD, AUDITOR):
        assert await types(house, who, "?actor=eve") == ["report.filed", "comment.posted"]
        assert await types(house, who, "?actor=eve&kind=votes") == []
        assert await types(house, who, "?actor=mod&kind=decisions") == ["thread.opened", "comment.rejected"]
    assert await types(house, None, "?actor=ada") == ["comment.posted", "comment.edited"]
    for hidden in ("ben", "eve", "mod"):
        assert await types(house, BEN, f"?actor={hidden}") == []


async def test_kinds_can_be_joined_and_leave_nothing_out(house: House) -> None:
    await eventful(house)
    for who in (None, MOD, AUDITOR):
        every = await types(house, who)
        found = [await types(house, who, f"?kind={kind}") for kind in ("texts", "decisions", "votes")]
        assert sorted(chain.from_iterable(found)) == sorted(every)
        assert await types(house, who, "?kind=texts&kind=decisions&kind=votes") == every
        assert all(one.startswith("vote.") for one in found[2])


async def test_a_page_around_a_position_holds_it_and_goes_on_both_ways(house: House) -> None:
    await eventful(house)
    for who in (None, MOD, AUDITOR):
        every = (await read(house, who))["events"]
        for number, event in enumerate(every):
            page = await read(house, who, f"?around={event['position']}&limit=3")
            assert event in page["events"]
            assert (page["before"], page["total"]) == (every.index(page["events"][0]), len(every))
            later = await read(house, who, f"?cursor={page['next']}")
            earlier: dict[str, Any] = {"events": []}
            if page["previous"] is not None:
                earlier = await read(house, who, f"?cursor={page['previous']}")
            assert earlier["events"] + page["events"] + later["events"] == every, number
            assert (later["more"], page["more"]) == (False, bool(later["events"]))


async def test_who_is_no_staff_learns_nothing_from_where_a_page_can_be_asked_around(house: House) -> None:
    await eventful(house)
    whole = (await read(house, AUDITOR))["events"]
    public = (await read(house))["events"]
    shown = {event["position"] for event in public}
    assert {event["position"] for event in whole} > shown
    for number, event in enumerate(whole):
        position = event["position"]
        page = await house.get(f"{RECORD}?around={position}&limit=1")
        before = [one for one in whole[: number + 1] if one["position"] in shown]
        assert [one["position"] for one in page.json()["events"]] == [before[-1]["position"]]
        if position not in shown:
            assert position not in page.text
            ms, n = position.split("-")
            assert (await house.get(f"{RECORD}?around={ms}-{int(n)}9&limit=1")).status_code == 200
            problem(await house.get(f"{RECORD}?around={ms}-{int(n)}9&limit=1", MOD), 400, "unknown-position")
    for who in (None, MOD):
        problem(await house.get(f"{RECORD}?around=1-1", who), 404, "not-yet-opened")
        problem(await house.get(f"{RECORD}?around=99999999999999-1", who), 400, "unknown-position")
        problem(await house.get(f"{RECORD}?around=x", who), 400, "bad-request")


async def test_a_strip_counts_the_record_of_the_same_caller(house: House) -> None:
    await eventful(house)
    for who in (None, EVE, MOD, AUDITOR):
        every = (await read(house, who))["events"]
        strip = await read(house, who, "?strip=1000")
        assert (strip["events"], strip["position"]) == (len(every), every[-1]["position"])
        assert [(part["from"], part["to"]) for part in strip["strip"]] == [
            (event["position"], event["position"]) for event in every
        ]
        (whole,) = (await read(house, who, "?strip=1"))["strip"]
        assert (whole["from"], whole["to"]) == (every[0]["position"], every[-1]["position"])
        assert sum(whole["counts"].values()) == len(every)
    public = (await read(house, None, "?strip=1"))["strip"][0]["counts"]
    assert public == {"posted": 2, "edited": 1, "reported": 0, "decided": 1, "opened": 1, "votes": 3}


async def test_what_does_not_fit_together_is_refused(house: House) -> None:
    page = await read(house, None, "?limit=1")
    for query in (
        f"?cursor={page['next']}&around={page['events'][0]['position']}",
        "?strip=5&kind=votes",
        "?strip=5&q=words",
        "?strip=5&actor=ada",
        "?strip=0",
        "?strip=1001",
        "?limit=501",
        "?kind=all",
        "?q=",
        "?q=%21",
        f"?q={'a' * 101}",
        "?actor=a%20b",
        "?at=1-1",
    ):
        problem(await house.get(f"{RECORD}{query}"), 400, "bad-request")
    problem(await house.get(f"{RECORD}?cursor={page['next']}&kind=votes"), 400, "bad-cursor")
    problem(await house.get(f"{RECORD}?cursor={page['next']}", MOD), 400, "bad-cursor")
    problem(await house.get(f"{RECORD}?cursor=x"), 400, "bad-cursor")
    problem(await house.get("threads/none/record"), 404, "not-found")


async def test_where_history_is_not_public_the_record_is_for_staff(house: House) -> None:
    await eventful(house)
    for history in ("author", "staff"):
        assert (await house.ask("PATCH", "policy", ADMIN, {"history": history})).status_code == 200
        for who in EVERYONE:
            for query in ("", "?strip=10", "?q=words"):
                problem(await house.get(f"{RECORD}{query}", who), 403, "history-not-public")
        for who in (MOD, AUDITOR):
            assert await types(house, who)
    override = {"history": "public"}
    assert (await house.ask("PUT", f"threads/{THREAD}/policy", MOD, override)).status_code == 200
    assert await types(house)


async def test_a_removal_is_in_force_for_the_next_request(house: House) -> None:
    comment = await house.post(ADA, "Soon gone.")
    page = await read(house, None, "?limit=1")
    assert "Soon gone." in (await house.get(RECORD)).text
    house.hold()  # the record is of the log, and waits for no view
    await house.decide(comment, "reject")
    for query in ("", f"?cursor={page['next']}", "?q=soon"):
        assert "Soon gone." not in (await house.get(f"{RECORD}{query}")).text
    house.release()


async def test_who_polls_with_the_last_cursor_misses_nothing(house: House) -> None:
    for who in (None, MOD, AUDITOR):
        page = await read(house, who)
        assert page["more"] is False
        empty = await read(house, who, f"?cursor={page['next']}")
        assert (empty["events"], empty["more"], empty["next"]) == ([], False, page["next"])
        comment = await house.post(ADA, f"Words for {who}.")
        found = await read(house, who, f"?cursor={empty['next']}")
        assert [event["comment"] for event in found["events"]] == [comment]


async def test_nothing_hidden_changes_a_byte_of_the_record_that_everyone_reads(house: House) -> None:
    kept, gone, held = await eventful(house)
    position = (await read(house))["events"][3]["position"]
    cursor = (await read(house, None, "?limit=4"))["next"]
    queries = ("", "?limit=2", "?strip=3", f"?around={position}&limit=3", "?q=words", "?kind=decisions", "?actor=eve")

    async def told() -> list[bytes]:
        return [(await house.get(f"{RECORD}{query}")).content for query in (*queries, f"?cursor={cursor}")]

    before = await told()
    assert (await house.ask("POST", f"{at(kept)}/reports", BEN, {"reason": "spam"})).status_code == 201
    assert await told() == before
    await house.post(EVE, "More hidden words: https://held.example")
    assert await told() == before
    await edit(house, kept, ADA, "Kept words: https://held.example", of=2)
    assert await told() == before
    await house.decide(kept, "reject", 3, reason="No links.")
    assert await told() == before
    await edit(house, held, EVE, "Other hidden words: https://held.example")
    await house.decide(held, "reject", 2)
    await house.ask("DELETE", at(held), EVE)
    await edit(house, gone, BEN, "Gone words, mended.")
    await vote(house, gone, EVE, 0)
    assert await told() == before
    await house.ask("PUT", f"{at(held)}/revisions/1/redaction", MOD, {"reason": "The law."})
    assert await told() == before
    await house.decide(gone, "approve", 2)
    assert await told() != before
