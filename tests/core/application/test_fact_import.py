"""Facts of an import brought into a log: once however often, cut anywhere, beside people who act."""

from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.application.fact_import import ConcurrentWrite, FactImport
from core.caller import Caller
from core.domain.authoring import PostComment
from core.domain.import_comment_facts import (
    AppealDecidedFact,
    AppealedFact,
    FeaturedFact,
    PinnedFact,
    ReassignedFact,
    RedactedFact,
    ReportedFact,
    RestoredFact,
    RetractedFact,
    TalliedFact,
    ToldFact,
    UnfeaturedFact,
    UnpinnedFact,
    UnvoidedFact,
    VoidedFact,
    WithdrawnFact,
)
from core.domain.import_fact import Fact, ImportedPerson
from core.domain.import_facts import AnyFact
from core.domain.import_kinds import DECIDED, WITHOUT_EVENTS
from core.domain.import_member_facts import (
    AcknowledgedFact,
    MutedFact,
    ReinstatedFact,
    StandingFact,
    SuspendedFact,
    WarnedFact,
)
from core.domain.import_thread_facts import AnchoredFact, ClosedFact, ReopenedFact
from core.domain.vote import CastVote
from core.events.comment_events import CommentEdited, CommentPosted
from core.log.memory import MemoryLog
from core.log.port import Append, Outcome
from core.policy import Policy
from core.refusals import Unavailable
from tests.support.facts_of_import import (
    ADA,
    BEN,
    THREAD,
    Witness,
    at,
    decided,
    edit,
    faults,
    opened,
    post,
    site_in,
    voted,
)

TEXT_HERE = "What the author wrote here."


def test_every_kind_of_fact_is_decided_on() -> None:
    assert {*DECIDED, *WITHOUT_EVENTS} - {ReassignedFact} == set(get_args(AnyFact))


async def test_a_discussion_comes_with_its_times_people_and_ids() -> None:
    witness = await Witness.of()
    brought = await witness.bring(opened(), post(1), post(2, by=BEN, parent="c1"), edit(1, 2, when=5))
    assert (brought.brought, brought.left_out) == (4, [])
    events = await witness.events()
    assert [one.envelope.type for one in events] == [
        "thread.opened",
        "comment.posted",
        "comment.posted",
        "comment.edited",
    ]
    first, second = events[1], events[2]
    assert isinstance(first.event, CommentPosted)
    assert isinstance(second.event, CommentPosted)
    assert (first.envelope.actor.id, first.envelope.cause, first.envelope.batch) == ("wp:20", "import", "old-blog")
    assert first.occurred_at == 1_500_000_001_000
    assert first.envelope.by_policy is None
    assert (first.event.origin, first.event.name) == ("1", "Ada")
    assert (second.event.parent, second.event.depth, second.event.answered_revision) == ("c1", 1, 1)


async def test_the_same_again_appends_nothing() -> None:
    witness = await Witness.of()
    facts = [opened(), *EVERYTHING]
    await witness.bring(*facts)
    events = await witness.events()
    again = await witness.bring(*facts)
    assert (again.brought, again.events, again.left_out) == (0, 0, [])
    assert await witness.events() == events


async def test_a_text_that_is_not_known_is_said_so_and_an_edit_is_the_second_revision() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1, None), edit(1, 2, "Known.", when=3))
    posted, edited = (one.event for one in (await witness.events())[1:])
    assert isinstance(posted, CommentPosted)
    assert isinstance(edited, CommentEdited)
    assert (posted.unknown, posted.body) == (True, None)
    assert (edited.unknown, edited.body) == (False, "Known.")


async def test_replies_hang_as_deep_as_the_policy_allows_and_at_the_top_where_it_allows_none() -> None:
    facts = [opened(), post(1), post(2, parent="c1"), post(3, parent="c2"), post(4, parent="c3")]
    for most, depths in ((2, [0, 1, 2, 2]), (1, [0, 1, 1, 1]), (0, [0, 0, 0, 0])):
        witness = await Witness.of(Policy(max_depth=most))
        await witness.bring(*facts)
        posted = [one.event for one in await witness.events() if isinstance(one.event, CommentPosted)]
        assert [one.depth for one in posted] == depths
        assert [one.answered for one in posted] == [None, "c1", "c2", "c3"]


