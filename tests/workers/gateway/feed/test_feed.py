"""The feed over a real socket: nothing missed, nothing twice, nothing that is not public."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from core.partitions import partition_of
from core.position import Position
from projections.read import progress
from tests.support.bounds import BOUND
from tests.support.following import Follower, Frame, Station, ended, station
from tests.support.house import ADA, BEN, EVE, MOD, SITE, THREAD, House, Who, at, problem
from workers.gateway.feed import frames, ring
from workers.gateway.feed.channel import Channel, FeedClient
from workers.runtime import metrics


@pytest.fixture
async def radio(house: House) -> AsyncIterator[Station]:
    end = await house.log.last(partition_of(SITE, THREAD, house.log.partitions))
    assert await progress.reached(house.served, SITE, THREAD, end, within=BOUND)
    async with station(house) as found:
        yield found


async def test_a_reader_sees_a_comment_come_change_and_go(radio: Station) -> None:
    house = radio.house
    async with radio.follow() as reader:
        comment = await house.post(ADA, "Hello.")
        posted = (await reader.until("comment.posted"))[-1]
        assert posted.data["row"]["body"] == "Hello."
        assert posted.data["thread"]["comments"] == 1
        assert posted.data["comment"] == comment
        assert "replies" not in posted.data["row"]

        edit = await house.ask("PATCH", at(comment), ADA, {"body": "Hello!"}, If_Match='"1"')
        edited = (await reader.until("comment.edited"))[-1]
        assert (edited.id, edited.data["row"]["body"]) == (edit.json()["position"], "Hello!")

        await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
        voted = (await reader.until("votes.changed"))[-1]
        assert voted.data["row"]["votes"] == {"up": 1, "down": 0, "score": 1}

        await house.decide(comment, "reject", 2)
        removed = (await reader.until("comment.removed"))[-1]
        assert removed.data["row"] is None
        assert removed.data["thread"]["comments"] == 0

        await house.decide(comment, "approve", 2)
        restored = (await reader.until("comment.restored"))[-1]
        assert restored.data["row"]["body"] == "Hello!"
        assert len({frame.id for frame in (posted, edited, voted, removed, restored)}) == 5


async def test_a_reader_hears_of_the_pinned_comment_and_of_the_one_before_it(radio: Station) -> None:
    house = radio.house
    first, second = await house.post(ADA), await house.post(BEN)
    await house.ask("PUT", f"{at(first)}/pinned", MOD)
    async with radio.follow() as reader:
        await house.ask("PUT", f"{at(second)}/pinned", MOD)
        told = [(await reader.until("comment.edited"))[-1] for _ in range(2)]
    assert [(frame.data["comment"], frame.data["row"]["pinned"]) for frame in told][-1] == (second, True)
    assert {frame.data["comment"] for frame in told} == {first, second}
    assert told[0].data["row"]["pinned"] is False


async def test_a_tombstone_in_the_feed_tells_by_what_the_comment_is_gone(radio: Station) -> None:
    house = radio.house
    comment = await house.post(ADA)
    await house.post(BEN, parent=comment)
    async with radio.follow() as reader:
        await house.ask("DELETE", at(comment), ADA)
        removed = (await reader.until("comment.removed"))[-1]
    assert (removed.data["row"]["gone"], removed.data["row"]["pinned"]) == ("author", None)


async def test_what_waits_for_approval_is_not_told(radio: Station) -> None:
    house = radio.house
    policy = await house.ask("PUT", f"threads/{THREAD}/policy", MOD, {"premoderation": "all"})
    await house.settled(policy.json()["position"])
    async with radio.follow() as reader:
        secret = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "Not yet."})
        comment = secret.json()["comment"]["id"]
        await house.settled(secret.json()["position"])
        await house.decide(comment, "approve")
        frames = await reader.until("comment.posted")
        assert len(frames) == 1
        assert frames[0].data["comment"] == comment


async def test_a_comment_rejected_after_it_was_seen_does_not_come_back_in_a_replay(radio: Station) -> None:
    house = radio.house
    before = await radio.page()
    comment = await house.post(ADA, "Soon gone.")
    await house.decide(comment, "reject")
    last = await house.post(BEN, "Stays.")
    async with radio.follow(before.thread["position"]) as reader:
        frames = await reader.until("comment.posted")
    told = json_of(frames)
    assert "Soon gone." not in told
    assert frames[-1].data["comment"] == last
    assert [frame.event for frame in frames] == ["comment.removed", "comment.posted"]


async def test_a_tombstone_comes_before_the_answer_that_it_carries(radio: Station) -> None:
    house = radio.house
    parent = await house.post(ADA, "A claim.")
    answer = await house.post(BEN, "An answer.", parent=parent)
    await house.decide(answer, "reject")
    await house.decide(parent, "reject")
    async with radio.follow() as reader:
        await house.decide(answer, "approve")
        frames = await reader.until("comment.restored")
    tombstone, child = frames
    assert (tombstone.event, tombstone.data["comment"], tombstone.id) == ("comment.removed", parent, None)
    assert tombstone.data["row"]["status"] == "rejected"
    assert tombstone.data["row"]["body"] is None
    assert (child.data["comment"], child.id) == (answer, child.data["thread"]["position"])


async def test_last_event_id_wins_over_the_address(radio: Station) -> None:
    house = radio.house
    start = (await radio.page()).thread["position"]
    await house.post(ADA, "one")
    middle = (await radio.page()).thread["position"]
    await house.post(ADA, "two")
    async with radio.follow(start, last=middle) as reader:
        frame = await reader.next()
    assert frame is not None
    assert frame.data["row"]["body"] == "two"


@pytest.mark.parametrize("last", ["rubbish", "1-1", "99999999999999-99999999", "-", "5"])
async def test_a_position_that_nobody_knows_is_told_to_read_the_page_again(radio: Station, last: str) -> None:
    await radio.house.post(ADA, "Here.")
    now = (await radio.page()).thread["position"]
    async with radio.follow(last=last) as reader:
        frame = await reader.next()
        assert frame is not None
        assert frame.event == "reset"
        assert frame.id is not None
        assert Position.parse(frame.id) >= Position.parse(now)
        assert frame.data == {}
        # After the reset the stream is live.
        await radio.house.post(BEN, "There.")
        assert [told.event for told in await reader.until("comment.posted")] == ["comment.posted"]


async def test_a_position_of_what_readers_could_not_notice_is_as_unknown_as_any(radio: Station) -> None:
    house = radio.house
    comment = await house.post(ADA, "Here.")
    hidden = (await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})).json()["position"]
    await house.settled(hidden)
    ms, n = Position.parse(hidden)
    told = []
    for last in (hidden, f"{ms}-{n + 1}"):
        async with radio.follow(last=last) as reader:
            told.append(await reader.next())
    reported, unknown = told
    assert reported is not None
    assert (reported.event, reported) == ("reset", unknown)


async def test_a_position_that_was_trimmed_off_the_feed_is_told_to_read_the_page_again(radio: Station) -> None:
    house = radio.house
    start = (await radio.page()).thread["position"]
    await house.post(ADA, "one")
    await house.post(ADA, "two")
    keys = house.deployment.keys.of(SITE, THREAD)
    first = (await house.deployment.calls.call("XRANGE", keys.feed, "-", "+", "COUNT", 2))[-1][0]
    await house.deployment.calls.call("SET", keys.feed_trimmed, first)
    await house.deployment.calls.call("XTRIM", keys.feed, "MINID", first)
    async with radio.follow(start) as reader:
        frame = await reader.next()
        assert frame is not None
        assert frame.event == "reset"


class Tape:
    """The feed stream of the thread's partition, to be changed behind everybody's back, in one moment."""

    def __init__(self, house: House) -> None:
        self._deployment = house.deployment
        self.keys = house.deployment.keys.of(SITE, THREAD)

    async def entries(self) -> list[tuple[Position, dict[bytes, bytes]]]:
        found: list[Any] = await self._deployment.calls.call("XRANGE", self.keys.feed, "-", "+")
        return [(Position.decode(name), dict(zip(flat[::2], flat[1::2], strict=True))) for name, flat in found]

    async def become(self, entries: list[tuple[Position, dict[bytes, bytes]]], trimmed: Position | None = None) -> None:
        """Have these entries, and say of which that they were trimmed."""
        async with self._deployment.writing.pipeline(transaction=True) as pipe:
            pipe.delete(self.keys.feed)
            for position, fields in entries:
                pipe.xadd(self.keys.feed, fields, id=str(position))  # type: ignore[arg-type] # bytes are fields, too
            if trimmed is not None:
                pipe.set(self.keys.feed_trimmed, str(trimmed))
            pipe.spublish(self.keys.view_channel, "")
            await pipe.execute()

    async def write(self, key: str, value: str) -> None:
        async with self._deployment.writing.pipeline(transaction=True) as pipe:
            pipe.set(key, value)
            pipe.spublish(self.keys.view_channel, "")
            await pipe.execute()


async def reset_and_live(house: House, *readers: Follower) -> list[Position]:
    """Each of these is told to read the page again, and then what comes; the ids of the resets."""
    ids = []
    for reader in readers:
        (frame,) = await reader.until("reset")
        ids.append(Position.parse(frame.id or ""))
    after = await house.post(EVE, "Afterwards.")
    for reader in readers:
        (frame,) = await reader.until("comment.posted")
        assert frame.data["comment"] == after
    return ids


@pytest.mark.parametrize("grown", [0, 1, 2])
async def test_a_feed_that_lost_its_end_and_grew_another_tells_everybody(radio: Station, grown: int) -> None:
    house, tape = radio.house, Tape(radio.house)
    async with radio.follow() as reader, radio.follow() as other:
        await house.post(ADA, "Lost.")
        for one in (reader, other):
            await one.until("comment.posted")
        *kept, (position, fields) = await tape.entries()
        grows = [(Position(position.ms + 1, position.n + number), fields) for number in range(grown)]
        await tape.become([*kept, *grows])
        assert await reset_and_live(house, reader, other) == [[*kept, *grows][-1][0]] * 2


async def test_a_feed_entry_that_is_another_at_the_same_position_tells_everybody(radio: Station) -> None:
    house, tape = radio.house, Tape(radio.house)
    async with radio.follow() as reader:
        await house.post(ADA, "Lost.")
        await reader.until("comment.posted")
        *kept, (position, fields) = await tape.entries()
        await tape.become([*kept, (position, fields | {b"k": b'[["thread.changed",null]]'})])
        assert await reset_and_live(house, reader) == [position]


async def test_what_was_told_of_a_time_that_the_other_branch_has_not_reached_keeps_nothing_back(radio: Station) -> None:
    house, tape = radio.house, Tape(radio.house)
    async with radio.follow() as reader:
        await house.post(ADA, "First.")
        await reader.until("comment.posted")
        kept = await tape.entries()
        position, fields = kept[-1]
        ahead = Position(position.ms + 3_600_000, position.n + 1)
        await tape.become([*kept, (ahead, fields)])
        (frame,) = await reader.until("comment.posted")
        assert frame.id == str(ahead)
        await tape.become(kept)
        await reset_and_live(house, reader)


async def test_what_was_read_and_then_trimmed_is_no_loss(radio: Station) -> None:
    house, tape = radio.house, Tape(radio.house)
    async with radio.follow() as reader:
        await house.post(ADA, "Read.")
        await reader.until("comment.posted")
        last, _ = (await tape.entries())[-1]
        await tape.become([], trimmed=last)
        await house.post(BEN, "Next.")
        frames = await reader.until("comment.posted")
    assert [frame.event for frame in frames] == ["comment.posted"]


async def test_what_was_trimmed_before_it_was_read_is_a_loss(radio: Station) -> None:
    house, tape = radio.house, Tape(radio.house)
    async with radio.follow() as reader:
        await house.post(ADA, "Read.")
        await reader.until("comment.posted")
        last, _ = (await tape.entries())[-1]
        unread = Position(last.ms + 1, last.n)
        await tape.become([], trimmed=unread)
        assert await reset_and_live(house, reader) == [unread]


async def test_where_the_views_of_one_thread_are_exchanged_every_client_of_the_partition_is_told(
    radio: Station,
) -> None:
    house, tape = radio.house, Tape(radio.house)
    names = (f"other-{number}" for number in range(100))
    other = next(name for name in names if house.deployment.keys.of(SITE, name) is tape.keys)
    await house.open_thread(other)
    told = metrics.FEED_RESETS.labels("exchanged")._value.get()
    async with radio.follow() as reader, radio.follow(thread=other) as neighbour:
        await house.post(ADA, "Before.")
        await reader.until("comment.posted")
        await tape.write(tape.keys.generation, "1.1")
        for one in (reader, neighbour):
            await one.until("reset")
        # And again; what writes the views here knows of none.
        await tape.write(tape.keys.generation, "1.0")
        await neighbour.until("reset")
        await reset_and_live(house, reader)
    assert metrics.FEED_RESETS.labels("exchanged")._value.get() == told + 4


async def test_where_another_generation_is_served_every_client_is_told(radio: Station) -> None:
    house, tape = radio.house, Tape(radio.house)
    async with radio.follow() as reader:
        await house.post(ADA, "Before.")
        await reader.until("comment.posted")
        await tape.write(tape.keys.generation, "2.0")
        await reader.until("reset")
        await tape.write(tape.keys.generation, "1.0")
        await reset_and_live(house, reader)


def test_after_a_reset_nothing_counts_as_seen() -> None:
    channel = Channel(lambda _: None)
    seat = FeedClient(channel, 0, Position(900, 9), [])
    seen, reset, after = (
        ring.Frame(Position(900, 9), b"seen"),
        frames.reset(Position(5, 1)),
        ring.Frame(Position(6, 2), b"new"),
    )
    channel.ring.append([seen, reset, after])
    assert seat.take() == [reset.data, b"new"]


async def test_a_malformed_after_is_a_bad_request(radio: Station) -> None:
    answer = await radio.client.get(f"/v1/sites/{SITE}/threads/{THREAD}/feed?after=yesterday")
    problem(answer, 400, "bad-request")


async def test_a_site_that_is_not_there_has_no_feeds(radio: Station) -> None:
    problem(await radio.client.get(f"/v1/sites/nowhere/threads/{THREAD}/feed"), 404, "not-found")
    problem(await radio.client.get(f"/v1/sites/{SITE}/threads/no%20name/feed"), 404, "not-found")


async def test_an_archived_thread_ends_an_event_source_for_good(radio: Station) -> None:
    answer = await radio.house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": "archived"})
    await radio.house.settled(answer.json()["position"])
    ended = await radio.client.get(f"/v1/sites/{SITE}/threads/{THREAD}/feed")
    assert ended.status_code == 204
    assert not {"content-length", "content-type"} & set(ended.headers)


async def test_a_browser_may_ask_first_about_a_feed(radio: Station) -> None:
    answer = await radio.client.request("OPTIONS", f"/v1/sites/{SITE}/threads/{THREAD}/feed")
    assert answer.status_code == 200
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "Last-Event-ID" in answer.headers["access-control-allow-headers"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_stream_says_that_nobody_may_keep_or_hold_it_back(radio: Station) -> None:
    async with radio.follow() as reader:
        headers = reader.answer.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["access-control-allow-origin"] == "*"


async def test_a_silent_stream_beats(house: House) -> None:
    async with station(house, heartbeat=0.01) as radio, radio.follow() as reader:
        comment: str | None = None
        while not reader.silences:
            # The beat is seen when something comes after it: a comment of our own.
            comment = await house.post(ADA, "Anybody there?")
            frame = await reader.next()
            assert frame is not None
            assert frame.data["comment"] == comment


async def test_a_client_that_stops_reading_keeps_nobody_waiting_and_is_told_to_read_the_page_again(
    radio: Station,
) -> None:
    url = radio.client.base_url
    reading, writing = await asyncio.open_connection(url.host, url.port, limit=1024)

    async def told(words: bytes) -> None:
        found = b""
        with anyio.fail_after(BOUND):
            while words not in found:
                part = await reading.read(1 << 16)
                assert part, "the connection was closed"
                found = found[-len(words) :] + part

    writing.write(b"GET /v1/sites/%b/threads/%b/feed HTTP/1.1\r\nHost: here\r\n\r\n" % (SITE.encode(), THREAD.encode()))
    await told(b"retry: ")
    async with radio.follow() as other:
        # More than all the buffers on the way hold, and the ring besides.
        channel = next(one for one in radio.hub._channels() if one.live)
        for number in range(1, 61):
            channel.newest = Position(1, number)
            words = b'"%b"' % (b"x" * 400_000)
            channel.ring.append([ring.Frame(channel.newest, frames.encode("filler", words, channel.newest))])
            assert [frame.event for frame in await other.until("filler")] == ["filler"]
        await told(b"event: reset")
        comment = await radio.house.post(ADA, "Again.")
        await told(comment.encode())
        assert (await other.until("comment.posted"))[-1].data["comment"] == comment
    writing.close()


async def test_streams_end_politely_when_the_process_stops(radio: Station) -> None:
    async with radio.follow() as reader, radio.follow() as other:
        await radio.house.post(ADA, "Last words.")
        for one in (reader, other):
            frame = await one.next()
            assert frame is not None
            assert frame.data["row"]["body"] == "Last words."
        radio.hub.drain()
        assert await reader.next() is None
        assert await other.next() is None
    await ended(radio, "draining")


async def test_a_thread_hears_nothing_of_its_neighbour(radio: Station) -> None:
    house = radio.house
    for number in range(6):  # more threads than partitions: some share one
        await house.open_thread(f"other-{number}")
    async with radio.follow() as reader:
        for number in range(6):
            await house.post(EVE, "Elsewhere.", thread=f"other-{number}")
        mine = await house.post(ADA, "Here.")
        frame = await reader.next()
        assert frame is not None
        assert frame.data["comment"] == mine


async def test_votes_of_one_comment_are_told_at_most_once_a_second_and_never_lost(radio: Station) -> None:
    house = radio.house
    comment = await house.post(ADA, "Popular.")
    voters = [Who(f"voter-{number}") for number in range(12)]
    async with radio.follow() as reader:
        for voter in voters:
            answer = await house.ask("PUT", f"{at(comment)}/vote", voter, {"value": 1})
            assert answer.status_code == 200
        frames = [await reader.next()]
        while (last := frames[-1]) is not None and last.data["row"]["votes"]["up"] < len(voters):
            frames.append(await reader.next())
    assert len(frames) < len(voters)


@pytest.mark.parametrize("seed", range(5))
async def test_snapshot_plus_frames_equals_a_fresh_page_wherever_the_stream_is_cut(radio: Station, seed: int) -> None:
    house = radio.house
    chance = random.Random(seed)
    await house.post(ADA, "The beginning.")
    page = await radio.page()
    ids: list[str] = []
    last: str | None = None
    after = page.thread["position"]
    async with anyio.create_task_group() as tasks:
        done = anyio.Event()
        tasks.start_soon(_life, house, chance, done)
        while True:
            async with radio.follow(after, last=last) as reader:
                cut = chance.randint(1, 12)
                while cut or done.is_set():
                    frame = await reader.next()
                    assert frame is not None
                    assert frame.event != "reset"
                    page.apply(frame)
                    ids += [frame.id] if frame.id is not None and frame.event != "votes.changed" else []
                    cut -= 1
                    if done.is_set() and page == await radio.page():
                        break
                last = reader.last
            if done.is_set() and page == await radio.page():
                break
    positions = [Position.parse(told) for told in ids]
    assert positions == sorted(set(positions)), "a visible change came twice or out of order"


async def _life(house: House, chance: random.Random, done: anyio.Event) -> None:
    """What goes on in a thread, most of it; some of it is refused."""
    comments = [row["id"] for row in await house.rows()]
    people = [ADA, BEN, EVE]
    for number in range(60):
        who = chance.choice(people)
        comment = chance.choice(comments)
        match chance.choice(
            ["post", "answer", "answer", "edit", "vote", "vote", "reject", "approve", "withdraw", "back"]
        ):
            case "post":
                comments.append(await house.post(who, f"Words {number}."))
            case "answer":
                body = {"body": f"Answer {number}.", "parent": comment}
                answer = await house.ask("POST", f"threads/{THREAD}/comments", who, body)
                comments += [answer.json()["comment"]["id"]] if answer.status_code == 201 else []
            case "edit":
                await house.ask("PATCH", at(comment), who, {"body": f"Edited {number}."}, If_Match='"1"')
            case "vote":
                await house.ask("PUT", f"{at(comment)}/vote", who, {"value": chance.choice([1, 0, -1])})
            case "reject":
                await house.ask("POST", f"{at(comment)}/decisions", MOD, {"verdict": "reject", "revision": 1})
            case "approve":
                await house.ask("POST", f"{at(comment)}/decisions", MOD, {"verdict": "approve", "revision": 1})
            case "withdraw":
                await house.ask("DELETE", at(comment), who)
            case _:
                await house.ask("POST", f"{at(comment)}/restoration", who)
    last: Any = await house.ask("POST", f"threads/{THREAD}/comments", ADA, {"body": "The end."})
    await house.settled(last.json()["position"])
    done.set()


def json_of(frames: list[Frame]) -> str:
    return repr([frame.data for frame in frames])
