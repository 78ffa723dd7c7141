"""Discussions made at random, by the real deciders: logs in which nothing stands that could not happen.

A `Move` is what somebody tries; which comment and which revision it is about is found when it is made, so that most
moves succeed whatever came before. What is refused is part of life. `moves()` is a hypothesis strategy, `played()`
a log in memory after some moves, `stream(...)` a long list of moves from a seed.
"""

import random
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

from hypothesis import strategies as st

from core.application.transact import transact
from core.caller import Caller
from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.comment import Comment
from core.domain.handler import Command
from core.domain.moderation import Decide, FeatureComment, PinComment, RedactRevision
from core.domain.report import FileReport
from core.domain.site import OpenSite
from core.domain.thread import OpenThread, OverridePolicy, PutAnchor, SetThreadStatus
from core.domain.vote import CastVote
from core.events.envelope import Recorded, decode
from core.log.memory import MemoryLog
from core.log.port import Entry, Log
from core.policy import Policy, PolicyChanges
from core.position import START
from core.refusals import Refusal

SITE: Final = "kew"
THREADS: Final = ("palm-house", "tea", "orchids")
BEGIN: Final = 1_700_000_000_000

OPERATOR: Final = Caller(id="op", name="Op", roles=frozenset({"operator"}))
MOD: Final = Caller(id="mod", name="Mo", roles=frozenset({"moderator"}))
MIA: Final = Caller(id="mia", name="Mia", roles=frozenset({"moderator"}))
PEOPLE: Final = (
    Caller(id="ada", name="Ada", avatar="https://kew.example/ada.png", badges=("subscriber",)),
    Caller(id="ben", name="Ben \u201cB\u201d"),
    Caller(id="eve:2", name="Ève\nof old"),
    Caller(id="dan", name="Dan"),
)
BODIES: Final = (
    "first **words**",
    "see https://example.com/x?a=1&b=2",
    'quotes " and \\ and\nlines\n\n> two of them',
    "\u00fcml\u00e4ut \U0001f33f",
    "other words",
)
DEEDS: Final = (
    *("post",) * 4,
    *("reply",) * 6,
    *("vote",) * 8,
    *("edit",) * 3,
    *("decide",) * 7,
    *("report",) * 2,
    "withdraw",
    *("restore",) * 3,
    "redact",
    *("feature",) * 2,
    *("pin",) * 2,
    "status",
    "override",
    "anchor",
    "retitle",
)


class Move(NamedTuple):
    """What somebody tries: the numbers choose among what there is when it is tried."""

    deed: str
    thread: int = 0
    who: int = 0
    comment: int = 0
    choice: int = 0
    later: int = 1000
    """Milliseconds since the move before."""
    earlier: int = 0
    """Milliseconds before now at which it occurred, where it is imported; else 0."""


