"""The document says what the table says, and what the table says is so."""

import json
import re
from typing import Any

import msgspec
import pytest

from core.caller import Actor
from core.events.envelope import Envelope, Recorded
from core.events.skip_events import UnknownEvent
from core.events.vote_events import VoteCast
from core.position import Position
from projections.audit.records import record_of
from tests.support.house import ADA, AUDITOR, BEN, MOD, SITE, THREAD, House, at
from workers.gateway.docs.openapi import document, problems_of
from workers.gateway.docs.reference import page
from workers.gateway.http import problems
from workers.gateway.http.preconditions import revisions_named
from workers.gateway.operations.operation import Operation
from workers.gateway.operations.table import OPERATIONS, by_path
from workers.gateway.shapes import comments as shapes
from workers.gateway.shapes import rows, staff, threads

DOCUMENT = document()
ROOT = "/v1/sites/{site}"
THREADS = f"{ROOT}/threads"
ONE = f"{THREADS}/{{thread}}"
COMMENT = f"{ONE}/comments/{{comment}}"

CONTRACT = {
    "/v1/sites": {"get"},
    ROOT: {"put", "get"},
    f"{ROOT}/keys": {"put"},
    f"{ROOT}/policy": {"get", "patch"},
    f"{ROOT}/guests": {"post"},
    f"{ROOT}/lists": {"get"},
    f"{ROOT}/lists/{{list}}": {"get", "put", "delete"},
    f"{ROOT}/screening": {"get", "put", "delete"},
    f"{ROOT}/notices": {"post"},
    f"{ROOT}/notices/{{reference}}": {"get"},
    THREADS: {"get"},
    ONE: {"put", "get"},
    f"{ONE}/status": {"put"},
    f"{ONE}/policy": {"get", "put"},
    f"{ONE}/me": {"get"},
    f"{ONE}/feed": {"get"},
    f"{ONE}/record": {"get"},
    f"{ONE}/check": {"get"},
    f"{ONE}/anchors": {"get"},
    f"{ONE}/anchors/{{anchor}}": {"put"},
    f"{ONE}/anchors/{{anchor}}/sighting": {"put"},
    f"{ONE}/comments": {"post"},
    COMMENT: {"get", "patch", "delete"},
    f"{COMMENT}/replies": {"get"},
    f"{ONE}/section": {"get"},
    f"{COMMENT}/restoration": {"post"},
    f"{COMMENT}/vote": {"put"},
    f"{COMMENT}/reports": {"post"},
    f"{COMMENT}/decisions": {"post"},
    f"{COMMENT}/revisions": {"get"},
    f"{COMMENT}/revisions/{{revision}}/redaction": {"put"},
    f"{COMMENT}/revisions/{{revision}}/removal-request": {"post", "delete"},
    f"{COMMENT}/appeal": {"post"},
    f"{COMMENT}/appeal/decision": {"put"},
    f"{ROOT}/members/{{member}}/suspension/appeal": {"post"},
    f"{ROOT}/members/{{member}}/suspension/appeal/decision": {"put"},
    f"{ROOT}/mine/seen": {"put"},
    f"{COMMENT}/featured": {"put", "delete"},
    f"{COMMENT}/pinned": {"put", "delete"},
    f"{COMMENT}/trail": {"get"},
    f"{ROOT}/moderation/decisions": {"post", "get"},
    f"{ROOT}/moderation/comments": {"get"},
    f"{ROOT}/moderation/summary": {"get"},
    f"{ROOT}/moderation/figures": {"get"},
    f"{ROOT}/policy/rehearsal": {"post"},
    f"{ROOT}/moderation/queue": {"get"},
    f"{ROOT}/moderation/anchors": {"get"},
    f"{ROOT}/moderation/batches/{{batch}}/reversal": {"post"},
    f"{ROOT}/moderation/votes": {"get"},
    f"{ROOT}/moderation/voids": {"post"},
    f"{ROOT}/moderation/hands": {"put", "delete"},
    f"{ROOT}/moderation/feed": {"get"},
    f"{ROOT}/counts": {"get"},
    f"{ROOT}/members": {"get"},
    f"{ROOT}/members/{{member}}": {"get"},
    f"{ROOT}/members/{{member}}/comments": {"get"},
    f"{ROOT}/members/{{member}}/suspension": {"put", "delete"},
    f"{ROOT}/members/{{member}}/standing": {"put"},
    f"{ROOT}/members/{{member}}/warnings": {"post"},
    f"{ROOT}/members/{{member}}/warnings/{{warning}}/acknowledgement": {"put"},
    f"{ROOT}/members/{{member}}/notes": {"get", "post"},
    f"{ROOT}/audit": {"get"},
    "/": {"get"},
    "/problems/{slug}": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/readyz/writes": {"get"},
    "/metrics": {"get"},
}


