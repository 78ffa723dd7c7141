"""Texts are screened by a service that the publication names, off the request, and whatever that does."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import anyio
import pytest
from msgspec.structs import replace

from core.events.envelope import decode
from core.partitions import partition_of
from core.position import START
from core.screener import Screeners
from projections.thread.fold import fold
from projections.thread.state import ThreadState
from tests.support.bounds import BOUND
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, MOD, PARTITIONS, SITE, THREAD, House, Who, at, token
from tests.support.key_host import LOOPBACK, http
from tests.support.screener_host import SECRET, ScreenerHost, saying, screener_host, screening, set_up, until, worker_of
from workers.coordination.leases import SCREENING, Leases
from workers.http_client import HttpClient
from workers.runtime import metrics
from workers.screener import screening as module
from workers.screener.circuit_breaker import FAILURES
from workers.screener.due_store import DueStore

PAGE: Final = f"threads/{THREAD}"


@pytest.fixture
async def host() -> AsyncIterator[ScreenerHost]:
    async with screener_host() as host:
        yield host


async def posted(house: House, body: str = "First words.", who: Who = ADA) -> dict[str, Any]:
    """Post a comment; what the author is answered."""
    answer = await house.ask("POST", f"{PAGE}/comments", who, {"body": body})
    assert answer.status_code == 201, answer.text
    await house.settled(answer.json()["position"])
    found: dict[str, Any] = answer.json()
    return found


async def happened(house: House, comment: str, kind: str = "comment.screened") -> dict[str, Any]:
    """The event of this type about a comment, once there is one and the views have it."""
    with anyio.fail_after(BOUND):
        while True:
            events = (await house.get(f"audit?comment={comment}", AUDITOR)).json()["events"]
            found = [one for one in events if one["type"] == kind]
            if found:
                await house.settled(found[-1]["position"])
                event: dict[str, Any] = found[-1]
                return event
            await anyio.sleep(0.01)


async def status(house: House, comment: str) -> str:
    return str((await house.get(at(comment), MOD)).json()["comment"]["status"])


async def held(house: House) -> list[Any]:
    return [item["held_by"] for item in (await house.get("moderation/queue", MOD)).json()["items"]]


async def screened(house: House, host: ScreenerHost, body: str = "First words.", **policy: Any) -> dict[str, Any]:
    """A comment is posted and screened; the event that says so."""
    await set_up(house, host, **policy)
    async with screening(worker_of(house)):
        comment = (await posted(house, body))["comment"]["id"]
        return await happened(house, comment)


# --- before and after ---


async def test_a_comment_waits_until_the_screener_lets_it_pass(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    answer = await posted(house)
    comment = answer["comment"]["id"]
    assert host.requests == [], "nobody is asked during the request"
    assert await house.rows() == []
    assert await held(house) == [{"kind": "screening", "name": "unanswered"}]
    own = (await house.get(f"{PAGE}/me", ADA)).json()["pending"]
    assert [one["held_by"] for one in own] == [{"kind": "screening", "name": "unanswered"}]
    async with screening(worker_of(house)):
        event = await happened(house, comment)
    assert (event["actor"], event["data"]["verdict"]) == ({"kind": "system", "id": "screening"}, "approve")
    assert [row["body"] for row in await house.rows()] == ["First words."]
    assert await held(house) == []
    (request,) = host.requests
    assert request.json["comment"]["body"] == "First words."
    assert request.json["author"]["id"] == "ada"


async def test_a_comment_that_the_screener_holds_waits_for_a_moderator_and_its_author_reads_why(
    house: House, host: ScreenerHost
) -> None:
    host.reply = saying("hold", reason="It looks like an advertisement.", note="0.93")
    await screened(house, host)
    (item,) = (await house.get("moderation/queue", MOD)).json()["items"]
    assert item["held_by"] == {"kind": "screening", "name": "held"}
    assert item["comment"]["moderation"]["note"] == "0.93"
    (own,) = (await house.get(f"{PAGE}/me", ADA)).json()["pending"]
    assert own["held_by"] == {"kind": "screening", "name": "held", "reason": "It looks like an advertisement."}
    await house.decide(item["comment"]["id"], "approve")


async def test_a_comment_that_the_screener_rejects_is_rejected_with_a_statement(
    house: House, host: ScreenerHost
) -> None:
    host.reply = saying("reject", code="hatred", reason="It incites.")
    comment = (await screened(house, host))["comment"]
    assert await status(house, comment) == "rejected"
    (own,) = (await house.get(f"{PAGE}/me", ADA)).json()["rejected"]
    said = own["decision"]
    assert (said["automated"], said["code"], said["ground"], said["reason"]) == (True, "hatred", "law", "It incites.")
    answer = await house.ask("POST", f"{at(comment)}/appeal", ADA, {"text": "It is a quotation."})
    assert answer.status_code == 201, answer.text


async def test_where_the_policy_says_so_a_comment_is_published_first_and_taken_down_after(
    house: House, host: ScreenerHost
) -> None:
    host.reply = saying("reject", spam=True)
    await set_up(house, host, when="after")
    comment = (await posted(house))["comment"]["id"]
    assert [row["id"] for row in await house.rows()] == [comment]
    async with screening(worker_of(house)):
        await happened(house, comment)
    assert await status(house, comment) == "rejected"


async def test_an_edit_is_screened_while_the_text_before_it_stands(house: House, host: ScreenerHost) -> None:
    comment = (await screened(house, host))["comment"]
    host.reply = saying("reject")
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "Buy now."}, If_Match='"1"')
    assert answer.json()["waiting"]["held_by"] == {"kind": "screening", "name": "unanswered"}
    async with screening(worker_of(house)):
        await happened(house, comment, "comment.rejected")
    assert [row["body"] for row in await house.rows()] == ["First words."]


async def test_staff_are_not_screened(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    await posted(house, who=MOD)
    assert [row["body"] for row in await house.rows()] == ["First words."]


# --- who was first ---


async def test_a_decision_of_staff_that_comes_first_wins(house: House, host: ScreenerHost) -> None:
    host.reply = saying("reject")
    host.hang()
    await set_up(house, host)
    async with screening(worker_of(house)) as worker:
        comment = (await posted(house))["comment"]["id"]
        with anyio.fail_after(BOUND):
            await host.asked.wait()
        await house.decide(comment, "approve")
        host.open.set()
        await until(lambda: worker.number_due == 0)
    assert await status(house, comment) == "published"


async def test_an_edit_during_the_screening_makes_the_answer_void_and_is_screened_itself(
    house: House, host: ScreenerHost
) -> None:
    host.reply = lambda one: saying("reject" if one.json["comment"]["revision"] == 1 else "approve")(one)
    host.hang()
    await set_up(house, host)
    async with screening(worker_of(house)):
        comment = (await posted(house))["comment"]["id"]
        with anyio.fail_after(BOUND):
            await host.asked.wait()
        answer = await house.ask("PATCH", at(comment), ADA, {"body": "Other words."}, If_Match='"1"')
        assert answer.status_code == 200
        host.open.set()
        event = await happened(house, comment)
    assert event["revision"] == 2
    assert [row["body"] for row in await house.rows()] == ["Other words."]


# --- a screener that fails ---

FAILING: Final = {
    "malformed": http(b"ok"),
    "status": http(b"", "302 Found", "Location: http://127.0.0.1:1/"),
    "large": http(b"x" * 70_000),
}


@pytest.mark.parametrize("cause", FAILING)
async def test_a_screener_that_fails_leaves_the_text_to_a_moderator_and_the_event_says_why(
    house: House, host: ScreenerHost, cause: str
) -> None:
    host.reply = lambda _: FAILING[cause]
    event = await screened(house, host, deadline=1)
    assert (event["data"]["failed"], event["data"]["verdict"]) == (cause, "hold")
    assert await held(house) == [{"kind": "screening", "name": "failed"}]


async def test_a_screener_that_is_down_leaves_the_text_to_a_moderator(house: House, host: ScreenerHost) -> None:
    async with screener_host() as gone:
        port = gone.port
    host.port = port
    assert (await screened(house, host, deadline=1))["data"]["failed"] == "unreachable"


async def test_a_screener_that_leads_inwards_is_not_asked(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    worker = worker_of(house, client=HttpClient())
    async with screening(worker):
        event = await happened(house, (await posted(house))["comment"]["id"])
    assert event["data"]["failed"] == "refused"
    assert host.requests == []


async def test_where_the_policy_says_so_a_text_is_published_when_the_screener_fails(
    house: House, host: ScreenerHost
) -> None:
    host.reply = lambda _: http(b"ok")
    event = await screened(house, host, on_failure="publish")
    assert event["data"] == event["data"] | {"failed": "malformed", "verdict": "approve"}
    assert len(await house.rows()) == 1


async def test_an_answer_about_another_text_is_none(house: House, host: ScreenerHost) -> None:
    host.reply = saying("approve", comment="another", revision=7)
    assert (await screened(house, host))["data"]["failed"] == "malformed"


async def test_an_answer_that_comes_too_late_is_none(house: House, host: ScreenerHost) -> None:
    host.hang()
    assert (await screened(house, host, deadline=1))["data"]["failed"] == "late"


async def test_a_failure_that_may_pass_is_tried_again_under_the_same_id(house: House, host: ScreenerHost) -> None:
    host.reply = lambda one: http(b"", "503 Busy") if len(host.requests) < 2 else saying("approve")(one)
    assert "failed" not in (await screened(house, host))["data"]
    assert len(host.requests) == 2
    assert len({one.headers["webhook-id"] for one in host.requests}) == 1


async def test_without_a_screener_the_policy_decides(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    await house.ask("DELETE", "screening", ADMIN)
    async with screening(worker_of(house)):
        event = await happened(house, (await posted(house))["comment"]["id"])
    assert event["data"]["failed"] == "unconfigured"


async def test_a_screener_that_was_sealed_with_another_key_is_not_asked(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    other = Screeners(house.deployment.calls, house.deployment.keys, "another key of thirty-two bytes !")
    house.services = replace(house.services, screeners=other)
    async with screening(worker_of(house)):
        event = await happened(house, (await posted(house))["comment"]["id"])
    assert event["data"]["failed"] == "sealed"
    assert host.requests == []


async def test_texts_that_wait_when_the_policy_screens_no_more_are_judged_as_theirs_said(
    house: House, host: ScreenerHost
) -> None:
    await set_up(house, host, on_failure="publish")
    comment = (await posted(house))["comment"]["id"]
    await house.ask("PATCH", "policy", ADMIN, {"screening": None})
    async with screening(worker_of(house)):
        event = await happened(house, comment)
    assert (event["data"]["failed"], event["data"]["verdict"]) == ("off", "approve")
    assert host.requests == []


async def test_after_five_failures_a_screener_is_left_alone_for_a_while_and_then_tried_again(
    house: House, host: ScreenerHost
) -> None:
    now = 0.0
    host.reply = lambda _: http(b"garbage")
    await set_up(house, host)
    causes = []
    async with screening(worker_of(house, clock=lambda: now)) as worker:
        for number in range(6):
            event = await happened(house, (await posted(house, f"Text {number}."))["comment"]["id"])
            causes.append(event["data"]["failed"])
        assert causes == ["malformed"] * 5 + ["breaker"]
        assert worker.asker.open_breakers == 1
        assert len(host.requests) == 5
        now, host.reply = 31.0, saying("approve")
        event = await happened(house, (await posted(house, "Another text."))["comment"]["id"])
        assert "failed" not in event["data"]
        assert worker.asker.open_breakers == 0


async def test_requests_given_up_with_a_partition_do_not_count_against_the_screener(
    house: House, host: ScreenerHost
) -> None:
    await set_up(house, host)
    host.hang()
    async with screening(worker_of(house)) as worker:
        texts = [(await posted(house, f"Text {number}."))["comment"]["id"] for number in range(FAILURES + 1)]
        await until(lambda: len(host.requests) == len(texts))
        # Another process takes the partition, and ends.
        partition = partition_of(SITE, THREAD, PARTITIONS)
        other = Leases(house.deployment.calls, house.deployment.keys, "other", of=SCREENING)
        await house.deployment.calls.call("DEL", house.deployment.keys[partition].screening_lease)
        nonce = await other.take(partition)
        assert nonce is not None
        await until(lambda: partition not in worker.owned)
        await other.release(partition, nonce)
        host.open.set()
        for comment in texts:
            assert (await happened(house, comment))["data"].get("failed") is None
        assert worker.asker.open_breakers == 0
    assert len(host.requests) == 2 * len(texts)


async def test_a_slow_screener_holds_back_no_other_site(house: House, host: ScreenerHost) -> None:
    host.hang()
    await set_up(house, host)
    async with screener_host() as other:
        house.serve(replace(house.services, private_hosts=LOOPBACK))
        await house.open_site(site="orangery", screening={"when": "before", "deadline": 60, "on_failure": "hold"})
        root = "/v1/sites/orangery"
        given = {"url": other.url, "shape": "hansard", "secret": SECRET}
        asked = await house.client.put(f"{root}/screening", json=given, headers=bearer(ADMIN, "orangery"))
        assert asked.status_code == 200, asked.text
        article = {"url": "https://kew.example/tea", "title": "Tea"}
        await house.client.put(f"{root}/threads/tea", json=article, headers=bearer(MOD, "orangery"))
        async with screening(worker_of(house, per_site=1, at_once=2)):
            await posted(house, "One.")
            await posted(house, "Two.")
            with anyio.fail_after(BOUND):
                await host.asked.wait()
            said = {"body": "Words of the other site."}
            answer = await house.client.post(f"{root}/threads/tea/comments", json=said, headers=bearer(ADA, "orangery"))
            assert answer.status_code == 201, answer.text
            await until(lambda: len(other.requests) == 1)
            assert len(host.requests) == 1, "one at a time of a site"
            host.open.set()
            await until(lambda: len(host.requests) == 2)


def bearer(who: Who, site: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(who, site)}"}


async def test_beyond_the_backlog_the_screener_is_not_asked(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    comments = [(await posted(house, f"Text {number}."))["comment"]["id"] for number in range(3)]
    async with screening(worker_of(house, backlog=2)):
        events = [await happened(house, comment) for comment in comments]
    failed = [event["data"].get("failed") for event in events]
    assert failed.count("backlog") == 1
    assert len(host.requests) == 2


# --- crashes, restarts, replays ---


async def test_a_crash_between_asking_and_recording_asks_again_under_the_same_id_and_decides_once(
    house: House, host: ScreenerHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(house, host)
    comment = (await posted(house))["comment"]["id"]
    crashed = anyio.Event()

    async def crash(*_: Any, **__: Any) -> None:
        crashed.set()
        await anyio.sleep_forever()

    with monkeypatch.context() as patched:
        patched.setattr(module, "transact", crash)
        async with screening(worker_of(house)):
            with anyio.fail_after(BOUND):
                await crashed.wait()
    host.reply = saying("reject")
    async with screening(worker_of(house, "two")):
        await happened(house, comment, "comment.rejected")
    assert len({one.headers["webhook-id"] for one in host.requests}) == 1
    events = (await house.get(f"audit?comment={comment}", AUDITOR)).json()["events"]
    assert [one["type"] for one in events] == ["comment.posted", "comment.screened", "comment.rejected"]


async def test_a_crash_after_recording_asks_nobody_again(
    house: House, host: ScreenerHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(house, host)
    comment = (await posted(house))["comment"]["id"]

    async def crash(*_: Any, **__: Any) -> bool:
        await anyio.sleep_forever()
        return False

    with monkeypatch.context() as patched:
        patched.setattr(DueStore, "strike", crash)
        async with screening(worker_of(house)):
            await happened(house, comment)
    async with screening(worker_of(house, "two")) as worker:
        await until(lambda: worker.number_due == 0 and len(worker.owned) == 3)
        await house.deployment.calls.call("PING")
    assert len(host.requests) == 1


async def test_texts_that_were_written_while_no_screener_ran_are_screened_when_one_does(
    house: House, host: ScreenerHost
) -> None:
    await set_up(house, host)
    comments = [(await posted(house, f"Text {number}."))["comment"]["id"] for number in range(4)]
    async with screening(worker_of(house)):
        for comment in comments:
            await happened(house, comment)
    assert len(await house.rows()) == 4


async def test_the_log_is_looked_at_from_its_beginning_where_its_cursor_is_gone_and_nobody_is_asked_twice(
    house: House, host: ScreenerHost
) -> None:
    comment = (await screened(house, host))["comment"]
    keys = house.deployment.keys
    for partition in keys:
        await house.deployment.calls.call("DEL", partition.screening_cursor)
        await house.deployment.calls.call("DEL", partition.screening_due)
    async with screening(worker_of(house)):
        other = (await posted(house, "Other words."))["comment"]["id"]
        await happened(house, other)
    assert [one.json["comment"]["id"] for one in host.requests] == [comment, other]


async def test_a_replay_of_the_log_gives_the_same_page_and_asks_nobody(house: House, host: ScreenerHost) -> None:
    host.reply = lambda one: saying("reject" if "Buy" in one.json["comment"]["body"] else "approve")(one)
    await set_up(house, host)
    async with screening(worker_of(house)):
        for body in ("First words.", "Buy now.", "More words."):
            await happened(house, (await posted(house, body))["comment"]["id"])
    asked = len(host.requests)
    number = house.deployment.keys.of(SITE, THREAD).number
    entries = await house.log.read(number, START, limit=1000)
    events = [one for one in (decode(*entry) for entry in entries) if one.envelope.thread == THREAD]
    replayed = fold(ThreadState(site=SITE, id=THREAD), events)
    shown = {row["body"] for row in await house.rows()}
    assert {row.texts[row.standing].body for row in replayed.rows.values() if row.published and row.standing} == shown
    assert shown == {"First words.", "More words."}
    assert len(host.requests) == asked


# --- feedback ---


async def test_akismet_is_told_of_spam_that_it_let_pass_and_of_ham_that_it_held(
    house: House, host: ScreenerHost
) -> None:
    host.reply = lambda one: http(b"true" if b"Buy" in one.body else b"false")
    await set_up(house, host, shape="akismet")
    async with screening(worker_of(house)) as worker:
        spam = (await posted(house, "First words."))["comment"]["id"]
        ham = (await posted(house, "Buy two trains.", BEN))["comment"]["id"]
        for comment in (spam, ham):
            await happened(house, comment)
        await house.decide(spam, "reject", spam=True)
        await house.decide(ham, "approve")
        await until(lambda: len(host.requests) == 4 and worker.number_due == 0)
    told = {one.path: b"Buy" in one.body for one in host.requests[2:]}
    assert told == {"/hook/submit-spam": False, "/hook/submit-ham": True}


async def test_a_decision_that_agrees_with_the_screener_is_not_told(house: House, host: ScreenerHost) -> None:
    await set_up(house, host)
    async with screening(worker_of(house)) as worker:
        comment = (await posted(house))["comment"]["id"]
        await happened(house, comment)
        await house.decide(comment, "reject", reason="Off topic.")
        other = (await posted(house, "Other words."))["comment"]["id"]
        await happened(house, other)
        await until(lambda: worker.number_due == 0)
    assert [one.json["type"] for one in host.requests] == ["text.written", "text.written"]


async def test_what_the_screener_was_not_told_is_tried_again_under_the_same_id(
    house: House, host: ScreenerHost
) -> None:
    before = metrics.SCREENING_FEEDBACK.labels("ok")._value.get()
    host.reply = saying("hold")
    comment = (await screened(house, host))["comment"]
    told = []

    def reply(one: Any) -> bytes:
        told.append(one.headers["webhook-id"])
        return http(b"", "503 Busy") if len(told) == 1 else http(b"", "204 No Content")

    host.reply = reply
    async with screening(worker_of(house)) as worker:
        await house.decide(comment, "approve")
        await until(lambda: len(told) == 2 and worker.number_due == 0)
    assert len(set(told)) == 1
    assert json.loads(host.requests[-1].body)["decision"] == "approve"
    assert metrics.SCREENING_FEEDBACK.labels("ok")._value.get() == before + 1
