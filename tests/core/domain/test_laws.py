"""Whatever people ask for, in whatever order: what must hold in every thread."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import load_aggregates
from core.application.transact import Result
from core.caller import Caller
from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.comment import Comment
from core.domain.handler import Command
from core.domain.member import ReinstateMember, SuspendMember
from core.domain.moderation import Decide, FeatureComment, PinComment, RedactRevision, ReverseDecision
from core.domain.report import FileReport
from core.domain.site import ChangePolicy
from core.domain.thread import OverridePolicy, SetThreadStatus
from core.domain.vote import CastVote
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentHeld,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentWithdrawn,
    DecisionReversed,
)
from core.events.envelope import Recorded
from core.policy import PolicyChanges
from core.refusals import IdempotencyKeyReused, Refusal
from tests.support.newsroom import HOUR, Newsroom
from tests.support.people import ADA, ADMIN, BEN, EVE, MOD, OTHER_MOD, SITE, THREAD

BODIES = ("one", "two", "three", "see example.com", "and example.org")
AUTHORS = {"a1": ADA, "b1": BEN}
LATEST, STANDING = -1, -2
"""Stand for the revision that is so when the command is given."""
LAST = "last"
"""Stands for the last batch of the comment."""


class Step(Struct, frozen=True):
    """Somebody asks for something, some hours after the step before."""

    command: Command
    by: Caller
    wait: int = 0


def _own(comment: str) -> list[Step]:
    commands: list[Command] = [
        *(EditComment(comment=comment, revision=LATEST, body=body) for body in BODIES),
        EditComment(comment=comment, revision=1, body="two", reason="r"),
        WithdrawComment(comment=comment),
        RestoreComment(comment=comment),
        RestoreComment(comment=comment),
    ]
    return [Step(command, AUTHORS[comment]) for command in commands]


def _decisions(comment: str) -> list[Step]:
    verdicts: tuple[Literal["approve", "hold", "reject"], ...] = ("approve", "approve", "hold", "reject")
    plain: list[Decide] = [
        Decide(comment=comment, verdict=verdict, revision=revision)
        for verdict in verdicts
        for revision in (LATEST, STANDING)
    ]
    wordy = [
        Decide(comment=comment, verdict="reject", revision=LATEST, reason="r", note="n"),
        Decide(comment=comment, verdict="approve", revision=LATEST, status="withdrawn"),
        Decide(comment=comment, verdict="approve", revision=1, status="pending"),
    ]
    undo = [Step(ReverseDecision(comment=comment, batch=LAST), by) for by in (MOD, OTHER_MOD, OTHER_MOD)]
    return [*(Step(command, MOD) for command in plain), *(Step(command, OTHER_MOD) for command in wordy), *undo]


def _others(comment: str) -> list[Step]:
    return [
        *(Step(RedactRevision(comment=comment, revision=number, reason="r"), MOD) for number in (LATEST, STANDING)),
        *(Step(FeatureComment(comment=comment, featured=featured), MOD) for featured in (True, False)),
        *(Step(PinComment(comment=comment, pinned=pinned), MOD) for pinned in (True, False)),
        *(Step(CastVote(comment=comment, value=value), EVE) for value in _VALUES),
        *(Step(CastVote(comment=comment, value=value, revision=LATEST), EVE) for value in _VALUES),
        *(Step(FileReport(comment=comment, reason="spam", revision=number), EVE) for number in (1, None)),
        Step(Decide(comment=comment, verdict="approve", revision=LATEST), EVE),
        Step(PostComment(comment=f"{comment}-answer", body="yes", parent=comment), EVE),
        Step(PostComment(comment=comment, body="one"), AUTHORS[comment], 50),
    ]


_VALUES: tuple[Literal[1, 0, -1], ...] = (1, 0, -1)
_HERE = [
    *(Step(ChangePolicy(changes=PolicyChanges(premoderation=rule)), ADMIN, 30) for rule in ("none", "links", "all")),
    Step(OverridePolicy(overrides=PolicyChanges(premoderation="links", max_depth=1)), MOD),
    Step(OverridePolicy(overrides=PolicyChanges()), MOD),
    *(Step(SetThreadStatus(status=status), MOD) for status in ("closed", "archived", "open", "open", "open", "open")),
    Step(SuspendMember(member="ada", reason="r"), MOD),
    *(Step(ReinstateMember(member="ada"), MOD) for _ in range(4)),
]

# One draw a step, and most of them about one comment: that finds more than a little about many.
own = st.sampled_from(_own("a1"))
decisions = st.sampled_from(_decisions("a1"))
others = st.sampled_from([*_others("a1"), *_HERE, *_own("b1"), *_decisions("b1"), *_others("b1")])
steps = st.one_of(own, own, decisions, decisions, others)
scripts = st.lists(steps, min_size=10, max_size=30)
rules = st.sampled_from(("none", "links", "all"))
bodies = st.sampled_from(BODIES)
BEGINNING = [
    Step(PostComment(comment="a1", body="one"), ADA),
    Step(Decide(comment="a1", verdict="approve", revision=1), MOD),
    Step(PostComment(comment="b1", body="one", parent="a1"), BEN),
]


Held = Literal["no", "by rule", "by staff"]


class Text(Struct):
    """One revision, as the events tell it: an account of its own beside the one under test."""

    body: str
    held: Held


class Watcher:
    """Reads every event as it comes and objects to what must never be."""

    def __init__(self) -> None:
        self.texts: dict[str, list[Text]] = {}
        self.public: dict[str, str | None] = {}
        self.stopped: set[str] = set()
        """Comments whose latest text was turned down by staff, without an approval of any since."""
        self.decided: dict[str, tuple[str | None, list[Held], bool]] = {}
        """What the decision of each batch replaced."""

    def watch(self, recorded: Iterable[Recorded], after: Comment | None) -> None:
        for one in recorded:
            if getattr(one.event, "comment", None) is not None:
                self._watch(one.event, one.envelope.batch, after)

    def _watch(self, event: Any, batch: str | None, after: Comment | None) -> None:
        assert after is not None
        texts = self.texts.setdefault(event.comment, [])
        if batch is not None:
            self.decided[batch] = (
                self.public.get(event.comment),
                [text.held for text in texts],
                event.comment in self.stopped,
            )
        kept_back = {text.body for text in texts if text.held != "no"}
        self._account(event, texts)
        assert 1 <= getattr(event, "revision", 1) <= len(texts), "what is named existed"
        assert len(after.texts) == len(texts)
        before = self.public.get(event.comment)
        now = self._shown(after, texts)
        self.public[event.comment] = now
        match event:
            case CommentApproved():
                assert now in (None, texts[event.revision - 1].body), "nothing but what was approved is published"
                assert after.withdrawn or now is not None
            case CommentHeld() | CommentRejected():
                assert now in (None, before), "turning a text down publishes none"
            case CommentPosted():
                assert now in (None, event.body)
            case CommentEdited() if now != before:
                assert before is not None, "no edit publishes itself"
                assert event.comment not in self.stopped, "after a decision an edit waits"
                assert now not in kept_back, "an author publishes nothing that was kept back"
            case CommentEdited():
                assert event.rule is not None or event.body == before, "an edit that stands is what readers see"
            case DecisionReversed():
                assert now == self.decided[event.reverses][0], "a reversal brings back what readers saw"
            case CommentWithdrawn() | CommentRestored():
                # A text that was let through returns, even where another revision with the same words was not.
                assert now is None or isinstance(event, CommentRestored)
            case _:
                assert now == before, "nothing else changes what readers see"

    def _account(self, event: Any, texts: list[Text]) -> None:
        """Take in what the event says of the texts."""
        match event:
            case CommentPosted() | CommentEdited():
                assert event.revision == len(texts) + 1, "revisions are dense"
                assert event.body is not None
                texts.append(Text(event.body, "no" if event.rule is None else "by rule"))
            case CommentApproved():
                texts[event.revision - 1].held = "no"
                self.stopped.discard(event.comment)
            case CommentHeld() | CommentRejected():
                texts[event.revision - 1].held = "by staff"
                if event.revision == len(texts):
                    self.stopped.add(event.comment)
            case DecisionReversed():
                _, held, stopped = self.decided[event.reverses]
                for text, was in zip(texts, held, strict=True):
                    text.held = was
                (self.stopped.add if stopped else self.stopped.discard)(event.comment)
            case _:
                pass

    @staticmethod
    def _shown(comment: Comment, texts: Sequence[Text]) -> str | None:
        if not comment.published:
            return None
        assert comment.standing is not None
        shown = texts[comment.standing - 1]
        assert shown.held == "no", "what readers see was let through"
        return shown.body


async def _told(room: Newsroom, command: Command) -> Command:
    """The command with the revision that it means."""
    if isinstance(command, ReverseDecision):
        batches = list((await _comment(room, command.comment)).batches)
        return replace(command, batch=batches[-1]) if batches else command
    meant = getattr(command, "revision", None)
    if meant not in (LATEST, STANDING):
        return command
    comment = await _comment(room, getattr(command, "comment", ""))
    number = len(comment.texts) if meant == LATEST else comment.standing
    return replace(command, revision=number or 1)


async def _comment(room: Newsroom, comment: str, cache: AggregateCache | None = None) -> Comment:
    aggregates = await load_aggregates(room.log, SITE, THREAD, folded=(heads.comment(comment),), cache=cache)
    return aggregates.comment(comment)


def _run(script: Sequence[Step], premoderation: str, gateways: Sequence[AggregateCache | None] = (None,)) -> None:
    async def play() -> None:
        room = await Newsroom().opened(premoderation=premoderation)
        watcher = Watcher()
        done: list[tuple[Step, str, Result, int]] = []
        for number, step in enumerate(script):
            room.log.now += step.wait * HOUR
            room.cache = gateways[number % len(gateways)]
            command = await _told(room, step.command)
            try:
                batch = f"b{number}" if isinstance(command, Decide) else None
                result = await room.ask(command, step.by, key=f"k{number}", batch=batch)
            except Refusal:
                continue
            watcher.watch(result.recorded, result.comment)
            if not result.repeated:
                done.append((Step(command, step.by), f"k{number}", result, room.log.now))
        await _folds_are_right(room)
        await _repeats_change_nothing(room, done)

    anyio.run(play)


async def _folds_are_right(room: Newsroom) -> None:
    for comment in AUTHORS:
        assert await _comment(room, comment, room.cache) == await _comment(room, comment)


async def _repeats_change_nothing(room: Newsroom, done: Sequence[tuple[Step, str, Result, int]]) -> None:
    before = await room.events()
    for step, key, result, at in done:
        young = room.log.now - at < 24 * HOUR
        if not young and not isinstance(step.command, PostComment):
            continue  # its key may be forgotten, and then it is a new command
        again = await room.ask(step.command, step.by, key=key)
        assert (again.position, again.created) == (result.position, result.created)
        assert again.repeated
    assert await room.events() == before


@given(scripts, rules)
@settings(max_examples=250)
def test_no_author_publishes_what_was_kept_back_and_no_decision_another_text(
    script: list[Step], premoderation: str
) -> None:
    _run([*BEGINNING, *script], premoderation)


@given(scripts, rules, st.integers(1, 6))
@settings(max_examples=50)
def test_remembered_folds_change_nothing(script: list[Step], premoderation: str, limit: int) -> None:
    _run([*BEGINNING, *script], premoderation, [AggregateCache(limit * 3000), AggregateCache()])


@given(st.lists(own | decisions, max_size=8), st.lists(own, min_size=4, max_size=12), rules, st.booleans())
@settings(max_examples=250)
def test_no_script_of_an_author_alone_makes_public_what_was_held_or_rejected(
    before: list[Step], alone: list[Step], premoderation: str, approved: bool
) -> None:
    _run([*BEGINNING[: 1 + approved], *before, *alone], premoderation)


@given(bodies, bodies, st.integers(0, 10_000))
@settings(max_examples=50)
def test_a_post_gets_its_first_answer_however_late_it_is_repeated(body: str, other: Any, hours: int) -> None:
    async def play() -> None:
        room = await Newsroom().opened()
        first = await room.ask(PostComment(comment="a1", body=body), key="k")
        room.log.now += hours * HOUR
        again = await room.ask(PostComment(comment="a1", body=body), key="k")
        assert (again.positions, again.created, again.repeated) == (first.positions, True, True)
        if other != body:
            try:
                await room.ask(PostComment(comment="a1", body=other), key="k")
            except IdempotencyKeyReused:
                pass
            else:
                raise AssertionError("another body under the same key was taken")

    anyio.run(play)
