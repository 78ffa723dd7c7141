"""Event types. These structs are a storage format: a tag never changes its meaning, a field never its type.

An event holds only its own facts; actor, place and time are in the envelope (`core.events.envelope`). The fields that a
class names in `CONTENT` are free text or profile data; those of the profile are named in `PROFILE`, too. Both parts are
stored apart from the open facts (`core.events.content`), so that either can be destroyed while the fact and its proof
remain. They are therefore optional when read back.

New fields need a default. A field that has its default is not stored, and is read as that default for ever: no default
may change. `comment` and `revision` are also part of the envelope.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import Struct

from core.events.event import FIRST, Event
from core.events.facts import Facts
from core.events.policy_event import PolicyEvent
from core.events.screening import ScreeningTime, ScreeningVerdict
from core.policy import IN_CONTENT, Ground, Policy, PolicyChanges, PolicyWords

Span = tuple[int, int]
"""A run of numbers, the end exclusive: of code points in a text, or of revisions."""
NoticeFiler = Literal["anyone", "guest", "member", "staff"]
"""Kind of caller that filed a notice."""
Basis = Literal["rule", "report", "notice", "own"]
"""Basis of a decision: a rule that held or rejected the text, open reports, the notice that the decision names, or none
of these."""

_DEFAULT_POLICY: Final[Mapping[str, Any]] = msgspec.to_builtins(Policy())

# --- site: opening, signing keys, policy ---


class SiteOpened(PolicyEvent, frozen=True, kw_only=True, tag="site.opened", omit_defaults=True):
    """A site was opened. `policy` is stored whole, so that later defaults do not change what was agreed."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"name", "words"})
    POLICY: ClassVar[str] = "policy"
    policy: Policy
    name: str | None = None
    words: PolicyWords | None = None

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored: the words of the policy apart, without those that are the default."""
        policy = facts["policy"]
        for name in IN_CONTENT:
            if name in policy and policy[name] == _DEFAULT_POLICY[name]:
                del policy[name]
        return super().stored(facts)


class SiteRekeyed(Event, frozen=True, kw_only=True, tag="site.rekeyed", omit_defaults=True):
    """The keys that sign the site's tokens were replaced. Holds their kind and number, never the keys."""

    kind: Literal["hs256", "jwks"]
    number: int


class PolicyChanged(PolicyEvent, frozen=True, kw_only=True, tag="policy.changed", omit_defaults=True):
    """Fields of the site's policy were changed."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"words"})
    POLICY: ClassVar[str] = "changes"
    changes: PolicyChanges
    words: PolicyWords | None = None


class ScreenerConfigured(Event, frozen=True, kw_only=True, tag="screener.configured", omit_defaults=True):
    """A screener of the site's texts was set up, or another one. Holds its shape and its host, never its secret."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"host"})
    shape: str
    host: str | None = None


class ScreenerRemoved(Event, frozen=True, kw_only=True, tag="screener.removed", omit_defaults=True):
    """The site has no screener any more."""


# --- word lists: one aggregate for all lists of a site ---


class ListVersion(Struct, frozen=True, kw_only=True, gc=False):
    """A word list: the position of its version, and the number and the digest of its terms."""

    list: str
    at: str
    count: int
    digest: str


class ListChanged(Event, frozen=True, kw_only=True, tag="list.changed", omit_defaults=True):
    """A word list of the site was replaced, or with `removed` taken away.

    `others` are the site's other lists then, so that the last event alone tells which lists there are.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"terms"})
    list: str
    count: int = 0
    digest: str | None = None
    removed: bool = False
    others: tuple[ListVersion, ...] = ()
    terms: tuple[str, ...] | None = None


# --- member: standing ---


class MemberSuspended(Event, frozen=True, kw_only=True, tag="member.suspended", omit_defaults=True):
    """A member was suspended until `until` (milliseconds since 1970), or indefinitely.

    `by_role` is the role by which the suspension was set; None means a moderator. A member whose token carries `admin`
    is bound only by a suspension that an admin set. `code` is one of the policy's reasons at that time, `ground` its
    ground.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: str
    until: int | None = None
    by_role: Literal["moderator", "admin"] | None = None
    code: str | None = None
    ground: Ground | None = None
    reason: str | None = None


