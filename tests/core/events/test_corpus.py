"""The corpus holds entries as they were stored. A file is never changed: a new shape gets a file of its own.

Each folder is a way of writing that there was: until 2, what is usual was said; until 3, a policy had no rules; until
4, content was plain, and a policy had fewer fields; until 5, a decision had no code; until 6, a thread had no labels,
and rules no words. A type that is written as before has no file in a folder, so that its last one is today's. A file
`<type>+<field>.json` has the shapes that came with a field. Content that is no text is in `c64`, as base64. The folder
`taken_out` has salted entries of which a part is gone.
"""

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.caller import Actor
from core.events import content, upcasting
from core.events import envelope as envelopes
from core.events.comment_events import CommentApproved, CommentHeld, CommentPosted, CommentScreened
from core.events.envelope import Codec, Recorded, Stamp, UnreadableEntry, decode, encode
from core.events.event import Event
from core.events.report_events import ReportFiled
from core.events.site_events import PolicyChanged, SiteOpened
from core.events.skip_events import UnknownEvent, UnreadableEvent
from core.events.thread_events import PolicyOverridden
from core.events.types import EVENTS
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.position import Position
from tests.support.event_shapes import ACTOR, SHAPES, without

AT = Position(1_700_000_000_000, 42)
OF_THE_FIRST = (CommentPosted, CommentScreened, VoteCast, VoteRetracted, VoteVoided, VoteRestored, ReportFiled)
CORPUS = Path(__file__).with_name("corpus")
TAKEN_OUT = Path(__file__).with_name("taken_out")
REMOVALS = ("removal.requested", "removal.cancelled", "removal.refused")
APPEALS = ("statement.told", "appeal.filed", "appeal.decided")
STANDING = ("standing.changed", "warning.given", "warning.acknowledged", "note.added")
VOTES = ("vote.voided", "vote.restored", "votes.inspected", "suspension.reversed")
IMPORTS = ("import.begun", "import.ended", "votes.brought", "author.reassigned")
NEW = {
    *("comment.pinned", "comment.unpinned", "decision.reversed", "thread.labelled", "list.changed", "notice.filed"),
    *("comment.screened", "screener.configured", "screener.removed"),
    *REMOVALS,
    *STANDING,
    *APPEALS,
    *VOTES,
    *IMPORTS,
}
"""Types that came after the second way of writing."""
WAYS = sorted(path.name for path in CORPUS.iterdir())


def entries(way: str, kind: type[Event]) -> list[dict[str, str]]:
    tag = str(kind.__struct_config__.tag)
    paths = [*(CORPUS / way).glob(f"{tag}.json"), *sorted((CORPUS / way).glob(f"{tag}+*.json"))]
    return [entry for path in paths for entry in json.loads(path.read_text())]


def params(way: str, kind: type[Event]) -> list[Any]:
    return [
        pytest.param(kind, number, entry, id=f"{kind.__struct_config__.tag}-{number}-{way}")
        for number, entry in enumerate(entries(way, kind))
    ]


def taken_out() -> list[Any]:
    return [
        pytest.param(kind, entry, id=f"{path.stem}-{entry['shape']}-without {' and '.join(entry['gone'])}")
        for kind in EVENTS
        for path in TAKEN_OUT.glob(f"{kind.__struct_config__.tag}.json")
        for entry in json.loads(path.read_text())
    ]


def stored(*ways: str) -> list[Any]:
    return [param for way in ways for kind in EVENTS for param in params(way, kind)]


def todays() -> list[Any]:
    last = {kind: way for way in WAYS for kind in EVENTS if entries(way, kind)}
    return [param for kind in EVENTS for param in params(last[kind], kind)]


def before_rules() -> list[Any]:
    return [param for kind in (SiteOpened, PolicyChanged, PolicyOverridden) for param in params("2", kind)]


def before_salts() -> list[Any]:
    last = {kind: way for way in "123" for kind in EVENTS if kind.CONTENT and entries(way, kind)}
    return [param for kind, way in last.items() for param in params(way, kind)]


def content_of(entry: dict[str, Any]) -> bytes:
    return base64.b64decode(entry["c64"]) if "c64" in entry else str(entry["c"]).encode()


