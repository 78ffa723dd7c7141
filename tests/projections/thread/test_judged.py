"""Laws of judgements: the log has all that they were made from, whatever records and lists say later."""

from typing import Any, Final

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import load_aggregates
from core.application.list_loading import terms_of
from core.caller import Caller
from core.domain.context import Context, LoadedList
from core.domain.rules.registry import decoded
from core.domain.site import ChangePolicy
from core.domain.word_lists import PutList, RemoveList
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded
from core.events.facts import NO_FACTS
from core.log.port import FoundBeside
from core.member_record import MemberRecord, entry
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.refusals import Refusal
from core.text.shingles import sketch
from core.text.word_list import WordList
from projections.thread.thread_replay import ThreadReplay
from tests.support.newsroom import BEGIN, Newsroom
from tests.support.people import ADA, ADMIN, BEN, SITE, THREAD, edit, post

BODIES: Final = ("a fool said so", "a knave said so", "you f00l and kn4ve", "a clean text of words", "short")
RULES: Final = (
    {"kind": "words", "lists": ["insults", "more"]},
    {"kind": "words", "lists": ["more"], "action": "reject", "tells": {"en": "No."}},
    {"kind": "repeated", "words": 1, "share": 60},
    {"kind": "length", "under": 6},
    {"kind": "too_fast", "seconds": 5},
    {"kind": "name"},
    {"kind": "first_comments", "comments": 2},
    {"kind": "after_rejection", "days": 1, "action": "reject"},
)
TERMS: Final = ("fool", "knave", "clean", "said so")
LIST_NAMES: Final = ("insults", "more")


class Known(Struct, frozen=True, kw_only=True):
    """What lies beside the log at some time."""

    published: int
    last_at: int
    rejected_at: int
    text: str
    staff: str | None
    member: str | None

    def found(self, *_: object) -> FoundBeside:
        record = MemberRecord(
            published=self.published,
            last_at=self.last_at,
            rejected_at=self.rejected_at,
            texts=entry("before", sketch(self.text)),
        )
        return FoundBeside(record=record, staff=self.staff, member=self.member)


times = st.sampled_from((0, BEGIN - 1, BEGIN - 10_000))
knowns = st.builds(
    Known,
    published=st.integers(0, 3),
    last_at=times,
    rejected_at=times,
    text=st.sampled_from(BODIES),
    staff=st.sampled_from((None, "mod")),
    member=st.sampled_from((None, "ada", "eve")),
)
authors = st.sampled_from((ADA, BEN))
lists = st.builds(
    PutList,
    list=st.sampled_from(LIST_NAMES),
    terms=st.lists(st.sampled_from(TERMS), min_size=1, max_size=3).map(tuple),
)
changes = st.builds(
    lambda rules: ChangePolicy(changes=PolicyChanges(rules=tuple(rules))),
    st.lists(st.sampled_from(RULES), max_size=4),
)
acts = st.one_of(
    st.tuples(st.just("writes"), st.tuples(authors, st.sampled_from(BODIES), knowns)),
    st.tuples(st.just("writes"), st.tuples(authors, st.sampled_from(BODIES), knowns)),
    st.tuples(st.just("edits"), st.tuples(authors, st.sampled_from(BODIES), knowns)),
    st.tuples(st.just("administers"), st.one_of(lists, changes)),
)
scripts = st.lists(acts, min_size=3, max_size=15)


async def play(script: list[tuple[str, Any]], rules: tuple[dict[str, Any], ...]) -> tuple[Newsroom, dict[str, Any]]:
    """Let it happen; what was decided of each comment, as whoever asked was told."""
    room = await Newsroom(AggregateCache()).opened(rules=rules)
    for number, name in enumerate(LIST_NAMES):
        await room.ask(PutList(list=name, terms=(TERMS[number],)), ADMIN)
    decided: dict[str, Any] = {}
    last: dict[str, str] = {}
    for number, (deed, how) in enumerate(script):
        if deed == "administers":
            await room.ask(how, ADMIN)
            continue
        by, body, known = how
        room.log.beside = known.found
        command: Any = post(f"c{number}", body)
        if deed == "edits":
            if by.id not in last:
                continue
            comment = last[by.id]
            revision = decided[comment][0]
            command = edit(revision, body, comment)
        try:
            result = await room.ask(command, by)
        except Refusal:
            continue
        assert result.comment is not None
        last[by.id] = result.comment.id
        decided[result.comment.id] = seen(result.comment)
    return room, decided


