"""Refusals of commands. Each has a stable code, which is the slug of its problem response.

The docstring of a refusal class is its default `detail` and is sent to clients.

Refusal
├── NotFound, NotYetOpened                          what the caller may not see does not exist
├── NotAllowed, NotEntitled, Suspended, WarningOpen,
│   EditWindowOver, VotesOff, OwnVoteForbidden,
│   VoteIsVoid, HistoryNotPublic, AppealWindowOver,
│   AppealOfOwnDecision                             not for this caller
├── StaleRevision, StaleStatus, StaleEdit           a concurrent change won
├── ThreadNotOpened, ThreadIsClosed, ThreadIsArchived,
│   AnchorIsClosed, ParentNotPublished, CommentNotPublished,
│   CommentIsWithdrawn, NotTopLevel, RevisionIsPublished, RevisionIsRedacted,
│   SiteExists, AppealExists, NotParked,
│   TooManyNotices                                  not in the current state
├── BodyEmpty, BodyTooLong, UnknownParent,
│   UrlNotAllowed, NameNotAllowed, UnknownCode, UnknownBatch, UnknownVoter,
│   BadRule, IdempotencyKeyReused, BadField         not with this input
└── Unavailable, CannotFold, EventMissing,
    LogBroken, FormatTooOld, UnreadablePartition    not now
"""

from typing import Any, ClassVar

from core.position import Position


class Refusal(Exception):
    """Refusal of a command; nothing is written. `extra` holds other members of the problem (`current`, `needs`, …)."""

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.extra = extra
        super().__init__(self.detail)


class NotFound(Refusal):
    """There is nothing here that you may see."""

    code = "not-found"


class NotYetOpened(Refusal):
    """The thread was not opened yet at that time."""

    code = "not-yet-opened"


class NotAllowed(Refusal):
    """You may not do this."""

    code = "not-allowed"


class NotEntitled(Refusal):
    """This requires an entitlement (`needs`) that the token does not carry."""

    code = "not-entitled"


class Suspended(Refusal):
    """You are suspended until `until` (null: permanently). You may read, withdraw comments and retract votes."""

    code = "suspended"


class WarningOpen(Refusal):
    """You were warned (`reason`): acknowledge the warning before you write again."""

    code = "warning-open"


class EditWindowOver(Refusal):
    """The edit window of this comment is over."""

    code = "edit-window-over"


class VotesOff(Refusal):
    """Voting is disabled here."""

    code = "votes-off"


class OwnVoteForbidden(Refusal):
    """Members cannot vote on their own comments here."""

    code = "own-vote"


class VoteIsVoid(Refusal):
    """A moderator voided your vote on this comment. You may take it back; it cannot be cast again."""

    code = "vote-voided"


class HistoryNotPublic(Refusal):
    """The history of this thread is not public."""

    code = "history-not-public"


class AppealWindowOver(Refusal):
    """The window for an appeal against this decision ended at `until`."""

    code = "appeal-window-over"


class AppealOfOwnDecision(Refusal):
    """An appeal is decided by another moderator than the one whose decision it is against."""

    code = "own-decision"


class StaleRevision(Refusal):
    """The request cannot be applied to this revision. `current` is the revision to use."""

    code = "stale-revision"


class StaleEdit(Refusal):
    """The edit is not based on the latest revision, which is `current`."""

    code = "stale-revision"


class StaleStatus(Refusal):
    """The status of the comment, `current`, differs from the one in the request."""

    code = "stale-status"


class ThreadNotOpened(Refusal):
    """The thread is not open yet, and the comment lacks fields that a first comment needs; `errors` lists them."""

    code = "thread-not-opened"

    def __init__(self, detail: str, *missing: str) -> None:
        """`missing` are the fields that a first comment has to bring."""
        needed = [
            {"pointer": f"/{name}", "detail": "a first comment needs this to open its thread"} for name in missing
        ]
        super().__init__(detail, errors=needed)


class ThreadIsClosed(Refusal):
    """The thread is closed: new comments, edits and restorations are refused. `because` names what has closed it."""

    code = "thread-closed"


class ThreadIsArchived(Refusal):
    """The thread is archived: only withdrawals and moderation are possible."""

    code = "thread-archived"


class AnchorIsClosed(Refusal):
    """The inline question is closed to new comments."""

    code = "anchor-closed"


class ParentNotPublished(Refusal):
    """The parent comment is not published."""

    code = "parent-not-published"


class CommentNotPublished(Refusal):
    """The comment is not published."""

    code = "comment-not-published"


class CommentIsWithdrawn(Refusal):
    """The comment is withdrawn."""

    code = "comment-withdrawn"


