"""The state of a thread at one position. All views are derived from this state, and the state from the stored views.

A `ThreadState` is the fold of its events (`projections.thread.fold`), without html. Folding changes the state in place,
because most events are votes and a copy per vote would cost more than everything else together. A shared state (in a
cache or snapshot) must not be folded further. The structs cannot form reference cycles, so they are excluded from
garbage collection (`gc=False`): reading a large thread takes half the time.

The stored state (written by `projections.views.changes`, read by `projections.views.stored_thread`) is in parts:
- `meta.source` is the JSON of a `ThreadState` without `rows` and without `picks`.
- Line SOURCE of a row is the JSON of a `CommentState` without `up`, `down`, `ballots`, `voids`, `reports`, `closed`,
  `decided_reports`, `notice_words` and `answers`, and with only the standing and the latest text. The words of a
  public text are in line PUBLIC. Every other text is in `revisions`: `<comment>:<revision>` to the JSON of a `Text`.
- `votes` (`up`, `down`), `ballots` (and `voids`), `reports` and `filed` (`decided_reports`) have keys of their own.
  `closed` and `notice_words` are beside `reports`, and `answers` is derived from the headers.
"""

from typing import Final, Literal

from msgspec import Struct, field

from core.caller import Actor, ActorKind
from core.domain.appeal import AppealVerdict
from core.domain.context import ThreadStatus
from core.domain.decision import Verdict
from core.domain.moderated_comment import ModeratedComment, Revision, Written
from core.events.comment_events import Basis, CommentEdited, Span
from core.events.envelope import Recorded
from core.events.import_events import IMPORT
from core.policy import Ground, PolicyChanges
from core.position import START, Position

FOLD: Final = 4
"""Version of the fold, raised when the same events fold into another thread; older snapshots then become invalid. A new
field whose default is right for all earlier events raises the layout instead (`projections.views.versions`)."""

Gone = Literal["moderator", "rule", "author", "erased", "unknown"]
"""By what a comment is gone. No event of this version erases a comment."""

ReportOutcome = Literal["upheld", "dismissed"]

TextStatus = Literal["published", "pending", "rejected", "redacted"]
ServedStatus = TextStatus | Literal["unknown"]


def import_of(recorded: Recorded) -> str | None:
    """Return the import that brought an event; None if none did, or its events have no batch."""
    return recorded.envelope.batch if recorded.envelope.cause == IMPORT else None


