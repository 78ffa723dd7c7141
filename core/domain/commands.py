"""Commands: the requested changes. Caller, time and policy are part of the context (`core.domain.context`).

Text in a command is raw: deciders normalise it before they validate it. A repeated `Idempotency-Key` is compared by
the encoded command, so a command holds nothing that differs between two attempts.
"""

from typing import Literal

from msgspec import Struct

from core.policy import Policy, PolicyChanges

ThreadStatus = Literal["open", "closed", "archived"]


class Command(Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base class of commands. A command concerns one site."""


class OpenSite(Command, frozen=True, kw_only=True, tag="open-site"):
    """Open a site. Its keys are stored separately: they never reach the log."""

    name: str
    policy: Policy
    keys_kind: Literal["hs256", "jwks"]
    keys_number: int


class RekeySite(Command, frozen=True, kw_only=True, tag="rekey-site"):
    """Record that the site's keys were replaced; `keys_digest` identifies the key set."""

    kind: Literal["hs256", "jwks"]
    number: int
    keys_digest: str


class ChangePolicy(Command, frozen=True, kw_only=True, tag="change-policy"):
    """Change fields of the site's policy."""

    changes: PolicyChanges


class SuspendMember(Command, frozen=True, kw_only=True, tag="suspend-member"):
    """Suspend a member until `until` (milliseconds since 1970); None: permanently."""

    member: str
    reason: str
    until: int | None = None


class ReinstateMember(Command, frozen=True, kw_only=True, tag="reinstate-member"):
    """Lift a member's suspension."""

    member: str


class OpenThread(Command, frozen=True, kw_only=True, tag="open-thread"):
    """Open the thread of an article, or retitle it."""

    url: str
    title: str


class SetThreadStatus(Command, frozen=True, kw_only=True, tag="set-thread-status"):
    """Open, close or archive a thread."""

    status: ThreadStatus
    reason: str | None = None


class OverridePolicy(Command, frozen=True, kw_only=True, tag="override-policy"):
    """Replace the thread's overrides of the site's policy."""

    overrides: PolicyChanges


class PutAnchor(Command, frozen=True, kw_only=True, tag="put-anchor"):
    """Open, reword, close or reopen an inline question."""

    anchor: str
    exact: str
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None
    status: Literal["open", "closed"] = "open"


class PostComment(Command, frozen=True, kw_only=True, tag="post-comment"):
    """Post a comment. `url` and `title` let a first comment open its thread."""

    comment: str
    body: str
    parent: str | None = None
    parent_revision: int | None = None
    anchor: str | None = None
    url: str | None = None
    title: str | None = None


class EditComment(Command, frozen=True, kw_only=True, tag="edit-comment"):
    """Add a revision. `revision` is the latest one that the client saw, or several candidates in ascending order."""

    comment: str
    revision: int | tuple[int, ...]
    body: str
    reason: str | None = None


class WithdrawComment(Command, frozen=True, kw_only=True, tag="withdraw-comment"):
    """Withdraw one's own comment."""

    comment: str


class RestoreComment(Command, frozen=True, kw_only=True, tag="restore-comment"):
    """Restore one's own withdrawn comment."""

    comment: str


class Decide(Command, frozen=True, kw_only=True, tag="decide"):
    """A moderator's verdict on one revision; `status`, if given, is the status that the moderator was shown."""

    comment: str
    verdict: Literal["approve", "hold", "reject"]
    revision: int
    reason: str | None = None
    note: str | None = None
    status: Literal["published", "pending", "rejected", "withdrawn"] | None = None


class RedactRevision(Command, frozen=True, kw_only=True, tag="redact-revision"):
    """Destroy the text of one revision."""

    comment: str
    revision: int
    reason: str


class FeatureComment(Command, frozen=True, kw_only=True, tag="feature-comment"):
    """Make a comment an editors' pick, or undo that."""

    comment: str
    featured: bool


class Vote(Command, frozen=True, kw_only=True, tag="vote"):
    """Set one's own vote; 0 retracts it."""

    comment: str
    value: Literal[1, 0, -1]
    revision: int | None = None


class Report(Command, frozen=True, kw_only=True, tag="report"):
    """Report a comment to the moderators."""

    comment: str
    reason: str
    note: str | None = None
    revision: int | None = None


class SkipEvent(Command, frozen=True, kw_only=True, tag="skip-event"):
    """Make every fold skip one event of the thread. `parked` is where the thread is parked according to its views."""

    position: str
    reason: str
    parked: str | None = None


SiteCommand = OpenSite | RekeySite | ChangePolicy
MemberCommand = SuspendMember | ReinstateMember
ThreadCommand = OpenThread | SetThreadStatus | OverridePolicy | PutAnchor
CommentCommand = PostComment | EditComment | WithdrawComment | RestoreComment | Decide | RedactRevision | FeatureComment
AnyCommand = SiteCommand | MemberCommand | ThreadCommand | CommentCommand | Vote | Report | SkipEvent
