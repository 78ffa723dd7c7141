"""Comments by status, decisions and the summary, for moderators."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from core.time_zones import day_begin
from core.times import rfc3339
from projections.read import moderation_summary, searching
from projections.read.moderated_comments import moderated_comments
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, SITE, THREAD, House, Who, at, problem

SAM = Who("sam", ("moderator",))
COMMENTS = "moderation/comments"
DECISIONS = "moderation/decisions"
SUMMARY = "moderation/summary"


async def every(house: House, path: str, query: str = "", limit: int = 50) -> list[Any]:
    """All pages of a list."""
    kind = path.rpartition("/")[2]
    found: list[Any] = []
    cursor = ""
    for _ in range(100):
        answer = await house.get(f"{path}?limit={limit}{query}{cursor}", MOD)
        assert answer.status_code == 200, answer.text
        part = answer.json()
        assert len(part[kind]) <= limit
        assert part["more"] is (part["next"] is not None)
        found += part[kind]
        if part["next"] is None:
            return found
        cursor = f"&cursor={part['next']}"
    raise AssertionError("the list does not end")


async def decided(house: House, comment: str, verdict: str, who: Who = MOD, thread: str = THREAD, **more: Any) -> str:
    """Decide, and wait for the views; the position of the decision."""
    body = {"verdict": verdict, "revision": 1, **more}
    answer = await house.ask("POST", f"{at(comment, thread)}/decisions", who, body)
    assert answer.status_code == 200, answer.text
    position: str = answer.json()["position"]
    await house.settled(position, thread)
    return position


@pytest.fixture
async def several(house: House) -> dict[str, tuple[str, str]]:
    """Comments of two authors in three threads, one of each fate: fate to thread and id."""
    await house.open_thread("fern-house")
    await house.open_thread("rock-garden")
    assert (await house.ask("PATCH", "policy", ADMIN, {"premoderation": "links"})).status_code == 200
    found = {}
    for fate, who, thread, body in (
        ("published", ADA, THREAD, "Words."),
        ("held by a rule", ADA, "fern-house", "See https://spam.example"),
        ("rejected", BEN, "rock-garden", "Bad words."),
        ("withdrawn", ADA, "fern-house", "Regrets."),
        ("held by staff", BEN, THREAD, "Doubts."),
        ("approved", BEN, "fern-house", "See https://fine.example"),
    ):
        found[fate] = thread, await house.post(who, body, thread=thread)
    await decided(house, found["rejected"][1], "reject", SAM, "rock-garden", reason="Rude.", note="Again.")
    await decided(house, found["held by staff"][1], "hold")
    await decided(house, found["approved"][1], "approve", thread="fern-house")
    gone = await house.ask("DELETE", at(found["withdrawn"][1], "fern-house"), ADA)
    await house.settled(gone.json()["position"], "fern-house")
    return found


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_comments_are_found_by_status_thread_author_and_rule(
    house: House, several: dict[str, tuple[str, str]], limit: int
) -> None:
    fates = {comment: fate for fate, (_, comment) in several.items()}

    async def found(query: str = "") -> list[str]:
        return [fates[row["id"]] for row in await every(house, COMMENTS, query, limit)]

    newest_first = list(several)[::-1]
    assert await found() == newest_first
    assert await found("&status=published") == ["approved", "published"]
    assert await found("&status=pending") == ["held by staff", "held by a rule"]
    assert await found("&status=rejected") == ["rejected"]
    assert await found("&status=withdrawn") == ["withdrawn"]
    assert await found("&rule=links") == ["approved", "held by a rule"]
    assert await found("&rule=links&status=pending&thread=fern-house") == ["held by a rule"]
    assert await found("&rule=links&member=ben") == ["approved"]
    assert await found("&member=ada") == ["withdrawn", "held by a rule", "published"]
    assert await found("&member=ada&status=pending&thread=fern-house") == ["held by a rule"]
    assert await found("&rule=links_over") == []
    row = (await house.get(at(several["rejected"][1], "rock-garden"), MOD)).json()["comment"]
    assert await found(f"&from={row['posted_at']}") == newest_first[: newest_first.index("rejected") + 1]
    assert await found(f"&from={row['posted_at']}&member=ada") == ["withdrawn"]
    assert await found("&from=2100-01-01T00:00:00Z") == []


async def test_every_list_is_filtered_by_the_label_of_its_threads(
    house: House, several: dict[str, tuple[str, str]]
) -> None:
    await labelled(house, "fern-house", "plants", "green")
    await labelled(house, "rock-garden", "plants")
    fates = {comment: fate for fate, (_, comment) in several.items()}
    rejected = several["rejected"][1]
    await decided(house, rejected, "approve", thread="rock-garden")
    reported = await house.ask("POST", f"{at(rejected, 'rock-garden')}/reports", ADA, {"reason": "insult"})
    await house.settled(reported.json()["position"], "rock-garden")

    async def listed(query: str) -> list[str]:
        found = [fates[row["id"]] for row in await every(house, COMMENTS, query, 2)]
        (queue,) = ((await house.get(f"moderation/queue?limit=50{query}", MOD)).json(),)
        assert queue["total"] == len(queue["items"])
        return [*found, *("waits: " + fates[item["comment"]["id"]] for item in queue["items"])]

    green = ["approved", "withdrawn", "held by a rule", "waits: held by a rule"]
    assert await listed("&label=green") == green
    assert await listed("&label=plants") == ["approved", "withdrawn", "rejected", *green[2:], "waits: rejected"]
    assert await listed("&label=plants&member=ben") == ["approved", "rejected", "waits: rejected"]
    assert await listed("&label=gree") == await listed("&label=stone") == []
    one = (await house.get("moderation/queue?label=plants&limit=1", MOD)).json()
    rest = (await house.get(f"moderation/queue?label=plants&limit=1&cursor={one['next']}", MOD)).json()
    assert [fates[item["comment"]["id"]] for item in one["items"] + rest["items"]] == ["held by a rule", "rejected"]
    assert (one["total"], rest["next"]) == (2, None)
    assert [item["comment"]["id"] for item in one["items"]] != [item["comment"]["id"] for item in rest["items"]]
    state = (await house.get("moderation/queue?label=green&state=reported", MOD)).json()
    assert state == {"items": [], "total": 0, "next": None}
    assert [fates[found["comment"]] for found in await every(house, DECISIONS, "&label=green")] == ["approved"]
    assert len(await every(house, DECISIONS, "&label=plants")) == 3
    queries = ("", "?label=plants", "?label=green", "?label=no")
    whole, some, few, none = [(await house.get(f"{SUMMARY}{query}", MOD)).json() for query in queries]
    said = [(one["pending"], one["reported"], one["today"]["decided"]) for one in (whole, some, few, none)]
    assert said == [(2, 1, 4), (1, 1, 3), (1, 0, 1), (0, 0, 0)]
    assert [one["thread"] for one in some["threads"]] == ["fern-house", "rock-garden"]
    assert (few["oldest"] is None, none["oldest"]) == (False, None)
    # A label that is taken away filters nothing any more.
    await labelled(house, "fern-house", "green")
    assert await listed("&label=plants") == ["rejected", "waits: rejected"]


async def labelled(house: House, thread: str, *labels: str) -> None:
    """Label a thread, and wait for the views."""
    body = {"url": f"https://kew.example/{thread}", "title": f"About the {thread}", "labels": labels}
    answer = await house.ask("PUT", f"threads/{thread}", MOD, body)
    assert answer.status_code == 200, answer.text
    await house.settled(answer.json()["position"], thread)


async def test_notices_removals_and_appeals_are_counted_by_label(house: House) -> None:
    await house.open_thread("fern-house")
    await labelled(house, "fern-house", "green")
    for thread in (THREAD, "fern-house"):
        comment = await house.post(ADA, "Words that break the law.", thread=thread)
        notice = {"thread": thread, "comment": comment, "explanation": "It breaks a law.", "good_faith": True}
        filed = await house.ask("POST", "notices", None, notice)
        assert filed.status_code == 201, filed.text
        await house.settled(str(await house.log.thread_last(SITE, thread)), thread)
    assert (await house.get(SUMMARY, MOD)).json()["legal"] == 2
    assert (await house.get(f"{SUMMARY}?label=green", MOD)).json()["legal"] == 1
    (item,) = (await house.get("moderation/queue?state=legal&label=green", MOD)).json()["items"]
    assert item["thread"]["labels"] == ["green"]


async def test_comments_are_found_by_words_of_the_last_30_days(
    house: House, several: dict[str, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = {comment: fate for fate, (_, comment) in several.items()}

    async def found(q: str, more: str = "", limit: int = 50) -> list[str]:
        return [fates[row["id"]] for row in await every(house, COMMENTS, f"&q={quote(q)}{more}", limit)]

    assert await found("WORDS") == ["rejected", "published"]
    assert await found("wor bad") == ["rejected"]
    assert await found("ords") == await found("words doubts") == []
    assert await found("see", "&status=published", 1) == ["approved"]
    assert await found("see", "&member=ada", 1) == ["held by a rule"]
    assert await found("regrets") == ["withdrawn"]
    other = {"body": "Other https://words.example"}
    edited = await house.ask("PATCH", at(several["published"][1]), ADA, other, If_Match='"1"')
    await house.settled(edited.json()["position"])
    assert await found("other words") == ["published"]  # the new text waits, and the old one stands
    problem(await house.get(f"{COMMENTS}?q=%2B", MOD), 400, "bad-request")
    # A call reads few texts, and says that it goes on.
    monkeypatch.setattr(moderated_comments, "__kwdefaults__", {"texts": 1})
    assert not (await house.get(f"{COMMENTS}?q=bad", MOD)).json()["comments"]
    assert await found("bad", limit=1) == ["rejected"]
    monkeypatch.setattr("projections.read.moderated_comments.SEARCHED_MS", 0)
    assert await found("WORDS") == []


async def test_a_row_is_as_staff_sees_it(house: House, several: dict[str, tuple[str, str]]) -> None:
    del several
    (row,) = await every(house, COMMENTS, "&status=rejected")
    assert (row["body"], row["moderation"]["note"], row["moderation"]["by"]) == ("Bad words.", "Again.", "sam")


async def test_a_search_goes_on_where_its_work_was_bounded(
    house: House, several: dict[str, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching.search, "__kwdefaults__", {"examined": 1})
    first = (await house.get(f"{COMMENTS}?status=published", MOD)).json()
    assert first["more"]
    for status, fates in (("published", ["approved", "published"]), ("rejected", ["rejected"])):
        rows = await every(house, COMMENTS, f"&status={status}")
        assert [row["id"] for row in rows] == [several[fate][1] for fate in fates]


@pytest.mark.parametrize("limit", [1, 50])
async def test_decisions_are_all_there_newest_first_with_their_words(
    house: House, several: dict[str, tuple[str, str]], limit: int
) -> None:
    # A later decision about the same text does not hide the first.
    await decided(house, several["rejected"][1], "approve", thread="rock-garden")
    found = await every(house, DECISIONS, limit=limit)
    assert [(one["verdict"], one["by"], one["comment"]) for one in found] == [
        ("approve", "mod", several["rejected"][1]),
        ("approve", "mod", several["approved"][1]),
        ("hold", "mod", several["held by staff"][1]),
        ("reject", "sam", several["rejected"][1]),
    ]
    first = found[-1]
    assert (first["thread"], first["revision"], first["reason"], first["note"]) == ("rock-garden", 1, "Rude.", "Again.")
    assert first["at"] <= found[0]["at"]
    assert [one["verdict"] for one in await every(house, DECISIONS, "&by=sam", limit)] == ["reject"]
    assert len(await every(house, DECISIONS, "&verdict=approve", limit)) == 2
    assert len(await every(house, DECISIONS, "&member=ben&verdict=approve&by=mod", limit)) == 2
    assert await every(house, DECISIONS, "&member=ada", limit) == []
    assert len(await every(house, DECISIONS, f"&from={first['at']}", limit)) == 4
    assert await every(house, DECISIONS, f"&to={first['at']}", limit) == []
    late = f"&from={first['at']}&to=2100-01-01T00:00:00Z"
    assert len(await every(house, DECISIONS, late, limit)) == 4
    assert await every(house, DECISIONS, "&from=2100-01-01T00:00:00Z", limit) == []


async def test_decisions_of_a_bulk_call_name_their_batch(house: House) -> None:
    comments = [await house.post(ADA, f"Words {number}.") for number in range(2)]
    body = {"decisions": [{"thread": THREAD, "comment": one, "verdict": "reject", "revision": 1} for one in comments]}
    answer = await house.ask("POST", DECISIONS, MOD, body)
    await house.settled(max(one["position"] for one in answer.json()["results"]))
    found = await every(house, DECISIONS)
    assert {one["comment"] for one in found} == set(comments)
    assert {one["batch"] for one in found} == {answer.json()["batch"]}


async def test_the_summary_counts_what_waits_where_and_what_was_decided(
    house: House, several: dict[str, tuple[str, str]]
) -> None:
    report = await house.ask("POST", f"{at(several['published'][1])}/reports", BEN, {"reason": "spam"})
    await house.settled(report.json()["position"])
    said = (await house.get(SUMMARY, MOD)).json()
    assert (said["pending"], said["reported"]) == (2, 1)
    assert {said[name] for name in ("removal", "appeal", "legal", "imported")} == {0}
    assert 0 <= said["oldest"] < 3600
    assert said["threads"] == [
        {"thread": THREAD, "title": f"About the {THREAD}", "pending": 1, "reported": 1},
        {"thread": "fern-house", "title": "About the fern-house", "pending": 1, "reported": 0},
    ]
    assert (said["today"]["decided"], said["today"]["by_me"]) == (3, 2)
    # Only the approved one had waited.
    assert said["today"]["median_wait"] is not None
    assert (await house.get(SUMMARY, SAM)).json()["today"]["by_me"] == 1


async def test_a_day_is_one_of_the_sites_zone(house: House, several: dict[str, tuple[str, str]]) -> None:
    del several
    assert (await house.ask("PATCH", "policy", ADMIN, {"timezone": "Pacific/Kiritimati"})).status_code == 200
    now = house.clock()
    begin = day_begin(now, ZoneInfo("Pacific/Kiritimati"))
    there = datetime.fromtimestamp(begin / 1000, UTC).astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert (there.hour, there.minute, there.second) == (0, 0, 0)
    assert 0 <= now - begin / 1000 < 25 * 3600
    assert (await moderation_summary.summarize(house.served, SITE, int(now * 1000) + 60_000)).decided == {}
    before = await moderation_summary.summarize(house.served, SITE, int(now * 1000) - 3_600_000)
    assert sum(before.decided.values()) == 3


def test_a_day_begins_at_midnight_of_the_zone_also_where_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    noon = datetime(2023, 10, 29, 12, 0, tzinfo=berlin).timestamp()
    assert rfc3339(day_begin(noon, berlin)) == "2023-10-28T22:00:00.000Z"
    assert rfc3339(day_begin(noon, UTC)) == "2023-10-29T00:00:00.000Z"


async def test_an_empty_site_has_an_empty_summary(house: House) -> None:
    said = (await house.get(SUMMARY, MOD)).json()
    assert (said["pending"], said["reported"], said["oldest"], said["threads"]) == (0, 0, None, [])
    assert said["today"] == {"decided": 0, "by_me": 0, "median_wait": None}
    assert await every(house, COMMENTS) == await every(house, DECISIONS) == []


@pytest.mark.parametrize("path", [COMMENTS, DECISIONS, SUMMARY])
async def test_lists_are_for_moderators(house: House, path: str) -> None:
    problem(await house.get(path), 401, "unauthenticated")
    for who in (ADA, AUDITOR, ADMIN):
        problem(await house.get(path, who), 403, "not-allowed")
    problem(await house.get(f"{path}?unknown=1", MOD), 400, "bad-request")
    assert (await house.get(path, MOD)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        f"{COMMENTS}?status=held",
        f"{COMMENTS}?rule=a+b",
        f"{COMMENTS}?from=now",
        f"{DECISIONS}?from=yesterday",
        f"{DECISIONS}?verdict=undo",
    ],
)
async def test_a_bad_filter_is_refused(house: House, query: str) -> None:
    problem(await house.get(query, MOD), 400, "bad-request")


@pytest.mark.parametrize("path", [COMMENTS, DECISIONS])
async def test_a_cursor_is_good_for_its_own_list(house: House, several: dict[str, tuple[str, str]], path: str) -> None:
    del several
    following = (await house.get(f"{path}?limit=1", MOD)).json()["next"]
    problem(await house.get(f"{path}?limit=2&cursor={following}", MOD), 400, "bad-cursor")
    other = DECISIONS if path == COMMENTS else COMMENTS
    problem(await house.get(f"{other}?limit=1&cursor={following}", MOD), 400, "bad-cursor")
