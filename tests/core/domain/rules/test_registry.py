"""The registry of rules: what is known holds by its own rule, what is not known holds everything."""

from typing import Annotated, Any, Final

import pytest
from hypothesis import given as example
from hypothesis import strategies as st
from msgspec import Meta

from core.domain.context import Context
from core.domain.rules import registry
from core.domain.rules.premoderation import LINKS, PREMODERATION, UNDER_REVIEW, Hold
from core.domain.rules.registry import RULES, UNKNOWN_RULE
from core.domain.rules.rule import Rule
from core.domain.site import ChangePolicy, OpenSite
from core.domain.thread import OverridePolicy
from core.events import content
from core.events.envelope import Stamp, decode, encode
from core.events.event import Event
from core.events.site_events import PolicyChanged, SiteOpened
from core.events.thread_events import PolicyOverridden
from core.policy import Policy, PolicyChanges, RawRule
from core.position import Position
from core.refusals import BadRule, SiteExists
from tests.support.people import ADA, BEN, MOD, SITE, THREAD, edit, edited, overridden, policy, post, posted
from tests.support.story import before_anything, given, given_a_site

KNOWN: Final[RawRule] = {"kind": "links_over", "links": 1}
LATER: Final[RawRule] = {"kind": "of_a_later_version", "terms": ["words"]}
WIDER: Final[RawRule] = {"kind": "links_over", "links": 1, "domains": ["a.org"]}
"""A rule that this version knows, with a setting that it does not know."""


KINDS: Final = [str(rule.__struct_config__.tag) for rule in RULES]
NONE_SUCH: Final = f"unknown kind of rule; the kinds are {', '.join(KINDS)}"


def test_every_rule_has_a_kind_of_its_own_that_no_other_hold_is_named_by() -> None:
    others = {PREMODERATION, LINKS, UNDER_REVIEW, UNKNOWN_RULE}
    assert len({*KINDS} | others) == len(RULES) + len(others)
    assert all(rule.__struct_config__.tag_field == "kind" for rule in RULES)
    assert all(rule.__struct_config__.forbid_unknown_fields for rule in RULES)


# --- what is not known ---


@pytest.mark.parametrize("stored", [LATER, WIDER, {}, {"kind": 3}, {"kind": "links_over", "links": -1}])
def test_a_stored_rule_that_this_version_does_not_know_holds_every_text(stored: RawRule) -> None:
    held = posted("new", "words", name="Ben", rule=UNKNOWN_RULE)
    given(policy(rules=(stored,))).when(post(body="words"), by=BEN).then(held).leaves("new", status="pending")
    waits = edited(2, "other", rule=UNKNOWN_RULE)
    given(policy(rules=(stored,)), posted()).when(edit(1, "other")).then(waits).leaves(standing=1, latest=2)
    given(overridden(rules=(stored,))).when(post(body="words"), by=BEN).then(held)
    given(policy(rules=(stored,))).when(post(body="words"), by=MOD).then(posted("new", "words", name="Mo"))


def test_the_first_rule_that_holds_is_named() -> None:
    many = "a.org b.org"
    link = {"rule": "links_over", "match": "http://b.org"}
    given(policy(rules=(KNOWN, LATER))).when(post(body=many), by=BEN).then(posted("new", many, name="Ben", **link))
    unknown = posted("new", many, name="Ben", rule=UNKNOWN_RULE)
    given(policy(rules=(LATER, KNOWN))).when(post(body=many), by=BEN).then(unknown)


def test_a_rule_that_is_not_known_stays_when_other_fields_are_changed() -> None:
    story = given_a_site(policy(rules=(LATER,)))
    story.when(ChangePolicy(changes=PolicyChanges(votes=False))).then(policy(votes=False))
    assert story.context().policy.rules == (LATER,)
    same = PolicyChanges(votes=True, rules=(LATER,))
    story.when(ChangePolicy(changes=same)).then(policy(votes=True))
    there = given(overridden(rules=(LATER,)))
    there.when(OverridePolicy(overrides=PolicyChanges(rules=(LATER,)))).nothing_happens(settled=3)
    both = PolicyChanges(rules=(LATER,), votes=False)
    there.when(OverridePolicy(overrides=both)).then(overridden(rules=(LATER,), votes=False))


# --- what is set ---


def opening(*rules: RawRule) -> OpenSite:
    return OpenSite(name="UnHerd", policy=Policy(rules=rules), keys_kind="hs256", keys_number=1)


