"""Events of a thread: lifecycle, labels, its own policy, and the inline questions of its article."""

from typing import ClassVar

from core.events.event import Event
from core.events.policy_event import PolicyEvent
from core.policy import PolicyChanges, PolicyWords


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
