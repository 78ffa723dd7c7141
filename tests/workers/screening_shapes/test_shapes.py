"""What screeners are asked in each shape, and which of their answers count."""

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from core.screener import Screener
from workers.http_client import Reply
from workers.screening_shapes.hansard import signature
from workers.screening_shapes.registry import SHAPES
from workers.screening_shapes.shape import HookRequest, Overruling, ScreenedText, ScreenerAnswer, UnusableReply

TEXT: Final = ScreenedText(
    site="kew",
    thread="palm-house",
    url="https://kew.example/palm-house",
    title="About the palm house",
    comment="c1",
    revision=1,
    body="Buy now & here.",
    parent="c0",
    author="ada",
    name="Ada",
    kind="member",
    badges=("subscriber",),
    posted_at=1_700_000_000_000,
    written_at=1_700_000_001_000,
    language="en",
)
KEY: Final = bytes(range(32))
SECRETS: Final = {
    "hansard": f"whsec_{b64encode(KEY).decode()}",
    "coral": "a secret of Coral's, of any letters",
    "akismet": "0a1b2c3d4e5f",
}
NOW: Final = 1_700_000_002


def screener(shape: str, url: str = "https://screener.example/hook") -> Screener:
    return Screener(url=url, shape=shape, secret=SECRETS[shape])


def asked(shape: str, text: ScreenedText = TEXT, **more: Any) -> HookRequest:
    return SHAPES[shape].ask(text, screener(shape, **more), "scr_1", NOW)


def answered(shape: str, body: Any = b"", status: int = 200, **headers: str) -> ScreenerAnswer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return SHAPES[shape].read(Reply(status, named, content), TEXT)


def test_a_shape_is_named_in_the_registry_as_it_names_itself() -> None:
    assert list(SHAPES) == [shape.name for shape in SHAPES.values()] == ["hansard", "coral", "akismet"]


# --- hansard ---

SAID: Final = {"comment": "c1", "revision": 1}


def test_hansard_asks_about_the_text_its_author_and_its_article() -> None:
    request = asked("hansard")
    assert json.loads(request.body) == {
        "type": "text.written",
        "site": "kew",
        "language": "en",
        "thread": {"id": "palm-house", "url": "https://kew.example/palm-house", "title": "About the palm house"},
        "comment": {
            "id": "c1",
            "revision": 1,
            "body": "Buy now & here.",
            "parent": "c0",
            "posted_at": "2023-11-14T22:13:20.000Z",
            "written_at": "2023-11-14T22:13:21.000Z",
        },
        "author": {"id": "ada", "name": "Ada", "kind": "member", "badges": ["subscriber"]},
    }