def test_rules_are_set_as_they_are_given() -> None:
    before_anything().when(opening(KNOWN)).then(SiteOpened(name="UnHerd", policy=Policy(rules=(KNOWN,))))
    changes = PolicyChanges(rules=(KNOWN,))
    given_a_site().when(ChangePolicy(changes=changes)).then(policy(rules=(KNOWN,)))
    given_a_site(policy(rules=(KNOWN,))).when(ChangePolicy(changes=changes)).nothing_happens(settled=2)
    given_a_site(policy(rules=(KNOWN,))).when(ChangePolicy(changes=PolicyChanges(rules=()))).then(policy(rules=()))
    given().when(OverridePolicy(overrides=changes)).then(overridden(rules=(KNOWN,)))
    given().when(OverridePolicy(overrides=PolicyChanges(rules=()))).then(overridden(rules=()))


@pytest.mark.parametrize(
    ("bad", "pointer", "detail"),
    [
        (LATER, "/1/kind", NONE_SUCH),
        ({"links": 2}, "/1/kind", NONE_SUCH),
        ({"kind": ["links_over"]}, "/1/kind", NONE_SUCH),
        (WIDER, "/1", "Object contains unknown field domains"),
        ({"kind": "links_over"}, "/1", "Object missing required field links"),
        ({"kind": "links_over", "links": -1}, "/1/links", "Expected int >= 0"),
        ({"kind": "links_over", "links": 1001}, "/1/links", "Expected int <= 1000"),
        ({"kind": "links_over", "links": "2"}, "/1/links", "Expected int, got str"),
    ],
    ids=["later", "no kind", "no text", "later setting", "no setting", "too few", "too many", "no number"],
)
def test_a_rule_that_cannot_be_taken_is_refused_by_its_index(bad: RawRule, pointer: str, detail: str) -> None:
    changes = PolicyChanges(rules=(KNOWN, bad, {}))
    for story, below in (
        (given_a_site().when(ChangePolicy(changes=changes)), "/rules"),
        (given().when(OverridePolicy(overrides=changes)), "/rules"),
        (before_anything().when(opening(KNOWN, bad)), "/policy/rules"),
    ):
        story.refused(BadRule, pointer=below + pointer)
        with pytest.raises(BadRule) as raised:
            story._decide()
        assert raised.value.detail == detail


def test_a_site_that_is_opened_again_with_other_rules_is_told_what_differs() -> None:
    open_site = before_anything(SiteOpened(name="UnHerd", policy=Policy(rules=(LATER,))))
    open_site.when(opening(LATER)).nothing_happens(settled=1)
    open_site.when(opening(KNOWN)).refused(SiteExists, pointer="/policy/rules")


# --- a new rule is a struct in the registry ---


class Shouting(Rule, frozen=True, kw_only=True, tag="shouting"):
    """Holds a text with a word in capitals that is longer than `letters`, unless a guest wrote it."""

    letters: Annotated[int, Meta(ge=1)]

    def match(self, body: str, context: Context, /) -> Hold | None:
        """The hold of a shouted word."""
        words = (word for word in body.split() if word.isupper() and len(word) > self.letters)
        word = None if context.caller.is_guest else next(words, None)
        return None if word is None else Hold("shouting", word)


def test_a_rule_works_once_it_is_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    shouting: RawRule = {"kind": "shouting", "letters": 3}
    changes = ChangePolicy(changes=PolicyChanges(rules=(KNOWN, shouting)))
    given_a_site().when(changes).refused(BadRule, pointer="/rules/1/kind")
    monkeypatch.setattr(registry, "RULES", (*RULES, Shouting))
    given_a_site().when(changes).then(policy(rules=(KNOWN, shouting)))
    rules = policy(rules=(KNOWN, shouting))
    held = posted("new", "a LOUD WORD", name="Ben", rule="shouting", match="LOUD")
    given(rules).when(post(body="a LOUD WORD"), by=BEN).then(held)
    given(rules).when(post(body="an ABC"), by=BEN).then(posted("new", "an ABC", name="Ben"))
    bad = PolicyChanges(rules=({"kind": "shouting", "letters": 0},))
    given_a_site().when(ChangePolicy(changes=bad)).refused(BadRule, pointer="/rules/0/letters")


# --- the event ---

_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
_TEXT = st.text(max_size=8)
_JSON = st.recursive(
    _SCALARS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_RULES = st.lists(st.dictionaries(_TEXT, _JSON, max_size=4), max_size=20).map(tuple)
AT: Final = Position(1_700_000_000_000, 1)
STAMP: Final = Stamp(actor=ADA.actor, site=SITE, thread=THREAD)


@example(_RULES)
def test_rules_of_any_version_come_back_from_an_event_as_they_went_in(rules: tuple[dict[str, Any], ...]) -> None:
    events: list[Event] = [
        SiteOpened(name="UnHerd", policy=Policy(rules=rules)),
        PolicyChanged(changes=PolicyChanges(rules=rules)),
        PolicyOverridden(overrides=PolicyChanges(rules=rules)),
    ]
    for event in events:
        e, c = encode(event, STAMP)
        again = decode(AT, e + b',"tp":""}', c).event
        assert again == event
        assert content.joined(*encode(again, STAMP)) == content.joined(e, c)
