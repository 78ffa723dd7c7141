"""The state of a thread at one position. All views are derived from this state, and the state from the stored views.

A `ThreadState` is the fold of its events (`projections.thread.fold`), without html. Folding changes the state in place,
because most events are votes and a copy per vote would cost more than everything else together. A shared state (in a
cache or snapshot) must not be folded further. The structs cannot form reference cycles, so they are excluded from
garbage collection (`gc=False`): reading a large thread takes half the time.

The stored state (written by `projections.views.changes`, read by `projections.views.stored_thread`) is in parts:
- `meta.source` is the JSON of a `ThreadState` without `rows` and without `picks`.
- Line SOURCE of a row is the JSON of a `CommentState` without `up`, `down`, `ballots`, `reports` and `answers`, and
  with only the standing and the latest text. The words of a public text are in line PUBLIC. Every other text is in
  `revisions`: `<comment>:<revision>` to the JSON of a `Text`.
- `votes` (`up`, `down`), `ballots` and `reports` have keys of their own; `answers` is derived from the headers.
"""

from typing import Final, Literal

from msgspec import Struct, field

from core.caller import Actor, ActorKind
from core.domain.context import ThreadStatus
from core.domain.moderated_comment import ModeratedComment, Revision, Written
from core.events.envelope import Recorded
from core.events.types import CommentEdited
from core.policy import PolicyChanges
from core.position import START, Position

FOLD: Final = 4
"""Version of the fold, raised when the same events fold into another thread; older snapshots then become invalid. A new
field whose default is right for all earlier events raises the layout instead (`projections.views.versions`)."""

Gone = Literal["moderator", "rule", "author", "erased", "unknown"]
"""By what a comment is gone. No event of this version erases a comment."""

IMPORTER: Final = "import"
"""Id of the `system` actor, and name of the rule, of removals of which an import does not know who made them."""

TextStatus = Literal["published", "pending", "rejected", "redacted"]