def read(entry: dict[str, Any]) -> Recorded:
    return decode(AT, entry["e"].encode(), content_of(entry))


@pytest.mark.parametrize(("kind", "number", "entry"), stored(*WAYS))
def test_every_shape_ever_stored_is_read_as_what_it_was(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    recorded = read(entry)
    assert recorded.event == SHAPES[kind][number]
    assert type(recorded.event) is kind
    assert recorded.position == AT
    assert recorded.envelope.actor == ACTOR
    assert recorded.envelope.site == "unherd"


@pytest.mark.parametrize(("kind", "number", "entry"), todays())
def test_every_event_is_still_stored_as_it_was(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    assert_written_as(entry, kind, number, format_=None)


@pytest.mark.parametrize(("kind", "number", "entry"), before_rules())
def test_in_the_first_format_a_policy_without_rules_is_stored_as_before_there_were_any(
    kind: type[Event], number: int, entry: dict[str, str]
) -> None:
    assert_written_as(entry, kind, number, format_=1)


@pytest.mark.parametrize(("kind", "number", "entry"), before_salts())
def test_in_the_second_format_content_is_stored_plain(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    assert_written_as(entry, kind, number, format_=2)


@pytest.mark.parametrize(("kind", "entry"), taken_out())
def test_an_entry_of_which_a_part_is_gone_is_read_without_it(kind: type[Event], entry: dict[str, Any]) -> None:
    whole = SHAPES[kind][entry["shape"]]
    fields = {"profile": kind.PROFILE, "words": kind.CONTENT - kind.PROFILE}
    lost = frozenset[str]().union(*(fields[part] for part in entry["gone"]))
    recorded = read(entry)
    assert recorded.event == without(whole, lost)
    assert content.gone(content_of(entry)) == frozenset(entry["gone"]) | (frozenset() if kind.PROFILE else {"profile"})
    assert content.mismatch(content_of(entry)) is None


def assert_written_as(entry: dict[str, str], kind: type[Event], number: int, *, format_: int | None) -> None:
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
    known = content.parse(content_of(entry))
    salts = iter([salt for salt in (known.words_salt, known.profile_salt) if salt is not None])
    e, c = Codec(salts=lambda: next(salts)).encode(SHAPES[kind][number], stamp, format_)
    of_aggregate = f',"ap":"{envelope.ap}"' if envelope.ap else ""
    assert e + f',"tp":"{envelope.tp}"{of_aggregate}}}'.encode() == entry["e"].encode()
    assert c == content_of(entry)
    assert next(salts, None) is None


@pytest.mark.parametrize("way", WAYS)
def test_every_type_of_event_is_in_the_corpus_and_nothing_else(way: str) -> None:
    types = {path.stem.partition("+")[0] for path in (CORPUS / way).iterdir()}
    known = {str(kind.__struct_config__.tag) for kind in EVENTS}
    # After the first two ways, a folder has what is written otherwise, or is new.
    assert types == known - NEW if way in "12" else types < known


@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_is_in_the_corpus_as_it_is_written_today(kind: type[Event]) -> None:
    way = max(way for way in WAYS if entries(way, kind))
    assert len(entries(way, kind)) == len(SHAPES[kind])


@pytest.mark.parametrize("kind", EVENTS)
def test_what_is_usual_is_left_out_and_read_as_if_it_were_said(kind: type[Event]) -> None:
    for longer, shorter in zip(entries("1", kind), entries("2", kind), strict=False):
        assert told(read(shorter)) == told(read(longer))
        said, facts = json.loads(longer["e"]), json.loads(shorter["e"])
        unsaid = {name: value for name, value in said.items() if name not in facts}
        usual = {"v": 1, "ap": ""} | ({"revision": 1} if kind in OF_THE_FIRST else {})
        assert unsaid == {name: value for name, value in usual.items() if said.get(name) == value}
        assert facts == {name: value for name, value in said.items() if name not in unsaid}


def told(recorded: Recorded) -> tuple[Any, ...]:
    """All that an entry says, a revision that it leaves out included."""
    return recorded.event, msgspec.structs.replace(recorded.envelope, revision=None), recorded.revision


def test_an_event_that_is_not_about_the_first_revision_says_so() -> None:
    stamp = Stamp(actor=ACTOR, site="s", thread="t")
    for event in (VoteCast(comment="c", revision=2, value=1), CommentApproved(comment="c", revision=1)):
        e = encode(event, stamp)[0] + b',"tp":""}'
        assert f'"revision":{event.revision},'.encode() in e
        recorded = decode(AT, e, b"")
        assert (recorded.event, recorded.revision) == (event, event.revision)


def test_a_decision_that_names_no_revision_is_rot() -> None:
    e = b'{"type":"comment.approved","actor":{"id":"ada"},"site":"s","thread":"t","comment":"c","tp":""}'
    with pytest.raises(msgspec.DecodeError):
        decode(AT, e, b"")


def test_a_vote_of_which_only_the_envelope_is_known_is_about_the_first_revision_where_it_names_none() -> None:
    e = b'{"type":"vote.cast","actor":{"id":"ada"},"site":"s","thread":"t","comment":"c","value":"many","tp":""}'
    unreadable = envelopes.read(AT, e, b"")
    assert isinstance(unreadable.event, UnreadableEvent)
    assert unreadable.revision == 1
    unknown = decode(AT, e.replace(b'"type"', b'"v":9,"type"'), b"")
    assert isinstance(unknown.event, UnknownEvent)
    assert unknown.revision == 1
    assert decode(AT, e.replace(b"vote.cast", b"vote.weighed"), b"").revision is None


def test_an_envelope_says_who_where_when_and_why() -> None:
    envelope = read(entries("1", CommentHeld)[0]).envelope
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


@pytest.mark.parametrize(("kind", "number", "entry"), stored(*WAYS))
def test_what_people_wrote_is_in_the_content_alone(kind: type[Event], number: int, entry: dict[str, str]) -> None:
    facts = json.loads(entry["e"])
    assert not kind.CONTENT & facts.keys()
    known = content.parse(content_of(entry))
    words = json.loads(known.words or b"{}").keys()
    assert kind.PROFILE <= kind.CONTENT
    if known.commitment is None:
        assert words <= kind.CONTENT
    else:
        assert words <= kind.CONTENT - kind.PROFILE
        assert json.loads(known.profile or b"{}").keys() <= kind.PROFILE


def test_what_was_destroyed_is_read_as_absent_and_the_fact_stands() -> None:
    entry = entries("1", CommentPosted)[0]
    without = decode(AT, entry["e"].encode(), b"").event
    assert (without.comment, without.rule, without.body, without.name) == ("c-2", "links", None, None)  # type: ignore[attr-defined] # a comment.posted


def test_content_of_a_scheme_that_is_not_known_makes_the_event_unknown() -> None:
    entry = entries("1", CommentPosted)[0]
    event = decode(AT, entry["e"].encode(), b"\x07not for us").event
    assert event == UnknownEvent(name="comment.posted", fault="this version of Hansard does not know content scheme 7")


def test_an_occurrence_is_when_it_was_recorded_unless_the_event_says_otherwise() -> None:
    imported, live = map(read, entries("1", CommentPosted))
    assert imported.occurred_at == 1698578400000
    assert live.occurred_at == AT.ms


VOTE = (
    '{"v":1,"type":"vote.cast","actor":{"kind":"member","id":"ada"},"site":"s","thread":"t","comment":"c","revision":1'
)


def test_that_an_actor_is_a_member_need_not_be_said_and_is_not() -> None:
    ada = Actor(kind="member", id="ada")
    said = VOTE + ',"value":1,"tp":""}'
    unsaid = said.replace('"kind":"member",', "")
    assert unsaid != said
    for e in (said, unsaid):
        assert decode(AT, e.encode(), b"").envelope.actor == ada
    stamp = Stamp(actor=ada, site="s", thread="t")
    written = unsaid.replace('"v":1,', "").replace(',"revision":1', "")
    assert encode(VoteCast(comment="c", revision=1, value=1), stamp)[0] + b',"tp":""}' == written.encode()


def test_an_unknown_type_is_read_as_unknown_with_its_envelope() -> None:
    e = VOTE.replace("vote.cast", "vote.weighed") + ',"weight":3,"tp":"","ap":""}'
    recorded = decode(AT, e.encode(), b"")
    assert recorded.event == UnknownEvent(name="vote.weighed")
    assert (recorded.envelope.thread, recorded.envelope.comment) == ("t", "c")


def test_a_later_shape_of_a_known_type_is_unknown() -> None:
    e = VOTE.replace('"v":1', '"v":3') + ',"value":"+1","tp":"","ap":""}'
    event = decode(AT, e.encode(), b"").event
    assert event == UnknownEvent(
        name="vote.cast", fault="this version of Hansard does not know version 3 of this event type"
    )


def test_a_field_that_a_later_version_added_is_passed_over() -> None:
    e = VOTE + ',"value":1,"mood":"good","tp":"","ap":""}'
    assert decode(AT, e.encode(), b"").event == VoteCast(comment="c", revision=1, value=1)


@pytest.mark.parametrize(
    "e",
    [
        *(b"", b"{}", b'{"v":1', b'"\xff"', b"[" * 20_000),
        (VOTE + ',"tp":"","ap":""}').replace('"t"', '"a secret"').encode(),
        (VOTE + ',"at":999999999999999,"tp":"","ap":""}').encode(),
    ],
)
def test_what_has_no_envelope_is_one_error_that_says_where_and_quotes_nothing(e: bytes) -> None:
    for reading in (decode, envelopes.read, envelopes.envelope_of):
        with pytest.raises(UnreadableEntry, match=f"the entry at {AT} cannot be read: ") as raised:
            reading(AT, e, b"")
        assert raised.value.position == AT
        assert "secret" not in str(raised.value)


def test_rot_is_told_from_what_is_unknown() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(AT, (VOTE + ',"value":7,"tp":"","ap":""}').encode(), b"")


def test_what_cannot_be_read_is_told_with_its_envelope_and_without_what_it_says() -> None:
    e = (VOTE + ',"value":"plenty","tp":"","ap":""}').encode()
    recorded = envelopes.read(AT, e, b"")
    assert recorded.event == UnreadableEvent(fault="ValidationError: Expected `int`, got `str` - at `$.value`")
    assert (recorded.envelope.type, recorded.envelope.thread, recorded.envelope.comment) == ("vote.cast", "t", "c")
    spoilt = entries("1", CommentPosted)[0]["e"].encode()
    unread = envelopes.read(AT, spoilt, b'\x00{"body":"a secret').event
    assert isinstance(unread, UnreadableEvent)
    assert "secret" not in unread.fault


# --- old shapes: votes as if they had been words, then signs, then numbers ---


def _to_signs(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "sign": {"up": "+", "down": "-"}[entry["word"]]}


def _to_numbers(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "value": int(entry["sign"] + "1")}


STEPS = {("vote.cast", 2): _to_signs, ("vote.cast", 3): _to_numbers}


def test_an_old_shape_is_brought_to_todays_step_by_step() -> None:
    today = {"vote.cast": 4}
    assert upcasting.upcast("vote.cast", 2, {"word": "down"}, steps=STEPS, today=today)["value"] == -1
    assert upcasting.upcast("vote.cast", 3, {"sign": "+"}, steps=STEPS, today=today)["value"] == 1
    assert upcasting.upcast("vote.cast", 4, {"value": 1}, steps=STEPS, today=today) == {"value": 1}


def test_a_step_that_is_missing_is_a_defect_and_not_passed_over() -> None:
    with pytest.raises(KeyError):
        upcasting.upcast("vote.cast", 1, {}, steps={}, today={"vote.cast": 2})


def test_an_old_entry_is_read_through_its_steps() -> None:
    later = Codec(versions={**upcasting.VERSION, "vote.cast": 4}, steps={**upcasting.STEPS, **STEPS})
    e = VOTE + ',"word":"down","tp":"","ap":""}'
    recorded = later.decode(AT, e.encode(), b"")
    assert recorded.event == VoteCast(comment="c", revision=1, value=-1)
    assert recorded.envelope.v == 1