class MemberReinstated(Event, frozen=True, kw_only=True, tag="member.reinstated", omit_defaults=True):
    """A member's suspension was lifted."""

    member: str


class SuspensionReversed(Event, frozen=True, kw_only=True, tag="suspension.reversed", omit_defaults=True):
    """The last act on a member's suspension was undone exactly: the one that it replaced is in force again, if any.

    `reverses` is the id of its batch.
    """

    member: str
    reverses: str


Standing = Literal["usual", "trusted", "held"]
"""Standing of a member by staff: trusted, or one whose every text waits."""


class StandingChanged(Event, frozen=True, kw_only=True, tag="standing.changed", omit_defaults=True):
    """Staff trust a member, hold all of the member's texts, or do neither any more."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: str
    standing: Standing
    reason: str | None = None


class WarningGiven(Event, frozen=True, kw_only=True, tag="warning.given", omit_defaults=True):
    """A member was warned, and writes nothing until the warning is acknowledged. `note` is for staff."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    member: str
    code: str | None = None
    reason: str | None = None
    note: str | None = None


class WarningAcknowledged(Event, frozen=True, kw_only=True, tag="warning.acknowledged", omit_defaults=True):
    """The member acknowledged the warning at the position `warning`."""

    member: str
    warning: str


class NoteAdded(Event, frozen=True, kw_only=True, tag="note.added", omit_defaults=True):
    """Staff noted something about a member, for staff. One aggregate per member: no decision reads it."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"text"})
    member: str
    text: str | None = None


class VotesInspected(Event, frozen=True, kw_only=True, tag="votes.inspected", omit_defaults=True):
    """The actor, an auditor, looked at how `member` voted: the first time on a day of the site's time zone."""

    member: str


# --- thread: lifecycle, policy, anchors ---


class ThreadOpened(Event, frozen=True, kw_only=True, tag="thread.opened", omit_defaults=True):
    """The thread of an article was opened. With `unverified`, the title is that of a member's first comment."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"url", "title"})
    unverified: bool = False
    labels: tuple[str, ...] = ()
    url: str | None = None
    title: str | None = None


class ThreadRetitled(Event, frozen=True, kw_only=True, tag="thread.retitled", omit_defaults=True):
    """The title or the address of the article changed, or staff or the publication vouched for the title."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"url", "title"})
    url: str | None = None
    title: str | None = None


class ThreadLabelled(Event, frozen=True, kw_only=True, tag="thread.labelled", omit_defaults=True):
    """The labels of the thread were replaced."""

    labels: tuple[str, ...] = ()


class ThreadClosed(Event, frozen=True, kw_only=True, tag="thread.closed", omit_defaults=True):
    """The thread was closed: it takes no new comments, edits or restorations."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    reason: str | None = None


class ThreadReopened(Event, frozen=True, kw_only=True, tag="thread.reopened", omit_defaults=True):
    """The thread was reopened: it takes comments again."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    reason: str | None = None


class ThreadArchived(Event, frozen=True, kw_only=True, tag="thread.archived", omit_defaults=True):
    """The thread was archived: only withdrawals and moderation are possible."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    reason: str | None = None


class PolicyOverridden(PolicyEvent, frozen=True, kw_only=True, tag="policy.overridden", omit_defaults=True):
    """The thread's overrides of the site's policy were replaced. A field that is not set follows the site."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"words"})
    POLICY: ClassVar[str] = "overrides"
    overrides: PolicyChanges
    words: PolicyWords | None = None


class AnchorOpened(Event, frozen=True, kw_only=True, tag="anchor.opened", omit_defaults=True):
    """An inline question was opened on a passage of the article."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"exact", "prefix", "suffix", "prompt"})
    anchor: str
    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None


class AnchorReworded(Event, frozen=True, kw_only=True, tag="anchor.reworded", omit_defaults=True):
    """The passage and the prompt of an inline question were replaced."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"exact", "prefix", "suffix", "prompt"})
    anchor: str
    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None


