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
from msgspec.structs import force_setattr, replace

from core.policy import IN_CONTENT, Policy, PolicyChanges, PolicyWords

FIRST: Final = 1
"""First revision of a comment: the one that posts, votes and reports are about if they name none, as most do."""


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """A fact about a discussion: ids, codes and numbers, and in `CONTENT` the words that people wrote.

    No event can contain itself, so garbage collection is off for these structs: it would slow down reading a log.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset()
    PROFILE: ClassVar[frozenset[str]] = frozenset()
    """Fields of `CONTENT` that describe the author: the name, the avatar, the badges."""

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return all fields of an event, by name, as they are stored. `facts` is changed."""
        return facts


_DEFAULT_POLICY: Final[Mapping[str, Any]] = msgspec.to_builtins(Policy())


def _with_words(facts: dict[str, Any], field: str) -> dict[str, Any]:
    """Move the words of the policy in `field` to `words`, as far as there are any."""
    policy = facts[field]
    words = {name: policy.pop(name) for name in IN_CONTENT if name in policy}
    return facts | {"words": words} if words else facts


def _take_in_words(event: Event, field: str, words: PolicyWords | None) -> None:
    """Move the words of a decoded event into the policy, or its changes, in `field`."""
    if words is not None:
        force_setattr(event, field, replace(getattr(event, field), **words.given()))
        force_setattr(event, "words", None)


# --- site: opening, signing keys, policy ---


class SiteOpened(Event, frozen=True, kw_only=True, tag="site.opened", omit_defaults=True):
    """A site was opened. `policy` is stored whole, so that later defaults do not change what was agreed.

    The words of the policy are stored as `words`, and are part of `policy` otherwise.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"name", "words"})
    policy: Policy
    name: str | None = None
    words: PolicyWords | None = None

    def __post_init__(self) -> None:
        """Move the words into the policy."""
        _take_in_words(self, "policy", self.words)

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored. Words that are the default are left out."""
        policy = facts["policy"]
        for name in IN_CONTENT:
            if name in policy and policy[name] == _DEFAULT_POLICY[name]:
                del policy[name]
        return _with_words(facts, "policy")


class SiteRekeyed(Event, frozen=True, kw_only=True, tag="site.rekeyed", omit_defaults=True):
    """The keys that sign the site's tokens were replaced. Holds their kind and number, never the keys."""

    kind: Literal["hs256", "jwks"]
    number: int


class PolicyChanged(Event, frozen=True, kw_only=True, tag="policy.changed", omit_defaults=True):
    """Fields of the site's policy were changed.

    The words of the changes are stored as `words`, and are part of `changes` otherwise.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"words"})
    changes: PolicyChanges
    words: PolicyWords | None = None

    def __post_init__(self) -> None:
        """Move the words into the changes."""
        _take_in_words(self, "changes", self.words)

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored."""
        return _with_words(facts, "changes")


# --- member: standing ---


class MemberSuspended(Event, frozen=True, kw_only=True, tag="member.suspended", omit_defaults=True):
    """A member was suspended until `until` (milliseconds since 1970), or indefinitely.

    `by_role` is the role by which the suspension was set; None means a moderator. A member whose token carries `admin`
    is bound only by a suspension that an admin set.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    member: str
    until: int | None = None
    by_role: Literal["moderator", "admin"] | None = None
    reason: str | None = None


class MemberReinstated(Event, frozen=True, kw_only=True, tag="member.reinstated", omit_defaults=True):
    """A member's suspension was lifted."""

    member: str


# --- thread: lifecycle, policy, anchors ---


class ThreadOpened(Event, frozen=True, kw_only=True, tag="thread.opened", omit_defaults=True):
    """The thread of an article was opened."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"url", "title"})
    url: str | None = None
    title: str | None = None


class ThreadRetitled(Event, frozen=True, kw_only=True, tag="thread.retitled", omit_defaults=True):
    """The title or the address of the article changed."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"url", "title"})
    url: str | None = None
    title: str | None = None


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


class PolicyOverridden(Event, frozen=True, kw_only=True, tag="policy.overridden", omit_defaults=True):
    """The thread's overrides of the site's policy were replaced. A field that is not set follows the site.

    The words of the overrides are stored as `words`, and are part of `overrides` otherwise.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"words"})
    overrides: PolicyChanges
    words: PolicyWords | None = None

    def __post_init__(self) -> None:
        """Move the words into the overrides."""
        _take_in_words(self, "overrides", self.words)

    @classmethod
    def stored(cls, facts: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as they are stored."""
        return _with_words(facts, "overrides")


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

    `parent` is the comment that this one is placed under, `answered` the comment that it replies to. They differ where
    the depth was limited. `entitlement` is the one that allowed the comment, if the policy requires one.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"body", "name", "avatar", "badges", "match"})
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
    body: str | None = None
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    match: str | None = None