def moves(*, most: int = 60, threads: int = 1, imports: bool = False) -> st.SearchStrategy[list[Move]]:
    """Lists of moves in so many threads: about half of them short, to be understood, half of them long, to be rich."""
    one = st.builds(
        Move,
        deed=st.sampled_from(DEEDS),
        thread=st.integers(0, threads - 1),
        who=st.integers(0, len(PEOPLE) - 1),
        comment=st.integers(0, 11),
        choice=st.integers(0, 11),
        later=st.sampled_from((0, 1, 1000, 60_000)),
        earlier=st.sampled_from((0, 0, 1, 5000, 100_000) if imports else (0,)),
    )
    lengths = st.integers(most // 2, most)
    long = st.builds(stream, st.integers(0, 9999), lengths, **_just(threads=threads, comments=12, imports=imports))
    return st.one_of(st.lists(one, max_size=most), long)


def stream(seed: int, length: int, *, threads: int = 1, comments: int = 1_000_000, imports: bool = False) -> list[Move]:
    """A long list of moves, the same for a seed; `comments` bounds how many comments they tell apart."""
    dice = random.Random(seed)
    return [
        Move(
            deed=dice.choice(DEEDS),
            thread=dice.randrange(threads),
            who=dice.randrange(len(PEOPLE)),
            comment=dice.randrange(comments),
            choice=dice.randrange(12),
            later=dice.choice((0, 1, 1000)),
            earlier=dice.choice((0, 0, 1, 5000, 100_000)) if imports else 0,
        )
        for _ in range(length)
    ]


def _just(**values: object) -> dict[str, st.SearchStrategy[Any]]:
    return {name: st.just(value) for name, value in values.items()}


class Play:
    """A discussion going on in a log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.comments: dict[str, dict[str, Comment]] = {thread: {} for thread in THREADS}
        self.refused = 0
        self._made = 0

    async def open(self, *, threads: int = 1, policy: Policy | None = None) -> None:
        """Open the site and so many threads."""
        opening = OpenSite(name="Kew", policy=policy or Policy(max_depth=4), keys_kind="hs256", keys_number=1)
        await transact(self.log, opening, site=SITE, caller=OPERATOR)
        for thread in THREADS[:threads]:
            command = OpenThread(url=f"https://kew.example/{thread}", title=f"About the {thread}")
            await transact(self.log, command, site=SITE, thread=thread, caller=MOD)

    async def make(self, move: Move, now: int | None = None) -> None:
        """Try a move; `now` is the time, needed for what is imported."""
        thread = THREADS[move.thread]
        command, caller = self._meant(move, self.comments[thread])
        if command is None:
            self.refused += 1
            return
        occurred_at = None if not move.earlier or now is None else now - move.earlier
        try:
            result = await transact(self.log, command, site=SITE, thread=thread, caller=caller, occurred_at=occurred_at)
        except Refusal:
            self.refused += 1
            return
        if result.comment is not None and result.comment.exists:
            self.comments[thread][result.comment.id] = result.comment

    def _meant(self, move: Move, there: dict[str, Comment]) -> tuple[Command | None, Caller]:
        person = PEOPLE[move.who]
        choice = move.choice
        moderator = (MOD, MIA)[choice % 2]
        match move.deed:
            case "post":
                self._made += 1
                anchor = (None, None, "a1", "a2")[choice % 4]
                body = BODIES[choice % len(BODIES)]
                return PostComment(comment=f"c{self._made}", body=body, anchor=anchor), person
            case "status":
                return (
                    SetThreadStatus(status="closed" if choice == 1 else "archived" if choice == 2 else "open"),
                    moderator,
                )
            case "override":
                premoderation = ("none", "links", "all")[choice % 3]
                return OverridePolicy(overrides=PolicyChanges(premoderation=premoderation)), moderator  # type: ignore[arg-type] # one of three
            case "anchor":
                status: Literal["open", "closed"] = "closed" if choice % 3 == 0 else "open"
                prompt = (None, "What do you think?")[choice // 2 % 2]
                anchor = f"a{choice % 2 + 1}"
                return PutAnchor(anchor=anchor, exact="a passage", prompt=prompt, status=status), moderator
            case "retitle":
                url = f"https://kew.example/{choice % 2}"
                return OpenThread(url=url, title=f"Title {choice}"), moderator
            case _:
                pass
        if not there:
            return None, person
        comment = list(there.values())[-1 - move.comment % len(there)]
        return self._about(move, comment, person, moderator)

    def _about(self, move: Move, comment: Comment, person: Caller, moderator: Caller) -> tuple[Command, Caller]:
        choice, name = move.choice, comment.id
        author = next(one for one in PEOPLE if one.id == comment.author.id)
        latest = comment.latest
        number = latest if comment.standing is None or choice % 3 else comment.standing
        match move.deed:
            case "reply":
                self._made += 1
                body = BODIES[choice % len(BODIES)]
                return PostComment(comment=f"c{self._made}", body=body, parent=name), person
            case "vote":
                return CastVote(comment=name, value=(1, 1, -1, 0)[choice % 4]), person
            case "edit":
                body = f"{BODIES[choice % len(BODIES)]} again {latest}"
                reason = ("a slip", None)[choice % 2]
                return EditComment(comment=name, revision=latest, body=body, reason=reason), author
            case "decide":
                verdict = ("approve", "approve", "hold", "reject")[choice % 4]
                note = (None, "a note")[choice % 2]
                return Decide(comment=name, verdict=verdict, revision=number, reason="manners", note=note), moderator  # type: ignore[arg-type] # one of three
            case "report":
                return FileReport(comment=name, reason="spam", note=(None, "look")[choice % 2]), person
            case "withdraw":
                return WithdrawComment(comment=name), author
            case "restore":
                return RestoreComment(comment=name), author
            case "redact":
                return RedactRevision(comment=name, revision=choice % latest + 1, reason="the law"), moderator
            case "feature":
                return FeatureComment(comment=name, featured=bool(choice % 3)), moderator
            case "pin":
                return PinComment(comment=name, pinned=bool(choice % 4)), moderator
            case _:
                raise AssertionError(move.deed)


async def played(
    some: Iterable[Move], *, threads: int = 1, partitions: int = 1, policy: Policy | None = None
) -> MemoryLog:
    """A log in memory after these moves, on a site and in threads that were opened before them."""
    now = BEGIN
    log = MemoryLog(partitions, clock=lambda: now)
    play = Play(log)
    await play.open(threads=threads, policy=policy)
    for move in some:
        now += move.later
        await play.make(move, now)
    return log


async def entries(log: Log, partition: int = 0) -> list[Entry]:
    """Everything in one partition."""
    return await log.read(partition, START, limit=1_000_000)


async def events(log: Log, thread: str | None = THREADS[0], partition: int = 0) -> list[Recorded]:
    """The events of one thread, or with None everything in the partition."""
    recorded = [decode(*entry) for entry in await entries(log, partition)]
    return [one for one in recorded if thread is None or one.envelope.thread == thread]
