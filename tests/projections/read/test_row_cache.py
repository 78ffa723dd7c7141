"""Rows that a process brings forward by itself: what it gives is what the log says, or nothing."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.caller import Caller
from core.events.comment_events import CommentPosted
from core.events.envelope import Recorded, Stamp, stamped
from core.events.event import Event
from core.events.thread_events import ThreadRetitled
from core.events.vote_events import VoteCast, VoteRetracted
from core.position import START, Position
from projections.read.row_cache import REMEMBERED, CachedRow, RowMemory
from projections.views.pointer import FIRST, Pointer

SITE, THREAD = "kew", "power-broker"
STORED = b"p \n{}\n"


class World:
    """One partition's log, the tally that it comes to, and the memory of one of the processes that append to it."""

    def __init__(self, *, run: int = 0, most_bytes: int = 100_000) -> None:
        self.now = 0.0
        self.memory = RowMemory(1, seconds=5, run=run, most_bytes=most_bytes, clock=lambda: self.now)
        self.last = START
        self.answers: Counter[str] = Counter()
        self.ballots: dict[tuple[str, str], int] = {}

    def tally(self, comment: str) -> tuple[int, int]:
        found = Counter(value for (_, about), value in self.ballots.items() if about == comment)
        return found[1], found[-1]

    def append(self, event: Event, member: str = "ben", *, own: bool = True) -> tuple[Recorded, int]:
        """Append an event; and the vote that the member had before, where it is one."""
        after, self.last = self.last, Position(self.last.ms + 1, self.last.n + 1)
        caller = Caller(id=member, name=member, kind="member")
        stamp = Stamp(actor=caller.actor, site=SITE, thread=THREAD)
        recorded = Recorded(self.last, stamped(event, stamp), event)
        before = 0
        is_vote = isinstance(event, VoteCast | VoteRetracted)
        if isinstance(event, VoteCast | VoteRetracted):
            before = self.ballots.get((member, event.comment), 0)
            self.ballots[member, event.comment] = event.value if isinstance(event, VoteCast) else 0
        if isinstance(event, CommentPosted) and event.parent:
            self.answers[event.parent] += 1
        if own:
            self.memory.appended(0, [recorded], after, before if is_vote else None)
        return recorded, before

    def vote(
        self, comment: str = "a", value: int = 1, member: str = "ben", *, pointer: Pointer = FIRST
    ) -> CachedRow | None:
        """Vote as the gateway does: what the memory gives is the answer, or a row is read and kept."""
        known = self.get(comment, pointer=pointer) is not None
        upto = self.last
        event = VoteCast(comment=comment, value=1 if value > 0 else -1) if value else VoteRetracted(comment=comment)
        read = self.read(comment)
        self.append(event, member)
        if known:
            return self.get(comment, pointer=pointer)
        self.put(comment, upto, read, pointer=pointer)
        return None

    def read(self, comment: str = "a") -> CachedRow:
        """The row as the log has it now."""
        return CachedRow(STORED, None, self.tally(comment), self.answers[comment])

    def put(self, comment: str, upto: Position, row: CachedRow, *, pointer: Pointer = FIRST) -> None:
        self.memory.put(0, SITE, THREAD, comment, pointer, upto, row)

    def get(self, comment: str = "a", *, pointer: Pointer = FIRST) -> CachedRow | None:
        return self.memory.get(0, SITE, THREAD, comment, pointer)


def test_votes_of_the_process_are_counted_on_top() -> None:
    world = World()
    assert world.vote(value=1, member="ben") is None, "read, and kept"
    for value, member in ((-1, "eve"), (-1, "ben"), (0, "eve"), (1, "adam")):
        row = world.vote(value=value, member=member)
        assert row is not None
        assert row.votes == world.tally("a")


@pytest.mark.parametrize(
    "event", [VoteCast(comment="a", value=1), VoteCast(comment="b", value=1), ThreadRetitled(url="https://a", title="")]
)
def test_an_event_of_another_process_forgets(event: Event) -> None:
    world = World()
    world.vote()
    world.append(event, "eve", own=False)
    assert world.get() is not None, "nothing told of it yet"
    assert world.vote() is None


