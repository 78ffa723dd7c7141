"""Each rule, as posts and edits meet it: what it matches, what it leaves alone, and what the event says of it."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from core.caller import Caller
from core.domain.context import LoadedList
from core.domain.names import KnownNames
from core.domain.site import ChangePolicy
from core.events.comment_events import CommentPosted
from core.events.facts import Facts
from core.member_record import MemberRecord, entry
from core.policy import PolicyChanges
from core.position import Position
from core.refusals import BadRule, NameNotAllowed
from core.text.shingles import sketch
from core.text.word_list import WordList
from tests.support.people import ADA, BEN, GUEST, MOD, edit, edited, policy, post, posted
from tests.support.story import BEGIN, SECOND, Story, given, given_a_site

AT: Final = Position(BEGIN, 7)
LISTS: Final = {
    "insults": LoadedList(str(AT), WordList(["fool", "bad word"])),
    "more": LoadedList(str(AT), WordList(["knave"])),
}
LISTED: Final = {"insults": str(AT), "more": str(AT)}
WORDS: Final[dict[str, Any]] = {"kind": "words", "lists": ["insults", "more"]}
SAID: Final = "The Senate never voted on it, whatever the paper says."
NOW: Final = BEGIN + 2 * SECOND
"""When the next command is decided, after site, thread and policy."""
DAY: Final = 24 * 3600 * SECOND


def under(*rules: dict[str, Any], **fields: Any) -> Story:
    """A thread under these rules."""
    return given(policy(rules=rules, **fields))


def written(body: str = "new words", **fields: Any) -> CommentPosted:
    """What Ben posted."""
    return posted(**{"comment": "new", "body": body, "name": "Ben", **fields})


# --- what every rule has ---


def test_a_rule_holds_unless_it_says_that_it_rejects() -> None:
    rule = {"kind": "length", "over": 3}
    held = written("words", rule="length", spans=((3, 5),))
    under(rule).when(post(body="words"), by=BEN).then(held).leaves("new", status="pending")
    under(rule | {"action": "hold"}).when(post(body="words"), by=BEN).then(held)
    rejected = written("words", rule="length", rejected=True, spans=((3, 5),))
    under(rule | {"action": "reject"}).when(post(body="words"), by=BEN).then(rejected).leaves("new", status="rejected")


def test_its_words_for_the_author_are_those_of_the_sites_language_or_the_first() -> None:
    tells = {"fr": "Trop long.", "de": "Zu lang."}
    rule = {"kind": "length", "over": 3, "tells": tells}
    held = written("words", rule="length", spans=((3, 5),))
    french = written("words", rule="length", spans=((3, 5),), tells="Trop long.")
    german = written("words", rule="length", spans=((3, 5),), tells="Zu lang.")
    under(rule).when(post(body="words"), by=BEN).then(french)
    under(rule, language="de").when(post(body="words"), by=BEN).then(german)
    under(rule | {"tells": {}}).when(post(body="words"), by=BEN).then(held)


def test_rules_that_reject_come_before_premoderation_and_before_rules_that_hold() -> None:
    hold, reject = {"kind": "length", "under": 9}, {"kind": "length", "over": 3, "action": "reject"}
    rejected = written("words", rule="length", rejected=True, spans=((3, 5),))
    under(hold, reject).when(post(body="words"), by=BEN).then(rejected)
    under(hold, reject, premoderation="all").when(post(body="words"), by=BEN).then(rejected)
    under(hold, reject, premoderation="all").when(post(body="no"), by=BEN).then(written("no", rule="premoderation"))
    under(hold, reject).when(post(body="no"), by=BEN).then(written("no", rule="length"))


def test_a_rejected_edit_leaves_the_text_that_stands_and_a_clean_one_replaces_it() -> None:
    story = given(policy(rules=({"kind": "length", "over": 5, "action": "reject", "tells": {"en": "Too long."}},)))
    story.when(post("c1", "first"), by=ADA).then(posted(body="first", badges=("subscriber",)))
    rejected = edited(2, "second", rule="length", rejected=True, spans=((5, 6),), tells="Too long.")
    story.when(edit(1, "second")).then(rejected).leaves(standing=1, latest=2, published=True)
    story.when(edit(2, "third")).then(edited(3, "third")).leaves(standing=3, published=True)


def test_a_rejected_comment_waits_when_it_is_edited_and_is_rejected_again_where_a_rule_says_so() -> None:
    story = under({"kind": "length", "over": 5, "action": "reject"})
    rejected = posted(body="second", rule="length", rejected=True, spans=((5, 6),), badges=("subscriber",))
    story.when(post("c1", "second"), by=ADA).then(rejected).leaves(status="rejected", standing=None)
    again = edited(2, "fourth", rule="length", rejected=True, spans=((5, 6),))
    story.when(edit(1, "fourth")).then(again).leaves(status="rejected")
    story.when(edit(2, "fifth")).then(edited(3, "fifth", rule="edit-under-review")).leaves(status="pending")


def test_the_words_of_a_rejection_are_its_reason() -> None:
    story = under({"kind": "length", "over": 3, "action": "reject", "tells": {"en": "Too long."}})
    story.when(post(body="words"), by=BEN)
    story.then(written("words", rule="length", rejected=True, spans=((3, 5),), tells="Too long."))
    decision = story.comment("new").texts[1].decision
    assert decision is not None
    assert (decision.verdict, decision.reason, decision.automated) == ("reject", "Too long.", True)


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"kind": "words"}, "/rules/0"),
        ({"kind": "words", "lists": []}, "/rules/0/lists"),
        ({"kind": "words", "lists": ["No list"]}, "/rules/0/lists/0"),
        ({"kind": "repeated", "share": 0}, "/rules/0/share"),
        ({"kind": "length"}, "/rules/0"),
        ({"kind": "length", "over": 0}, "/rules/0/over"),
        ({"kind": "length", "under": 6, "over": 5}, "/rules/0"),
        ({"kind": "too_fast", "seconds": 0}, "/rules/0/seconds"),
        ({"kind": "name", "reserved": [""]}, "/rules/0/reserved/0"),
        ({"kind": "first_comments", "comments": 0}, "/rules/0/comments"),
        ({"kind": "after_rejection", "days": 91}, "/rules/0/days"),
        ({"kind": "closed_hours", "from": "24:00", "to": "07:00"}, "/rules/0/from"),
        ({"kind": "closed_hours", "from": "22:00"}, "/rules/0"),
        ({"kind": "closed_hours", "from": "22:00", "to": "07:00", "days": ["Monday"]}, "/rules/0/days/0"),
        ({"kind": "reports_over", "reports": -1}, "/rules/0/reports"),
        ({"kind": "length", "over": 5, "action": "delete"}, "/rules/0/action"),
        ({"kind": "length", "over": 5, "tells": {"en": "x" * 501}}, "/rules/0/tells"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_their_place(rule: dict[str, Any], pointer: str) -> None:
    changes = PolicyChanges(rules=(rule,))
    given_a_site().when(ChangePolicy(changes=changes)).refused(BadRule, pointer=pointer)


# --- words ---


def test_a_text_with_a_term_waits_and_the_event_names_list_version_and_places() -> None:
    body = "You f00l, you are a fool."
    held = written(
        body, rule="words", list="insults", match="f00l", spans=((4, 8), (20, 24)), facts=Facts(lists=LISTED)
    )
    under(WORDS).knowing(lists=LISTS).when(post(body=body), by=BEN).then(held)


def test_a_text_without_one_is_published_and_names_the_versions_that_were_looked_through() -> None:
    clean = written("A foolish text.", facts=Facts(lists=LISTED))
    under(WORDS).knowing(lists=LISTS).when(post(body="A foolish text."), by=BEN).then(clean)


def test_lists_are_looked_through_in_the_order_of_the_rule() -> None:
    both = written(
        "fool and knave", rule="words", list="more", match="knave", spans=((9, 14),), facts=Facts(lists=LISTED)
    )
    turned = WORDS | {"lists": ["more", "insults"]}
    under(turned).knowing(lists=LISTS).when(post(body="fool and knave"), by=BEN).then(both)


def test_a_list_that_the_site_does_not_have_matches_nothing() -> None:
    under(WORDS).knowing(lists={}).when(post(body="fool"), by=BEN).then(written("fool"))


def test_a_list_whose_terms_are_gone_holds_every_text() -> None:
    gone = {"insults": LoadedList(str(AT), None)}
    held = written("words", rule="words", list="insults", facts=Facts(lists={"insults": str(AT)}))
    under(WORDS).knowing(lists=gone).when(post(body="words"), by=BEN).then(held)


# --- repeated ---


def said(*bodies: str) -> MemberRecord:
    """A member who said this, each in a comment of its own."""
    return MemberRecord(texts="".join(entry(f"c{n}", sketch(body)) for n, body in enumerate(bodies, 1)))


def test_a_text_that_repeats_another_waits_and_one_that_does_not_is_published() -> None:
    rule = {"kind": "repeated"}
    held = written(SAID.upper(), rule="repeated", facts=Facts(alike=100))
    under(rule).knowing(record=said("Other words.", SAID)).when(post(body=SAID.upper()), by=BEN).then(held)
    other = "I took it twice last winter, and slept well."
    fresh = written(other, facts=Facts(alike=0))
    under(rule).knowing(record=said("Other words.", SAID)).when(post(body=other), by=BEN).then(fresh)


def test_an_edit_may_be_like_the_text_it_replaces() -> None:
    story = given(policy(rules=({"kind": "repeated"},)), posted(body=SAID)).knowing(record=said(SAID))
    story.when(edit(1, SAID + " Indeed.")).then(edited(2, SAID + " Indeed.", facts=Facts(alike=0)))


def test_a_few_words_may_be_repeated() -> None:
    rule = {"kind": "repeated", "words": 4}
    under(rule).knowing(record=said("I agree entirely.")).when(post(body="I agree entirely."), by=BEN).then(
        written("I agree entirely.", facts=Facts(alike=100))
    )


# --- length ---


@pytest.mark.parametrize(("body", "spans"), [("abc", None), ("abcdef", None), ("ab", ()), ("abcdefg", ((6, 7),))])
def test_a_text_outside_of_its_length_waits(body: str, spans: Any) -> None:
    held = written(body) if spans is None else written(body, rule="length", spans=spans)
    under({"kind": "length", "under": 3, "over": 6}).when(post(body=body), by=BEN).then(held)


# --- too_fast ---


def test_a_comment_soon_after_the_last_one_waits() -> None:
    rule = {"kind": "too_fast", "seconds": 10}
    for ago, fields in ((9, {"rule": "too_fast"}), (10, {}), (3600, {})):
        last = NOW - ago * SECOND
        after = written(facts=Facts(last_at=last), **fields)
        under(rule).knowing(record=MemberRecord(last_at=last)).when(post(), by=BEN).then(after)


def test_a_first_comment_and_an_edit_are_never_too_fast() -> None:
    rule = {"kind": "too_fast", "seconds": 10}
    under(rule).when(post(), by=BEN).then(written(facts=Facts(last_at=0)))
    story = given(policy(rules=(rule,)), posted()).knowing(record=MemberRecord(last_at=NOW))
    story.when(edit(1, "x")).then(edited(2, "x"))


# --- name ---


@pytest.mark.parametrize(
    ("name", "known", "like"),
    [
        ("Ben", KnownNames(), None),
        ("Ben", KnownNames(member="ben", staff="ben"), None),
        ("Ben", KnownNames(member="another"), "member"),
        ("Ben", KnownNames(staff="mod", member="another"), "staff"),
        ("M0derator", KnownNames(), "reserved"),
        ("UnHerd", KnownNames(), "reserved"),
        ("The Edit0r", KnownNames(), "reserved"),
    ],
)
def test_a_text_under_a_name_like_anothers_waits(name: str, known: KnownNames, like: Any) -> None:
    caller = Caller(id="ben", name=name)
    facts = None if like is None else Facts(name=like)
    text = written(name=name, facts=facts, **({} if like is None else {"rule": "name"}))
    rule = {"kind": "name", "reserved": ["The Editor"]}
    under(rule).knowing(known_names=known).when(post(), by=caller).then(text)


def test_without_the_rule_a_members_name_is_not_looked_at() -> None:
    under().knowing(known_names=KnownNames(staff="mod")).when(post(), by=BEN).then(written())


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Moderat0r", KnownNames()),
        ("A guest", KnownNames(staff="mod")),
        ("A guest", KnownNames(member="another")),
    ],
)
def test_a_guest_under_such_a_name_is_refused_without_a_rule(name: str, known: KnownNames) -> None:
    caller = Caller(id="guest", name=name, kind="guest")
    story = given(policy(comment="anyone")).knowing(known_names=known)
    story.when(post(), by=caller).refused(NameNotAllowed)


def test_a_guest_under_another_name_and_staff_under_any_pass() -> None:
    story = given(policy(comment="anyone"))
    story.when(post(), by=GUEST).then(posted("new", "new words", name="A guest"))
    staff = Caller(id="mod", name="Moderator", roles=MOD.roles)
    story.when(post("other"), by=staff).then(posted("other", "new words", name="Moderator"))


# --- first_comments ---


@pytest.mark.parametrize(("published", "waits"), [(0, True), (1, True), (2, False), (9, False)])
def test_the_first_comments_of_a_member_wait(published: int, waits: bool) -> None:
    fields = {"rule": "first_comments"} if waits else {}
    story = under({"kind": "first_comments", "comments": 2}).knowing(record=MemberRecord(published=published))
    story.when(post(), by=BEN).then(written(facts=Facts(published=published), **fields))


# --- after_rejection ---


@pytest.mark.parametrize(("ago", "waits"), [(1, True), (7 * DAY - 1, True), (7 * DAY, False)])
def test_after_a_rejection_texts_wait_for_some_days(ago: int, waits: bool) -> None:
    record = MemberRecord(rejected_at=NOW - ago)
    fields = {"rule": "after_rejection"} if waits else {}
    story = under({"kind": "after_rejection", "days": 7}).knowing(record=record)
    story.when(post(), by=BEN).then(written(facts=Facts(rejected_at=NOW - ago), **fields))


def test_who_was_never_rejected_does_not_wait() -> None:
    under({"kind": "after_rejection", "days": 7}).when(post(), by=BEN).then(written(facts=Facts(rejected_at=0)))


# --- closed_hours ---


def clock(zone: str = "UTC", **settings: Any) -> bool:
    """Whether a text waits that is written at 22:13:22 UTC on a Tuesday."""
    assert f"{datetime.fromtimestamp(NOW / 1000, UTC):%H:%M:%S %a}" == "22:13:22 Tue"
    story = under({"kind": "closed_hours", **settings}, timezone=zone).when(post(), by=BEN)
    events = story._decide()
    return events == [written(rule="closed_hours")]


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        ({"from": "22:13", "to": "07:00"}, True),
        ({"from": "22:14", "to": "07:00"}, False),
        ({"from": "20:00", "to": "22:13"}, False),
        ({"from": "20:00", "to": "22:14"}, True),
        ({"from": "00:00", "to": "00:00"}, True),
        ({"from": "22:00", "to": "07:00", "days": ["tue"]}, True),
        ({"from": "22:00", "to": "07:00", "days": ["mon", "wed"]}, False),
    ],
)
def test_a_text_in_closed_hours_waits(settings: dict[str, Any], waits: bool) -> None:
    assert clock(**settings) is waits


def test_hours_are_those_of_the_sites_time_zone_and_over_midnight_those_of_the_day_they_began_on() -> None:
    # It is 00:13 on Wednesday there.
    night = {"from": "23:00", "to": "06:00"}
    assert clock("Africa/Johannesburg", **night)
    assert clock("Africa/Johannesburg", **night, days=["tue"])
    assert not clock("Africa/Johannesburg", **night, days=["wed"])