async def test_an_edit_of_what_was_rejected_waits_instead_of_being_published() -> None:
    witness = await Witness.of()
    brought = await witness.bring(opened(), post(1), decided(1, "reject", when=2), edit(1, 2, "Better?", when=3))
    edited = (await witness.events())[-1].event
    assert isinstance(edited, CommentEdited)
    assert edited.rule == "edit-under-review"
    assert brought.published == 0


IMPOSSIBLE: list[tuple[str, Fact]] = [
    ("no-author", post(9, by=None)),
    ("bad-id", post(9, comment="has spaces")),
    ("bad-id", post(9, by=ImportedPerson(id="has spaces"))),
    ("unknown-parent", post(9, parent="c77")),
    ("unknown-revision", post(9, parent="c1", parent_revision=7)),
    ("unknown-anchor", post(9, anchor="q9")),
    ("unfit-value", post(9, parent="c1", depth=5)),
    ("text-not-normalised", post(9, "")),
    ("text-not-normalised", post(9, "a\x00b")),
    ("text-too-long", post(9, "x" * 65_537)),
    ("in-the-future", post(9, when=10**9)),
    ("id-taken", post(1, origin="another")),
    ("id-taken", post(1, by=BEN)),
    ("unfit-value", replace(post(9), at="yesterday")),
    ("unknown-comment", edit(8, 2, when=9)),
    ("revision-not-next", edit(1, 3, when=9)),
    ("revision-not-next", edit(1, 1, when=9)),
    ("unknown-revision", decided(1, "reject", when=9, revision=4)),
    ("unfit-value", decided(1, "reject", when=9, code="No Slug")),
    ("unknown-decision", decided(1, "reject", when=9, notice="A" * 22)),
    ("unfit-value", RedactedFact(thread=THREAD, at=at(9), comment="c1")),
    ("unknown-comment", WithdrawnFact(thread=THREAD, at=at(9), comment="c8")),
    ("unknown-decision", ToldFact(thread=THREAD, at=at(9), comment="c1")),
    ("unknown-decision", AppealedFact(thread=THREAD, at=at(9), by=ADA, comment="c1")),
    ("unknown-decision", AppealDecidedFact(thread=THREAD, at=at(9), comment="c1", verdict="uphold")),
    ("no-author", replace(voted(1, 1, when=9), by=None)),
    ("unknown-revision", voted(1, 1, when=9, revision=3)),
    ("unknown-vote", VoidedFact(thread=THREAD, at=at(9), comment="c1", voter="wp:99", batch="b")),
    ("unknown-vote", UnvoidedFact(thread=THREAD, at=at(9), comment="c1", voter="wp:99", batch="b")),
    ("unfit-value", TalliedFact(thread=THREAD, at=at(9), comment="c1", up=-1)),
    ("unfit-value", ReportedFact(thread=THREAD, at=at(9), by=BEN, comment="c1", reason="No Slug")),
    ("unfit-value", PinnedFact(thread=THREAD, at=at(9), comment="c2")),
    ("unfit-value", AnchoredFact(thread=THREAD, at=at(9), anchor="q1", exact=" ")),
    ("no-events-yet", MutedFact(at=at(9), by=ADA, member="wp:21")),
]


@pytest.mark.parametrize(("fault", "fact"), IMPOSSIBLE, ids=[f"{fault}-{n}" for n, (fault, _) in enumerate(IMPOSSIBLE)])
async def test_what_is_impossible_is_left_out_and_all_else_comes(fault: str, fact: Fact) -> None:
    witness = await Witness.of()
    before = [opened(), post(1), post(2, parent="c1")]
    brought = await witness.bring(*before, fact, post(30))
    assert faults(brought.left_out) == [fault]
    assert await witness.kinds() == ["thread.opened", *["comment.posted"] * 3]