def seen(comment: Any) -> tuple[Any, ...]:
    """What a decision leaves of a comment."""
    texts = {
        number: (text.rule, text.verdict_status, None if text.decision is None else text.decision.reason)
        for number, text in comment.texts.items()
    }
    return comment.latest, comment.status, comment.standing, texts


@settings(max_examples=60)
@given(scripts, st.lists(st.sampled_from(RULES), min_size=1, max_size=5).map(tuple), knowns)
def test_what_replay_folds_is_what_was_decided_whatever_record_and_lists_say_now(
    script: list[tuple[str, Any]], rules: tuple[dict[str, Any], ...], now: Known
) -> None:
    async def law() -> None:
        room, decided = await play(script, rules)
        room.log.beside = now.found
        for name in LIST_NAMES:
            await room.ask(RemoveList(list=name), ADMIN)
        await room.ask(ChangePolicy(changes=PolicyChanges(rules=())), ADMIN)
        replayed = await ThreadReplay(room.log, SITE, THREAD).at()
        assert {name: seen(comment) for name, comment in replayed.rows.items()} == decided
        fields = tuple(map(heads.comment, decided))
        again = await load_aggregates(room.log, SITE, THREAD, folded=fields)
        assert {name: seen(again.comment(name)) for name in decided} == decided

    anyio.run(law)


@settings(max_examples=60)
@given(scripts, st.lists(st.sampled_from(RULES), min_size=1, max_size=5).map(tuple))
def test_the_rules_decide_the_same_again_from_what_the_event_has(
    script: list[tuple[str, Any]], rules: tuple[dict[str, Any], ...]
) -> None:
    async def law() -> None:
        room, _ = await play(script, rules)
        events = await room.events()
        policies = {str(one.position): one for one in events if one.envelope.type in ("site.opened", "policy.changed")}
        policy = Policy()
        in_force: dict[str, Policy] = {}
        for at, one in policies.items():
            policy = one.event.policy if one.envelope.type == "site.opened" else policy.with_changes(one.event.changes)  # type: ignore[attr-defined] # of these types
            in_force[at] = policy
        for one in events:
            if isinstance(one.event, CommentPosted | CommentEdited):
                await decided_again(room, one, in_force[one.envelope.by_policy or ""])

    anyio.run(law)


async def decided_again(room: Newsroom, recorded: Recorded, policy: Policy) -> None:
    """Judge the text of an event by nothing but the event and the policy that it names."""
    event = recorded.event
    assert isinstance(event, CommentPosted | CommentEdited)
    facts = event.facts or NO_FACTS
    named = {}
    for name, at in (facts.lists or {}).items():
        terms = await terms_of(room.log, SITE, Position.parse(at))
        assert terms is not None
        named[name] = LoadedList(at, WordList(terms))
    caller = Caller(id=recorded.envelope.actor.id, name="Whoever")
    context = replace(Context(caller=caller, now=recorded.position.ms, policy=policy), facts=facts, lists=named)
    assert event.body is not None
    known = decoded(policy.rules)
    found = known.first_match("reject", event.body, context) or known.first_match("hold", event.body, context)
    if event.rule == "edit-under-review":
        assert found is None
        return
    assert event.rule == (None if found is None else found.hold.rule)
    if found is not None:
        assert event.rejected is (found.rule.action == "reject")
        assert (event.list, event.match, event.spans) == (found.hold.list, found.hold.match, found.hold.spans)