class AnchorClosed(Event, frozen=True, kw_only=True, tag="anchor.closed", omit_defaults=True):
    """An inline question was closed: it takes no more comments."""

    anchor: str


class AnchorReopened(Event, frozen=True, kw_only=True, tag="anchor.reopened", omit_defaults=True):
    """An inline question was reopened: it takes comments again."""

    anchor: str


# --- comment: content, decisions, redaction, featured ---


class CommentPosted(Event, frozen=True, kw_only=True, tag="comment.posted", omit_defaults=True):
    """A comment was posted. `rule` is the rule that held the comment at once; None means that readers see it.

    If it is `rejected`, the rule rejected the comment. `tells` are the words for the author, `match` and `spans` the
    part of the text that matched, in code points, and `list` is the word list that had it. `facts` are those beyond the
    text that the rules asked for. `screening` says that the screener is to be asked about the text.

    `parent` is the comment that this one is placed under, `answered` the comment that it replies to. They differ where
    the depth was limited. `entitlement` is the one that allowed the comment, if the policy requires one.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"body", "name", "avatar", "badges", "match", "spans", "tells"})
    PROFILE: ClassVar[frozenset[str]] = frozenset({"name", "avatar", "badges"})
    comment: str
    revision: int = FIRST
    parent: str | None = None
    depth: int = 0
    answered: str | None = None
    answered_revision: int | None = None
    anchor: str | None = None
    entitlement: str | None = None
    rule: str | None = None
    rejected: bool = False
    list: str | None = None
    facts: Facts | None = None
    screening: ScreeningTime | None = None
    body: str | None = None
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    match: str | None = None
    spans: tuple[Span, ...] = ()
    tells: str | None = None


class CommentEdited(Event, frozen=True, kw_only=True, tag="comment.edited", omit_defaults=True):
    """The author wrote a new revision. `rule` is the rule that held the revision at once; None means that it stands.

    `name` is left out if it is the one at posting. `grace` says that the edit was within the policy's grace: the text
    that it replaces is in no public history, unless the comment was acted on before. The other fields are as of
    `CommentPosted`.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"body", "name", "reason", "match", "spans", "tells"})
    PROFILE: ClassVar[frozenset[str]] = frozenset({"name"})
    comment: str
    revision: int
    entitlement: str | None = None
    rule: str | None = None
    grace: bool = False
    rejected: bool = False
    list: str | None = None
    facts: Facts | None = None
    screening: ScreeningTime | None = None
    body: str | None = None
    name: str | None = None
    reason: str | None = None
    match: str | None = None
    spans: tuple[Span, ...] = ()
    tells: str | None = None


class CommentWithdrawn(Event, frozen=True, kw_only=True, tag="comment.withdrawn", omit_defaults=True):
    """The author withdrew the comment."""

    comment: str


class CommentRestored(Event, frozen=True, kw_only=True, tag="comment.restored", omit_defaults=True):
    """The author undid the withdrawal: the comment has the status again that it would have had."""

    comment: str


class CommentHeld(Event, frozen=True, kw_only=True, tag="comment.held", omit_defaults=True):
    """A moderator held a revision: it waits. `code` is one of the policy's reasons at that time.

    `rule` is the rule that held it instead of a moderator, for what others did, such as reports. Earlier versions have
    no `basis`, and are read as if it were `own`.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    rule: str | None = None
    reason: str | None = None
    note: str | None = None


class CommentApproved(Event, frozen=True, kw_only=True, tag="comment.approved", omit_defaults=True):
    """A moderator approved a revision: it stands and the comment is published. Open reports are dismissed.

    `code` is one of the policy's reasons at that time. `notice` is the reference of the notice that this closes.
    `basis` is as of `CommentHeld`.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    notice: str | None = None
    reason: str | None = None
    note: str | None = None