async def test_a_thread_that_was_not_opened_takes_nothing() -> None:
    witness = await Witness.of()
    brought = await witness.bring(post(1), decided(1, "reject", when=2), ClosedFact(thread=THREAD, at=at(3)))
    assert faults(brought.left_out) == ["unknown-thread"] * 3
    assert await witness.events() == []
    bad = await witness.bring(opened(url="ftp://kew.example/palms"), post(1))
    assert faults(bad.left_out) == ["unfit-value", "unknown-thread"]


async def test_what_another_comment_has_the_id_of_changes_nothing_of_that() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1))
    brought = await witness.bring(
        opened(), post(1, "Not this.", origin="77"), edit(1, 2, when=4), voted(1, 1, when=5), imported="other"
    )
    assert faults(brought.left_out) == ["id-taken"] * 3
    assert await witness.kinds() == ["thread.opened", "comment.posted"]


async def test_a_text_that_changed_in_the_source_becomes_a_revision_and_the_same_again_nothing() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1, "Old."))
    for facts in (
        [opened(), post(1, "New.")],
        [opened(), post(1, None), edit(1, 2, "Newer.", when=9)],
        [opened(), post(1, None), edit(1, 2, "Newest.", when=12)],
    ):
        brought = await witness.bring(*facts)
        assert (brought.events, brought.differing) == (1, set())
        assert (await witness.bring(*facts)).events == 0
    revisions = [one.event.revision for one in await witness.events() if isinstance(one.event, CommentEdited)]
    assert revisions == [2, 3, 4]


async def test_a_text_that_its_author_edited_here_stays() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1, "Old."))
    await witness.edit("c1", 1, TEXT_HERE)
    for facts in ([opened(), post(1, "New.")], [opened(), post(1, None), edit(1, 2, "New.", when=9)]):
        brought = await witness.bring(*facts)
        assert (brought.events, brought.differing) == (0, {"c1"})


async def test_a_status_that_changed_in_the_source_is_followed() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1, waits=True), post(2), post(3))
    brought = await witness.bring(opened(), post(1), post(2, waits=True), post(3), decided(3, "reject", when=8))
    assert (await witness.kinds())[4:] == ["comment.rejected", "comment.approved", "comment.held"]
    assert brought.published == 1
    assert (
        await witness.bring(opened(), post(1), post(2, waits=True), post(3), decided(3, "reject", when=8))
    ).events == 0


async def test_a_status_that_people_here_decided_on_stays() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1))
    await witness.decide("c1", "reject")
    for facts in ([opened(), post(1)], [opened(), post(1), decided(1, "approve", when=8)]):
        brought = await witness.bring(*facts)
        assert (brought.events, brought.differing) == (0, {"c1"})


async def test_a_vote_that_was_cast_here_stays() -> None:
    witness = await Witness.of()
    await witness.bring(opened(), post(1), voted(1, 1, when=5))
    await witness.act(CastVote(comment="c1", value=-1), Caller(id="wp:21", name="Ben"))
    brought = await witness.bring(opened(), post(1), voted(1, 1, when=5), voted(1, 1, when=9))
    assert (brought.events, brought.brought) == (0, 0)


async def test_a_tally_is_replaced_by_a_later_one() -> None:
    witness = await Witness.of()
    tallied = TalliedFact(thread=THREAD, at=at(9), comment="c1")
    for tally in (replace(tallied, up=3, down=1), replace(tallied, up=5, down=1), replace(tallied, score=-4)):
        facts = [opened(), post(1), tally]
        assert (await witness.bring(*facts)).events > 0
        assert (await witness.bring(*facts)).events == 0


async def test_a_fact_about_a_decision_of_the_same_chunk_names_its_position() -> None:
    witness = await Witness.of()
    brought = await witness.bring(
        opened(),
        post(1),
        decided(1, "reject", when=2, by=ImportedPerson(id="u-1", kind="staff")),
        ToldFact(thread=THREAD, at=at(3), by=ADA, comment="c1"),
        AppealedFact(thread=THREAD, at=at(4), by=ADA, comment="c1", text="Why?"),
        AppealDecidedFact(thread=THREAD, at=at(5), comment="c1", verdict="uphold"),
    )
    assert brought.left_out == []
    events = await witness.events()
    rejected, told, filed, _ = events[2:]
    assert getattr(told.event, "decision", None) == getattr(filed.event, "decision", None) == str(rejected.position)