def test_hansard_signs_as_standard_webhooks_do() -> None:
    # The example of the specification's own tests.
    key = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_hansard_signs_its_id_its_time_and_its_body() -> None:
    request = asked("hansard")
    assert request.headers["webhook-id"] == "scr_1"
    assert request.headers["webhook-timestamp"] == str(NOW)
    content = b".".join((b"scr_1", str(NOW).encode(), request.body))
    digest = hmac.new(KEY, content, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{b64encode(digest).decode()}"


def test_hansard_takes_a_verdict_with_the_fields_of_a_decision() -> None:
    said = {**SAID, "verdict": "reject", "reason": "No advertisements.", "note": "0.93", "code": "spam"}
    answer = ScreenerAnswer(verdict="reject", reason="No advertisements.", note="0.93", code="spam")
    assert answered("hansard", {**said, "of": "a later version"}) == answer
    assert answered("hansard", {**SAID, "verdict": "approve"}) == ScreenerAnswer(verdict="approve")
    spam = {**SAID, "verdict": "reject", "spam": True}
    assert answered("hansard", spam) == ScreenerAnswer(verdict="reject", spam=True)


@pytest.mark.parametrize(
    "said",
    [
        *(b"", b"ok", b"null", b"[]", b"{}", b'{"verdict":"approve"', b"\xff", b"[" * 5000),
        {"verdict": "approve"},
        {**SAID, "verdict": "maybe"},
        {**SAID, "comment": "c2", "verdict": "approve"},
        {**SAID, "revision": 2, "verdict": "approve"},
        {**SAID, "verdict": "hold", "spam": True},
        {**SAID, "verdict": "hold", "code": "No Code"},
        {**SAID, "verdict": "hold", "reason": "x" * 1001},
        {**SAID, "verdict": "hold", "reason": 7},
    ],
)
def test_hansard_takes_no_garbage_and_no_answer_about_another_text(said: Any) -> None:
    with pytest.raises(UnusableReply) as raised:
        answered("hansard", said)
    assert (raised.value.cause, raised.value.may_pass) == ("malformed", False)


def test_hansard_tells_of_a_decision_against_the_screener() -> None:
    told = SHAPES["hansard"].tell(TEXT, Overruling(verdict="reject", screener="approve"), screener("hansard"), "i", NOW)
    assert told is not None
    said = json.loads(told.body)
    assert (said["type"], said["screener"], said["decision"]) == ("text.overruled", "approve", "spam")
    SHAPES["hansard"].check_told(Reply(204, {}, b""))
    with pytest.raises(UnusableReply):
        SHAPES["hansard"].check_told(Reply(301, {}, b""))


# --- coral ---


def test_coral_is_asked_as_its_phases_are() -> None:
    request = asked("coral")
    assert json.loads(request.body) == {
        "action": "NEW",
        "comment": {"body": "Buy now & here.", "parentID": "c0"},
        "author": {"id": "ada", "role": "COMMENTER"},
        "story": {"id": "palm-house", "url": "https://kew.example/palm-house"},
        "site": {"id": "kew"},
        "tenantID": "kew",
        "tenantDomain": "kew.example",
    }
    digest = hmac.new(SECRETS["coral"].encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Coral-Signature"] == f"sha256={digest}"
    edit = json.loads(asked("coral", replace(TEXT, revision=2, parent=None)).body)
    assert (edit["action"], edit["comment"]["parentID"]) == ("EDIT", None)


@pytest.mark.parametrize(
    ("said", "verdict", "note"),
    [
        (b"", "approve", None),
        ({}, "approve", None),
        ({"status": "NONE"}, "approve", None),
        ({"status": "APPROVED", "tags": ["FEATURED"]}, "approve", None),
        ({"status": "REJECTED"}, "reject", None),
        ({"status": "PREMOD"}, "hold", None),
        ({"status": "SYSTEM_WITHHELD"}, "hold", None),
        (
            {"actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}]},
            "hold",
            "COMMENT_DETECTED_TOXIC",
        ),
        (
            {"actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}], "status": "REJECTED"},
            "reject",
            "COMMENT_DETECTED_SPAM",
        ),
    ],
)
def test_coral_answers_as_its_phases_do(said: Any, verdict: Any, note: str | None) -> None:
    assert answered("coral", said) == ScreenerAnswer(verdict=verdict, note=note)


def test_coral_may_answer_with_no_content() -> None:
    assert answered("coral", status=204) == ScreenerAnswer(verdict="approve")


@pytest.mark.parametrize("said", [b"ok", b"null", {"status": "MAYBE"}, {"actions": [{"actionType": "SHRUG"}]}])
def test_coral_takes_no_garbage(said: Any) -> None:
    with pytest.raises(UnusableReply):
        answered("coral", said)


def test_coral_is_told_nothing_afterwards() -> None:
    overruling = Overruling(verdict="approve", screener="reject")
    assert SHAPES["coral"].tell(TEXT, overruling, screener("coral"), "i", NOW) is None


# --- akismet ---

API: Final = "https://rest.akismet.com/1.1/"


def test_akismet_is_asked_with_its_key_in_the_body() -> None:
    request = asked("akismet", replace(TEXT, revision=2), url=API)
    assert request.url == "https://rest.akismet.com/1.1/comment-check"
    assert {name: values[0] for name, values in parse_qs(request.body.decode()).items()} == {
        "api_key": SECRETS["akismet"],
        "blog": "https://kew.example/",
        "user_ip": "127.0.0.1",
        "permalink": "https://kew.example/palm-house",
        "comment_type": "reply",
        "comment_author": "Ada",
        "comment_content": "Buy now & here.",
        "comment_date_gmt": "2023-11-14T22:13:21.000Z",
        "blog_lang": "en",
        "blog_charset": "UTF-8",
        "recheck_reason": "edit",
    }


def test_akismet_says_whether_it_is_spam_and_whether_blatant() -> None:
    assert answered("akismet", b"false").verdict == "approve"
    assert answered("akismet", b"true").verdict == "hold"
    blatant = answered("akismet", b"true", x_akismet_pro_tip="discard")
    assert (blatant.verdict, blatant.spam) == ("reject", True)


@pytest.mark.parametrize("said", [b"", b"invalid", b"True", b"Missing required field: user_ip."])
def test_akismet_takes_no_garbage(said: bytes) -> None:
    with pytest.raises(UnusableReply):
        answered("akismet", said)


def test_akismet_is_told_what_was_spam_and_what_was_none() -> None:
    shape = SHAPES["akismet"]
    spam = shape.tell(TEXT, Overruling(verdict="reject", screener="approve"), screener("akismet", API), "i", NOW)
    ham = shape.tell(TEXT, Overruling(verdict="approve", screener="hold"), screener("akismet", API), "i", NOW)
    assert spam is not None
    assert ham is not None
    assert (spam.url, ham.url) == (
        "https://rest.akismet.com/1.1/submit-spam",
        "https://rest.akismet.com/1.1/submit-ham",
    )
    assert parse_qs(spam.body.decode())["comment_content"] == ["Buy now & here."]
    shape.check_told(Reply(200, {}, b"Thanks for making the web a better place."))


# --- all ---


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("status", "may_pass"), [(301, False), (404, False), (429, True), (500, True), (503, True)])
def test_any_other_status_is_no_answer_and_some_may_pass(shape: str, status: int, *, may_pass: bool) -> None:
    with pytest.raises(UnusableReply) as raised:
        answered(shape, {**SAID, "verdict": "approve"}, status)
    assert (raised.value.cause, raised.value.may_pass) == ("status", may_pass)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_good_secret_has_no_fault(shape: str) -> None:
    assert SHAPES[shape].fault_of(SECRETS[shape]) is None


@pytest.mark.parametrize(
    ("shape", "secret"),
    [
        ("hansard", ""),
        ("hansard", "whsec_"),
        ("hansard", "whsec_!!!"),
        ("hansard", b64encode(KEY).decode()),
        ("hansard", f"whsec_{b64encode(KEY[:23]).decode()}"),
        ("hansard", f"whsec_{b64encode(KEY * 3).decode()}"),
        ("hansard", f"whsec_{b64encode(bytes(32)).decode()}"),
        ("coral", "short"),
        ("coral", "x" * 40),
        ("akismet", "0a1b"),
        ("akismet", "0" * 12),
        ("akismet", "0a1b2c3d 4e5f"),
    ],
)
def test_a_bad_secret_is_told_its_fault_without_the_secret(shape: str, secret: str) -> None:
    fault = SHAPES[shape].fault_of(secret)
    assert fault
    assert len(secret) < 7 or secret not in fault


# --- the page for publishers ---


def test_the_examples_of_the_page_are_what_is_sent_and_taken() -> None:
    page = (Path(__file__).parents[3] / "docs" / "screening.md").read_text()
    examples = dict(re.findall(r"<!-- (\w+) -->\n```json\n(.*?)```", page, re.DOTALL))
    assert json.loads(examples["request"]) == json.loads(asked("hansard").body)
    answer = ScreenerAnswer(verdict="reject", reason="No advertisements.", note="0.93", code="spam")
    assert answered("hansard", examples["answer"].encode()) == answer