class CommentRejected(Event, frozen=True, kw_only=True, tag="comment.rejected", omit_defaults=True):
    """A moderator rejected a revision. Open reports are upheld.

    `code` is one of the policy's reasons at that time. With `spam` there is no reason, and the author is told none.
    `rule` and `basis` are as of `CommentHeld`. `notice` is the reference of the notice that this closes.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    spam: bool = False
    rule: str | None = None
    notice: str | None = None
    reason: str | None = None
    note: str | None = None


class CommentScreened(Event, frozen=True, kw_only=True, tag="comment.screened", omit_defaults=True):
    """The screener was asked about a revision, and gave this verdict; or it `failed`, and the policy gives it.

    An approval publishes a revision that waits for the screener alone. A hold or a rejection that changes something is
    an event of its own beside this one. `shape` is the protocol that the screener was asked by. `note` is for staff.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"note"})
    comment: str
    revision: int = FIRST
    verdict: ScreeningVerdict
    shape: str | None = None
    failed: str | None = None
    note: str | None = None


class DecisionReversed(Event, frozen=True, kw_only=True, tag="decision.reversed", omit_defaults=True):
    """The last decision on the comment was undone exactly: what it replaced is so again, open reports included.

    `revision` is the one that it was about, `reverses` the id of its batch.
    """

    comment: str
    revision: int
    reverses: str


class RevisionRedacted(Event, frozen=True, kw_only=True, tag="revision.redacted", omit_defaults=True):
    """The text of a revision was destroyed. The fact that it existed remains."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str
    revision: int
    reason: str | None = None


class RemovalRequested(Event, frozen=True, kw_only=True, tag="removal.requested", omit_defaults=True):
    """The author asked that a superseded text be removed: until that ends, only the author and staff find it."""

    comment: str
    revision: int


class RemovalCancelled(Event, frozen=True, kw_only=True, tag="removal.cancelled", omit_defaults=True):
    """The author took the removal request back."""

    comment: str
    revision: int


class RemovalRefused(Event, frozen=True, kw_only=True, tag="removal.refused", omit_defaults=True):
    """A moderator refused the removal: the text is found again. A redaction grants it."""

    comment: str
    revision: int


class StatementTold(Event, frozen=True, kw_only=True, tag="statement.told", omit_defaults=True):
    """The author was told of a decision: by the page, or by a mail that a server took. The window for an appeal begins.

    `decision` is the position of the event that decided: about a revision of a comment, about an appeal against that,
    or, in the site's own log, about the standing of `member`.
    """

    comment: str | None = None
    member: str | None = None
    revision: int | None = None
    decision: str
    by: Literal["page", "mail"] = "page"


class AppealFiled(Event, frozen=True, kw_only=True, tag="appeal.filed", omit_defaults=True):
    """The author appealed against the decision at `decision`; in the site's own log, `member` against a suspension."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"text"})
    comment: str | None = None
    member: str | None = None
    revision: int | None = None
    decision: str
    text: str | None = None


class AppealDecided(Event, frozen=True, kw_only=True, tag="appeal.decided", omit_defaults=True):
    """A moderator decided an appeal. An approval, or a reinstatement, stands beside a `reverse`.

    With `sole` it was the moderator whose decision the appeal is against, because no other one had decided anything on
    the site for 30 days, as its record said then.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str | None = None
    member: str | None = None
    revision: int | None = None
    verdict: Literal["reverse", "uphold"]
    sole: bool = False
    reason: str | None = None


class NoticeFiled(Event, frozen=True, kw_only=True, tag="notice.filed", omit_defaults=True):
    """A notice stated that the standing text is illegal. An approval or a rejection that names `reference` closes it.

    `by` is the kind of caller: `anyone` had no token. `flagger` says that the token had a badge that the policy trusts.
    Name and address of the filer are sealed contacts (`core.contacts`), and never here.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"explanation", "law"})
    comment: str
    revision: int
    reference: str
    by: NoticeFiler = "anyone"
    flagger: bool = False
    explanation: str | None = None
    law: str | None = None


class CommentFeatured(Event, frozen=True, kw_only=True, tag="comment.featured", omit_defaults=True):
    """The comment became an editors' pick."""

    comment: str