class NotTopLevel(Refusal):
    """Only a top-level comment can be pinned."""

    code = "not-top-level"


class RevisionIsPublished(Refusal):
    """This revision is the standing text of a published comment: reject it first."""

    code = "revision-published"


class RevisionIsRedacted(Refusal):
    """This revision is redacted and cannot be approved."""

    code = "revision-redacted"


class SiteExists(Refusal):
    """The site is already open, with other values; `errors` lists the differences."""

    code = "site-exists"

    def __init__(self, *differs: tuple[str, str]) -> None:
        """`differs` are pointers into the request, each with the value the site was opened with, unless secret."""
        super().__init__(errors=[{"pointer": pointer, "detail": detail} for pointer, detail in differs])


class AppealExists(Refusal):
    """An appeal against this decision was filed before: there is one for each decision."""

    code = "appeal-exists"


class NotParked(Refusal):
    """The thread is not parked at that event. `current` is the event it is parked at, null if it is not parked."""

    code = "not-parked"


class TooManyNotices(Refusal):
    """As many notices about this comment are open as a comment may have. Staff must decide one of them first."""

    code = "too-many-requests"


class BodyEmpty(Refusal):
    """The text is empty after normalisation."""

    code = "body-empty"


class BodyTooLong(Refusal):
    """The text is longer than the policy allows (`limit`, in code points)."""

    code = "body-too-long"


class UnknownParent(Refusal):
    """The thread has no such comment to reply to."""

    code = "unknown-parent"


class UrlNotAllowed(Refusal):
    """The address of the article is outside the web origins of this publication."""

    code = "url-not-allowed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": "/url", "detail": detail}])


class NameNotAllowed(Refusal):
    """The name looks like that of staff or of a member here, or is reserved; choose another one."""

    code = "name-not-allowed"


class UnknownCode(Refusal):
    """The policy lists no reason with this `code`; `errors` points to it."""

    code = "unknown-code"

    def __init__(self) -> None:
        super().__init__(errors=[{"pointer": "/code", "detail": "this is none of the policy's `reasons`"}])


class UnknownBatch(Refusal):
    """The `batch` is none that you began, or continued, within the last hour."""

    code = "unknown-batch"


class UnknownVoter(Refusal):
    """No vote here is of this `voter`. A pseudonym is of one site, and of this month or the last one."""

    code = "unknown-voter"


class BadRule(Refusal):
    """A rule of the policy has a kind or settings that this version does not support; `errors` says which."""

    code = "bad-rule"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class IdempotencyKeyReused(Refusal):
    """The Idempotency-Key was already used for a different request."""

    code = "idempotency-key-reused"


class BadField(Refusal):
    """A field of the request has an invalid value; `errors` lists `{"pointer", "detail"}`."""

    code = "bad-request"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class Unavailable(Refusal):
    """The service cannot handle the request now. Retry it; for a write, use the same Idempotency-Key."""

    code = "unavailable"


class CannotFold(Unavailable):
    """The decision depends on an event that cannot be applied until a newer version runs or the event is skipped."""

    what: ClassVar[str] = "an event that this request depends on cannot be applied"

    def __init__(self, why: str, position: Position, fault: str | None = None) -> None:
        # The caller is not told which event it is: that could reveal an event that readers cannot see.
        super().__init__(self.what if fault is None else f"{self.what}: {fault}")
        self.why = why
        """Position and fault of the event, for the operator's log."""
        self.args = (why,)
        self.position = position


class EventMissing(CannotFold):
    """An event that the decision depends on is missing from the log."""

    what: ClassVar[str] = "an event that this request depends on is missing from the log"


class LogBroken(Unavailable):
    """The log of a partition is not whole: nothing is written to it until an operator has inspected it."""

    def __init__(self, partition: int, position: Position, why: str) -> None:
        super().__init__(f"the log of partition {partition} is not whole at {position}: {why}; see `hansard doctor`")
        self.partition = partition
        self.position = position
        self.why = why


class UnreadablePartition(Unavailable):
    """A partition of the log cannot be read: one of its keys has the wrong type, so another program wrote it."""

    def __init__(self, partition: int, why: str) -> None:
        super().__init__(f"partition {partition} cannot be read: {why}")
        self.partition = partition
        self.why = why


class FormatTooOld(Unavailable):
    """The command needs an event that the deployment's format does not allow yet."""

    def __init__(self, type_: str, needed: int, format_: int | None) -> None:
        super().__init__(
            f"{type_} needs format {needed}, but the deployment has format {format_}: run `hansard upgrade` "
            f"once every process reads format {needed}"
        )
