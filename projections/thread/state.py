"""What a thread is at one position: the state that all views are made from, and can be read back from.

A `ThreadState` is the fold of its events (`projections.thread.fold`), without html. It is a builder: folding changes it
in place, because most events are votes and a copy a vote would cost more than everything else together.
Whoever shares one (a cache, a snapshot) does not fold on it. None of this can hold itself, so the collector is
told not to look (`gc=False`): reading a large thread takes half the time.

Stored (`projections.views.changes` writes, `projections.views.stored_thread` reads) it lies in parts:
- `meta.source` is the JSON of a `ThreadState` without `rows`.
- Line SOURCE of a row is the JSON of a `CommentState` without `up`, `down`, `ballots`, `reports` and `answers`,
  and of its texts only the standing and the latest one; what readers see has its words in line PUBLIC. Every
  other text is in `revisions`: `<comment>:<revision>` to the JSON of a `Text`.
- `votes` (`up`, `down`), `ballots` and `reports` have keys of their own; `answers` is made from the headers.
"""

from typing import Final, Literal

from msgspec import Struct, field

from core.caller import Actor, ActorKind
from core.domain.comment import STATUS_BY, Verdict
from core.policy import PolicyChanges
from core.position import START, Position

FOLD: Final = 4
"""Version of the fold: it goes up when events come to mean another thread, and older snapshots die. A new field whose
default is right for every event of before is not another fold but another layout (`projections.views.versions`)."""

ThreadStatus = Literal["open", "closed", "archived"]
TextStatus = Literal["published", "pending", "rejected", "redacted"]
Status = Literal["published", "pending", "rejected", "withdrawn"]