class CommentUnfeatured(Event, frozen=True, kw_only=True, tag="comment.unfeatured", omit_defaults=True):
    """The comment is no longer an editors' pick."""

    comment: str


class CommentPinned(Event, frozen=True, kw_only=True, tag="comment.pinned", omit_defaults=True):
    """The top-level comment became the thread's pinned one: it comes first on the page. Advances the thread's head."""

    comment: str


class CommentUnpinned(Event, frozen=True, kw_only=True, tag="comment.unpinned", omit_defaults=True):
    """The comment is no longer the thread's pinned one. Advances the thread's head."""

    comment: str


# --- vote and report: one aggregate per comment and member; the actor is the reporter, and mostly the voter ---


class VoteCast(Event, frozen=True, kw_only=True, tag="vote.cast", omit_defaults=True):
    """The actor's one vote on the comment is now `value`. `revision` is the text that the voter saw.

    `entitlement` is the one that allowed the vote, if the policy requires one.
    """

    comment: str
    revision: int = FIRST
    value: Literal[1, -1]
    entitlement: str | None = None


class VoteRetracted(Event, frozen=True, kw_only=True, tag="vote.retracted", omit_defaults=True):
    """The actor's vote on the comment was retracted. `voided` is the batch by which it was void then: it stays so."""

    comment: str
    revision: int = FIRST
    voided: str | None = None


class VoteVoided(Event, frozen=True, kw_only=True, tag="vote.voided", omit_defaults=True):
    """A moderator voided the vote of `voter`: it counts nowhere, and is not cast again until its batch is reversed.

    `value`, `revision` and `cast` are those of the vote: `cast` is the position of the event that cast it. `texts` are
    runs of the texts that left the page since, ends exclusive: the vote is in the tally that each of them had then.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str
    revision: int = FIRST
    voter: str
    value: Literal[1, -1]
    cast: str
    texts: tuple[Span, ...] = ()
    reason: str | None = None


class VoteRestored(Event, frozen=True, kw_only=True, tag="vote.restored", omit_defaults=True):
    """The voiding of a vote was reversed: the vote counts as it did before.

    `reverses` is the batch that had voided it. `value` is 0, and `cast` None, if the voter retracted the vote since.
    """

    comment: str
    revision: int = FIRST
    voter: str
    value: Literal[1, 0, -1]
    cast: str | None = None
    reverses: str


class ReportFiled(Event, frozen=True, kw_only=True, tag="report.filed", omit_defaults=True):
    """The actor reported `revision`. The report is open until a later approval or rejection of the comment.

    `entitlement` is the one that allowed the report, if the policy requires one. `open` is the number of open reports
    of the comment by members, this one included, where a rule counts them.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"note"})
    comment: str
    revision: int = FIRST
    reason: str
    entitlement: str | None = None
    open: int = 0
    note: str | None = None


# --- skip: an operator lets every fold ignore one event; one aggregate per skipped event ---


