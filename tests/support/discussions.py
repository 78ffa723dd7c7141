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
from core.caller import Actor, Caller
from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.comment import UNPOSTED, Comment, evolve
from core.domain.handler import Command
from core.domain.import_state import SYSTEM
from core.domain.moderation import Decide, FeatureComment, PinComment, RedactRevision, ReverseDecision
from core.domain.notice import FileNotice, filer
from core.domain.removal import EndRemovalRequest, RequestRemoval
from core.domain.report import FileReport
from core.domain.rules.premoderation import UNDER_REVIEW
from core.domain.screening import SCREENER, RecordScreening
from core.domain.site import ChangePolicy, OpenSite
from core.domain.thread import OpenThread, OverridePolicy, PutAnchor, SetThreadStatus
from core.domain.void import RestoreVote, VoidVote
from core.domain.vote import CastVote
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded, Stamp, decode
from core.events.import_events import AuthorReassigned, VotesBrought
from core.log.memory import MemoryLog
from core.log.port import Entry, Log
from core.partitions import partition_of
from core.policy import Policy, PolicyChanges, Screening
from core.position import START
from core.refusals import Refusal
from core.text.unicode import one_line
from tests.support.direct import append_directly

SITE: Final = "kew"
THREADS: Final = ("palm-house", "tea", "orchids")
BEGIN: Final = 1_700_000_000_000

