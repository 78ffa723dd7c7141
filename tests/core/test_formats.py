"""Which shape of an event is written in a deployment of which format."""

from typing import Any

import msgspec
import pytest

from core.events.comment_events import CommentFeatured
from core.events.envelope import TODAY, Codec, Stamp
from core.events.event import Event
from core.events.site_events import PolicyChanged, SiteOpened
from core.events.skip_events import UnknownEvent
from core.events.thread_events import PolicyOverridden
from core.events.types import EVENTS, INTRODUCED
from core.events.upcasting import EARLIER, STEPS, VERSION
from core.events.vote_events import VoteCast
from core.formats import FORMATS, Formats, reads
from core.policy import HELD_BEFORE, Policy, PolicyChanges
from core.position import Position
from core.refusals import FormatTooOld
from tests.support.people import ADA, SITE, THREAD

AT = Position(1_700_000_000_000, 1)
STAMP = Stamp(actor=ADA.actor, site=SITE, thread=THREAD)

NEXT = VERSION["vote.cast"] + 1
OF_FORMAT_1 = {
    *("site.opened", "site.rekeyed", "policy.changed", "member.suspended", "member.reinstated"),
    *("thread.opened", "thread.retitled", "thread.closed", "thread.reopened", "thread.archived", "policy.overridden"),
    *("anchor.opened", "anchor.reworded", "anchor.closed", "anchor.reopened"),
    *("comment.posted", "comment.edited", "comment.withdrawn", "comment.restored", "comment.held", "comment.approved"),
    *("comment.rejected", "revision.redacted", "comment.featured", "comment.unfeatured"),
    *("vote.cast", "vote.retracted", "report.filed", "event.skipped"),
}
"""The types of the first format. This list does not grow."""


def _signs(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "value"} | {"value": int(entry["sign"] + "1")}


