"""What a commit writes: the differences that some events made to the views of a thread, as absolute values.

A `ChangeTracker` watches one thread while events are folded. What a comment had in the views is noted before its first
change; in the end that is compared with what it has then. Values are absolute, so writing them twice is harmless.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from core.keys import Partition, ThreadViews
from core.position import Position
from projections.thread.state import CommentState, ThreadState
from projections.views import feed_entries as feed
from projections.views import layout
from projections.views.layout import Cell, Html, Value
from projections.views.thread_cache import BALLOT, size_of_row

ChangeCommand = Literal["HSET", "HDEL", "ZADD", "ZREM", "DEL"]
Argument = bytes | str | int

NEW: Final = 16
"""More arguments than this a new comment takes hardly ever."""
CHANGED: Final = 40
"""As NEW, for a comment that changed."""
VOTED: Final = 9
"""As NEW, for a vote."""


ANSWERED: Final = 4
"""As NEW, for a comment that is answered."""


class Change(NamedTuple):
    """One command of a commit: for HSET field and value in turn, for ZADD score and member."""

    command: ChangeCommand
    key: str
    arguments: list[Argument]


class Commit(Struct, frozen=True, kw_only=True):
    """What some events of one partition did: `expected` is the cursor before them, `cursor` the one after them."""

    expected: Position
    cursor: Position
    changes: list[Change]
    feed: list[bytes]
    """The entries, as `projections.views.feed_entries` makes them."""


class ChangeTracker:
    """Hears what happens to one thread between two commits (a `projections.thread.fold.Watch`).

    With `whole`, nothing is known of what the views hold and everything is written.
    """

    def __init__(self, thread: ThreadState, *, whole: bool = False) -> None:
        self.thread = thread
        self.whole = whole
        self.name = feed.name(thread.site, thread.id)
        """What the feed calls it."""
        self.events = thread.events
        """How many events the thread had seen when this began."""
        self.redacted = len(thread.redacted)
        """How many of its texts had been redacted."""
        self.weight = 40
        """About how many arguments the changes will take."""
        self._comments: dict[str, dict[Cell, Value]] = {}
        self._votes: defaultdict[str, dict[str, tuple[int, int] | None]] = defaultdict(dict)
        """By comment and member."""
        self._sizes: dict[str, int] = {}
        """The former size of each of `_comments`."""
        self._answered: dict[str, None] = {}
        self._before = layout.of_thread(thread)

    def comment(self, comment: CommentState) -> None:
        """`comment` is about to change; one that is not in the thread yet has nothing in the views."""
        if comment.id in self._comments:
            return
        if comment.id in self.thread.rows:
            self._comments[comment.id] = layout.of_comment(comment, self.thread.id)
            self._sizes[comment.id] = size_of_row(comment)
            self.weight += CHANGED
        else:
            self._comments[comment.id] = {}
            self.weight += NEW

    def vote(self, comment: CommentState, member: str) -> None:
        """The vote of `member` on `comment` is about to change."""
        votes = self._votes[comment.id]
        if member not in votes:
            votes[member] = comment.ballots.get(member)
            self.weight += VOTED

    def answers(self, comment: CommentState) -> None:
        """An answer to `comment` comes to the page or leaves it."""
        if comment.id not in self._answered:
            self._answered[comment.id] = None
            self.weight += ANSWERED

    @property
    def growth(self) -> int:
        """By how many bytes the thread has grown since this began (`projections.views.thread_cache`)."""
        rows = self.thread.rows
        grown = sum(size_of_row(rows[name]) - self._sizes.get(name, 0) for name in self._comments)
        for name, votes in self._votes.items():
            now = rows[name].ballots
            grown += BALLOT * sum((member in now) - (before is not None) for member, before in votes.items())
        return grown

    def bodies(self) -> Iterator[str]:
        """The texts that `changes` renders, in no particular order."""
        rows = self.thread.rows
        for comment in rows.values() if self.whole else (rows[name] for name in self._comments):
            body = layout.public_body(comment)
            if body is not None:
                yield body

    def changes(self, keys: Partition, generation: int, html: Html) -> list[Change]:
        """Everything to write, the thread's `meta` first: by it a commit that was cut half-way is recognised."""
        thread = self.thread
        views = keys.thread_views(generation, thread.site, thread.id)
        out = _Out(keys, generation, thread.site, views)
        out.puts["meta"].update(layout.meta(thread))
        changed = list(out.changes())
        if self.whole:
            changed += [Change("DEL", key, []) for key in views if key != views.meta]
        out = _Out(keys, generation, thread.site, views)
        self._differences(out, self._before, layout.of_thread(thread))
        for name, before in self._comments.items():
            self._differences(out, before, layout.of_comment(thread.rows[name], thread.id))
        if self.whole:
            for name, field, cell in layout.contents(thread, html):
                if name != "meta" and not name.startswith("site."):
                    out.puts[name][field] = cell
        else:
            rows = out.puts["rows"]
            for name in self._comments:
                rows[name] = layout.row(thread.rows[name], thread.id, html)
            self._tallies(out)
            self._answers(out)
        return changed + list(out.changes())

    def _differences(self, out: "_Out", before: dict[Cell, Value], after: dict[Cell, Value]) -> None:
        for cell in before:
            if cell not in after:
                out.drop(*cell)
        for cell, value in after.items():
            # A value may be None, so that what is not there has to be told from it.
            if before.get(cell, cell) != value:
                name, field = cell
                out.puts[name][field] = layout.encode(value)

    def _tallies(self, out: "_Out") -> None:
        tallies, top, ballots = out.puts["votes"], out.puts["top"], out.puts["ballots"]
        for name, votes in self._votes.items():
            comment = self.thread.rows[name]
            tally = layout.votes(comment)
            if tally is None:
                out.drop("votes", name)
            else:
                tallies[name] = tally
            if comment.parent is None and comment.on_page:
                top[comment.member] = layout.top_score(comment)
            for member, before in votes.items():
                after = comment.ballots.get(member)
                if before == after:
                    continue
                if before is not None:
                    out.drop("ballots", layout.ballot(name, member, before))
                if after is not None:
                    ballots[layout.ballot(name, member, after)] = 0

    def _answers(self, out: "_Out") -> None:
        for name in self._answered:
            first = layout.answers(self.thread.rows[name], self.thread)
            if first is None:
                out.drop("answers", name)
            else:
                out.puts["answers"][name] = first