OPERATOR: Final = Caller(id="op", name="Op", roles=frozenset({"operator"}))
MOD: Final = Caller(id="mod", name="Mo", roles=frozenset({"moderator"}))
ADMIN: Final = Caller(id="adm", name="Adam", roles=frozenset({"admin"}))
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
LATER: Final = (
    *("reverse",) * 2,
    *("notice",) * 2,
    *("settle",) * 2,
    *("removal",) * 2,
    "label",
    *("void",) * 3,
    *("unvoid",) * 2,
)
"""Deeds of `moves()` besides: a stream from a seed stays as it is."""
ALL: Final = (*DEEDS, *LATER)
"""Every deed, for a stream with something in every view."""
SCREENED: Final = (*ALL, *("screening",) * 2, *("screened",) * 6)
"""Every deed, and those of a site whose policy screens texts, for `moves()` alone."""
BROUGHT: Final = ("unknown", "unwritten", *("tally",) * 3, "reassign")
"""What only an import does, for `moves()` alone: no decider decides on it."""
EVERY: Final = (*SCREENED, *BROUGHT)
NEVER_FILLED: Final = frozenset({"appeals"})
"""Listings that no move fills: what they hold is told by tests of their own."""
LEFT_EMPTY: Final = frozenset({"appeals", "removals", "notices", "references", "labelled", "voids"})
"""Listings that no stream of `DEEDS` fills."""


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
        deed=st.sampled_from(EVERY),
        thread=st.integers(0, threads - 1),
        who=st.integers(0, len(PEOPLE) - 1),
        comment=st.integers(0, 11),
        choice=st.integers(0, 11),
        later=st.sampled_from((0, 1, 1000, 60_000)),
        earlier=st.sampled_from((0, 0, 1, 5000, 100_000) if imports else (0,)),
    )
    lengths = st.integers(most // 2, most)
    long = st.builds(
        stream,
        st.integers(0, 9999),
        lengths,
        **_just(threads=threads, comments=12, imports=imports, deeds=EVERY),
    )
    return st.one_of(st.lists(one, max_size=most), long)


def stream(
    seed: int,
    length: int,
    *,
    threads: int = 1,
    comments: int = 1_000_000,
    imports: bool = False,
    deeds: tuple[str, ...] = DEEDS,
) -> list[Move]:
    """A long list of moves, the same for a seed; `comments` bounds how many comments they tell apart."""
    dice = random.Random(seed)
    return [
        Move(
            deed=dice.choice(deeds),
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
        self._decided = 0
        self._noticed = 0
        self._voids: list[RestoreVote] = []
        """Undoes each voiding of a vote that was tried."""

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
        if move.deed in BROUGHT:
            await self._bring(move, thread)
            return
        command, caller = self._meant(move, self.comments[thread])
        if command is None:
            self.refused += 1
            return
        occurred_at = None if not move.earlier or now is None else now - move.earlier
        self._decided += isinstance(command, Decide)
        # Most decisions can be reversed, as over HTTP all of them can; those of earlier versions cannot.
        batch = f"b{self._decided}" if isinstance(command, Decide) and move.choice % 4 else None
        if isinstance(command, VoidVote):
            batch = f"v{len(self._voids)}"
            self._voids.append(RestoreVote(comment=command.comment, voter=command.voter, batch=batch))
        try:
            result = await transact(
                self.log,
                command,
                site=SITE,
                thread=thread,
                caller=caller,
                batch=batch,
                cause=None if occurred_at is None else "import",
                occurred_at=occurred_at,
            )
        except Refusal:
            self.refused += 1
            return
        if result.comment is not None and result.comment.exists:
            self.comments[thread][result.comment.id] = result.comment

    async def _bring(self, move: Move, thread: str) -> None:
        """Write an event of an import, which nothing refuses."""
        there, choice, person = self.comments[thread], move.choice, PEOPLE[move.who]
        event = self._brought(move, list(there.values()))
        if event is None:
            self.refused += 1
            return
        comment = there.get(event.comment, UNPOSTED)
        by = SYSTEM
        if isinstance(event, CommentPosted | CommentEdited):
            by = Actor(id=comment.author.id or person.id)
        stamp = Stamp(actor=by, site=SITE, thread=thread, cause="import", batch=("i1", "i2", None)[choice % 3])
        (position,) = await append_directly(self.log, stamp, event)
        entry = await self.log.entry(partition_of(SITE, thread, self.log.partitions), position)
        assert entry is not None
        there[event.comment] = evolve(comment, decode(*entry))

    def _brought(
        self, move: Move, there: list[Comment]
    ) -> CommentPosted | CommentEdited | VotesBrought | AuthorReassigned | None:
        choice = move.choice
        rule = (None, None, "import")[choice % 3]
        if move.deed == "unknown":
            self._made += 1
            name = one_line(PEOPLE[move.who].name, 100)
            return CommentPosted(comment=f"c{self._made}", unknown=True, rule=rule, name=name)
        if not there:
            return None
        comment = there[-1 - move.comment % len(there)]
        match move.deed:
            case "unwritten":
                rule = UNDER_REVIEW if rule is None and comment.holds_edits else rule
                return CommentEdited(comment=comment.id, revision=comment.latest + 1, unknown=True, rule=rule)
            case "tally":
                return VotesBrought(comment=comment.id, up=choice % 5 + 1, down=choice // 5)
            case _:
                return AuthorReassigned(comment=comment.id, author=PEOPLE[choice % len(PEOPLE)].id)

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
            case "screening":
                when: Literal["before", "after"] = "before" if choice % 4 else "after"
                screening = Screening(when=when, deadline=5, on_failure="hold") if choice % 3 else None
                return ChangePolicy(changes=PolicyChanges(screening=screening)), ADMIN
            case "anchor":
                status: Literal["open", "closed"] = "closed" if choice % 3 == 0 else "open"
                prompt = (None, "What do you think?")[choice // 2 % 2]
                anchor = f"a{choice % 2 + 1}"
                return PutAnchor(anchor=anchor, exact="a passage", prompt=prompt, status=status), moderator
            case "retitle":
                url = f"https://kew.example/{choice % 2}"
                return OpenThread(url=url, title=f"Title {choice}"), moderator
            case "label":
                url, labels = f"https://kew.example/{choice % 2}", ("plants", "green", "news")[choice % 3 :]
                return OpenThread(url=url, title=f"Title {choice}", labels=labels), moderator
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
                return self._later(move, comment, author, moderator)

    def _later(self, move: Move, comment: Comment, author: Caller, moderator: Caller) -> tuple[Command, Caller]:
        choice, name, latest = move.choice, comment.id, comment.latest
        number = latest if comment.standing is None or choice % 3 else comment.standing
        match move.deed:
            case "reverse":
                batches = list(comment.batches) or ["b0"]
                return ReverseDecision(comment=name, batch=batches[-1 - choice // 4 % len(batches)]), moderator
            case "notice":
                self._noticed += 1
                law = (None, "a law")[choice % 2]
                notice = FileNotice(comment=name, reference=f"n{self._noticed:021}", explanation="It lies.", law=law)
                return notice, filer(None)[0]
            case "settle":
                verdict = ("approve", "reject")[choice % 2]
                references = list(comment.notices) or [f"n{0:021}"]
                settled = references[choice // 2 % len(references)]
                return Decide(comment=name, verdict=verdict, revision=number, ground="law", notice=settled), moderator  # type: ignore[arg-type] # one of two
            case "screened":
                verdict = ("approve", "approve", "hold", "reject")[choice % 4]
                failed = None if choice % 5 else "late"
                answer = RecordScreening(comment=name, revision=number, verdict=verdict, failed=failed, reason="ads")  # type: ignore[arg-type] # one of three
                return answer, SCREENER
            case "removal" if choice % 3:
                return RequestRemoval(comment=name, revision=choice % latest + 1), author
            case "removal":
                return EndRemovalRequest(comment=name, revision=choice % latest + 1), (moderator, author)[
                    choice // 3 % 2
                ]
            case "void":
                return VoidVote(comment=name, voter=PEOPLE[choice % len(PEOPLE)].id, reason="a ring"), moderator
            case "unvoid":
                mine = [one for one in self._voids if one.comment == name]
                undo = mine[-1 - choice // 4 % len(mine)] if mine else RestoreVote(comment=name, voter="ada", batch="v")
                return undo, moderator
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