def _numbers(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Version 1 knows no vote of 0."""
    return None if entry["value"] == 0 else entry


NEWER = Codec(
    versions={**VERSION, "vote.cast": NEXT},
    earlier={**EARLIER, ("vote.cast", NEXT): _numbers},
    introduced={("vote.cast", NEXT): 2, ("comment.featured", 1): 3},
    newest=3,
)
"""A version that tells votes in another way since format 2, and features comments since format 3."""


def written(event: Any, format_: int | None) -> dict[str, Any]:
    e, _ = NEWER.encode(event, STAMP, format_)
    found: dict[str, Any] = msgspec.json.decode(e + b"}")
    return found


def test_in_the_newest_format_todays_version_is_written() -> None:
    assert written(VoteCast(comment="c1", value=1), 3)["v"] == NEXT
    assert written(VoteCast(comment="c1", value=1), None)["v"] == NEXT
    assert written(VoteCast(comment="c1", value=1), 2)["v"] == NEXT


def test_in_an_older_format_the_version_before_is_written_where_it_can_say_the_same() -> None:
    older = written(VoteCast(comment="c1", value=1), 1)
    assert "v" not in older, "version 1 is left out"
    assert older["value"] == 1
    e, c = NEWER.encode(VoteCast(comment="c1", value=1), STAMP, 1)
    assert TODAY.decode(AT, e + b',"tp":""}', c).event == VoteCast(comment="c1", value=1)


def test_what_the_version_before_cannot_say_is_refused_with_what_to_do() -> None:
    nothing = msgspec.structs.replace(VoteCast(comment="c1", value=1), value=0)
    with pytest.raises(FormatTooOld) as refused:
        written(nothing, 1)
    assert refused.value.detail == (
        "vote.cast needs format 2, but the deployment has format 1: run `hansard upgrade` once every process reads "
        "format 2"
    )
    assert written(nothing, 2)["value"] == 0


def test_a_version_without_a_step_back_waits_for_its_format() -> None:
    stuck = Codec(versions={**VERSION, "vote.cast": NEXT}, introduced={("vote.cast", NEXT): 2}, newest=2)
    with pytest.raises(FormatTooOld, match=r"vote\.cast needs format 2"):
        stuck.encode(VoteCast(comment="c1", value=1), STAMP, 1)


@pytest.mark.parametrize("format_", [1, 2])
def test_a_type_is_refused_until_its_format(format_: int) -> None:
    with pytest.raises(FormatTooOld, match=r"comment\.featured needs format 3"):
        written(CommentFeatured(comment="c1"), format_)
    assert written(CommentFeatured(comment="c1"), 3)["type"] == "comment.featured"


def test_an_older_program_reads_what_a_newer_one_wrote_as_unknown() -> None:
    older = Codec(tuple(event for event in EVENTS if event is not CommentFeatured))
    e, c = TODAY.encode(CommentFeatured(comment="c1"), STAMP)
    recorded = older.read(AT, e + b',"tp":""}', c)
    assert recorded.envelope.comment == "c1"
    assert recorded.event.fault == "this version of Hansard does not know this event type"  # type: ignore[attr-defined] # an UnknownEvent
    later, _ = NEWER.encode(VoteCast(comment="c1", value=1), STAMP)
    assert f"version {NEXT}" in TODAY.read(AT, later + b',"tp":""}', b"").event.fault  # type: ignore[attr-defined] # an UnknownEvent


def test_a_newer_program_reads_the_version_before() -> None:
    newer = Codec(versions={**VERSION, "vote.cast": NEXT}, steps={**STEPS, ("vote.cast", NEXT - 1): _signs})
    e = b'{"type":"vote.cast","actor":{"id":"ada"},"site":"s","thread":"t","comment":"c1","sign":"-","tp":""}'
    assert newer.decode(AT, e, b"").event == VoteCast(comment="c1", value=-1)


# --- format 2: policies with rules ---

BEFORE_RULES = Codec(versions=dict.fromkeys(VERSION, 1), steps={}, earlier={}, introduced={}, newest=1)
"""The version before policies had rules."""
RULES: tuple[dict[str, Any], ...] = ({"kind": "links_over", "links": 2},)


@pytest.mark.parametrize(
    "event",
    [
        SiteOpened(name="Kew", policy=Policy(votes=False)),
        PolicyChanged(changes=PolicyChanges(votes=False)),
        PolicyOverridden(overrides=PolicyChanges(votes=False)),
        PolicyOverridden(overrides=PolicyChanges()),
    ],
)
def test_in_format_1_a_policy_without_rules_is_written_so_that_the_version_before_reads_it(event: Event) -> None:
    e, c = TODAY.encode(event, STAMP, 1)
    assert b"rules" not in e
    assert BEFORE_RULES.decode(AT, e + b',"tp":""}', c).event == event
    if isinstance(event, SiteOpened):
        event = msgspec.structs.replace(event, policy=msgspec.structs.replace(event.policy, **HELD_BEFORE))
    assert TODAY.decode(AT, e + b',"tp":""}', c).event == event


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (SiteOpened(name="Kew", policy=Policy(**HELD_BEFORE, rules=RULES)), "site.opened"),
        (PolicyChanged(changes=PolicyChanges(rules=RULES)), "policy.changed"),
        (PolicyChanged(changes=PolicyChanges(rules=())), "policy.changed"),
        (PolicyOverridden(overrides=PolicyChanges(rules=RULES)), "policy.overridden"),
        (PolicyOverridden(overrides=PolicyChanges(rules=())), "policy.overridden"),
    ],
)
def test_a_policy_with_rules_waits_for_format_2_and_is_unknown_to_the_version_before(event: Event, name: str) -> None:
    with pytest.raises(FormatTooOld, match=rf"{name} needs format 2, but the deployment has format 1"):
        TODAY.encode(event, STAMP, 1)
    e, c = TODAY.encode(event, STAMP, 2)
    assert TODAY.decode(AT, e + b',"tp":""}', c).event == event
    fault = "this version of Hansard does not know version 2 of this event type"
    assert BEFORE_RULES.decode(AT, e + b',"tp":""}', c).event == UnknownEvent(name=name, fault=fault)


# --- what pages and later issues need: format 3 ---

BEFORE_PAGES = Codec(
    versions={**VERSION, **dict.fromkeys(("site.opened", "policy.changed", "policy.overridden"), 2)},
    introduced={shape: format_ for shape, format_ in INTRODUCED.items() if format_ < 3},
    newest=2,
)
"""The version before a policy had a language and a time zone."""


@pytest.mark.parametrize("policy", [Policy(), Policy(**HELD_BEFORE), Policy(rules=RULES, votes=False)])
def test_in_format_2_a_new_site_is_written_so_that_the_version_before_reads_it(policy: Policy) -> None:
    e, c = TODAY.encode(SiteOpened(name="Kew", policy=policy), STAMP, 2)
    as_it_held = msgspec.structs.replace(policy, **HELD_BEFORE)
    assert TODAY.decode(AT, e + b',"tp":""}', c).event == SiteOpened(name="Kew", policy=as_it_held)
    before = BEFORE_PAGES.decode(AT, e + b',"tp":""}', c).event
    assert isinstance(before, SiteOpened)
    assert (before.policy.rules, before.policy.votes) == (policy.rules, policy.votes)


@pytest.mark.parametrize("format_", [1, 2])
@pytest.mark.parametrize(
    ("event", "name"),
    [
        (SiteOpened(name="Kew", policy=Policy(language="de")), "site.opened"),
        (SiteOpened(name="Kew", policy=Policy(comment="nobody")), "site.opened"),
        (SiteOpened(name="Kew", policy=Policy(banner={"en": "Stay kind."})), "site.opened"),
        (PolicyChanged(changes=PolicyChanges(language="en")), "policy.changed"),
        (PolicyChanged(changes=PolicyChanges(comment="nobody")), "policy.changed"),
        (PolicyOverridden(overrides=PolicyChanges(banner={})), "policy.overridden"),
    ],
)
def test_a_policy_with_later_fields_waits_for_format_3_and_is_unknown_to_the_version_before(
    event: Event, name: str, format_: int
) -> None:
    with pytest.raises(FormatTooOld, match=rf"{name} needs format 3, but the deployment has format {format_}"):
        TODAY.encode(event, STAMP, format_)
    e, c = TODAY.encode(event, STAMP, 3)
    assert TODAY.decode(AT, e + b',"tp":""}', c).event == event
    fault = "this version of Hansard does not know version 3 of this event type"
    assert BEFORE_PAGES.decode(AT, e + b',"tp":""}', c).event == UnknownEvent(name=name, fault=fault)


# --- the tables ---


def test_every_shape_after_the_first_format_says_since_which_format_it_is() -> None:
    types = {str(event.__struct_config__.tag) for event in EVENTS}
    later = {(name, 1) for name in types - OF_FORMAT_1}
    later |= {(name, version) for name, today in VERSION.items() for version in range(2, today + 1)}
    assert set(INTRODUCED) == later, "a new type or version is appended only where the deployment's format allows it"
    assert all(1 < format_ <= FORMATS.writes for format_ in INTRODUCED.values())
    assert types >= OF_FORMAT_1, "what was written once is read for ever"


def test_every_later_version_has_its_steps() -> None:
    later = {(name, version) for name, today in VERSION.items() for version in range(1, today)}
    assert set(STEPS) == later
    assert {(name, version - 1) for name, version in EARLIER} <= later


def test_the_formats_that_are_read_go_on_to_the_one_that_is_written() -> None:
    assert FORMATS.writes == max(FORMATS.reads)
    assert list(FORMATS.reads) == list(range(1, FORMATS.writes + 1))


@pytest.mark.parametrize(
    ("formats", "words"),
    [((1,), "format 1"), ((1, 2), "formats 1 and 2"), ((1, 2, 3), "formats 1, 2 and 3")],
)
def test_formats_are_told_in_words(formats: tuple[int, ...], words: str) -> None:
    assert reads(Formats(reads=formats, writes=formats[-1])) == words
