"""Lists over many threads and partitions: the queue, threads, a member's comments."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.application.transact import transact
from core.caller import OPERATOR, Caller
from core.domain.authoring import EditComment, PostComment, WithdrawComment
from core.domain.moderation import Decide
from core.domain.report import FileReport
from core.domain.site import ChangePolicy, OpenSite
from core.domain.thread import OpenThread, OverridePolicy, SetThreadStatus
from core.log.memory import MemoryLog
from core.partitions import partition_of
from core.policy import Policy, PolicyChanges
from core.position import START
from core.refusals import Unavailable
from core.times import rfc3339
from projections.read import members, moderation_queue
from projections.read import threads as thread_lists
from projections.read.member_profile import tallies
from projections.read.queries import BadCursor, ListQuery, PageAnswer, QueueQuery, ThreadsQuery
from projections.thread.fold import fold
from projections.thread.state import CommentState, ThreadState
from projections.views.viewer import Viewer
from tests.support.discussions import BEGIN, MOD, PEOPLE, SITE, THREADS, Move, Play, events, moves, played, stream
from tests.support.viewing import MANY, Stage, stage, whole

ADA, BEN, EVE, DAN = PEOPLE
ADMIN = Caller(id="adi", name="Adi", roles=frozenset({"admin"}))
STAFF = Viewer("mod", staff=True)
FEW = settings(max_examples=25)
"""More comments than any discussion here has."""
PARTITIONS = 4

discussions = st.one_of(
    moves(most=60, threads=3), st.builds(stream, seed=st.integers(0, 10_000), length=st.just(150), threads=st.just(3))
)


async def states(there: Stage) -> list[ThreadState]:
    """Every thread, folded."""
    found = []
    for thread in THREADS:
        recorded = await events(there.log, thread, partition_of(SITE, thread, PARTITIONS))
        found.append(fold(ThreadState(site=SITE, id=thread), recorded))
    return found


def everything(threads: list[ThreadState]) -> list[tuple[ThreadState, CommentState]]:
    return [(thread, comment) for thread in threads for comment in thread.rows.values()]


async def queue(there: Stage, state: Any = "pending", *, limit: int = 50, **only: str) -> tuple[list[Any], set[int]]:
    """The whole queue, part by part, and every `total` that was told."""
    items: list[Any] = []
    totals = set()
    cursor = None
    while True:
        answer = await moderation_queue.queue(
            there.served,
            SITE,
            QueueQuery(
                state=state,
                thread=only.get("thread"),
                member=only.get("member"),
                by=only.get("by"),
                limit=limit,
                cursor=cursor,
            ),
        )
        part = msgspec.json.decode(answer.body)
        assert len(part["items"]) <= limit
        items += part["items"]
        totals.add(part["total"])
        cursor = part["next"]
        if cursor is None:
            return items, totals
        assert len(totals) + len(items) < MANY, "the queue does not end"
        assert len(cursor) < 200


def names(items: list[Any]) -> list[tuple[str, str]]:
    return [(item["thread"]["id"], item["comment"]["id"]) for item in items]


@FEW
@given(some=discussions, limit=st.sampled_from((1, 2, 50)))
async def test_the_queue_is_everything_that_waits_oldest_first_over_all_partitions(
    server: str, some: list[Move], limit: int
) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        threads = await states(there)
        for state in ("pending", "reported", None):
            waiting = []
            for thread, comment in everything(threads):
                found = []
                if state != "reported" and comment.waiting is not None:
                    found.append(comment.waits_since)
                if state != "pending" and comment.reports:
                    found.append(comment.reports[0].position)
                if (since := min((one for one in found if one is not None), default=None)) is not None:
                    place = (since, partition_of(SITE, thread.id, PARTITIONS))
                    waiting.append((place, thread.id, comment.id, comment.author.id))
            waiting.sort()
            items, totals = await queue(there, state, limit=limit)
            assert names(items) == [(thread, comment) for _, thread, comment, _ in waiting]
            assert [item["since"] for item in items] == [rfc3339(place[0].ms) for place, *_ in waiting]
            assert totals == {len(waiting)}
            of_thread, _ = await queue(there, state, limit=limit, thread=THREADS[1])
            assert names(of_thread) == [one for one in names(items) if one[0] == THREADS[1]]
            of_ada, totals = await queue(there, state, limit=limit, member="ada")
            assert names(of_ada) == [(thread, comment) for _, thread, comment, by in waiting if by == "ada"]
            assert totals == {len(of_ada)}
            held, totals = await queue(there, state, limit=limit, by="mod")
            assert set(names(held)) == {
                (thread, comment) for _, thread, comment, _ in waiting if (thread, comment) in held_by_mod(threads)
            }
            assert totals == {len(held)}


def held_by_mod(threads: list[ThreadState]) -> set[tuple[str, str]]:
    """What waits because the moderator held it."""
    found = set()
    for thread, comment in everything(threads):
        decision = None if comment.waiting is None else comment.texts[comment.waiting].decision
        if decision is not None and (decision.by, decision.kind) == ("mod", "staff"):
            found.add((thread.id, comment.id))
    return found


@FEW
@given(some=discussions, limit=st.sampled_from((1, 2, 50)))
async def test_views_of_before_have_the_whole_queue_too_and_cannot_say_who_held_what(
    server: str, some: list[Move], limit: int
) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        items, _ = await queue(there, None, limit=limit)
        await made_by_a_version_of_before(there)
        assert [item["comment"]["id"] for item in (await queue(there, None, limit=limit))[0]] == [
            item["comment"]["id"] for item in items
        ]
        if any([await there.store.cursor(number) != START for number in range(PARTITIONS)]):
            with pytest.raises(Unavailable, match="hansard rebuild"):
                await queue(there, None, by="mod")


@FEW
@given(some=discussions, limit=st.sampled_from((1, 2, 50)))
async def test_a_members_comments_are_all_of_theirs_newest_first(server: str, some: list[Move], limit: int) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        threads = await states(there)
        for person in PEOPLE:
            own = [(t, c) for t, c in everything(threads) if c.author.id == person.id]
            own.sort(key=lambda one: (one[1].posted, partition_of(SITE, one[0].id, PARTITIONS)), reverse=True)
            for viewer in (Viewer(person.id), STAFF):
                found = await comments_of(there, person.id, viewer, limit)
                assert [(row["thread"], row["id"], row["status"]) for row in found] == [
                    (thread.id, comment.id, comment.status) for thread, comment in own
                ]
            name, numbers, oldest = (await tallies(there.served, SITE, [person.id]))[person.id]
            statuses = Counter(comment.status for _, comment in own)
            assert numbers == {status: statuses[status] for status in ("published", "pending", "rejected", "withdrawn")}
            assert name == (own[0][1].author.name if own else None)
            assert (oldest and oldest.place[:2]) == (tuple(own[-1][1].posted) if own else None)


async def comments_of(there: Stage, member: str, viewer: Viewer, limit: int) -> list[dict[str, Any]]:
    return await whole(
        "comments",
        lambda cursor: members.member_comments(
            there.served, SITE, member, viewer, ListQuery(limit=limit, cursor=cursor)
        ),
    )


async def threads_of(
    there: Stage, *, url: str | None = None, status: Any = None, limit: int = 50, **more: Any
) -> list[dict[str, Any]]:
    return await whole(
        "threads",
        lambda cursor: thread_lists.threads(
            there.served, SITE, ThreadsQuery(url=url, status=status, limit=limit, cursor=cursor, **more)
        ),
    )


@FEW
@given(some=discussions, limit=st.sampled_from((1, 2, 50)))
async def test_threads_are_listed_by_their_last_activity(server: str, some: list[Move], limit: int) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        threads = sorted(await states(there), key=lambda one: (one.position.ms, one.id), reverse=True)
        found = await threads_of(there, limit=limit)
        assert [one["id"] for one in found] == [thread.id for thread in threads]
        for status in ("open", "closed", "archived"):
            some_of = [thread.id for thread in threads if thread.status == status]
            assert [one["id"] for one in await threads_of(there, status=status, limit=limit)] == some_of
        for url in {thread.url for thread in threads}:
            of_article = [thread.id for thread in threads if thread.url == url]
            assert [one["id"] for one in await threads_of(there, url=url, limit=limit)] == of_article


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


@FEW
@given(some=discussions, limit=st.sampled_from((1, 2, 50)), before=st.booleans())
async def test_threads_are_listed_by_when_they_were_opened(
    server: str, some: list[Move], limit: int, before: bool
) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        threads = [one for one in await states(there) if one.opened is not None]
        threads.sort(key=lambda one: (one.opened, partition_of(SITE, one.id, PARTITIONS)), reverse=True)
        if before:
            await made_by_a_version_of_before(there)
        found = await threads_of(there, limit=limit, order="opened")
        assert ids(found) == [thread.id for thread in threads]
        closed = [thread.id for thread in threads if thread.status == "closed"]
        assert ids(await threads_of(there, limit=limit, order="opened", status="closed")) == closed
        for url in {thread.url for thread in threads}:
            of_article = [thread.id for thread in threads if thread.url == url]
            assert ids(await threads_of(there, url=url, limit=limit, order="opened")) == of_article
        for one, thread in zip(found, threads, strict=True):
            assert thread.opened is not None
            assert one["opened_at"] == rfc3339(thread.opened.ms)
            assert one["written_at"] == rfc3339(thread.now)
            comments = thread.rows.values()
            pending = [comment for comment in comments if comment.waiting is not None]
            reported = [comment for comment in comments if comment.reports]
            assert one["waiting"] == {"pending": len(pending), "reported": len(reported)}


async def made_by_a_version_of_before(there: Stage) -> None:
    """Make the views what a version leaves that knew no order by opening."""
    keys = there.deployment.keys
    for partition in keys:
        await there.deployment.calls.call("DEL", partition.listing(1, SITE, "opened"))
        await there.deployment.calls.call("DEL", partition.versions(1))


async def test_views_of_before_with_too_many_threads_to_be_put_in_order_are_to_be_rebuilt(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_lists, "MOST_UNORDERED", 1)
    for name in "abcdefg":
        await there.do(MOD, OpenThread(url="https://kew.example/x", title="x"), thread=name)
    assert len(await threads_of(there, order="opened")) == 7 + len(THREADS)
    await made_by_a_version_of_before(there)
    with pytest.raises(Unavailable, match="hansard rebuild"):
        await threads_of(there, order="opened")
    assert len(await threads_of(there)) == 7 + len(THREADS)


async def test_by_opening_none_is_skipped_while_others_write(there: Stage) -> None:
    for name in "abcde":
        await there.do(MOD, OpenThread(url="https://kew.example/x", title="x"), thread=name)
    wanted = ids(await threads_of(there, order="opened"))
    found: list[str] = []
    cursor = None
    for at, name in enumerate((*"edcba", *THREADS)):
        answer = await thread_lists.threads(there.served, SITE, ThreadsQuery(order="opened", limit=1, cursor=cursor))
        part = msgspec.json.decode(answer.body)
        found += ids(part["threads"])
        cursor = part["next"]
        # Somebody writes to each of them, and opens another one.
        await there.do(MOD, SetThreadStatus(status="closed"), thread=name)
        await there.do(MOD, OpenThread(url="https://kew.example/x", title="x"), thread=f"late-{at}")
    assert found == wanted
    assert cursor is None


async def test_threads_of_one_partition_are_each_listed_once_however_small_the_parts(there: Stage) -> None:
    site = "alone"
    opening: Any = {"name": "Alone", "policy": Policy(), "keys_kind": "hs256", "keys_number": 1}
    await transact(there.log, OpenSite(**opening), site=site, caller=OPERATOR)
    names = [name for name in map(str, range(200)) if partition_of(site, name, PARTITIONS) == 1][:6]
    for name in names:
        opened = OpenThread(url="https://kew.example/x", title="x")
        await transact(there.log, opened, site=site, thread=name, caller=MOD)
    await there.catch_up()
    for order in ("activity", "opened"):
        for limit in (1, 2, 5, 6):
            found: list[str] = []
            cursor, parts = None, 0
            while parts == 0 or cursor is not None:
                answer = await thread_lists.threads(
                    there.served, site, ThreadsQuery(order=order, limit=limit, cursor=cursor)
                )
                part = msgspec.json.decode(answer.body)
                found, cursor, parts = found + ids(part["threads"]), part["next"], parts + 1
            assert (sorted(found), parts) == (sorted(names), -(-6 // limit))


async def test_threads_are_listed_by_who_opened_them(there: Stage) -> None:
    await there.do(ADMIN, ChangePolicy(changes=PolicyChanges(origins=("https://kew.example",))))
    first: Any = {"url": "https://kew.example/a", "title": "A"}
    await there.do(ADA, PostComment(comment="f1", body="words", **first), thread="by-ada")
    await there.do(BEN, PostComment(comment="f2", body="words", **first), thread="by-ben")
    for order in ("activity", "opened"):
        members = await threads_of(there, order=order, opened_by="member")
        assert {one["id"]: one["opened_by"] for one in members} == {
            "by-ada": {"kind": "member", "id": "ada"},
            "by-ben": {"kind": "member", "id": "ben"},
        }
        for limit in (1, 50):
            assert ids(await threads_of(there, order=order, opened_by="ben", limit=limit)) == ["by-ben"]
            staff = await threads_of(there, order=order, opened_by="staff", limit=limit)
            assert {one["id"] for one in staff} == set(THREADS)
        assert await threads_of(there, order=order, opened_by="nobody") == []


async def test_positions_that_two_partitions_share_are_each_listed_once(server: str) -> None:
    # Time stands still, so every partition gives the same positions to its first events.
    log = MemoryLog(PARTITIONS, clock=lambda: BEGIN)
    play = Play(log)
    await play.open(threads=3, policy=Policy(premoderation="all"))
    async with stage(server, log) as there:
        for thread in THREADS:
            for number in range(3):
                await there.do(ADA, PostComment(comment=f"{thread}{number}", body="words"), thread=thread)
        comments = {comment.id: comment.posted for _, comment in everything(await states(there))}
        assert len(comments) == 9
        assert len(set(comments.values())) < 9
        items, totals = await queue(there, limit=1)
        assert sorted(name for _, name in names(items)) == sorted(comments)
        assert totals == {9}
        found: list[str] = []
        cursor = None
        while len(found) < MANY:
            answer = await members.member_comments(there.served, SITE, "ada", STAFF, ListQuery(limit=1, cursor=cursor))
            part = msgspec.json.decode(answer.body)
            found += [row["id"] for row in part["comments"]]
            cursor = part["next"]
            if cursor is None:
                break
        assert found == [name for _, name in reversed(names(items))]
        assert [one["id"] for one in await threads_of(there, limit=1)] == sorted(THREADS, reverse=True)


async def test_what_waits_comes_with_all_that_deciding_needs(there: Stage) -> None:
    await there.do(BEN, PostComment(comment="p", body="a question"))
    await there.do(ADA, PostComment(comment="a", body="first words", parent="p"))
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="links")))
    at = await there.do(ADA, EditComment(comment="a", revision=1, body="see https://spam.example/x"))
    ((item,), totals) = await queue(there)
    assert totals == {1}
    assert item["revision"] == item["comment"]["revision"] == 2
    assert (item["comment"]["status"], item["comment"]["body"]) == ("pending", "see https://spam.example/x")
    assert item["thread"] == {
        "id": THREADS[0],
        "title": f"About the {THREADS[0]}",
        "url": f"https://kew.example/{THREADS[0]}",
        "labels": [],
    }
    assert item["parent"]["body"] == "a question"
    assert item["published"] == {"revision": 1, "body": "first words"}
    assert item["since"] == rfc3339(at.ms)
    assert item["held_by"] == {"kind": "rule", "name": "links", "match": "https://spam.example/x", "spans": [[4, 26]]}
    assert item["reports"] == []


async def test_a_moderators_hold_and_reports_say_so(there: Stage) -> None:
    await there.do(ADA, PostComment(comment="a", body="words"), PostComment(comment="b", body="words"))
    await there.do(BEN, FileReport(comment="b", reason="spam", note="look"))
    await there.do(MOD, Decide(comment="a", verdict="hold", revision=1, note="ask somebody"))
    ((held,), _) = await queue(there)
    assert held["held_by"] == {"kind": "staff", "name": "mod"}
    assert held["published"] is None
    assert held["comment"]["moderation"]["note"] == "ask somebody"
    ((reported,), _) = await queue(there, "reported")
    assert reported["held_by"] == {"kind": "reports", "name": None}
    assert reported["published"] == {"revision": 1, "body": "words"}
    (report,) = reported["reports"]
    assert (report["reason"], report["note"], report["by"]) == ("spam", "look", "ben")
    await there.do(MOD, Decide(comment="b", verdict="approve", revision=1))
    assert await queue(there, "reported") == ([], {0})


async def test_nobody_is_in_the_queue_of_a_site_that_does_not_exist(there: Stage) -> None:
    answer = await moderation_queue.queue(there.served, "none", QueueQuery(state="pending", limit=5))
    assert msgspec.json.decode(answer.body) == {"items": [], "total": 0, "next": None}
    assert await tallies(there.served, SITE, ["nobody"]) == {
        "nobody": (None, {"published": 0, "pending": 0, "rejected": 0, "withdrawn": 0}, None)
    }


async def test_a_member_whose_id_begins_like_anothers_has_their_own_comments(there: Stage) -> None:
    await there.do(EVE, PostComment(comment="a", body="words"))
    for name in ("eve", "eve:", "eve:22"):
        answer = await members.member_comments(there.served, SITE, name, STAFF, ListQuery(limit=5))
        assert msgspec.json.decode(answer.body) == {"comments": [], "next": None}


async def test_a_withdrawn_comment_is_in_the_list_of_its_author_with_its_text(there: Stage) -> None:
    await there.do(ADA, PostComment(comment="a", body="words"), WithdrawComment(comment="a"))
    answer = await members.member_comments(there.served, SITE, "ada", Viewer("ada"), ListQuery(limit=5))
    (row,) = msgspec.json.decode(answer.body)["comments"]
    assert (row["status"], row["body"]) == ("withdrawn", "words")


async def test_a_part_of_the_threads_may_be_short_where_few_have_the_status(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_lists, "MOST_EXAMINED", 1)
    await there.do(MOD, OpenThread(url="https://kew.example/x", title="x"), thread="x")
    await there.do(MOD, SetThreadStatus(status="closed"), thread=THREADS[2])
    answer = await thread_lists.threads(there.served, SITE, ThreadsQuery(status="open", limit=1))
    part = msgspec.json.decode(answer.body)
    assert part["threads"] == []
    assert part["next"] is not None
    assert {one["id"] for one in await threads_of(there, status="open", limit=1)} == {"x", *THREADS[:2]}


async def test_threads_are_found_by_an_address_that_was_stored_before_addresses_had_one_form(
    there: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.do(MOD, OpenThread(url="HTTPS://kew.example/ä", title="new"), thread="new")
    with monkeypatch.context() as earlier:
        earlier.setattr("core.domain.context.normalised", lambda url: url)
        await there.do(MOD, OpenThread(url="HTTPS://kew.example/ä", title="old"), thread="old")
    assert [one["id"] for one in await threads_of(there, url="HTTPS://kew.example/ä")] == ["old", "new"]
    assert [one["id"] for one in await threads_of(there, url="https://kew.example/%C3%A4")] == ["new"]


async def test_a_cursor_of_one_list_is_refused_by_every_other(there: Stage) -> None:
    await there.do(MOD, OverridePolicy(overrides=PolicyChanges(premoderation="all")))
    await there.do(ADA, PostComment(comment="a", body="words"), PostComment(comment="b", body="words"))
    served = there.served

    async def of_queue(cursor: str | None, state: Any = "pending", member: str | None = None) -> Any:
        return await moderation_queue.queue(
            served, SITE, QueueQuery(state=state, member=member, limit=1, cursor=cursor)
        )

    async def of_threads(cursor: str | None, status: Any = None) -> Any:
        return await thread_lists.threads(served, SITE, ThreadsQuery(status=status, limit=1, cursor=cursor))

    async def of_member(cursor: str | None, member: str = "ada") -> Any:
        return await members.member_comments(served, SITE, member, STAFF, ListQuery(limit=1, cursor=cursor))

    calls: list[Callable[[str | None], Awaitable[PageAnswer]]] = [of_queue, of_threads, of_member]
    found = [msgspec.json.decode((await one(None)).body)["next"] for one in calls]
    for at, one in enumerate(calls):
        await one(found[at])
        for other, cursor in enumerate(found):
            if other != at:
                with pytest.raises(BadCursor):
                    await one(cursor)
    with pytest.raises(BadCursor):
        await of_queue(found[0], "reported")
    with pytest.raises(BadCursor):
        await of_queue(found[0], member="ada")
    with pytest.raises(BadCursor):
        await of_threads(found[1], "open")
    others: list[Any] = [{"order": "opened"}, {"opened_by": "ada"}]
    for more in others:
        with pytest.raises(BadCursor):
            await thread_lists.threads(served, SITE, ThreadsQuery(limit=1, cursor=found[1], **more))
    with pytest.raises(BadCursor):
        await of_member(found[2], "ben")
