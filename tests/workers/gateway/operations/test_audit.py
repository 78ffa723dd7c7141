"""The log, read over HTTP: the trail of a comment, and the audit of a site."""

from collections.abc import Callable
from typing import Any

import pytest

from core.partitions import partition_of
from core.position import START, Position
from projections.audit import merge
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, EVE, MOD, PARTITIONS, SITE, THREAD, House, at, problem, signed

OTHER = "the secret of another site, 32 bytes long"


_TEXTS = ("comment.posted", "comment.edited")


async def trail(house: House, comment: str, who: Any, query: str = "") -> list[dict[str, Any]]:
    answer = await house.get(f"{at(comment)}/trail{query}", who)
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


async def eventful(house: House) -> str:
    """A comment to which a lot happened."""
    comment = await house.post(ADA, "First words.")
    await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse", "note": "Ben's note."})
    await house.ask("PATCH", at(comment), ADA, {"body": "Second words.", "reason": "Typo"}, If_Match='"1"')
    await house.decide(comment, "hold", 2, reason="Let us see.", note="Staff's note.")
    await house.ask("POST", f"{at('none')}/reports", BEN, {"reason": "abuse"})
    await house.decide(comment, "approve", 2)
    await house.ask("POST", f"{at(comment)}/reports", EVE, {"reason": "spam"})
    await house.ask("PUT", f"{at(comment)}/featured", MOD)
    return comment


async def test_staff_reads_all_that_happened_to_a_comment_in_order_votes_aside(house: House) -> None:
    comment = await eventful(house)
    for who in (MOD, AUDITOR):
        events = await trail(house, comment, who)
        assert [event["type"] for event in events] == [
            "comment.posted",
            "report.filed",
            "comment.edited",
            "comment.held",
            "comment.approved",
            "report.filed",
            "comment.featured",
        ]
        assert events[1]["actor"] == {"kind": "member", "id": "ben"}
        assert events[1]["data"] == {
            "reason": "abuse",
            "note": "Ben's note.",
            "by_policy": events[0]["data"]["by_policy"],
        }
        assert events[3]["actor"] == {"kind": "staff", "id": "mod"}
        assert events[3]["data"]["note"] == "Staff's note."
        positions = [tuple(map(int, event["position"].split("-"))) for event in events]
        assert positions == sorted(positions)


async def test_an_author_reads_own_texts_and_decisions_and_nothing_of_others(house: House) -> None:
    comment = await eventful(house)
    answer = await house.get(f"{at(comment)}/trail", ADA)
    events = answer.json()["events"]
    assert [event["type"] for event in events] == [
        "comment.posted",
        "comment.edited",
        "comment.held",
        "comment.approved",
        "comment.featured",
    ]
    assert events[0]["data"] == {"body": "First words.", "name": "Ada"}
    assert events[1]["data"] == {"body": "Second words.", "reason": "Typo"}, "the name is that of the post"
    assert events[2]["actor"] == {"kind": "staff", "id": None}
    assert events[2]["data"] == {"reason": "Let us see.", "role": "moderator"}
    for word in ("Ben's note.", "Staff's note.", '"ben"', '"mod"', "report"):
        assert word not in answer.text


async def test_the_rule_that_held_a_text_is_told_and_what_it_matched_is_for_staff(house: House) -> None:
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})).status_code == 200
    comment = await house.post(ADA, "See https://spam.example now")
    (own,) = await trail(house, comment, ADA)
    assert own["data"]["rule"] == "links"
    assert "match" not in own["data"]
    (whole,) = await trail(house, comment, MOD)
    assert whole["data"]["match"] == "https://spam.example"


