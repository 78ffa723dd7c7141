"""Whatever people ask for, in whatever order: what must hold in every thread."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from core import events, heads
from core.caller import Caller
from core.commands import (
    AnyCommand,
    ChangePolicy,
    Decide,
    EditComment,
    FeatureComment,
    OverridePolicy,
    PostComment,
    RedactRevision,
    ReinstateMember,
    Report,
    RestoreComment,
    SetThreadStatus,
    SuspendMember,
    Vote,
    WithdrawComment,
)
from core.comment import Comment
from core.envelope import Recorded
from core.policy import PolicyChanges
from core.refusals import IdempotencyKeyReused, Refusal
from core.sight import Folds, look
from core.transact import Result
from tests.core.newsroom import HOUR, Newsroom
from tests.core.people import ADA, ADMIN, BEN, EVE, MOD, OTHER_MOD, SITE, THREAD

BODIES = ("one", "two", "three", "see example.com", "four www.example.org")
COMMENTS = ("a1", "a2", "b1")
AUTHORS = {"a1": ADA, "a2": ADA, "b1": BEN}
AUTHORED = (events.CommentPosted, events.CommentEdited, events.CommentRestored, events.CommentWithdrawn)

comments = st.sampled_from(COMMENTS)
bodies = st.sampled_from(BODIES)
words = st.sampled_from((None, "r"))


class Step(Struct, frozen=True):
    """Somebody asks for something. A revision of -1 is the latest there is."""

    command: AnyCommand
    by: Caller
    wait: int = 0
    """Hours that pass before."""


def by(command: st.SearchStrategy[Any], *callers: Caller) -> st.SearchStrategy[Step]:
    waits = st.sampled_from((0, 0, 0, 0, 30))
    return st.builds(Step, command, st.sampled_from(callers), waits)


def by_author(command: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return command.map(lambda one: Step(one, AUTHORS[one.comment]))


revisions = st.sampled_from((-1, -1, -1, 1, 2, 3))
posts = by_author(
    st.builds(
        PostComment,
        comment=comments,
        body=bodies,
        parent=st.sampled_from((None, None, *COMMENTS)),
    )
)
own = by_author(
    st.one_of(
        st.builds(EditComment, comment=comments, revision=revisions, body=bodies, reason=words),
        st.builds(EditComment, comment=comments, revision=st.just(-1), body=bodies),
        st.builds(WithdrawComment, comment=comments),
        st.builds(RestoreComment, comment=comments),
    )
)
decisions = by(
    st.builds(
        Decide,
        comment=comments,
        verdict=st.sampled_from(("approve", "hold", "reject")),
        revision=revisions,
        reason=words,
        note=words,
        status=st.sampled_from((None, None, None, "published", "pending", "withdrawn")),
    ),
    MOD,
    OTHER_MOD,
    EVE,
)
policies = st.builds(
    PolicyChanges,
    premoderation=st.sampled_from(("none", "links", "all")),
    max_depth=st.sampled_from((0, 1, 50)),
    own_votes=st.booleans(),
)
others = st.one_of(
    by(st.builds(RedactRevision, comment=comments, revision=revisions, reason=st.just("r")), MOD),
    by(st.builds(FeatureComment, comment=comments, featured=st.booleans()), MOD),
    by(st.builds(Vote, comment=comments, value=st.sampled_from((1, 0, -1)), revision=revisions | st.none()), BEN, EVE),
    by(st.builds(Report, comment=comments, reason=st.just("spam"), revision=revisions | st.none()), BEN, EVE),
    by(st.builds(SetThreadStatus, status=st.sampled_from(("open", "open", "closed", "archived"))), MOD),
    by(st.builds(OverridePolicy, overrides=policies), MOD),
    by(st.builds(ChangePolicy, changes=policies), ADMIN),
    by(st.builds(SuspendMember, member=st.just("ada"), reason=st.just("r")), MOD),
    by(st.builds(ReinstateMember, member=st.just("ada")), MOD),
)
steps = st.one_of(posts, own, own, decisions, decisions, others)
scripts = st.lists(steps, min_size=5, max_size=40)
seeds = st.sampled_from(("none", "links", "all"))


class Text(Struct):
    """One revision, as the events tell it: an account of its own beside the one under test."""

    body: str
    held: Literal["no", "by rule", "by staff"]


class Watcher:
    """Reads every event as it comes and objects to what must never be."""

    def __init__(self) -> None:
        self.texts: dict[str, list[Text]] = {}
        self.public: dict[str, str | None] = {}

    def watch(self, recorded: Iterable[Recorded], after: Comment | None) -> None:
        for one in recorded:
            if getattr(one.event, "comment", None) is not None:
                self._watch(one.event, after)

    def _watch(self, event: Any, after: Comment | None) -> None:
        assert after is not None
        texts = self.texts.setdefault(event.comment, [])
        kept_back = {text.body for text in texts if text.held != "no"}
        match event:
            case events.CommentPosted() | events.CommentEdited():
                assert event.revision == len(texts) + 1, "revisions are dense"
                assert event.body is not None
                texts.append(Text(event.body, "no" if event.rule is None else "by rule"))
            case events.CommentApproved():
                texts[event.revision - 1].held = "no"
            case events.CommentHeld() | events.CommentRejected():
                texts[event.revision - 1].held = "by staff"
            case _:
                pass
        assert 1 <= getattr(event, "revision", 1) <= len(texts), "what is named existed"
        assert len(after.revisions) == len(texts)
        before = self.public.get(event.comment)
        now = self._shown(after, texts)
        self.public[event.comment] = now
        match event:
            case events.CommentApproved():
                assert now in (None, texts[event.revision - 1].body), "nothing but what was approved is published"
                assert after.withdrawn or now is not None
            case events.CommentHeld() | events.CommentRejected():
                assert now in (None, before), "turning a text down publishes none"
            case _ if isinstance(event, AUTHORED):
                assert now in (None, before) or now not in kept_back, "an author publishes nothing that was kept back"
            case _:
                assert now == before, "nothing else changes what readers see"

    @staticmethod
    def _shown(comment: Comment, texts: Sequence[Text]) -> str | None:
        if not comment.published:
            return None
        assert comment.standing is not None
        shown = texts[comment.standing - 1]
        assert shown.held == "no", "what readers see was let through"
        return shown.body


async def _told(room: Newsroom, command: AnyCommand) -> AnyCommand:
    """The command with the latest revision in place of -1."""
    if getattr(command, "revision", None) != -1:
        return command
    field = heads.comment(command.comment)  # type: ignore[union-attr] # all that have a revision have a comment
    comment = (await look(room.log, SITE, THREAD, folded=(field,))).comment(field[2:])
    return replace(command, revision=len(comment.revisions) or 1)


def _run(script: Sequence[Step], premoderation: str, folds: Folds | None) -> None:
    async def play() -> None:
        room = await Newsroom(folds).opened(premoderation=premoderation)
        watcher = Watcher()
        done: list[tuple[Step, str, Result, int]] = []
        for number, step in enumerate(script):
            room.log.now += step.wait * HOUR
            command = await _told(room, step.command)
            try:
                result = await room.ask(command, step.by, key=f"k{number}")
            except Refusal:
                continue
            watcher.watch(result.recorded, result.comment)
            if not result.repeated:
                done.append((Step(command, step.by), f"k{number}", result, room.log.now))
        await _folds_are_right(room)
        await _repeats_change_nothing(room, done)

    anyio.run(play)


async def _folds_are_right(room: Newsroom) -> None:
    for comment in COMMENTS:
        field = heads.comment(comment)
        remembered = await look(room.log, SITE, THREAD, folded=(field,), folds=room.folds)
        assert remembered.comment(comment) == (await look(room.log, SITE, THREAD, folded=(field,))).comment(comment)


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


@given(scripts, seeds)
@settings(max_examples=150)
def test_no_author_publishes_what_was_kept_back_and_no_decision_another_text(
    script: list[Step], premoderation: str
) -> None:
    _run(script, premoderation, None)


@given(scripts, seeds, st.integers(1, 6))
@settings(max_examples=50)
def test_remembered_folds_change_nothing(script: list[Step], premoderation: str, limit: int) -> None:
    _run(script, premoderation, Folds(limit))


@given(st.lists(st.one_of(decisions, posts, own), max_size=15), st.lists(own, min_size=1, max_size=12), seeds)
@settings(max_examples=150)
def test_no_script_of_an_author_alone_makes_public_what_was_held_or_rejected(
    before: list[Step], alone: Any, premoderation: str
) -> None:
    _run([*before, *alone], premoderation, None)


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