async def test_facts_about_members_come_once() -> None:
    witness = await Witness.of()
    facts: list[Fact] = [
        SuspendedFact(at=at(1), member="wp:33", until="2030-01-01T00:00:00Z", reason="Spam."),
        ReinstatedFact(at=at(2), member="wp:33"),
        StandingFact(at=at(3), member="wp:33", standing="trusted"),
        WarnedFact(at=at(4), member="wp:33", reason="Careful."),
        AcknowledgedFact(at=at(5), by=ImportedPerson(id="wp:33"), member="wp:33", warned=at(4)),
    ]
    brought = await witness.bring(*facts, thread="")
    assert (brought.brought, brought.left_out) == (5, [])
    assert (await witness.bring(*facts, thread="")).events == 0
    assert (await witness.kinds(""))[1:] == [
        *("member.suspended", "member.reinstated", "standing.changed", "warning.given", "warning.acknowledged"),
    ]


async def test_a_fact_about_a_member_whose_id_is_out_of_its_grammar_is_left_out_as_that() -> None:
    witness = await Witness.of()
    brought = await witness.bring(SuspendedFact(at=at(1), member="has spaces"), thread="")
    assert faults(brought.left_out) == ["bad-id"]


async def test_another_writer_that_gets_ahead_is_noticed_and_nothing_is_half_there() -> None:
    log = Overtaken(1)
    witness = Witness(log, await site_in(log))
    await witness.bring(opened(), post(1))
    events = await witness.events()
    log.overtake = lambda: witness.decide("c1", "reject")
    bringing = FactImport(log, site="kew", thread=THREAD, imported="old-blog", policy=witness.policy)
    with pytest.raises(ConcurrentWrite):
        await bringing.bring([opened(), post(1), post(2), decided(1, "hold", when=7)])
    assert (await witness.kinds()) == [*(one.envelope.type for one in events), "comment.rejected"]


class Overtaken(MemoryLog):
    """A log in which somebody else is ahead of the next append."""

    overtake: Any = None

    async def append(self, append: Append) -> Outcome:
        overtake, self.overtake = self.overtake, None
        if overtake is not None:
            await overtake()
        return await super().append(append)


class Cut(MemoryLog):
    """A log whose connection is cut at an append: before it takes effect, or after."""

    left = -1
    takes_effect = False

    async def append(self, append: Append) -> Outcome:
        self.left -= 1
        if self.left == 0 and not self.takes_effect:
            raise Unavailable("cut")
        outcome = await super().append(append)
        if self.left == 0:
            raise Unavailable("cut")
        return outcome


_PEOPLE = st.sampled_from([ADA, BEN, ImportedPerson(id="wp:22", name="Eve")])


@st.composite
def facts_of_a_thread(draw: st.DrawFn) -> list[Fact]:
    """Facts of one thread in order, of which some may be impossible."""
    facts: list[Fact] = [opened()]
    texts: dict[int, int] = {}
    for number in range(1, draw(st.integers(2, 25))):
        when = float(number + 10)
        kind = draw(st.sampled_from(_KINDS)) if texts else "post"
        if kind == "post":
            parent = draw(st.none() | st.sampled_from(sorted(texts))) if texts else None
            body = draw(st.sampled_from(["Words.", "Other.", None]))
            facts.append(
                post(
                    number,
                    body,
                    when=when,
                    by=draw(_PEOPLE),
                    parent=None if parent is None else f"c{parent}",
                    waits=draw(st.booleans()),
                )
            )
            texts[number] = 1
            continue
        chosen = draw(st.sampled_from(sorted(texts)))
        if kind == "edit":
            texts[chosen] += 1
            facts.append(edit(chosen, texts[chosen], draw(st.sampled_from(["New.", None])), when=when))
        else:
            revision = draw(st.integers(1, texts[chosen]))
            facts.append(_fact(kind, chosen, revision, when, draw(_PEOPLE)))
    return facts


