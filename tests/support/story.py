"""given(…).when(…).then(…): a decision told as a story.

Facts are recorded a second apart, through the encoding that the log uses. Who is not named is who usually does such
a thing: authors are Ada, readers who vote and report are Ben. `then` and `refused` ask twice: nothing more follows.
"""

from contextlib import suppress
from typing import Any, NamedTuple, Self

import pytest
from msgspec.structs import asdict, replace

from core import heads
from core.application.aggregates import Aggregates, blank, evolve
from core.application.handlers import handler_of, unchanged_since
from core.application.loading import context_of
from core.application.transact import actor_of
from core.caller import Caller
from core.domain.authoring import EditComment, PostComment, RestoreComment, WithdrawComment
from core.domain.comment import Comment
from core.domain.context import Context
from core.domain.handler import Command
from core.domain.member import Member
from core.domain.report import FileReport
from core.domain.screening import SCREENER, RecordScreening
from core.domain.site import ChangePolicy, OpenSite, RekeySite
from core.domain.skip import SkipEvent
from core.domain.vote import CastVote
from core.events.comment_events import CommentEdited, CommentPosted, CommentRestored, CommentScreened, CommentWithdrawn
from core.events.envelope import Recorded, Stamp, decode, encode
from core.events.event import Event
from core.events.report_events import ReportFiled
from core.events.site_events import ListChanged, PolicyChanged, SiteOpened, SiteRekeyed
from core.events.skip_events import EventSkipped
from core.events.thread_events import ThreadOpened
from core.events.vote_events import VoteCast, VoteRetracted
from core.log.port import NO_HEAD, Head
from core.member_record import NO_RECORD
from core.policy import HELD_BEFORE, Policy
from core.position import START, Position
from core.refusals import Refusal
from tests.support.people import ADA, ADMIN, BEN, MOD, OPERATOR, SITE, THREAD, TITLE, URL

BEGIN = 1_700_000_000_000
SECOND = 1000

SITE_OPENED = SiteOpened(name="UnHerd", policy=Policy(**HELD_BEFORE, edit_window=None))
THREAD_OPENED = ThreadOpened(url=URL, title=TITLE)

_WRITTEN = (
    CommentPosted,
    CommentEdited,
    CommentWithdrawn,
    CommentRestored,
    PostComment,
    EditComment,
    WithdrawComment,
    RestoreComment,
)
_BALLOTS = (VoteCast, VoteRetracted, ReportFiled, CastVote, FileReport)
_OPERATED = (
    SiteOpened,
    SiteRekeyed,
    EventSkipped,
    OpenSite,
    RekeySite,
    SkipEvent,
)
_ADMINISTERED = (PolicyChanged, ListChanged, ChangePolicy)


class Fact(NamedTuple):
    """An event, and who did it."""

    event: Event
    caller: Caller


def by(caller: Caller, event: Event) -> Fact:
    """An event that somebody in particular did."""
    return Fact(event, caller)


def given(*facts: Event | Fact) -> "Story":
    """On an open site, in an open thread, this happened."""
    return before_anything(SITE_OPENED, THREAD_OPENED, *facts)


def given_a_site(*facts: Event | Fact) -> "Story":
    """On an open site, this happened; no thread is open."""
    return before_anything(SITE_OPENED, *facts)


def before_anything(*facts: Event | Fact) -> "Story":
    """This happened and nothing else."""
    story = Story()
    for fact in facts:
        story.record(*(fact if isinstance(fact, Fact) else Fact(fact, usual(fact))))
    return story


def usual(deed: Event | Command) -> Caller:
    if isinstance(deed, _WRITTEN):
        return ADA
    if isinstance(deed, _BALLOTS):
        return BEN
    if isinstance(deed, _OPERATED):
        return OPERATOR
    if isinstance(deed, CommentScreened | RecordScreening):
        return SCREENER
    return ADMIN if isinstance(deed, _ADMINISTERED) else MOD


