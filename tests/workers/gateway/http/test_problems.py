"""Every problem type, as an answer over HTTP: here, but for those that the tests of other modules meet."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

import pytest

import core
import projections
from core.policy import STAFF_ONLY
from core.refusals import Refusal, Unavailable
from projections.read import pages
from tests.support.house import ADA, ADMIN, AUDITOR, BEN, GUEST, MOD, SUBSCRIBER, THREAD, House, at, problem
from workers import gateway
from workers.gateway.http.problems import ALL, KINDS, NOT_OVER_HTTP, reply
from workers.gateway.http.refusals import MethodNotAllowed

COMMENTS = f"threads/{THREAD}/comments"


async def post(house: House, who: Any, **body: Any) -> Any:
    return await house.ask("POST", COMMENTS, who, {"body": "Words.", **body})


async def policy(house: House, **changes: Any) -> None:
    answer = await house.ask("PATCH", "policy", ADMIN, changes)
    assert answer.status_code == 200, answer.text


async def status(house: House, to: str) -> None:
    answer = await house.ask("PUT", f"threads/{THREAD}/status", MOD, {"status": to})
    assert answer.status_code == 200, answer.text


async def test_who_has_not_the_entitlement_is_told_which(house: House) -> None:
    await policy(house, comment="entitled")
    told = problem(await post(house, ADA), 403, "not-entitled")
    assert told["needs"] == "subscriber"
    assert (await post(house, SUBSCRIBER)).status_code == 201


async def test_guests_write_only_where_anyone_may(house: House) -> None:
    problem(await post(house, GUEST), 403, "not-allowed")
    await policy(house, comment="anyone")
    assert (await post(house, GUEST)).status_code == 201


async def test_auditors_write_nothing(house: House) -> None:
    comment = await house.post(ADA)
    problem(await post(house, AUDITOR), 403, "not-allowed")
    problem(await house.ask("PUT", f"{at(comment)}/vote", AUDITOR, {"value": 1}), 403, "not-allowed")


async def test_who_is_suspended_is_told_until_when(house: House) -> None:
    until = "2043-10-29T11:20:00.000Z"
    suspension = {"until": until, "reason": "Insults."}
    assert (await house.ask("PUT", "members/ada/suspension", MOD, suspension)).status_code == 200
    assert problem(await post(house, ADA), 403, "suspended")["until"] == until
    forever = await house.ask("PUT", "members/ada/suspension", MOD, {"reason": "Insults."})
    assert forever.status_code == 200
    assert problem(await post(house, ADA), 403, "suspended")["until"] is None
    own = (await house.get("members/ada", ADA)).json()["member"]
    assert (own["suspension"]["until"], own["suspension"]["reason"]) == (None, "Insults.")
    assert "by_role" not in own["suspension"]
    assert (await house.ask("DELETE", "members/ada/suspension", MOD)).status_code == 200
    assert (await post(house, ADA)).status_code == 201


async def test_a_suspension_ends_in_the_future_at_a_time(house: House) -> None:
    for until in ("2001-01-01T00:00:00Z", "tomorrow"):
        body = {"until": until, "reason": "a"}
        told = problem(await house.ask("PUT", "members/ada/suspension", MOD, body), 400, "bad-request")
        assert told["errors"][0]["pointer"] == "/until"


async def test_after_the_window_nobody_edits(house: House) -> None:
    await policy(house, edit_window=0)
    comment = await house.post(ADA)
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "b"}, If_Match='"1"')
    problem(answer, 403, "edit-window-over")


async def test_votes_may_be_off_and_are_not_for_ones_own_words(house: House) -> None:
    comment = await house.post(ADA)
    problem(await house.ask("PUT", f"{at(comment)}/vote", ADA, {"value": 1}), 403, "own-vote")
    await policy(house, votes=False)
    problem(await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}), 403, "votes-off")


async def test_nobody_edits_withdraws_or_restores_for_another(house: House) -> None:
    comment = await house.post(ADA)
    problem(await house.ask("PATCH", at(comment), BEN, {"body": "b"}, If_Match='"1"'), 403, "not-allowed")
    problem(await house.ask("DELETE", at(comment), MOD), 403, "not-allowed")
    problem(await house.ask("POST", f"{at(comment)}/restoration", BEN), 403, "not-allowed")


async def test_moderation_is_for_moderators(house: House) -> None:
    comment = await house.post(ADA)
    verdict = {"verdict": "reject", "revision": 1}
    for who in (ADA, BEN, AUDITOR, ADMIN):
        problem(await house.ask("POST", f"{at(comment)}/decisions", who, verdict), 403, "not-allowed")
        problem(await house.ask("PUT", f"{at(comment)}/featured", who), 403, "not-allowed")
        redaction = await house.ask("PUT", f"{at(comment)}/revisions/1/redaction", who, {"reason": "a"})
        problem(redaction, 403, "not-allowed")
        problem(await house.ask("PUT", f"threads/{THREAD}/status", who, {"status": "closed"}), 403, "not-allowed")
        problem(await house.ask("PUT", "members/eve/suspension", who, {"reason": "a"}), 403, "not-allowed")
        many = {"decisions": [{"thread": THREAD, "comment": comment, **verdict}]}
        problem(await house.ask("POST", "moderation/decisions", who, many), 403, "not-allowed")
    problem(await house.ask("PATCH", "policy", MOD, {"votes": False}), 403, "not-allowed")


async def test_what_was_decided_on_another_screen_is_stale(house: House) -> None:
    comment = await house.post(ADA)
    decisions = f"{at(comment)}/decisions"
    told = problem(await house.ask("POST", decisions, MOD, {"verdict": "reject", "revision": 2}), 409, "stale-revision")
    assert told["current"] == 1
    body = {"verdict": "reject", "revision": 1, "status": "pending"}
    told = problem(await house.ask("POST", decisions, MOD, body), 409, "stale-status")
    assert told["current"] == "published"


async def test_an_edit_of_another_revision_carries_the_current_one(house: House) -> None:
    comment = await house.post(ADA)
    for wrong in ('"2"', 'W/"2"', '"abc"', '"2", "3"'):
        answer = await house.ask("PATCH", at(comment), ADA, {"body": "b"}, If_Match=wrong)
        assert problem(answer, 412, "stale-revision")["current"] == 1


async def test_one_of_several_revisions_that_an_edit_names_has_to_be_the_latest(house: House) -> None:
    comment = await house.post(ADA)
    both: Any = {"If_Match": '"2", "1"', "Idempotency_Key": "both"}
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "b"}, **both)
    assert (answer.status_code, answer.json()["comment"]["revision"]) == (200, 2)
    # Revision 2 is named, too, and is the latest now; a repeat edits nothing all the same.
    again = await house.ask("PATCH", at(comment), ADA, {"body": "b"}, **both)
    assert again.json()["position"] == answer.json()["position"]
    other = await house.ask("PATCH", at(comment), ADA, {"body": "b"}, If_Match='"2"', Idempotency_Key="both")
    problem(other, 422, "idempotency-key-reused")


async def test_a_closed_thread_takes_no_words_and_an_archived_one_no_votes(house: House) -> None:
    comment = await house.post(ADA)
    await status(house, "closed")
    problem(await post(house, BEN), 409, "thread-closed")
    problem(await house.ask("PATCH", at(comment), ADA, {"body": "b"}, If_Match='"1"'), 409, "thread-closed")
    assert (await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})).status_code == 200
    await status(house, "archived")
    problem(await post(house, BEN), 409, "thread-archived")
    problem(await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": -1}), 409, "thread-archived")
    back = await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 0})
    assert (back.status_code, back.json()["comment"]["votes"]["score"]) == (200, 0)
    problem(await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"}), 409, "thread-archived")
    assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200


async def test_a_closed_question_takes_no_comments_and_an_unknown_one_is_no_question(house: House) -> None:
    anchor = {"quote": {"exact": "The palms"}, "prompt": "How tall?", "status": "open"}
    path = f"threads/{THREAD}/anchors/q1"
    assert (await house.ask("PUT", path, MOD, anchor)).status_code == 201
    assert (await house.ask("PUT", path, MOD, anchor)).status_code == 200
    assert (await post(house, ADA, anchor="q1")).status_code == 201
    assert (await house.ask("PUT", path, MOD, {**anchor, "status": "closed"})).status_code == 200
    problem(await post(house, ADA, anchor="q1"), 409, "anchor-closed")
    told = problem(await post(house, ADA, anchor="q2"), 400, "bad-request")
    assert told["errors"][0]["pointer"] == "/anchor"


async def test_nobody_answers_votes_on_or_reports_what_is_taken_down(house: House) -> None:
    comment = await house.post(ADA)
    await house.decide(comment, "reject")
    problem(await post(house, BEN, parent=comment), 409, "parent-not-published")
    problem(await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1}), 409, "comment-not-published")
    report = await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "spam"})
    problem(report, 409, "comment-not-published")


async def test_what_nobody_saw_cannot_be_acted_on_by_others(house: House) -> None:
    await policy(house, premoderation="all")
    pending = await house.post(ADA)
    problem(await post(house, BEN, parent=pending), 422, "unknown-parent")
    problem(await house.ask("PUT", f"{at(pending)}/vote", BEN, {"value": 1}), 404, "not-found")
    problem(await house.ask("POST", f"{at(pending)}/reports", BEN, {"reason": "spam"}), 404, "not-found")
    problem(await house.ask("PATCH", at(pending), BEN, {"body": "b"}, If_Match='"1"'), 404, "not-found")
    verdict = {"verdict": "approve", "revision": 1}
    problem(await house.ask("POST", f"{at(pending)}/decisions", BEN, verdict), 404, "not-found")
    problem(await post(house, ADA, parent=pending), 409, "parent-not-published")


async def test_a_parent_is_in_the_same_thread(house: House) -> None:
    comment = await house.post(ADA)
    await house.open_thread("tea")
    answer = await house.ask("POST", "threads/tea/comments", BEN, {"body": "a", "parent": comment})
    problem(answer, 422, "unknown-parent")
    problem(await post(house, BEN, parent="nothing"), 422, "unknown-parent")


async def test_a_withdrawn_comment_is_not_edited(house: House) -> None:
    comment = await house.post(ADA)
    assert (await house.ask("DELETE", at(comment), ADA)).status_code == 200
    answer = await house.ask("PATCH", at(comment), ADA, {"body": "b"}, If_Match='"1"')
    problem(answer, 409, "comment-withdrawn")


async def test_a_published_text_is_not_redacted_and_a_redacted_one_not_approved(house: House) -> None:
    comment = await house.post(ADA)
    redaction = f"{at(comment)}/revisions/1/redaction"
    problem(await house.ask("PUT", redaction, MOD, {"reason": "a"}), 409, "revision-published")
    await house.decide(comment, "reject")
    assert (await house.ask("PUT", redaction, MOD, {"reason": "a"})).status_code == 200
    answer = await house.ask("POST", f"{at(comment)}/decisions", MOD, {"verdict": "approve", "revision": 1})
    problem(answer, 409, "revision-redacted")
    missing = await house.ask("PUT", f"{at(comment)}/revisions/2/redaction", MOD, {"reason": "a"})
    problem(missing, 404, "not-found")


async def test_a_text_has_something_to_see_and_is_not_too_long(house: House) -> None:
    await policy(house, max_body=10)
    for empty in ("", "  \n", "\u200b", "\u202e\u0000"):
        problem(await post(house, ADA, body=empty), 422, "body-empty")
    told = problem(await post(house, ADA, body="eleven long"), 422, "body-too-long")
    assert told["limit"] == 10
    assert (await post(house, ADA, body="ten\u202e  long")).status_code == 201


async def test_where_replies_are_off_none_is_taken(house: House) -> None:
    comment = await house.post(ADA)
    await policy(house, max_depth=0)
    problem(await post(house, BEN, parent=comment), 403, "not-allowed")


async def test_a_title_and_an_address_are_those_of_an_article(house: House) -> None:
    for body, pointer in (
        ({"url": "ftp://kew.example/a", "title": "A"}, "/url"),
        ({"url": "javascript:alert(1)", "title": "A"}, "/url"),
        ({"url": "https://kew.example/a", "title": " \u200b"}, "/title"),
    ):
        told = problem(await house.ask("PUT", "threads/new", MOD, body), 400, "bad-request")
        assert told["errors"][0]["pointer"] == pointer


async def test_only_an_article_of_the_publication_opens_a_thread_with_its_first_comment(house: House) -> None:
    first = {"body": "First!", "url": "https://kew.example/fern", "title": "Ferns"}
    problem(await house.ask("POST", "threads/fern/comments", ADA, first), 422, "url-not-allowed")
    await policy(house, origins=["https://kew.example"])
    evil = {**first, "url": "https://kew.example.evil.example/fern"}
    length = await house.length()
    told = problem(await house.ask("POST", "threads/fern/comments", ADA, evil), 422, "url-not-allowed")
    assert [error["pointer"] for error in told["errors"]] == ["/url"]
    problem(await house.ask("PUT", "threads/fern", MOD, {"url": evil["url"], "title": "A"}), 422, "url-not-allowed")
    lacking = await house.ask("POST", "threads/fern/comments", ADA, {"body": "First!", "title": "Ferns"})
    told = problem(lacking, 409, "thread-not-opened")
    assert [error["pointer"] for error in told["errors"]] == ["/url"]
    assert await house.length() == length
    problem(await house.get("threads/fern"), 404, "not-found")
    answer = await house.ask("POST", "threads/fern/comments", ADA, first)
    assert answer.status_code == 201
    position = answer.json()["position"]
    page = (await house.get(f"threads/fern?after={position}")).json()
    assert (page["thread"]["url"], page["thread"]["comments"]) == (first["url"], 1)
    later = await house.ask("POST", "threads/fern/comments", ADA, {**evil, "title": "Mine"})
    assert later.status_code == 201
    page = (await house.get(f"threads/fern?after={later.json()['position']}")).json()
    assert page["thread"]["url"] == first["url"]
    (thread,) = (await house.get("threads?opened_by=member", MOD)).json()["threads"]
    assert (thread["title"], thread["unverified_title"]) == (None, "Ferns")


async def test_a_thread_that_a_first_comment_may_open_answers_by_the_policy_of_the_site(house: House) -> None:
    for who, path in ((None, "policy"), (ADA, "me")):
        problem(await house.get(f"threads/fern/{path}", who), 404, "not-found")
    # Staff opens threads where no origins are named, too.
    assert (await house.get("threads/fern/me", MOD)).json()["opened"] is False
    await policy(house, origins=["https://kew.example"], max_body=99, votes=False)
    answer = await house.get("threads/fern/policy")
    site = (await house.get("", ADMIN)).json()["policy"]
    public = {name: value for name, value in site.items() if name not in STAFF_ONLY}
    assert answer.json() == {**public, "overrides": {}, "opened": False}
    assert answer.headers["etag"]
    told = (await house.get("threads/fern/me", ADA)).json()
    assert told == {
        "pending": [],
        "rejected": [],
        "votes": {},
        "refusals": {"comment": None, "vote": told["refusals"]["vote"]},
        "opened": False,
        "caller": {"id": "ada", "name": "Ada", "kind": "member", "roles": []},
        "now": told["now"],
        "withdrawn": [],
        "reports": [],
        "warning": None,
    }
    assert told["refusals"]["vote"]["type"] == "/problems/votes-off"
    guest = (await house.get("threads/fern/me", GUEST)).json()
    assert guest["refusals"]["comment"]["type"] == "/problems/not-allowed"
    for path in ("threads/fern", "threads/fern/anchors", "threads/fern?at=2023-10-29T00:00:00Z"):
        problem(await house.get(path), 404, "not-found")
    for who, path in ((None, "policy"), (ADA, "me")):
        problem(await house.get(f"/v1/sites/nowhere/threads/fern/{path}", who), 404, "not-found")
    first = {"body": "First!", "url": "https://kew.example/fern", "title": "Ferns"}
    assert (await house.ask("POST", "threads/fern/comments", ADA, first)).status_code == 201
    opened = await house.get("threads/fern/policy", If_None_Match=answer.headers["etag"])
    assert (opened.status_code, opened.json()) == (200, {**public, "overrides": {}})
    assert (await house.get("threads/fern/me", ADA)).json()["opened"] is True


async def test_a_defect_is_told_by_its_request_id_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("secret words")

    monkeypatch.setattr(pages, "page", broken)
    answer = await house.get(f"threads/{THREAD}")
    told = problem(answer, 500, "internal")
    assert set(told) == {"type", "title", "status", "detail", "request"}
    assert re.fullmatch("[0-9a-f]{16}", told["request"])
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_every_problem_type_stands_in_a_test_of_the_gateway() -> None:
    gateway = Path(__file__).parents[1]
    stories = gateway.parents[1] / "policy"
    said = "".join(path.read_text() for here in (gateway, stories) for path in here.rglob("test_*.py"))
    assert {kind for kind in ALL if f'"{kind.slug}"' not in said} == set()


def descendants(kind: type[Exception]) -> set[type[Exception]]:
    """Every class that is one of these, itself included."""
    return {kind}.union(*(descendants(one) for one in kind.__subclasses__()))


def ours_of(*packages: ModuleType) -> set[type[Exception]]:
    """Every exception class that is declared in these packages."""
    for package in packages:
        for found in walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                import_module(found.name)
    names = tuple(f"{package.__name__}." for package in packages)
    return {one for one in descendants(Exception) if one.__module__.startswith(names)}


REFUSED = {one for one in ours_of(core, projections, gateway) if issubclass(one, Refusal)} - {Refusal}


@pytest.mark.parametrize("kind", sorted(REFUSED, key=str))
def test_every_refusal_has_its_answer(kind: type[Refusal]) -> None:
    if kind in NOT_OVER_HTTP:
        assert kind not in KINDS
        return
    found = KINDS[kind]
    assert found.slug == kind.code
    if issubclass(kind, Unavailable):
        assert (found.slug, found.status) == ("unavailable", 503)
    raised = kind.__new__(kind)
    Refusal.__init__(raised, "because")
    if kind is not MethodNotAllowed:
        headers = dict(reply(raised).headers)
        assert (b"retry-after" in headers) == (found.status in (429, 503))


DEFECTS = {
    *("BrokenChain", "LogDiverged", "Hole"),  # the log is not whole: logged, and never passed over
    *("CannotApply", "UnknownShape"),  # reads of the past answer them with 503 (test_parked.py)
    "UnreadableContact",  # a contact that another key sealed: told where it is read, which no call does yet
    "Unsealable",  # a screener that another key sealed: answered where it is read
    "BadPeriod",  # a period of figures: answered as a parameter that is wrong
    "UselessTerm",  # a change of a word list answers it as a field that is wrong
    "WordsLost",  # a refold and a rebuild, by the command line alone
    "UnreadableEntry",  # likewise, and the record tells of it in its place (test_damaged.py)
    *("CannotOpen", "BadAddress", "Unreachable", "UnfitServer", "Denied"),  # a start
    *("OtherDeployment", "HalfRestored"),  # likewise
    *(
        "PartialCommit",
        "Superseded",
        "Interrupted",
        "Exchanged",
        "Inconsistent",
        "_Again",
        "ViewsAhead",
    ),  # answered where raised
    "Trimmed",  # a resume of the feed is answered with a reset
    *("Trimmed", "NotOrdinary", "TooCostly"),  # likewise: a replay, a text
    "UnknownType",  # a restore
    *("ConcurrentWrite", "FactRefused", "PositionWanted"),  # an import, by the command line alone
}


def test_every_other_exception_of_core_and_projections_is_answered_or_known_not_to_come_here() -> None:
    others = {one for one in ours_of(core, projections) if not issubclass(one, Refusal)}
    assert {one.__name__ for one in others if one not in KINDS} == DEFECTS
