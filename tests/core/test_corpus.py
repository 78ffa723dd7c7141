"""The corpus holds entries as they were stored. A file is never changed: a new shape gets a file of its own."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import envelope as envelopes
from core import upcasting
from core.caller import Actor
from core.envelope import Recorded, Stamp, decode, encode
from core.events import EVENTS, Event, UnknownEvent, UnreadableEvent, VoteCast
from core.position import Position
from tests.core.shapes import ACTOR, SHAPES

AT = Position(1_700_000_000_000, 42)
CORPUS = Path(__file__).with_name("corpus")
STORED = [
    (kind, number, entry)
    for kind in EVENTS
    for number, entry in enumerate(json.loads((CORPUS / f"{kind.__struct_config__.tag}.json").read_text()))
]
IDS = [f"{kind.__struct_config__.tag}-{number}" for kind, number, _ in STORED]


def read(entry: dict[str, str]) -> Recorded:
    return decode(AT, entry["e"].encode(), entry["c"].encode())


@pytest.mark.parametrize(("kind", "number", "entry"), STORED, ids=IDS)
def test_every_shape_ever_stored_is_read_as_what_it_was(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    recorded = read(entry)
    assert recorded.event == SHAPES[kind][number]
    assert type(recorded.event) is kind
    assert recorded.position == AT
    assert recorded.envelope.actor == ACTOR
    assert recorded.envelope.site == "unherd"


@pytest.mark.parametrize(("kind", "number", "entry"), STORED, ids=IDS)
def test_every_event_is_still_stored_as_it_was(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    envelope = read(entry).envelope
    stamp = Stamp(
        actor=ACTOR,
        site="unherd",
        thread=envelope.thread,
        key=envelope.key,
        cause=envelope.cause,
        batch=envelope.batch,
        by_policy=Position.parse(envelope.by_policy) if envelope.by_policy else None,
        by_standing=Position.parse(envelope.by_standing) if envelope.by_standing else None,
        at=envelope.at,
    )
    e, c = encode(SHAPES[kind][number], stamp)
    tail = f',"tp":"{envelope.tp}","ap":"{envelope.ap}"}}'.encode()
    assert e + tail == entry["e"].encode()
    assert c == entry["c"].encode()


def test_every_type_of_event_is_in_the_corpus_and_nothing_else() -> None:
    assert {path.stem for path in CORPUS.iterdir()} == {str(kind.__struct_config__.tag) for kind in EVENTS}


def test_an_envelope_says_who_where_when_and_why() -> None:
    envelope = read(json.loads((CORPUS / "comment.held.json").read_text())[0]).envelope
    assert msgspec.structs.asdict(envelope) == {
        "v": 1,
        "type": "comment.held",
        "actor": ACTOR,
        "site": "unherd",
        "thread": "power-broker",
        "comment": "c-2",
        "revision": 2,
        "key": "k3y",
        "cause": "import",
        "batch": "b4tch",
        "by_policy": "1699999999000-4",
        "by_standing": "1699999999500-9",
        "at": 1698578400000,
        "tp": "1699999999900-41",
        "ap": "1699999999800-40",
    }


@pytest.mark.parametrize(("kind", "number", "entry"), STORED, ids=IDS)
def test_what_people_wrote_is_in_the_content_alone(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    facts = json.loads(entry["e"])
    assert not kind.CONTENT & facts.keys()
    assert entry["c"] == "" or json.loads(entry["c"][1:]).keys() <= kind.CONTENT


def test_what_was_destroyed_is_read_as_absent_and_the_fact_stands() -> None:
    entry = json.loads((CORPUS / "comment.posted.json").read_text())[0]
    sealed = decode(AT, entry["e"].encode(), b"\x07not for us").event
    assert (sealed.comment, sealed.rule, sealed.body, sealed.name) == ("c-2", "links", None, None)  # type: ignore[attr-defined] # a comment.posted
    assert decode(AT, entry["e"].encode(), b"").event == sealed


def test_an_occurrence_is_when_it_was_recorded_unless_the_event_says_otherwise() -> None:
    imported, live = map(read, json.loads((CORPUS / "comment.posted.json").read_text()))
    assert imported.occurred_at == 1698578400000
    assert live.occurred_at == AT.ms


VOTE = (
    '{"v":1,"type":"vote.cast","actor":{"kind":"member","id":"ada"},"site":"s","thread":"t","comment":"c","revision":1'
)


def test_that_an_actor_is_a_member_need_not_be_said_and_is_not() -> None:
    ada = Actor(kind="member", id="ada")
    said = VOTE + ',"value":1,"tp":"","ap":""}'
    unsaid = said.replace('"kind":"member",', "")
    assert unsaid != said
    for e in (said, unsaid):
        assert decode(AT, e.encode(), b"").envelope.actor == ada
    stamp = Stamp(actor=ada, site="s", thread="t")
    assert encode(VoteCast(comment="c", revision=1, value=1), stamp)[0] + b',"tp":"","ap":""}' == unsaid.encode()


def test_an_unknown_type_is_read_as_unknown_with_its_envelope() -> None:
    e = VOTE.replace("vote.cast", "vote.weighed") + ',"weight":3,"tp":"","ap":""}'
    recorded = decode(AT, e.encode(), b"")
    assert recorded.event == UnknownEvent(name="vote.weighed")
    assert (recorded.envelope.thread, recorded.envelope.comment) == ("t", "c")


def test_a_later_shape_of_a_known_type_is_unknown() -> None:
    e = VOTE.replace('"v":1', '"v":2') + ',"value":"+1","tp":"","ap":""}'
    assert decode(AT, e.encode(), b"").event == UnknownEvent(name="vote.cast")


def test_a_field_that_a_later_version_added_is_passed_over() -> None:
    e = VOTE + ',"value":1,"mood":"good","tp":"","ap":""}'
    assert decode(AT, e.encode(), b"").event == VoteCast(comment="c", revision=1, value=1)


@pytest.mark.parametrize("e", [b"", b"{}", b'{"v":1', (VOTE + ',"value":7,"tp":"","ap":""}').encode()])
def test_rot_is_told_from_what_is_unknown(e: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(AT, e, b"")


def test_what_cannot_be_read_is_told_with_its_envelope_and_without_what_it_says() -> None:
    e = (VOTE + ',"value":"plenty","tp":"","ap":""}').encode()
    recorded = envelopes.read(AT, e, b"")
    assert recorded.event == UnreadableEvent(fault="ValidationError: Expected `int`, got `str` - at `$.value`")
    assert (recorded.envelope.type, recorded.envelope.thread, recorded.envelope.comment) == ("vote.cast", "t", "c")
    spoilt = json.loads((CORPUS / "comment.posted.json").read_text())[0]["e"].encode()
    unread = envelopes.read(AT, spoilt, b'\x00{"body":"a secret').event
    assert isinstance(unread, UnreadableEvent)
    assert "secret" not in unread.fault
    with pytest.raises(msgspec.DecodeError):
        envelopes.read(AT, b"{}", b"")


# --- old shapes: votes as if they had been words, then signs, then numbers ---


def _to_signs(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "sign": {"up": "+", "down": "-"}[entry["word"]]}


def _to_numbers(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "value": int(entry["sign"] + "1")}


STEPS = {("vote.cast", 1): _to_signs, ("vote.cast", 2): _to_numbers}


def test_an_old_shape_is_brought_to_todays_step_by_step() -> None:
    today = {"vote.cast": 3}
    assert upcasting.upcast("vote.cast", 1, {"word": "down"}, steps=STEPS, today=today)["value"] == -1
    assert upcasting.upcast("vote.cast", 2, {"sign": "+"}, steps=STEPS, today=today)["value"] == 1
    assert upcasting.upcast("vote.cast", 3, {"value": 1}, steps=STEPS, today=today) == {"value": 1}


def test_a_step_that_is_missing_is_a_defect_and_not_passed_over() -> None:
    with pytest.raises(KeyError):
        upcasting.upcast("vote.cast", 1, {}, steps={}, today={"vote.cast": 2})


def test_an_old_entry_is_read_through_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(upcasting.VERSION, "vote.cast", 3)
    for step, function in STEPS.items():
        monkeypatch.setitem(upcasting.STEPS, step, function)
    e = VOTE + ',"word":"down","tp":"","ap":""}'
    recorded = decode(AT, e.encode(), b"")
    assert recorded.event == VoteCast(comment="c", revision=1, value=-1)
    assert recorded.envelope.v == 1