class Story:
    """What happened so far, and the command that is decided next."""

    def __init__(self) -> None:
        self.last = START
        self.heads: dict[str, Head] = {}
        self.states: dict[str, Any] = {}
        self.facts: dict[Position, Recorded] = {}
        self.command: Command | None = None
        self.caller = ADA
        self.later = 0
        self.beside: dict[str, Any] = {"record": NO_RECORD}

    def knowing(self, **beside: Any) -> Self:
        """This is known of the caller beside the log: `record`, `known_names`, `lists`."""
        self.beside |= beside
        return self

    def record(self, event: Event, caller: Caller, *, batch: str | None = None) -> Recorded:
        actor = actor_of(event, caller.actor)
        field = heads.of(event, actor)
        head = self.heads.get(field, NO_HEAD)
        e, c = encode(event, Stamp(actor=actor, site=SITE, thread=THREAD, batch=batch))
        self.last = position = Position(BEGIN + self.last.n * SECOND, self.last.n + 1)
        recorded = decode(position, e + f',"tp":"","ap":"{head.position or ""}"}}'.encode(), c)
        assert recorded.event == event
        self.facts[position] = recorded
        self.heads[field] = Head(head.version + 1, position, heads.note(event, batch))
        if isinstance(event, ReportFiled):
            self.heads[heads.reported(event.comment)] = Head(0, position, heads.note(event))
        if field.partition(":")[0] not in ("v", "r", "s", "n", "i", heads.LISTS):
            self.states[field] = evolve(field, self.states.get(field, blank(field)), recorded)
        return recorded

    def when(self, command: Command, by: Caller | None = None, *, later: float = 0) -> Self:
        """Somebody asks for this, `later` seconds after the last fact."""
        self.command, self.caller, self.later = command, by or usual(command), round(later * SECOND)
        return self

    def then(self, *expected: Event) -> Self:
        """Exactly these events follow; asked again, nothing does."""
        assert self._decide() == list(expected)
        for event in expected:
            self.record(event, self.caller)
        with suppress(Refusal):
            # A new set of keys cannot be told from the old one by the log.
            assert self._decide() == [] or isinstance(self.command, RekeySite)
        return self

    def nothing_happens(self, *, settled: int | None = None) -> Self:
        """Nothing follows: it is so since the fact numbered `settled` (3 is the first after site and thread)."""
        assert self._decide() == []
        if settled is not None:
            assert self.command is not None
            assert unchanged_since(self.command, *self._seen()).n == settled
        return self

    def events(self) -> list[Event]:
        """The events that follow, of a command that may follow again."""
        return self._decide()

    def is_taken(self) -> None:
        """Something follows, whatever it is."""
        assert self._decide()

    def refused(self, refusal: type[Refusal], **extra: Any) -> Self:
        """This refusal follows, with these extras among its own; `pointer` names the field that it is about."""
        for _ in range(2):
            with pytest.raises(Refusal) as caught:
                self._decide()
            assert type(caught.value) is refusal
            told = dict(caught.value.extra)
            for error in told.pop("errors", []):
                told["pointer"] = error["pointer"]
            assert {name: told[name] for name in extra} == extra
        return self

    def leaves(self, comment: str = "c1", **fields: Any) -> Self:
        """The comment is now so."""
        state = self.comment(comment)
        there = asdict(state) | {"published": state.published, "status": state.verdict_status}
        assert {name: there[name] for name in fields} == fields
        return self

    def context(self) -> Context:
        """The context as it is now."""
        return self._seen()[0]

    def comment(self, comment: str) -> Comment:
        """The comment as it is now."""
        state = self.states[heads.comment(comment)]
        assert isinstance(state, Comment)
        return state

    def _decide(self) -> list[Event]:
        assert self.command is not None
        context, aggregates = self._seen()
        return handler_of(self.command).decide(self.command, context, aggregates)

    def _seen(self) -> tuple[Context, Aggregates]:
        assert self.command is not None
        now = self.last.ms + self.later
        handler = handler_of(self.command)
        needs = handler.needs(self.command, self.caller.id)
        standing = heads.member(self.caller.id)
        states = {field: blank(field) for field in (*needs.folded, heads.SITE, heads.THREAD, standing)} | self.states
        at = None if handler.named is None else handler.named(self.command)
        named = None if at is None else self.facts.get(at)
        aggregates = Aggregates(now=now, answer=None, heads=self.heads, states=states, named=named)
        member: Member = states[standing]
        context = context_of(self.caller, now, site=aggregates.site, member=member, thread=aggregates.thread)
        context = replace(context, **self.beside)
        assert handler.missing is None or handler.missing(self.command, context, aggregates) is None
        return context, aggregates