def _fact(kind: str, number: int, revision: int, when: float, by: ImportedPerson) -> Fact:
    place: dict[str, Any] = {"thread": THREAD, "at": at(when)}
    comment = f"c{number}"
    match kind:
        case "approve" | "hold" | "reject":
            return decided(number, kind, when=when, revision=revision)
        case "vote":
            return voted(number, 1 if int(when) % 2 else -1, when=when, by=by, revision=revision)
        case "retract":
            return RetractedFact(**place, by=by, comment=comment, revision=revision)
        case "void":
            return VoidedFact(**place, comment=comment, voter=by.id, batch=f"b{when}")
        case "report":
            return ReportedFact(**place, by=by, comment=comment, revision=revision, reason="spam")
        case "redact":
            return RedactedFact(**place, comment=comment, revision=revision)
        case "tally":
            return TalliedFact(**place, comment=comment, up=int(when), down=1)
        case "appeal":
            return AppealedFact(**place, by=by, comment=comment, revision=revision, text="Why?")
        case "close":
            return ClosedFact(**place)
        case "reopen":
            return ReopenedFact(**place)
        case _:
            mark: Fact = _MARKS[kind](**place, by=by, comment=comment)
            return mark


_MARKS: dict[str, Any] = {
    "withdraw": WithdrawnFact,
    "restore": RestoredFact,
    "feature": FeaturedFact,
    "unfeature": UnfeaturedFact,
    "pin": PinnedFact,
    "unpin": UnpinnedFact,
    "tell": ToldFact,
}
_KINDS = (
    *("post", "post", "post", "edit", "edit", "approve", "hold", "reject", "vote", "retract", "void", "report"),
    *("redact", "tally", "appeal", "close", "reopen", *_MARKS),
)
EVERYTHING = [
    post(1),
    post(2, parent="c1", by=BEN, waits=True),
    *(_fact(kind, 1, 1, 20.0 + number, BEN) for number, kind in enumerate(_KINDS) if kind not in ("post", "edit")),
]
EVERYTHING = [
    fact for fact in EVERYTHING if type(fact).__name__ not in ("RedactedFact", "AppealedFact", "ToldFact", "VoidedFact")
]


@settings(max_examples=150)
@given(facts_of_a_thread(), st.integers(1, 6), st.integers(1, 12), st.booleans())
async def test_cut_anywhere_and_brought_again_is_as_brought_once(
    facts: list[Fact], chunk: int, cut: int, takes_effect: bool
) -> None:
    once = await Witness.of(chunk=chunk)
    whole = await once.bring(*facts)
    log = Cut(1)
    twice = Witness(log, await site_in(log), chunk=chunk)
    log.left, log.takes_effect = cut, takes_effect
    with suppress(Unavailable):
        await twice.bring(*facts)
    log.left = -1
    again = await twice.bring(*facts)
    assert [said(one) for one in await twice.events()] == [said(one) for one in await once.events()]
    assert again.published == whole.published
    assert (await twice.bring(*facts)).events == 0


def said(recorded: Any) -> tuple[Any, ...]:
    """All that an event says but for positions."""
    envelope, event = recorded.envelope, recorded.event
    named = {name: None for name in ("decision", "cast") if hasattr(event, name)}
    return envelope.type, envelope.actor, envelope.at, envelope.batch, replace(event, **named) if named else event


async def test_an_export_that_comes_back_into_its_own_site_is_known() -> None:
    witness = await Witness.of()
    await witness.bring(opened())
    await witness.act(PostComment(comment="here", body="Words."), Caller(id="eve", name="Eve"))
    fact = replace(post(1), comment="here", origin="here", by=ImportedPerson(id="eve", name="Eve"))
    brought = await witness.bring(opened(), fact, replace(voted(1, 1, when=7), comment="here"))
    assert (brought.events, brought.left_out) == (0, [])