class CommentEdited(Event, frozen=True, kw_only=True, tag="comment.edited", omit_defaults=True):
    """The author wrote a new revision. `rule` is the rule that held the revision at once; None means that it stands.

    `name` is left out if it is the one at posting.
    """

    CONTENT: ClassVar[frozenset[str]] = frozenset({"body", "name", "reason", "match"})
    PROFILE: ClassVar[frozenset[str]] = frozenset({"name"})
    comment: str
    revision: int
    entitlement: str | None = None
    rule: str | None = None
    body: str | None = None
    name: str | None = None
    reason: str | None = None
    match: str | None = None


class CommentWithdrawn(Event, frozen=True, kw_only=True, tag="comment.withdrawn", omit_defaults=True):
    """The author withdrew the comment."""

    comment: str


class CommentRestored(Event, frozen=True, kw_only=True, tag="comment.restored", omit_defaults=True):
    """The author undid the withdrawal: the comment has the status again that it would have had."""

    comment: str


class CommentHeld(Event, frozen=True, kw_only=True, tag="comment.held", omit_defaults=True):
    """A moderator held a revision: it waits."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    reason: str | None = None
    note: str | None = None


class CommentApproved(Event, frozen=True, kw_only=True, tag="comment.approved", omit_defaults=True):
    """A moderator approved a revision: it stands and the comment is published. Open reports are dismissed."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    reason: str | None = None
    note: str | None = None


class CommentRejected(Event, frozen=True, kw_only=True, tag="comment.rejected", omit_defaults=True):
    """A moderator rejected a revision. Open reports are upheld."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason", "note"})
    comment: str
    revision: int
    reason: str | None = None
    note: str | None = None


class RevisionRedacted(Event, frozen=True, kw_only=True, tag="revision.redacted", omit_defaults=True):
    """The text of a revision was destroyed. The fact that it existed remains."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"reason"})
    comment: str
    revision: int
    reason: str | None = None


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


# --- vote and report: one aggregate per comment and member; the actor is the voter or the reporter ---


class VoteCast(Event, frozen=True, kw_only=True, tag="vote.cast", omit_defaults=True):
    """The actor's one vote on the comment is now `value`, cast in view of `revision`."""

    comment: str
    revision: int = FIRST
    value: Literal[1, -1]


class VoteRetracted(Event, frozen=True, kw_only=True, tag="vote.retracted", omit_defaults=True):
    """The actor's vote on the comment was retracted."""

    comment: str
    revision: int = FIRST


class ReportFiled(Event, frozen=True, kw_only=True, tag="report.filed", omit_defaults=True):
    """The actor reported `revision`. The report is open until a later approval or rejection of the comment."""

    CONTENT: ClassVar[frozenset[str]] = frozenset({"note"})
    comment: str
    revision: int = FIRST
    reason: str
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


SITE_EVENTS: Final = (SiteOpened, SiteRekeyed, PolicyChanged)
MEMBER_EVENTS: Final = (MemberSuspended, MemberReinstated)
THREAD_EVENTS: Final = (
    ThreadOpened,
    ThreadRetitled,
    ThreadClosed,
    ThreadReopened,
    ThreadArchived,
    PolicyOverridden,
    AnchorOpened,
    AnchorReworded,
    AnchorClosed,
    AnchorReopened,
)
COMMENT_EVENTS: Final = (
    CommentPosted,
    CommentEdited,
    CommentWithdrawn,
    CommentRestored,
    CommentHeld,
    CommentApproved,
    CommentRejected,
    RevisionRedacted,
    CommentFeatured,
    CommentUnfeatured,
    CommentPinned,
    CommentUnpinned,
)
VOTE_EVENTS: Final = (VoteCast, VoteRetracted)
REPORT_EVENTS: Final = (ReportFiled,)
SKIP_EVENTS: Final = (EventSkipped,)
EVENTS: Final[tuple[type[Event], ...]] = (
    *SITE_EVENTS,
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
}
"""First format (`core.formats`) that allows each (event type, version) to be appended; 1 for those not listed."""