def test_every_call_of_the_contract_is_in_the_document_and_no_other() -> None:
    assert {path: set(methods) for path, methods in DOCUMENT["paths"].items()} == CONTRACT


@pytest.mark.parametrize("call", OPERATIONS, ids=lambda call: call.name)
def test_a_call_says_who_may_how_it_is_kept_and_what_it_may_be_refused_with(call: Operation) -> None:
    said = DOCUMENT["paths"][call.path][call.method.lower()]
    assert call.access.value in said["description"]
    assert call.caching.value in said["description"]
    slugs = {
        slug
        for answer in said["responses"].values()
        for slug in answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert slugs == {kind.slug for kind in problems_of(call)}
    assert slugs >= set(call.problems)
    for status, answer in said["responses"].items():
        assert answer["description"]
        if int(status) < 300:
            assert "Cache-Control" in answer["headers"]
    assert {int(status) for status in said["responses"]} >= set(call.statuses)
    named = {parameter["name"] for parameter in said.get("parameters", ())}
    assert ("Idempotency-Key" in named) == call.keyed
    assert ("If-Match" in named) == call.edits
    for parameter in said.get("parameters", ()):
        if parameter["name"] == "If-Match":
            pattern = re.compile(parameter["schema"]["pattern"])
            for header in ('"2"', 'W/"2"', '"2", W/"3"'):
                assert pattern.fullmatch(header)
                assert revisions_named(header.encode())


@pytest.mark.parametrize("call", OPERATIONS, ids=lambda call: call.name)
def test_the_examples_of_a_call_are_what_it_takes_and_gives(call: Operation) -> None:
    if call.body is not None:
        msgspec.convert(call.request_example, call.body)
    if call.answer is not None:
        assert call.example is not None
        msgspec.convert(call.example, call.answer)


def test_operations_have_names_of_their_own() -> None:
    names = [call.name for call in OPERATIONS]
    assert len(set(names)) == len(names)
    assert sum(map(len, by_path().values())) == len(names)


def test_a_slug_that_a_call_names_is_a_problem_type() -> None:
    known = {kind.slug for kind in problems.ALL}
    assert {slug for call in OPERATIONS for slug in call.problems} <= known


def test_a_feed_that_may_be_served_later_is_not_refused() -> None:
    feed = DOCUMENT["paths"][f"{ONE}/feed"]["get"]
    assert set(feed["responses"]) == {"200", "204", "400", "404", "408", "414", "429", "431", "500"}
    assert "10 to 60 s" in feed["description"]


def test_what_is_never_stored_is_not_said_to_be_kept() -> None:
    feed = DOCUMENT["paths"][f"{ONE}/feed"]["get"]["description"]
    assert "never stored" in feed
    assert "may store it" not in feed
    waiting = [
        said["description"]
        for methods in DOCUMENT["paths"].values()
        for said in methods.values()
        if "may store it" in said["description"] and "after" in {one["name"] for one in said.get("parameters", ())}
    ]
    assert len(waiting) == 6
    assert all("With `after`, it is never stored." in description for description in waiting)


def test_every_problem_type_is_told_with_its_status_by_some_call() -> None:
    told = {(kind.slug, kind.status) for call in OPERATIONS for kind in problems_of(call)}
    everywhere = {("method-not-allowed", 405), ("other-release", 410)}  # the second by files, which are no operation
    assert {(kind.slug, kind.status) for kind in problems.ALL} == told | everywhere


def test_what_goes_into_a_request_is_closed_and_bounded() -> None:
    bodies = [call.body for call in OPERATIONS if call.body is not None]
    _, components = msgspec.json.schema_components(bodies)
    for name, schema in components.items():
        # A key set is another standard's, and may say more than we keep.
        assert schema.get("additionalProperties") is False or name in ("Jwks", "Jwk"), name


def test_every_reference_leads_somewhere() -> None:
    text = msgspec.json.encode(DOCUMENT).decode()
    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in DOCUMENT["components"]["schemas"]


def test_the_page_for_people_needs_nothing_from_elsewhere() -> None:
    html = page(DOCUMENT)
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    for call in OPERATIONS:
        assert f'id="{call.name}"' in html
    for kind in problems.ALL:
        assert f'id="problems/{kind.slug}"' in html


async def test_the_documents_are_served(house: House) -> None:
    served = await house.get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.json()["openapi"] == "3.1.0"
    html = await house.get("/docs")
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in html.headers["content-security-policy"].split("; "))
    for directive in ("default-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy.pop(directive) == "'none'"
    assert policy == {"style-src": "'unsafe-inline'"}


def exactly(answer: Any, kind: Any) -> None:
    """The answer has just the fields of its shape."""
    told = answer.json()
    assert json.loads(msgspec.json.encode(msgspec.convert(told, kind))) == told


async def test_what_is_answered_has_the_shape_that_is_documented(house: House) -> None:
    anchor = {"quote": {"exact": "The palms"}, "prompt": "How tall?", "status": "open"}
    await house.ask("PUT", f"threads/{THREAD}/anchors/q1", MOD, anchor)
    comment = await house.post(ADA, "The Senat voted.", anchor="q1")
    reply = await house.post(BEN, "An answer.", parent=comment)
    edit = {"body": "The Senate voted.", "reason": "Typo"}
    await house.ask("PATCH", at(comment), ADA, edit, If_Match='"1"')
    await house.ask("POST", f"{at(comment)}/reports", BEN, {"reason": "abuse", "note": "Note."})
    await house.ask("PUT", f"{at(comment)}/vote", BEN, {"value": 1})
    rejected = await house.post(ADA, "Rejected.")
    await house.post(BEN, "Below it.", parent=rejected)
    await house.decide(rejected, "reject", reason="Reason.", note="Note.")
    exactly(await house.get(f"threads/{THREAD}"), rows.Page)
    exactly(await house.get(f"threads/{THREAD}?sort=top&limit=1&replies=0"), rows.Page)
    exactly(await house.get(at(reply), MOD), rows.Permalink)
    exactly(await house.get(at(rejected), ADA), rows.Permalink)
    exactly(await house.get(f"{at(comment)}/replies"), rows.RowList)
    exactly(await house.get(f"threads/{THREAD}/anchors"), threads.Anchors)
    exactly(await house.get(f"{at(comment)}/revisions?diff=words", MOD), shapes.Revisions)
    exactly(await house.get(f"threads/{THREAD}/me", ADA), shapes.Overlay)
    exactly(await house.get("moderation/queue?state=reported", MOD), staff.Queue)
    exactly(await house.get("members/ada/comments", MOD), rows.RowList)
    exactly(await house.get("members/ada", MOD), staff.MemberAnswer)
    exactly(await house.get("threads", MOD), rows.ThreadList)
    exactly(await house.get(f"{at(comment)}/trail", MOD), shapes.Events)
    exactly(await house.get("audit", AUDITOR), shapes.Events)
    exactly(await house.ask("PUT", f"{at(comment)}/featured", MOD), rows.Written)
    exactly(await house.ask("PUT", f"{at(comment)}/pinned", MOD), rows.Written)


def test_an_imported_event_is_told_with_both_its_times_and_an_unknown_one_by_its_name() -> None:
    envelope = Envelope(
        v=1,
        type="vote.cast",
        actor=Actor(kind="member", id="ada"),
        site=SITE,
        thread=THREAD,
        comment="c",
        revision=2,
        cause="import",
        at=1_600_000_000_000,
    )
    event = VoteCast(comment="c", revision=2, value=1)
    told = msgspec.to_builtins(record_of(Recorded(Position(1_700_000_000_000, 3), envelope, event), 7, {}))
    assert told == {
        "position": "1700000000000-3",
        "partition": 7,
        "at": "2023-11-14T22:13:20.000Z",
        "occurred_at": "2020-09-13T12:26:40.000Z",
        "type": "vote.cast",
        "actor": {"kind": "member", "id": "ada"},
        "site": SITE,
        "thread": THREAD,
        "comment": "c",
        "revision": 2,
        "data": {"value": 1, "cause": "import"},
    }
    newer = msgspec.structs.replace(envelope, type="comment.praised")
    unknown = Recorded(Position(1, 1), newer, UnknownEvent(name="comment.praised"))
    assert record_of(unknown, 0, {}).data == {"cause": "import"}