class _Out:
    """Gathers what is put and dropped into one command a key and kind."""

    def __init__(self, keys: Partition, generation: int, site: str, views: ThreadViews) -> None:
        self._keys = keys
        self._generation = generation
        self._site = site
        self._views = views
        self.puts: defaultdict[str, dict[str, bytes | int]] = defaultdict(dict)
        """What is put, by name and field."""
        self._drops: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def drop(self, name: str, field: str) -> None:
        self._drops[name][field] = None

    def changes(self) -> Iterator[Change]:
        # Drops first: a member that is dropped for one comment is never put for another.
        for name, fields in self._drops.items():
            yield Change("ZREM" if name in layout.SETS else "HDEL", self._key(name), list(fields))
        for name, puts in self.puts.items():
            if not puts:
                continue
            pairs: list[Argument] = [b""] * (2 * len(puts))
            if name in layout.SETS:
                pairs[::2], pairs[1::2] = puts.values(), puts
                yield Change("ZADD", self._key(name), pairs)
            else:
                pairs[::2], pairs[1::2] = puts, puts.values()
                yield Change("HSET", self._key(name), pairs)

    def _key(self, name: str) -> str:
        base, _, view = name.partition(".")
        if view:
            return self._keys.site_view(self._generation, self._site, view)
        key: str = getattr(self._views, base)
        return key