async def test_where_history_is_for_staff_a_trail_gives_its_author_no_earlier_text_that_was_published(
    house: House,
) -> None:
    comment = await house.post(ADA, "First words.")
    for number, words in ((1, "Second words."), (2, "Third words.")):
        body = {"body": words, "reason": f"Why {words}"}
        assert (await house.ask("PATCH", at(comment), ADA, body, If_Match=f'"{number}"')).status_code == 200
    await house.decide(comment, "hold", 3)
    await house.ask("PATCH", at(comment), ADA, {"body": "Fourth words."}, If_Match='"3"')
    await house.decide(comment, "approve", 4)
    assert (await house.ask("PATCH", "policy", ADMIN, {"history": "staff"})).status_code == 200
    events = await trail(house, comment, ADA)
    texts = {event["revision"]: event["data"] for event in events if event["type"] in _TEXTS}
    # What a moderator held is no text that was published any more: its author may read why.
    assert [texts[number].get("body") for number in (1, 2, 3, 4)] == [None, None, "Third words.", "Fourth words."]
    assert "reason" not in texts[2]
    revisions = (await house.get(f"{at(comment)}/revisions", ADA)).json()["revisions"]
    assert [revision["revision"] for revision in revisions] == [3, 4]
    whole = await trail(house, comment, MOD)
    assert [event["data"]["body"] for event in whole if event["type"] in _TEXTS][:2] == [
        "First words.",
        "Second words.",
    ]


async def test_a_trail_is_for_nobody_else(house: House) -> None:
    comment = await eventful(house)
    for who in (BEN, ADMIN):
        problem(await house.get(f"{at(comment)}/trail", who), 403, "not-allowed")
    await house.decide(comment, "reject", 2)
    for who in (BEN, ADMIN):
        problem(await house.get(f"{at(comment)}/trail", who), 404, "not-found")
    problem(await house.get(f"{at(comment)}/trail"), 401, "unauthenticated")
    problem(await house.get(f"{at('none')}/trail", MOD), 404, "not-found")