class EventSkipped(Event, frozen=True, kw_only=True, tag="event.skipped", omit_defaults=True):
    """The event of the same thread at `position` is skipped: folds that cannot apply it ignore it. The log keeps it."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    position: str
    reason: str | None = None


class UnknownEvent(Event, frozen=True, kw_only=True, tag="unknown", omit_defaults=True):
    """An event of a type, a version or a content scheme that this program does not know. Never written."""

    name: str
    fault: str = "this version of Hansard does not know this event type"
    """The unknown part (type, version or content scheme) in words, without a value or a word of the event."""


class UnreadableEvent(Event, frozen=True, kw_only=True, tag="unreadable", omit_defaults=True):
    """An event whose envelope can be read and whose fact cannot; `fault` says why. Never written."""

    fault: str


SITE_EVENTS: Final = (SiteOpened, SiteRekeyed, PolicyChanged, ScreenerConfigured, ScreenerRemoved)
LIST_EVENTS: Final = (ListChanged,)
MEMBER_EVENTS: Final = (
    MemberSuspended,
    MemberReinstated,
    SuspensionReversed,
    StandingChanged,
    WarningGiven,
    WarningAcknowledged,
    NoteAdded,
    VotesInspected,
)
THREAD_EVENTS: Final = (
    ThreadOpened,
    ThreadRetitled,
    ThreadLabelled,
    ThreadClosed,
    ThreadReopened,
    ThreadArchived,
    PolicyOverridden,
    AnchorOpened,
    AnchorReworded,
    AnchorClosed,
    AnchorReopened,
)
STATEMENT_EVENTS: Final = (StatementTold, AppealFiled, AppealDecided)
"""Events about a decision: in a thread's log about a comment, in the site's own log about a member."""
COMMENT_EVENTS: Final = (
    CommentPosted,
    CommentEdited,
    CommentWithdrawn,
    CommentRestored,
    CommentHeld,
    CommentApproved,
    CommentRejected,
    CommentScreened,
    DecisionReversed,
    RevisionRedacted,
    RemovalRequested,
    RemovalCancelled,
    RemovalRefused,
    *STATEMENT_EVENTS,
    NoticeFiled,
    CommentFeatured,
    CommentUnfeatured,
    CommentPinned,
    CommentUnpinned,
)
VOTE_EVENTS: Final = (VoteCast, VoteRetracted, VoteVoided, VoteRestored)
REPORT_EVENTS: Final = (ReportFiled,)
SKIP_EVENTS: Final = (EventSkipped,)
EVENTS: Final[tuple[type[Event], ...]] = (
    *SITE_EVENTS,
    *LIST_EVENTS,
    *MEMBER_EVENTS,
    *THREAD_EVENTS,
    *COMMENT_EVENTS,
    *VOTE_EVENTS,
    *REPORT_EVENTS,
    *SKIP_EVENTS,
)
"""Every type that is written, in the order of this module."""

INTRODUCED: Final[Mapping[tuple[str, int], int]] = {
    ("site.opened", 2): 2,
    ("policy.changed", 2): 2,
    ("policy.overridden", 2): 2,
    ("site.opened", 3): 3,
    ("policy.changed", 3): 3,
    ("policy.overridden", 3): 3,
    ("comment.pinned", 1): 3,
    ("comment.unpinned", 1): 3,
    ("decision.reversed", 1): 3,
    ("comment.held", 2): 3,
    ("comment.approved", 2): 3,
    ("comment.rejected", 2): 3,
    ("thread.opened", 2): 4,
    ("comment.edited", 2): 4,
    ("thread.labelled", 1): 4,
    ("member.suspended", 2): 4,
    ("standing.changed", 1): 4,
    ("warning.given", 1): 4,
    ("warning.acknowledged", 1): 4,
    ("note.added", 1): 4,
    ("removal.requested", 1): 4,
    ("removal.cancelled", 1): 4,
    ("removal.refused", 1): 4,
    ("statement.told", 1): 4,
    ("appeal.filed", 1): 4,
    ("appeal.decided", 1): 4,
    ("vote.cast", 2): 4,
    ("site.opened", 4): 4,
    ("policy.changed", 4): 4,
    ("policy.overridden", 4): 4,
    ("list.changed", 1): 4,
    ("comment.posted", 2): 4,
    ("comment.held", 3): 4,
    ("comment.rejected", 3): 4,
    ("report.filed", 2): 4,
    ("comment.approved", 3): 4,
    ("notice.filed", 1): 4,
    ("comment.posted", 3): 4,
    ("comment.edited", 3): 4,
    ("comment.screened", 1): 4,
    ("member.suspended", 3): 4,
    ("comment.held", 4): 4,
    ("comment.approved", 4): 4,
    ("comment.rejected", 4): 4,
    ("screener.configured", 1): 4,
    ("screener.removed", 1): 4,
    ("vote.retracted", 2): 4,
    ("vote.voided", 1): 4,
    ("vote.restored", 1): 4,
    ("votes.inspected", 1): 4,
    ("suspension.reversed", 1): 4,
}
"""First format (`core.formats`) that allows each (event type, version) to be appended; 1 for those not listed."""