class Text(Revision, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One revision of a comment, with its words."""

    votes_then: tuple[int, int] | None = None
    """Up and down votes when the text last left the page; None while the text is on the page or if it never was
    (`CommentState.votes_then`)."""
    graced: bool = False
    """True if an edit within grace replaces the text: only its author and staff find it in a history."""
    unknown: bool = False
    """True if only the existence of the text is known, not its words: an import said so."""
    imported: str | None = None
    """The import whose event made the text wait."""

    @property
    def served_status(self) -> ServedStatus:
        """Status as a history tells it: "unknown" if the words of a text are not known and were not destroyed."""
        return "unknown" if self.unknown and self.redacted is None else self.status

    @property
    def status(self) -> TextStatus:
        """Status by the last verdict on the text, or "redacted". A superseded text keeps its status."""
        return self.verdict_status if self.redacted is None else "redacted"


class Void(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The last voiding of a member's vote: of the vote as it was cast then."""

    batch: str
    value: int
    revision: int
    texts: tuple[Span, ...] = ()
    """Runs of the texts that left the page with the vote: it is in their tallies unless it is void."""
    retracted: bool = False
    """True if the voter retracted the vote while it was void."""
    restored: bool = False
    """True if the batch was reversed."""


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
    imported: str | None = None
    """The import that brought the report."""


class DecidedReport(Struct, frozen=True, kw_only=True, gc=False):
    """A report that an approval dismissed or a rejection upheld, without its note."""

    by: str
    age: int
    """`n` of the position of the report."""
    revision: int
    reason: str
    at: int
    """Time of the report, in milliseconds since 1970."""
    outcome: ReportOutcome
    decided_at: int
    """Time of the decision, in milliseconds since 1970."""


class NoticeWords(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The words of a notice that is open, or whose closing can be reversed."""

    explanation: str | None = None
    law: str | None = None


class DecisionMark(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A moderator's decision on a text, without its words: those are in the event at `position`."""

    position: Position
    revision: int
    verdict: Verdict
    by: str
    since: Position | None = None
    """Position since which the comment had been in the moderation queue; None if it was not in it."""
    undone: bool = False
    """True if the decision was reversed exactly (`decision.reversed`)."""


class FigureMark(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An event that figures count (`projections.thread.figure_marks`), with its open codes and without any words."""

    position: Position
    """Position of the event. Of an event of an import, with the time at which it happened."""
    kind: str
    """Type of the event."""
    revision: int | None = None
    verdict: Verdict | AppealVerdict | None = None
    by: str | None = None
    """The member of staff who acted; None if a rule did, or none is named."""
    rule: str | None = None
    """The rule that decided. Of a moderator's decision: the rule that held or rejected the text before."""
    code: str | None = None
    ground: Ground | None = None
    basis: Basis | None = None
    since: int | None = None
    """Time since which the decided item had waited, in milliseconds since 1970; None if it had not."""
    flags: str = ""
    """Letters of what is so (`projections.thread.figure_marks`)."""
    notice: str | None = None
    """Reference of the notice that was filed, or that a decision closed."""
    noticed: int | None = None
    """Time at which the notice that a decision closed was filed, in milliseconds since 1970."""


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
    graced: int = 0
    """The last of the first revisions that came by edits within grace; 0 if there is none."""
    removals: dict[int, Position] = field(default_factory=dict)
    """Revisions whose removal the author asks for, with the positions of the requests."""
    unvoted: bool = False
    """True if a vote on the comment was ever retracted."""
    up: int = 0
    down: int = 0
    ballots: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Member to `(value, revision)` of the vote that counts; a retracted or void vote is absent."""
    voids: dict[str, Void] = field(default_factory=dict)
    """Member to the last voiding of their vote, also after its reversal."""
    reports: list[ReportState] = field(default_factory=list)
    """The open reports, oldest first."""
    decided_reports: list[DecidedReport] = field(default_factory=list)
    """The decided reports, oldest first. Views of an earlier layout and snapshots have none."""
    closed: list[ReportState] = field(default_factory=list)
    """The reports that the last decision closed, as long as it can be reversed."""
    notice_words: dict[str, NoticeWords] = field(default_factory=dict)
    """The words of notices by reference, until they are closed for good. Snapshots have none."""
    waited: Position | None = None
    """`waits_since` before the last decision, as long as that can be reversed. Snapshots have none."""
    waited_by_import: str | None = None
    """`Text.imported` of the decided text before the last decision, likewise."""
    decisions: list[DecisionMark] = field(default_factory=list)
    """Every decision of a moderator, oldest first; those of imports are left out. Views of an earlier layout have only
    the later ones, and snapshots have none."""
    figures: list[FigureMark] = field(default_factory=list)
    """Every event of the comment that figures count, oldest first. Of views and snapshots as of `decisions`."""

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
            spans=event.spans,
            tells=event.tells,
            decision=cls.rejection_of(recorded, event),
            guarded=guarded,
            seen=seen,
            unknown=event.unknown,
            imported=import_of(recorded) if event.rule is not None else None,
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
    def queued_since(self) -> Position | None:
        """Position since which the comment is in the moderation queue, waiting or reported; None if it is not."""
        since = [] if self.withdrawn or self.waits_since is None else [self.waits_since]
        return min([*since, *(report.position for report in self.reports[:1])], default=None)

    @property
    def overlaid(self) -> bool:
        """True if the author's overlay lists the comment: withdrawn, or it or its latest edit waits or was rejected."""
        if self.withdrawn:
            return True
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
            return "unknown" if text.rule == IMPORT else "rule"
        if not text.decision.automated:
            return "moderator"
        return "unknown" if text.decision.by == IMPORT else "rule"

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
    unverified: bool = False
    """True if only staff see the title: a member gave the title, and neither staff nor a signed token confirmed it."""
    labels: list[str] = field(default_factory=list)
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

    @property
    def public_title(self) -> str | None:
        """The title as everyone sees it; None while it is unverified."""
        return None if self.unverified else self.title


def picks_of(rows: dict[str, CommentState]) -> list[str]:
    """The published editors' picks among the comments of a thread, oldest first."""
    return [name for name, comment in rows.items() if comment.is_pick]
