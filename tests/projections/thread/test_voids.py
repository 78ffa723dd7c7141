"""Void votes and their reversal: whatever happens, tallies are those of a model that only knows which votes count."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import comment as machine
from core.domain.comment import Comment
from core.events.envelope import Recorded
from core.events.import_events import VotesBrought
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from projections.thread.effects import CannotApply
from projections.thread.fold import fold
from projections.thread.state import ThreadState
from projections.views.ballots import Ballot, ballot_of, decode, encode
from tests.support.discussions import SITE, THREADS, Move, events, played, stream
from tests.support.folded import told
from tests.support.people import BEN, EVE, edited, posted
from tests.support.story import BEGIN

THREAD = THREADS[0]
CAST = VoteCast(comment="c1", value=1)


def void(voter: str = "ben", value: int = 1, texts: tuple[tuple[int, int], ...] = ()) -> VoteVoided:
    return VoteVoided(comment="c1", voter=voter, value=1 if value > 0 else -1, cast=f"{BEGIN}-1", texts=texts)


def restore(voter: str = "ben", value: int = 1) -> VoteRestored:
    cast = f"{BEGIN}-1" if value else None
    return VoteRestored(comment="c1", voter=voter, value=1 if value else 0, cast=cast, reverses="b")


class Vote(NamedTuple):
    """A vote, named by when it was cast."""

    value: int
    cast: str


class Model:
    """The votes of one comment: what was cast, what each text had when it left the page, and what is void."""

    def __init__(self) -> None:
        self.comment: Comment = machine.UNPOSTED
        self.votes: dict[str, Vote] = {}
        self.left: dict[int, dict[str, Vote]] = {}
        self.void: dict[str, str] = {}
        self.brought = 0, 0
        self.brought_then: dict[int, tuple[int, int]] = {}

    def take(self, recorded: Recorded) -> None:
        actor, position = recorded.envelope.actor.id, str(recorded.position)
        match recorded.event:
            case VoteCast(value=value):
                self.votes[actor] = Vote(value, position)
            case VoteRetracted():
                self.votes.pop(actor, None)
            case VoteVoided(voter=voter):
                self.void[voter] = self.votes[voter].cast
            case VoteRestored(voter=voter):
                del self.void[voter]
            case VotesBrought(up=up, down=down):
                self.brought = up, down
            case _:
                before = self.comment.on_display
                self.comment = machine.evolve(self.comment, recorded)
                now = self.comment.on_display
                if before != now and before is not None:
                    self.left[before] = dict(self.votes)
                    self.brought_then[before] = self.brought
                if now is not None:
                    self.left.pop(now, None)

    def tally(self, votes: dict[str, Vote], brought: tuple[int, int]) -> tuple[int, int]:
        counted = [vote.value for voter, vote in votes.items() if self.void.get(voter) != vote.cast]
        return brought[0] + counted.count(1), brought[1] + counted.count(-1)


DEEDS = (
    *("vote",) * 6,
    *("tally",) * 3,
    *("void",) * 4,
    *("unvoid",) * 3,
    "edit",
    "edit",
    "decide",
    "decide",
    "reverse",
    "withdraw",
)
of_one_comment = st.builds(
    stream, st.integers(0, 1_000_000), st.integers(10, 60), comments=st.just(1), deeds=st.just((*DEEDS, "restore"))
)


@settings(max_examples=200)
@given(of_one_comment)
async def test_every_tally_counts_the_votes_that_are_not_void_beside_those_that_imports_brought(
    some: list[Move],
) -> None:
    recorded = await events(await played([Move("post"), *some]))
    thread = fold(ThreadState(site=SITE, id=THREAD), recorded)
    models: dict[str, Model] = {}
    for one in recorded:
        if one.envelope.comment is not None:
            models.setdefault(one.envelope.comment, Model()).take(one)
    for name, model in models.items():
        row = thread.rows[name]
        assert (row.up, row.down) == model.tally(model.votes, model.brought)
        then = {number: text.votes_then for number, text in row.texts.items() if text.votes_then is not None}
        assert then == {number: model.tally(votes, model.brought_then[number]) for number, votes in model.left.items()}
        for voter in row.ballots.keys() | row.voids.keys():
            ballot = ballot_of(row, voter)
            assert decode(encode(name, voter, ballot)) == (voter, name, ballot)


def test_a_void_vote_counts_nowhere_and_a_reversal_brings_it_back_everywhere() -> None:
    story = told(posted(), (CAST, BEN), (CAST, EVE), edited(2, "two"))
    row = story.thread.rows["c1"]
    assert (row.up, row.texts[1].votes_then) == (2, (2, 0))
    assert story.tell(void(texts=((1, 2),)), batch="b") == (("votes.changed", "c1"),)
    assert (row.up, row.texts[1].votes_then, list(row.ballots)) == (1, (1, 0), ["eve"])
    story.tell(edited(3, "three"))
    assert row.texts[2].votes_then == (1, 0)
    assert story.tell(restore()) == (("votes.changed", "c1"),)
    assert (row.up, row.ballots["ben"]) == (2, (1, 1))
    assert (row.texts[1].votes_then, row.texts[2].votes_then) == ((2, 0), (2, 0)), "as if it had never been void"


def test_the_retraction_of_a_void_vote_is_noticed_by_nobody_and_nothing_comes_back() -> None:
    story = told(posted(), (CAST, BEN), (CAST, EVE))
    row = story.thread.rows["c1"]
    story.tell(void(), batch="b")
    assert story.tell(VoteRetracted(comment="c1", voided="b"), BEN) == ()
    assert (row.up, row.down) == (1, 0)
    assert story.tell(restore(value=0)) == ()
    assert (row.up, "ben" in row.ballots) == (1, False)
    story.tell(CAST, BEN)
    assert (row.up, ballot_of(row, "ben")) == (2, Ballot((1, 1), row.voids["ben"]))


def test_a_vote_that_is_not_there_is_neither_voided_nor_restored() -> None:
    for some in (
        [void()],
        [void("eve", -1)],
        [restore()],
        [void(), void()],
        [void(), restore(value=0)],
        [void(), restore(), restore()],
    ):
        story = told(posted(), (CAST, EVE), *([(CAST, BEN)] if len(some) > 1 else []))
        for event in some[:-1]:
            story.tell(event, batch="b")
        with pytest.raises(CannotApply, match=r"there is no such (void )?vote"):
            story.tell(some[-1], batch="b")
