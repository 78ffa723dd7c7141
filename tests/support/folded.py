"""Facts told to the fold, one after another, and views kept in a dictionary."""

from collections.abc import Sequence

from core.caller import Caller
from core.events.comment_events import CommentEdited, CommentPosted, CommentRestored, CommentWithdrawn
from core.events.envelope import Stamp, decode, encode
from core.events.event import Event
from core.events.vote_events import VoteCast, VoteRetracted
from core.keys import Keys, Partition
from core.position import Position
from projections.thread.fold import PublicChanges, apply
from projections.thread.state import ThreadState
from projections.views import layout
from projections.views.changes import Change
from projections.views.stored_thread import StoredViews, from_views
from tests.support.people import ADA, BEN, MOD, SITE, THREAD
from tests.support.story import THREAD_OPENED

BEGIN = 1_700_000_000_000
KEYS: Partition = Keys(1)[0]


class Told:
    """A thread and what readers noticed of each fact. Who is not named is who usually does such a thing."""

    def __init__(self) -> None:
        self.thread = ThreadState(site=SITE, id=THREAD)
        self.noticed: list[PublicChanges] = []
        self.last = Position(BEGIN, 1)

    def tell(
        self,
        event: Event,
        by: Caller | None = None,
        *,
        at: int | None = None,
        batch: str | None = None,
        cause: str | None = None,
    ) -> PublicChanges:
        """One more fact, recorded a second after the one before; what readers notice of it."""
        caller = by or _usual(event)
        e, c = encode(event, Stamp(actor=caller.actor, site=SITE, thread=THREAD, at=at, batch=batch, cause=cause))
        self.last = Position(self.last.ms + 1000, self.last.n + 1)
        recorded = decode(self.last, e + b',"tp":"","ap":""}', c)
        self.noticed.append(apply(self.thread, recorded).public)
        return self.noticed[-1]


def told(*facts: Event | tuple[Event, Caller]) -> Told:
    """An open thread after these facts."""
    story = Told()
    story.tell(THREAD_OPENED, MOD)
    for fact in facts:
        if isinstance(fact, tuple):
            story.tell(*fact)
        else:
            story.tell(fact)
    return story


def _usual(event: Event) -> Caller:
    if isinstance(event, CommentPosted | CommentEdited | CommentWithdrawn | CommentRestored):
        return ADA
    return BEN if isinstance(event, VoteCast | VoteRetracted) else MOD


class Shelf:
    """What a server would hold after these changes: key to field to value, or member to score."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, object]] = {}

    def write(self, changes: Sequence[Change]) -> None:
        """Carry the changes out."""
        for command, key, arguments in changes:
            there = self.keys.setdefault(key, {})
            if command == "HSET":
                there.update(zip(map(str, arguments[::2]), arguments[1::2], strict=True))
            elif command == "ZADD":
                there.update(zip(map(str, arguments[1::2]), arguments[::2], strict=True))
            elif command == "DEL":
                there.clear()
            else:
                for field in arguments:
                    there.pop(str(field), None)
            if not there:
                del self.keys[key]

    def views(self, site: str, thread: str) -> StoredViews:
        """One thread as `read_views` would give it."""
        names = KEYS.thread_views(1, site, thread)._asdict()
        found = {name: self.keys.get(key, {}) for name, key in names.items()}
        return StoredViews(
            Position(0, 0),
            {n: {field.encode(): _bytes(value) for field, value in found[n].items()} for n in layout.THREAD_HASHES},
            {n: {member.encode(): float(str(score)) for member, score in found[n].items()} for n in layout.THREAD_SETS},
        )


def expected(keys: Partition, thread: ThreadState, html: layout.Html) -> dict[str, dict[str, object]]:
    """What a server should hold of one thread."""
    found: dict[str, dict[str, object]] = {}
    views = keys.thread_views(1, thread.site, thread.id)
    for name, field, value in layout.contents(thread, html):
        base, _, view = name.partition(".")
        key = keys.listing(1, thread.site, view) if view else getattr(views, base)
        found.setdefault(key, {})[field] = value
    return found


def loaded(source: Shelf, site: str, thread: str) -> ThreadState:
    """The state that the views tell."""
    return from_views(source.views(site, thread), site, thread)


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