class AuthorState(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who wrote a comment, as the token said that posted it."""

    id: str
    kind: ActorKind = "member"
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A verdict on a text, later than the text. `reason` is for its author too, `note` for staff alone."""

    verdict: Verdict
    by: str
    kind: ActorKind = "staff"
    """What decided: `staff`, or `system` for a rule."""
    reason: str | None = None
    note: str | None = None
    at: int
    """When, in milliseconds since 1970."""
    position: Position


class Text(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One revision of a comment."""

    body: str | None = None
    """None when redacted; `match` and `reason` are then gone too."""
    occurred: int | None = None
    """When it was written, in milliseconds since 1970; only where that is not when it was recorded. See `at`."""
    position: Position
    """Where it was written."""
    name: str | None = None
    """The author's name then; only where that is not the one that the comment was posted under."""
    reason: str | None = None
    """Why it was edited, in the author's words."""
    rule: str | None = None
    """The rule that held it when it was written; kept when somebody decides."""
    match: str | None = None
    guarded: bool = False
    """Whether it was written where an edit waits, whatever it says."""
    seen: bool = True
    """Whether readers ever saw it."""
    decision: Decision | None = None
    """The last verdict on it, if there was one after it was written."""
    redacted: Position | None = None
    votes_then: tuple[int, int] | None = None
    """Up and down when it last left the page; None while it is there or if it never was
    (`CommentState.votes_then`)."""

    @property
    def at(self) -> int:
        """When it was written, in milliseconds since 1970 (original time where imported)."""
        return self.position.ms if self.occurred is None else self.occurred

    @property
    def status(self) -> TextStatus:
        """What was last decided about it. A text that was followed by another keeps what it had."""
        if self.redacted is not None:
            return "redacted"
        if self.decision is not None:
            return STATUS_BY[self.decision.verdict]
        return "published" if self.rule is None else "pending"

    @property
    def judged(self) -> Position:
        """The event that made it what it is: since then it waits, if it waits."""
        return self.position if self.decision is None else self.decision.position


class ReportState(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An open report of a comment."""

    by: str
    kind: ActorKind = "member"
    revision: int
    reason: str
    note: str | None = None
    at: int
    """When, in milliseconds since 1970."""
    position: Position


class CommentState(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One comment, whoever may see it.

    One that is published as it was posted has the defaults, which are not stored: so most rows say little of it.
    """

    id: str
    posted: Position
    """Where it was posted; `posted.n` orders it among all others."""
    at: int | None = None
    """When it occurred, in milliseconds since 1970; only where that is not when it was posted. See `posted_at`."""
    parent: str | None = None
    """Where it hangs."""
    depth: int = 0
    answered: str | None = None
    """What it answers; differs from `parent` where the depth was cut."""
    answered_revision: int | None = None
    anchor: str | None = None
    author: AuthorState
    entitlement: str | None = None
    """The one that carried it, where the policy asked for one."""
    texts: dict[int, Text]
    """By revision, oldest first. As read from a row's SOURCE: the standing and the latest one only."""
    latest: int = 1
    standing: int | None = 1
    """The text that readers saw last, kept through a take-down; None if none ever stood."""
    verdict: Literal["published", "pending", "rejected"] = "published"
    """The status that it has when it is not withdrawn."""
    withdrawn: bool = False
    featured: bool = False
    seen: bool = True
    """Whether readers ever saw it."""
    waits: Position | None = None
    """Since when it waits, where that is earlier than the last word on what waits; ask `waits_since`. Views of an
    earlier layout and snapshots have none."""
    answers: list[str] = field(default_factory=list)
    """The direct answers that the page shows, published or as tombstones, by age."""
    up: int = 0
    down: int = 0
    ballots: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Member to `(value, revision)` of the vote; a vote taken back is absent."""
    reports: list[ReportState] = field(default_factory=list)
    """The open ones, oldest first."""

    @property
    def posted_at(self) -> int:
        """When it was posted, in milliseconds since 1970 (original time where imported)."""
        return self.posted.ms if self.at is None else self.at

    @property
    def status(self) -> Status:
        """The status as it is served."""
        return "withdrawn" if self.withdrawn else self.verdict

    @property
    def published(self) -> bool:
        """Whether readers see it."""
        return self.verdict == "published" and not self.withdrawn

    @property
    def on_page(self) -> bool:
        """Whether the page has a row for it: itself, or a tombstone over what is published below it."""
        return bool(self.answers) or (self.verdict == "published" and not self.withdrawn)

    @property
    def member(self) -> str:
        """`<seq>:<comment>`: how orders name it; `seq` is `posted.n`, 12 digits."""
        return f"{str(self.posted.n).zfill(12)}:{self.id}"

    @property
    def waiting(self) -> int | None:
        """The revision that a moderator has to decide about, if any."""
        return None if self.withdrawn else self.undecided

    @property
    def waits_since(self) -> Position | None:
        """The event since which there has been a revision to decide about, if there is one, withdrawn or not."""
        number = self.undecided
        return None if number is None else self.waits or self.texts[number].judged

    @property
    def undecided(self) -> int | None:
        """The revision that a moderator has to decide about, or would have to if it were not withdrawn."""
        if self.texts[self.latest].status == "pending":
            return self.latest
        if self.verdict != "pending":
            return None
        held = self.standing is not None and self.texts[self.standing].status == "pending"
        return self.standing if held else self.latest

    @property
    def overlaid(self) -> bool:
        """Whether its author's overlay lists it: it waits or was rejected, or its latest edit was."""
        if self.withdrawn:
            return False
        return self.verdict != "published" or self.texts[self.latest].status in ("pending", "rejected")

    def votes_then(self, revision: int) -> tuple[int, int] | None:
        """Up and down when that text was last on the page: now, if it is there; None if it never was."""
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
    """How many published comments hang on it, answers included."""


class ThreadState(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The fold of one thread's events. A new one has seen none."""

    site: str
    id: str
    url: str = ""
    title: str = ""
    status: ThreadStatus = "open"
    opened: Position | None = None
    """Where it was opened; None before its first event."""
    opened_at: int | None = None
    """When it was opened, in milliseconds since 1970; only where that is not when it was recorded."""
    opened_by: Actor | None = None
    """Who opened it. Views of an earlier layout and snapshots do not say."""
    overrides: PolicyChanges = field(default_factory=PolicyChanges)
    anchors: dict[str, AnchorState] = field(default_factory=dict)
    """By id, in the order they were opened."""
    comments: int = 0
    """How many comments are published."""
    position: Position = START
    """The last event that changed something public."""
    last: Position = START
    """The last event of all."""
    redacted: list[tuple[str, int]] = field(default_factory=list)
    """Every text that was redacted, by comment and revision: no past of the thread shows it either."""
    now: int = 0
    """The greatest time at which an event of it occurred, in milliseconds since 1970."""
    events: int = 0
    """How many events it has seen."""
    rows: dict[str, CommentState] = field(default_factory=dict)
    """Every comment by id, in the order they were posted."""