class Text(Revision, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One revision of a comment, with its words."""

    votes_then: tuple[int, int] | None = None
    """Up and down votes when the text last left the page; None while the text is on the page or if it never was
    (`CommentState.votes_then`)."""

    @property
    def status(self) -> TextStatus:
        """Status by the last verdict on the text, or "redacted". A superseded text keeps its status."""
        return self.verdict_status if self.redacted is None else "redacted"


class ReportState(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An open report on a comment."""

    by: str
    kind: ActorKind = "member"
    revision: int
    reason: str
    note: str | None = None
    at: int
    """Time of the report, in milliseconds since 1970."""
    position: Position


class CommentState(ModeratedComment, kw_only=True, omit_defaults=True, gc=False):
    """One comment, independent of its viewers.

    A comment published as posted has the defaults, which are not stored. Most rows are therefore short.
    """

    texts: dict[int, Text]
    """Texts by revision, oldest first. As read from a row's SOURCE: only the standing and the latest text."""
    seen: bool = True
    """Set if readers ever saw the comment."""
    waits: Position | None = None
    """Start of waiting, set only if earlier than the last event on the waiting text; read `waits_since` instead. Views
    of an earlier layout and snapshots have none."""
    answers: list[str] = field(default_factory=list)
    """The direct replies that the page shows, published or as tombstones, oldest first."""
    up: int = 0
    down: int = 0
    ballots: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Member to `(value, revision)` of the vote; a retracted vote is absent."""
    reports: list[ReportState] = field(default_factory=list)
    """The open reports, oldest first."""

    @classmethod
    def text_of(
        cls, recorded: Recorded, event: Written, *, name: str | None = None, guarded: bool = False, seen: bool = False
    ) -> Text:
        """Build the text of an event, with its words."""
        return Text(
            body=event.body,
            occurred=recorded.envelope.at,
            position=recorded.position,
            name=name,
            reason=event.reason if isinstance(event, CommentEdited) else None,
            rule=event.rule,
            match=event.match,
            guarded=guarded,
            seen=seen,
        )

    @property
    def on_page(self) -> bool:
        """True if the page has a row for the comment: its own, or a tombstone above a published reply."""
        return bool(self.answers) or (self.verdict_status == "published" and not self.withdrawn)

    @property
    def member(self) -> str:
        """The member of sorted views: `<seq>:<comment>`, where `seq` is `posted.n` in 12 digits."""
        return f"{str(self.posted.n).zfill(12)}:{self.id}"

    @property
    def waiting(self) -> int | None:
        """The revision that needs a moderator's decision, if any."""
        return None if self.withdrawn else self.undecided

    @property
    def waits_since(self) -> Position | None:
        """Position since which a revision has needed a decision, if one does; also for a withdrawn comment."""
        number = self.undecided
        return None if number is None else self.waits or self.texts[number].judged

    @property
    def undecided(self) -> int | None:
        """The revision that needs a moderator's decision, or would if the comment were not withdrawn."""
        if self.texts[self.latest].status == "pending":
            return self.latest
        if self.verdict_status != "pending":
            return None
        held = self.standing is not None and self.texts[self.standing].status == "pending"
        return self.standing if held else self.latest

    @property
    def overlaid(self) -> bool:
        """True if the author's overlay lists the comment: the comment or its latest edit waits or was rejected."""
        if self.withdrawn:
            return False
        return self.verdict_status != "published" or self.texts[self.latest].status in ("pending", "rejected")

    @property
    def is_pick(self) -> bool:
        """True if the comment is a published editors' pick."""
        return self.featured and self.published

    @property
    def gone(self) -> Gone | None:
        """By what the comment is gone; None if it is published. The decision on the text that readers saw counts."""
        if self.published:
            return None
        if self.withdrawn:
            return "author"
        text = self.texts[self.standing or self.latest]
        if text.decision is None:
            return "unknown" if text.rule == IMPORTER else "rule"
        if text.decision.kind != "system":
            return "moderator"
        return "unknown" if text.decision.by == IMPORTER else "rule"

    def votes_then(self, revision: int) -> tuple[int, int] | None:
        """Up and down votes when that text was last on the page, current if it is there now; None if it never was."""
        if revision == self.standing and self.published:
            return self.up, self.down
        return self.texts[revision].votes_then


class AnchorState(Struct, kw_only=True, omit_defaults=True, gc=False):
    """An inline question on a passage of the article."""

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None
    status: Literal["open", "closed"] = "open"
    comments: int = 0
    """Number of published comments on the anchor, replies included."""


class ThreadState(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The fold of one thread's events. A new state has no events."""

    site: str
    id: str
    url: str = ""
    title: str = ""
    status: ThreadStatus = "open"
    status_at: int | None = None
    """Time at which the thread was last closed, archived or reopened, in milliseconds since 1970. None if it never was,
    and in views of an earlier layout and in snapshots that were made of them."""
    opened: Position | None = None
    """Position of opening; None before the first event."""
    opened_at: int | None = None
    """Time of opening, in milliseconds since 1970; set only if it differs from the recording time."""
    opened_by: Actor | None = None
    """The actor that opened the thread; None in views of an earlier layout and in snapshots."""
    overrides: PolicyChanges = field(default_factory=PolicyChanges)
    anchors: dict[str, AnchorState] = field(default_factory=dict)
    """Anchors by id, in the order of opening."""
    comments: int = 0
    """Number of published comments."""
    pinned: str | None = None
    """The pinned comment, also while it is not published."""
    picks: list[str] = field(default_factory=list)
    """The published editors' picks, oldest first. Derived from `rows`."""
    position: Position = START
    """Position of the last event that changed something public."""
    last: Position = START
    """Position of the last event."""
    redacted: list[tuple[str, int]] = field(default_factory=list)
    """Every redacted text, by comment and revision; past pages of the thread leave these texts out too."""
    now: int = 0
    """The latest time at which an event of the thread occurred, in milliseconds since 1970."""
    events: int = 0
    """Number of events folded."""
    rows: dict[str, CommentState] = field(default_factory=dict)
    """Every comment by id, in the order of posting."""


def picks_of(rows: dict[str, CommentState]) -> list[str]:
    """The published editors' picks among the comments of a thread, oldest first."""
    return [name for name, comment in rows.items() if comment.is_pick]
