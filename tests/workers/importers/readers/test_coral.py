"""Dumps of Coral: one tenant, chosen sites, archives, and what is damaged."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest

from tests.support.exports import Planned, planned_files
from workers.importers.source_records import UnfitFile

WHOSE = {"tenantID": "t1", "siteID": "s1"}


def when(text: str) -> dict[str, str]:
    return {"$date": f"2024-01-10T{text}Z"}


def story(number: int = 1, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {**WHOSE, "id": f"st-{number}", "url": f"https://gazette.example/{number}"}
    return given | {"metadata": {"title": "An article"}, "closedAt": False, "createdAt": when("08:00:00")} | fields


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"tenantID": "t1", "id": name, "username": name.title(), "email": f"{name}@mail.example"} | fields


def comment(number: int, *bodies: str, author: str | None = "ada", **fields: Any) -> dict[str, Any]:
    at = [when(f"09:0{number}:{10 * place:02}") for place in range(len(bodies) or 1)]
    revisions = [
        {"id": f"r{number}-{place}", "body": body, "createdAt": at[place - 1]} for place, body in enumerate(bodies, 1)
    ]
    given: dict[str, Any] = {**WHOSE, "id": f"c-{number}", "storyID": "st-1", "authorID": author, "parentID": None}
    given |= {"revisions": revisions, "status": "NONE", "initialStatus": "NONE", "tags": [], "createdAt": at[0]}
    return given | fields


def action(kind: str, number: int, person: str | None, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {**WHOSE, "actionType": kind, "commentID": f"c-{number}", "userID": person}
    return given | {"commentRevisionID": f"r{number}-1", "createdAt": when("10:00:00")} | fields


def decision(number: int, status: str, at: str, person: str | None = "wilma", **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"tenantID": "t1", "commentID": f"c-{number}", "status": status, "moderatorID": person}
    return given | {"commentRevisionID": f"r{number}-1", "createdAt": when(at)} | fields


def dump(folder: Path, **collections: list[dict[str, Any]]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    given: dict[str, list[dict[str, Any]]] = {"stories": [story()], "users": [user("ada"), user("bo"), user("wilma")]}
    files = []
    for name, documents in (given | collections).items():
        path = folder / f"{name}.json"
        path.write_text("\n".join(map(json.dumps, documents)))
        files.append(path)
    return files


def plan(folder: Path, options: dict[str, Any] | None = None, **collections: list[dict[str, Any]]) -> Planned:
    return planned_files(folder, "coral", dump(folder / "dump", **collections), **(options or {}))


def test_revisions_votes_and_decisions_come_with_their_times_and_people(tmp_path: Path) -> None:
    found = plan(
        tmp_path,
        comments=[comment(1, "<b>One</b>", "Two"), comment(2, "Rude", author="bo", parentID="c-1", status="REJECTED")],
        commentActions=[action("REACTION", 1, "bo"), action("REACTION", 1, "wilma", commentRevisionID="r1-2")],
        commentModerationActions=[
            decision(2, "REJECTED", "11:00:00", rejectionReason={"code": "HATE_SPEECH", "customReason": "No."})
        ],
    )
    assert [post["body"] for post in found.of("post")] == ["**One**", "Rude"]
    assert found.of("edit")[0]["body"] == "Two"
    assert [(vote["by"]["id"], vote.get("revision", 1)) for vote in found.of("vote")] == [("bo", 1), ("wilma", 2)]
    (decided,) = found.of("decide")
    assert (decided["by"]["id"], decided["by"]["kind"]) == ("wilma", "staff")
    assert (decided["verdict"], decided["code"], decided["reason"]) == ("reject", "hate-speech", "No.")
    assert "mail.example" not in found.text


@pytest.mark.parametrize(
    ("initial", "status", "decisions", "waits", "verdicts"),
    [
        ("NONE", "NONE", [], False, []),
        ("NONE", "APPROVED", [("APPROVED", "wilma")], False, ["approve"]),
        ("PREMOD", "APPROVED", [("PREMOD", None), ("APPROVED", "wilma")], True, ["approve"]),
        ("PREMOD", "APPROVED", [], True, ["approve"]),
        ("NONE", "REJECTED", [], True, ["reject"]),
        ("NONE", "REJECTED", [("REJECTED", None)], False, ["reject"]),
        ("NONE", "NONE", [("REJECTED", "wilma")], False, ["reject", "approve"]),
        ("NONE", "REJECTED", [("APPROVED", "wilma")], False, ["approve", "reject"]),
    ],
)
def test_a_comment_ends_in_the_state_that_it_had(
    initial: str,
    status: str,
    decisions: list[tuple[str, str | None]],
    waits: bool,
    verdicts: list[str],
    tmp_path: Path,
) -> None:
    actions = [decision(1, verdict, f"11:0{at}:00", person) for at, (verdict, person) in enumerate(decisions)]
    one = comment(1, "Text", status=status, initialStatus=initial)
    found = plan(tmp_path, comments=[one], commentModerationActions=actions)
    assert found.of("post")[0].get("waits", False) == waits
    assert [fact["verdict"] for fact in found.of("decide")] == verdicts


def test_reports_come_if_a_decision_followed_or_they_are_young(tmp_path: Path) -> None:
    flag = {"reason": "COMMENT_REPORTED_OFFENSIVE", "additionalDetails": "See."}
    young = {"createdAt": {"$date": {"$numberLong": "1790000000000"}}}
    found = plan(
        tmp_path,
        comments=[comment(1, "One"), comment(2, "Two"), comment(3, "Three")],
        commentActions=[
            action("FLAG", 1, "bo", **flag),
            action("FLAG", 2, "bo", **flag),
            action("FLAG", 3, "bo", **flag, **young),
            action("FLAG", 3, None, reason="COMMENT_DETECTED_TOXIC"),
            action("DONT_AGREE", 3, "bo"),
        ],
        commentModerationActions=[decision(1, "APPROVED", "12:00:00")],
    )
    assert [(fact["comment"], fact["reason"], fact["note"]) for fact in found.of("report")] == [
        ("coral-c-1", "offensive", "See."),
        ("coral-c-3", "offensive", "See."),
    ]
    left_out = found.report.left_out
    assert left_out["reports"] == {"waited-too-long": 1, "automatic": 1}
    assert left_out["disagreements"] == {"no-equal": 1}


def test_bans_suspensions_and_ignored_people_come(tmp_path: Path) -> None:
    ban = {"ban": {"active": True, "history": [{"active": True, "createdBy": "wilma", "createdAt": when("10:00:00")}]}}
    later, before = {"$date": "2999-01-01T00:00:00Z"}, {"$date": "2024-02-01T00:00:00Z"}
    people = [
        user("ada", ignoredUsers=[{"id": "bo", "createdAt": when("10:00:00")}]),
        user("bo", status=ban),
        user("cy", status={"suspension": {"history": [{"from": {"start": when("10:00:00"), "finish": later}}]}}),
        user("di", status={"suspension": {"history": [{"from": {"start": when("10:00:00"), "finish": before}}]}}),
    ]
    found = plan(tmp_path, users=people, comments=[comment(1, "One")])
    assert {(fact["member"], fact.get("until")) for fact in found.of("suspend")} == {
        ("bo", None),
        ("cy", "2999-01-01T00:00:00.000Z"),
    }
    assert [(fact["by"]["id"], fact["member"]) for fact in found.of("mute")] == [("ada", "bo")]
    assert found.report.left_out["suspensions"] == {"over": 1}


def test_a_deleted_author_leaves_nothing_but_a_tombstone_under_replies(tmp_path: Path) -> None:
    gone = {"deletedAt": when("11:00:00"), "status": "REJECTED"}
    found = plan(tmp_path, comments=[comment(1, author=None, **gone), comment(2, "Reply", parentID="c-1")])
    assert found.brief()[1:] == [
        ("post", "coral-c-1"),
        ("decide", "coral-c-1"),
        ("redact", "coral-c-1"),
        ("post", "coral-c-2"),
    ]


def test_a_missing_archive_is_an_error_and_a_given_one_is_read(tmp_path: Path) -> None:
    archived: dict[str, Any] = {"stories": [story(isArchived=True)], "comments": []}
    with pytest.raises(UnfitFile, match="archivedComments"):
        plan(tmp_path, **archived)
    found = plan(
        tmp_path, **archived, archivedComments=[comment(1, "Old")], archivedCommentActions=[action("REACTION", 1, "bo")]
    )
    assert found.brief() == [("open",), ("post", "coral-c-1"), ("vote", "coral-c-1")]


def test_of_several_tenants_one_is_named_and_the_others_are_only_counted(tmp_path: Path) -> None:
    stories = [story(), story(2, tenantID="t2", url="https://other.example/")]
    comments = [comment(1, "Ours"), comment(2, "Theirs", tenantID="t2", storyID="st-2")]
    with pytest.raises(UnfitFile, match=r"several tenants: t1 \(1 stories\), t2"):
        plan(tmp_path, stories=stories, comments=comments)
    with pytest.raises(UnfitFile, match="no tenant 't3'"):
        plan(tmp_path, {"tenant": "t3"}, stories=stories, comments=comments)
    found = plan(tmp_path, {"tenant": "t1"}, stories=stories, comments=comments)
    assert "Theirs" not in found.text
    assert found.report.left_out["comments"] == {"other-tenant": 1}


def test_sites_can_be_chosen(tmp_path: Path) -> None:
    stories = [story(), story(2, siteID="s2")]
    comments = [comment(1, "One"), comment(2, "Two", siteID="s2", storyID="st-2")]
    found = plan(tmp_path, {"from_sites": ("s2",)}, stories=stories, comments=comments)
    assert [post["origin"] for post in found.of("post")] == ["c-2"]


def test_bson_is_read_like_json(tmp_path: Path) -> None:
    at = datetime(2024, 1, 10, 9, 1, tzinfo=UTC)
    one = comment(1, "One") | {"createdAt": at, "revisions": [{"id": "r1-1", "body": "One", "createdAt": at}]}
    files = dump(tmp_path / "dump")
    path = tmp_path / "dump" / "comments.bson.gz"
    path.write_bytes(gzip.compress(bson.encode(one)))
    found = planned_files(tmp_path, "coral", [*files, path])
    assert [(post["body"], post["at"]) for post in found.of("post")] == [("One", "2024-01-10T09:01:00.000Z")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bson.encode({"a": 1})[:-2], "document 1: it is cut off"),
        (bson.encode({"a": 1}) + b"\x07\x00", "document 2"),
        (b"\xff\xff\xff\x7f" + b"x" * 99, "document 1: it is no BSON"),
        (b"\x00\x00\x00\x00", "document 1: it is no BSON"),
        (b"\x10\x00\x00\x00" + b"\xff" * 12, "document 1: it is damaged"),
    ],
)
def test_damaged_bson_is_refused_with_its_place(content: bytes, said: str, tmp_path: Path) -> None:
    files = dump(tmp_path / "dump")
    path = tmp_path / "dump" / "comments.bson"
    path.write_bytes(content)
    with pytest.raises(UnfitFile, match=rf"comments\.bson is unfit, {said}"):
        planned_files(tmp_path, "coral", [*files, path])


@pytest.mark.parametrize("line", ["{", "[1]", "7", "\0", '{"id": "c-1", "storyID": ' + "[" * 5_000])
def test_a_broken_line_of_json_makes_the_dump_unfit(line: str, tmp_path: Path) -> None:
    files = dump(tmp_path / "dump", comments=[comment(1, "One")])
    files[-1].write_text(f"{files[-1].read_text()}\n{line}")
    with pytest.raises(UnfitFile, match="line 2"):
        planned_files(tmp_path, "coral", files)


def test_a_document_without_what_it_needs_is_counted(tmp_path: Path) -> None:
    odd: list[dict[str, Any]] = [{**WHOSE, "id": "c-9"}, comment(2, "Two", revisions=[7]), comment(1, "One")]
    found = plan(tmp_path, comments=odd)
    assert found.report.left_out["comments"] == {"unreadable": 2}
    assert found.report.comments.brought == 1


def test_a_dump_without_a_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnfitFile, match="no comments"):
        planned_files(tmp_path, "coral", dump(tmp_path / "dump"))