def test_another_event_of_the_process_forgets() -> None:
    world = World()
    world.vote()
    world.append(ThreadRetitled(url="https://a", title="b"))
    assert world.get() is None


def test_a_post_of_the_process_forgets_the_row_that_it_answers_alone() -> None:
    world = World()
    world.vote("a")
    world.vote("b")
    world.append(CommentPosted(comment="c", body="Words."))
    assert None not in (world.get("a"), world.get("b"))
    world.append(CommentPosted(comment="d", body="Words.", parent="a"))
    assert world.get("a") is None
    assert world.get("b") is not None


def test_numbers_that_a_failover_gave_away_again_are_not_taken_for_the_same_events() -> None:
    world = World()
    world.vote()
    world.last = Position(world.last.ms + 7, world.last.n)
    world.append(VoteCast(comment="b", value=1))
    assert world.get() is None


def test_a_row_is_not_kept_where_an_event_lies_between() -> None:
    world = World()
    upto = world.last
    world.append(VoteCast(comment="a", value=1), "eve", own=False)
    world.append(VoteCast(comment="a", value=1))
    world.put("a", upto, CachedRow(STORED, None, (0, 0), 0))
    assert world.get() is None


def test_a_row_is_brought_forward_by_what_the_process_appended_after_it_was_read() -> None:
    world = World()
    upto, row = world.last, world.read("a")
    for member, comment in (("ben", "a"), ("eve", "b"), ("adam", "a")):
        world.append(VoteCast(comment=comment, value=1), member)
    world.put("a", upto, row)
    assert world.get("a") == world.read("a")
    world.append(CommentPosted(comment="c", body="Words.", parent="b"))
    world.put("b", upto, row)
    assert world.get("b") is None, "what was answered since is read again"


def test_a_row_is_not_brought_forward_from_before_what_is_remembered() -> None:
    world = World()
    upto, row = world.last, world.read("a")
    for _ in range(REMEMBERED + 1):
        world.append(VoteCast(comment="b", value=1))
    world.put("a", upto, row)
    assert world.get("a") is None


def test_a_row_is_forgotten_in_time_and_under_another_pointer() -> None:
    world = World()
    world.vote()
    assert world.get(pointer=Pointer(1, 1)) is None
    world.now = 4.9
    assert world.get() is not None
    world.now = 5.0
    assert world.get() is None


def test_rows_are_used_after_a_run_of_appends_of_the_process_alone() -> None:
    world = World(run=3)
    for _ in range(2):
        world.append(VoteCast(comment="b", value=1), own=False)
        assert [world.vote() is None for _ in range(5)] == [True, True, True, True, False]


def test_what_is_kept_is_bounded() -> None:
    world = World(most_bytes=1000)
    for number in range(20):
        world.vote(f"c{number}")
    assert world.memory.bytes <= 1000
    assert world.get("c19") is not None
    assert world.get("c0") is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["vote", "vote", "vote", "answer", "lost", "foreign", "other"]),
        st.sampled_from("ab"),
        st.sampled_from([-1, 0, 1]),
        st.sampled_from(["ben", "eve"]),
    ),
    max_size=40,
)


@given(STEPS, st.integers(0, 3))
def test_what_it_gives_is_what_the_log_says(steps: list[tuple[str, str, int, str]], run: int) -> None:
    world = World(run=run)
    for kind, comment, value, member in steps:
        event = VoteCast(comment=comment, value=1 if value > 0 else -1) if value else VoteRetracted(comment=comment)
        if kind == "vote":
            row = world.vote(comment, value, member)
            assert row is None or (row.votes, row.answers) == (world.tally(comment), world.answers[comment])
        elif kind == "answer":
            world.append(CommentPosted(comment="c", body="Words.", parent=comment))
        elif kind == "lost":
            world.last = Position(world.last.ms + 1, world.last.n)
        elif kind == "foreign":
            world.append(event, member, own=False)
        else:
            world.append(ThreadRetitled(url="https://a", title="b"))
