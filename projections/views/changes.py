"""The contents of a commit: differences that events made to the views of a thread, as absolute values.

A `ChangeTracker` observes one thread during a fold. It records the view cells of a comment before the first change and
compares them with the cells at the end. Values are absolute, so writing them twice is harmless.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from core.keys import Partition, ThreadViews
from core.position import Position
from projections.thread.state import CommentState, ThreadState
from projections.views import ballots, layout
from projections.views import feed_entries as feed
from projections.views.ballots import NO_BALLOT, Ballot, ballot_of
from projections.views.layout import Cell, Html, Value
from projections.views.thread_cache import BALLOT, size_of_row

ChangeCommand = Literal["HSET", "HDEL", "ZADD", "ZREM", "DEL"]
Argument = bytes | str | int

NEW: Final = 20
"""Usual upper bound of the arguments for a new comment."""
CHANGED: Final = 46
"""As NEW, for a changed comment."""
DECIDED: Final = 8
"""As NEW, for a comment that changed before: a decision adds members to listings that others leave as they are."""
VOTED: Final = 9
"""As NEW, for a vote."""


ANSWERED: Final = 4
"""As NEW, for a comment that gains or loses a reply."""


class Change(NamedTuple):
    """One command of a commit. Arguments alternate: field and value for HSET, score and member for ZADD."""

    command: ChangeCommand
    key: str
    arguments: list[Argument]


class Commit(Struct, frozen=True, kw_only=True):
    """Changes by consecutive events of one partition: `expected` is the cursor before them, `cursor` the one after."""

    expected: Position
    cursor: Position
    changes: list[Change]
    feed: list[bytes]
    """Feed entries, as built by `projections.views.feed_entries`."""


class ChangeTracker:
    """Records the changes of one thread between two commits (a `projections.thread.fold.ChangeListener`).

    With `whole`, the contents of the stored views are unknown and everything is written.
    """

    def __init__(self, thread: ThreadState, *, whole: bool = False) -> None:
        self.thread = thread
        self.whole = whole
        self.name = feed.name(thread.site, thread.id)
        """Name of the thread in feed entries."""
        self.events = thread.events
        """Number of events of the thread when tracking began."""
        self.redacted = len(thread.redacted)
        """Number of redacted texts of the thread when tracking began."""
        self.weight = 40
        """Estimated number of arguments of the changes."""
        self._comments: dict[str, dict[Cell, Value]] = {}
        self._votes: defaultdict[str, dict[str, Ballot]] = defaultdict(dict)
        """Former ballots by comment and member."""
        self._sizes: dict[str, int] = {}
        """Former size of each comment in `_comments`."""
        self._answered: dict[str, None] = {}
        self._before = layout.of_thread(thread)
        self._had_picks = bool(thread.picks)

    def comment(self, comment: CommentState) -> None:
        """`comment` is about to change. A comment that is not in the thread yet has nothing in the views."""
        if comment.id in self._comments:
            self.weight += DECIDED
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
            votes[member] = ballot_of(comment, member)
            self.weight += VOTED

    def tally(self, comment: CommentState) -> None:
        """The tally of `comment` is about to change without any vote of a member."""
        if not self._votes[comment.id]:
            self.weight += VOTED

    def answers(self, comment: CommentState) -> None:
        """A reply to `comment` appears on the page or leaves the page."""
        if comment.id not in self._answered:
            self._answered[comment.id] = None
            self.weight += ANSWERED

    @property
    def growth(self) -> int:
        """Growth of the thread in bytes since tracking began (`projections.views.thread_cache`)."""
        rows = self.thread.rows
        grown = sum(size_of_row(rows[name]) - self._sizes.get(name, 0) for name in self._comments)
        for name, votes in self._votes.items():
            now = rows[name]
            grown += BALLOT * sum(
                (ballot_of(now, member) != NO_BALLOT) - (before != NO_BALLOT) for member, before in votes.items()
            )
        return grown

    def bodies(self) -> Iterator[str]:
        """The texts that `changes` renders, in no particular order."""
        rows = self.thread.rows
        for comment in rows.values() if self.whole else (rows[name] for name in self._comments):
            body = layout.public_body(comment)
            if body is not None:
                yield body

    def changes(self, keys: Partition, generation: int, html: Html) -> list[Change]:
        """Everything to write, the thread's `meta` first: `meta` reveals a commit that was interrupted half-way."""
        thread = self.thread
        views = keys.thread_views(generation, thread.site, thread.id)
        out = _Out(keys, generation, thread.site, views)
        out.puts["meta"].update(layout.meta(thread))
        if not thread.picks and (self._had_picks or self.whole):
            out.drop("meta", layout.PICKS)
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
            # A value may be None, so None cannot stand for an absent cell.
            if before.get(cell, cell) != value:
                name, field = cell
                out.puts[name][field] = layout.encode(value)

    def _tallies(self, out: "_Out") -> None:
        tallies, top, members = out.puts["votes"], out.puts["top"], out.puts["ballots"]
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
                after = ballot_of(comment, member)
                if before == after:
                    continue
                if before != NO_BALLOT:
                    out.drop("ballots", ballots.encode(name, member, before))
                if after != NO_BALLOT:
                    members[ballots.encode(name, member, after)] = 0

    def _answers(self, out: "_Out") -> None:
        for name in self._answered:
            first = layout.answers(self.thread.rows[name], self.thread)
            if first is None:
                out.drop("answers", name)
            else:
                out.puts["answers"][name] = first


class _Out:
    """Groups puts and drops into one command per key and kind."""

    def __init__(self, keys: Partition, generation: int, site: str, views: ThreadViews) -> None:
        self._keys = keys
        self._generation = generation
        self._site = site
        self._views = views
        self.puts: defaultdict[str, dict[str, bytes | int]] = defaultdict(dict)
        """Values to put, by view name and field."""
        self._drops: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def drop(self, name: str, field: str) -> None:
        self._drops[name][field] = None

    def changes(self) -> Iterator[Change]:
        # Drops first is safe: a member dropped for one comment is never put for another.
        for name, fields in self._drops.items():
            yield Change("HDEL" if name in layout.HASHES else "ZREM", self._key(name), list(fields))
        for name, puts in self.puts.items():
            if not puts:
                continue
            pairs: list[Argument] = [b""] * (2 * len(puts))
            if name in layout.HASHES:
                pairs[::2], pairs[1::2] = puts, puts.values()
                yield Change("HSET", self._key(name), pairs)
            else:
                pairs[::2], pairs[1::2] = puts.values(), puts
                yield Change("ZADD", self._key(name), pairs)

    def _key(self, name: str) -> str:
        base, _, view = name.partition(".")
        if view:
            return self._keys.listing(self._generation, self._site, view)
        key: str = getattr(self._views, base)
        return key