@pytest.mark.parametrize("step", [2, 3, 500])
async def test_a_trail_comes_in_parts_that_make_the_whole(
    house: House, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    comment = await eventful(house)
    for who in (MOD, ADA):
        whole = await trail(house, comment, who)
        monkeypatch.setattr("workers.gateway.operations.audit._STEP", step)
        monkeypatch.setattr(merge, "BUDGET", step)
        found: list[dict[str, Any]] = []
        query = "?limit=2"
        for _ in range(30):
            told = (await house.get(f"{at(comment)}/trail{query}", who)).json()
            assert len(told["events"]) <= 2
            found += told["events"]
            assert told["more"] is (told["next"] is not None)
            if told["next"] is None:
                break
            query = f"?limit=2&cursor={told['next']}"
        assert found == whole
        monkeypatch.undo()


async def test_a_redaction_shows_at_once_whatever_the_views_have_seen(house: House) -> None:
    comment = await house.post(ADA, "A name.")
    await house.ask("PATCH", at(comment), ADA, {"body": "No name.", "reason": "A typo"}, If_Match='"1"')
    edited = await house.ask("PATCH", at(comment), ADA, {"body": "Nothing."}, If_Match='"2"')
    await house.settled(edited.json()["position"])
    house.hold()
    for revision in (1, 2):
        path = f"{at(comment)}/revisions/{revision}/redaction"
        assert (await house.ask("PUT", path, MOD, {"reason": "A minor."})).status_code == 200
    for who in (ADA, MOD, AUDITOR):
        texts = [event for event in await trail(house, comment, who) if event["type"] != "revision.redacted"]
        assert [event["data"].get("body") for event in texts] == [None, None, "Nothing."]
        assert "reason" not in texts[1]["data"]
    text = (await house.get("audit", AUDITOR)).text
    for word in ("A name.", "No name.", "A typo"):
        assert word not in text
    assert "A minor." in text
    house.release()


async def busy(house: House) -> int:
    """Events in every partition, of two sites; how many there are of this one."""
    await house.open_site(site="soho", secret=OTHER)
    for number in range(6):
        await house.open_thread(f"t-{number}")
        comment = await house.post(ADA, f"Words {number}.", thread=f"t-{number}")
        await house.ask("PUT", f"{at(comment, f't-{number}')}/vote", BEN, {"value": 1})
    bearer = f"Bearer {signed({'sub': 'x', 'name': 'X', 'aud': 'soho', 'exp': 9e9, 'roles': ['moderator']}, OTHER)}"
    body = {"url": "https://soho.example/a", "title": "Soho"}
    assert (await house.ask("PUT", "/v1/sites/soho/threads/a", body=body, Authorization=bearer)).status_code == 201
    return await house.length() - 2


async def audit(house: House, query: str = "") -> list[dict[str, Any]]:
    answer = await house.get(f"audit?limit=500{query}", AUDITOR)
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["events"]
    return events


async def test_an_auditor_reads_the_whole_log_of_the_site_in_its_order(house: House) -> None:
    number = await busy(house)
    events = await audit(house)
    assert len(events) == number
    assert {event["partition"] for event in events} == set(range(PARTITIONS))
    order = [
        (int(event["position"].split("-")[0]), event["partition"], int(event["position"].split("-")[1]))
        for event in events
    ]
    assert order == sorted(order)
    assert {event["site"] for event in events} == {SITE}
    assert events[0]["type"] == "site.opened"
    assert events[0]["actor"] == {"kind": "staff", "id": "operator"}
    assert "thread" not in events[0]
    vote = next(event for event in events if event["type"] == "vote.cast")
    assert (vote["actor"]["id"], vote["data"]["value"], vote["revision"]) == ("ben", 1, 1)
    for event in events:
        assert event["at"] == event["occurred_at"]


@pytest.mark.parametrize("limit", [1, 4, 7])
async def test_the_audit_comes_in_parts_that_make_the_whole(house: House, limit: int) -> None:
    await busy(house)
    whole = await audit(house)
    found: list[dict[str, Any]] = []
    query = f"audit?limit={limit}"
    while True:
        told = (await house.get(query, AUDITOR)).json()
        found += told["events"]
        assert told["next"] is not None
        assert told["more"] is (len(found) < len(whole))
        if not told["events"]:
            break
        query = f"audit?limit={limit}&cursor={told['next']}"
    assert found == whole


async def test_an_exporter_polls_with_its_last_cursor_and_misses_nothing(house: House) -> None:
    await busy(house)
    told = (await house.get("audit?limit=500", AUDITOR)).json()
    quiet = (await house.get(f"audit?limit=500&cursor={told['next']}", AUDITOR)).json()
    assert (quiet["events"], quiet["more"], told["more"]) == ([], False, False)
    for number in range(6):
        await house.post(EVE, "More.", thread=f"t-{number}")
    more = (await house.get(f"audit?limit=500&cursor={quiet['next']}", AUDITOR)).json()
    assert [event["type"] for event in more["events"]] == ["comment.posted"] * 6
    again = (await house.get(f"audit?limit=500&cursor={told['next']}", AUDITOR)).json()
    assert again["events"] == more["events"]


async def test_a_call_looks_at_a_bounded_number_of_entries_and_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await busy(house)
    wanted = await audit(house, "&type=vote.cast")
    assert len(wanted) == 6
    monkeypatch.setattr(merge, "BUDGET", 3)
    found: list[dict[str, Any]] = []
    empty = 0
    query = "audit?type=vote.cast"
    for _ in range(40):
        told = (await house.get(query, AUDITOR)).json()
        found += told["events"]
        empty += not told["events"]
        assert told["more"] or found == wanted
        if not told["more"]:
            break
        query = f"audit?type=vote.cast&cursor={told['next']}"
    assert found == wanted
    assert empty > 1
    assert not told["more"]


async def test_a_full_page_behind_which_nothing_is_wanted_says_that_there_is_no_more(house: House) -> None:
    await busy(house)
    for limit, more in ((5, True), (6, False), (7, False)):
        told = (await house.get(f"audit?type=vote.cast&limit={limit}", AUDITOR)).json()
        assert (len(told["events"]), told["more"]) == (min(limit, 6), more)


async def test_the_audit_is_filtered_by_thread_comment_actor_type_and_time(house: House) -> None:
    await busy(house)
    for member in ("ada", "ben"):
        await audit(house, f"&actor={member}")  # that somebody looked is recorded, once
    whole = await audit(house)
    comment = next(event["comment"] for event in whole if event.get("thread") == "t-2" and "comment" in event)
    filters: dict[str, Callable[[dict[str, Any]], bool]] = {
        "&thread=t-2": lambda event: event.get("thread") == "t-2",
        f"&comment={comment}": lambda event: event.get("comment") == comment,
        "&actor=ben": lambda event: event["actor"]["id"] == "ben",
        "&type=thread.opened": lambda event: event["type"] == "thread.opened",
        f"&thread=t-2&comment={comment}&actor=ada": lambda event: (
            event.get("comment") == comment and event["actor"]["id"] == "ada"
        ),
        "&type=nothing.happened": lambda _: False,
        "&thread=none": lambda _: False,
    }
    for query, matches in filters.items():
        assert await audit(house, query) == [event for event in whole if matches(event)], query
    middle = whole[len(whole) // 2]["at"]
    early, late = await audit(house, f"&to={middle}"), await audit(house, f"&from={middle}")
    assert early + late == whole
    assert late[0]["at"] == middle
    assert all(event["at"] < middle for event in early)


async def test_within_a_thread_from_is_inclusive_and_to_exclusive_by_position(house: House) -> None:
    await busy(house)
    events = await audit(house, "&thread=t-2")
    first, second, third = (event["position"] for event in events)
    assert [e["position"] for e in await audit(house, f"&thread=t-2&from={second}")] == [second, third]
    assert [e["position"] for e in await audit(house, f"&thread=t-2&to={third}")] == [first, second]
    assert [e["position"] for e in await audit(house, f"&thread=t-2&from={first}&to={second}")] == [first]
    for query, pointer in ((f"from={first}", "/from"), (f"to={first}", "/to"), ("from=now", "/from")):
        told = problem(await house.get(f"audit?{query}", AUDITOR), 400, "bad-request")
        assert told["errors"][0]["pointer"] == pointer


async def test_a_time_that_is_over_for_good_ends_the_list(house: House) -> None:
    await busy(house)
    whole = await audit(house)
    told = (await house.get(f"audit?limit=500&to={whole[-1]['at']}", AUDITOR)).json()
    assert told["next"] is not None  # something may still come before it: a clock may lag
    house.now = house.services.clock() + 120
    bearer = signed({"sub": "a", "name": "A", "aud": SITE, "exp": house.now + 60, "roles": ["auditor"]})
    told = (await house.get(f"audit?limit=500&to={whole[-1]['at']}", Authorization=f"Bearer {bearer}")).json()
    assert told["next"] is None
    assert len(told["events"]) > 5


async def test_a_cursor_of_the_audit_is_for_the_same_question(house: House) -> None:
    await busy(house)
    cursor = (await house.get("audit?limit=2&type=vote.cast", AUDITOR)).json()["next"]
    for query in ("", "type=comment.posted&", "actor=ben&type=vote.cast&", "thread=t-1&type=vote.cast&"):
        problem(await house.get(f"audit?{query}cursor={cursor}", AUDITOR), 400, "bad-cursor")
    longer = await house.get(f"audit?limit=3&type=vote.cast&cursor={cursor}", AUDITOR)
    assert longer.status_code == 200


@pytest.mark.parametrize("packed", ["", "x", "eJw", "AAAA", "é", "====", "eNqLBQAAXQBc", "eJyTAgAA"])
def test_a_cursor_that_was_not_written_here_is_refused(packed: str) -> None:
    with pytest.raises(Exception, match="cursor"):
        merge.read_cursor(f"mark.{packed}", "mark", 3)


def test_a_cursor_is_read_as_it_was_written_however_many_partitions_there_are() -> None:
    for number in (1, 64, 1024):
        places = [Position(1_700_000_000_000 + n * 37, n * 1001) if n % 3 else START for n in range(number)]
        cursor = merge.write_cursor("abcdefghij", places)
        assert merge.read_cursor(cursor, "abcdefghij", number) == places
        assert len(cursor) <= 20_000
        with pytest.raises(Exception, match="cursor"):
            merge.read_cursor(cursor, "abcdefghij", number + 1)


async def test_the_partition_told_is_the_one_of_the_thread(house: House) -> None:
    comment = await house.post(ADA)
    (event,) = await trail(house, comment, ADA)
    assert event["partition"] == partition_of(SITE, THREAD, PARTITIONS)
