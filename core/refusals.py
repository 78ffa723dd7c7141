"""Refusals of commands. Each has a stable code, which is the slug of its problem response.

The docstring of a refusal class is its default `detail` and is sent to clients.

Refusal
├── NotFound, NotYetOpened                          what the caller may not see does not exist
├── NotAllowed, NotEntitled, Suspended,
│   EditWindowOver, VotesOff, OwnVoteForbidden,
│   HistoryNotPublic                                not for this caller
├── StaleRevision, StaleStatus, StaleEdit           a concurrent change won
├── ThreadNotOpened, ThreadIsClosed, ThreadIsArchived,
│   AnchorIsClosed, ParentNotPublished, CommentNotPublished,
│   CommentIsWithdrawn, RevisionIsPublished, RevisionIsRedacted,
│   SiteExists, NotParked                           not in the current state
├── BodyEmpty, BodyTooLong, UnknownParent,
│   UrlNotAllowed, BadRule, IdempotencyKeyReused,
│   BadField                                        not with this input
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
    """This is not for you to do."""

    code = "not-allowed"


class NotEntitled(Refusal):
    """Commenting here asks for an entitlement (`needs`) that the token does not carry."""

    code = "not-entitled"


class Suspended(Refusal):
    """You are suspended (`until`, null for good) and may only read and withdraw."""

    code = "suspended"


class EditWindowOver(Refusal):
    """The time in which a comment may be edited is over."""

    code = "edit-window-over"


class VotesOff(Refusal):
    """Votes are not taken here."""

    code = "votes-off"


class OwnVoteForbidden(Refusal):
    """Members cannot vote on their own comments here."""

    code = "own-vote"


class HistoryNotPublic(Refusal):
    """The past of this thread is not public."""

    code = "history-not-public"


class StaleRevision(Refusal):
    """The revision named is not one that can be decided or voted on now; `current` names it."""

    code = "stale-revision"


class StaleEdit(Refusal):
    """The edit was written in view of another revision than the latest; `current` names it."""

    code = "stale-revision"


class StaleStatus(Refusal):
    """The comment has another status now (`current`) than was on the screen."""

    code = "stale-status"


class ThreadNotOpened(Refusal):
    """The thread is not open yet, and the comment lacks what a first one needs to open it; `errors` says what."""

    code = "thread-not-opened"

    def __init__(self, detail: str, *missing: str) -> None:
        """`missing` are the fields that a first comment has to bring."""
        needed = [
            {"pointer": f"/{name}", "detail": "a first comment needs this to open its thread"} for name in missing
        ]
        super().__init__(detail, errors=needed)


class ThreadIsClosed(Refusal):
    """The thread takes no new comments, edits or restorations."""

    code = "thread-closed"


class ThreadIsArchived(Refusal):
    """The thread is archived: only withdrawals and moderation go on."""

    code = "thread-archived"


class AnchorIsClosed(Refusal):
    """The inline question takes no more comments."""

    code = "anchor-closed"


class ParentNotPublished(Refusal):
    """The comment answered is not published now."""

    code = "parent-not-published"


class CommentNotPublished(Refusal):
    """The comment is not published now."""

    code = "comment-not-published"


class CommentIsWithdrawn(Refusal):
    """The comment is withdrawn."""

    code = "comment-withdrawn"


class RevisionIsPublished(Refusal):
    """That text stands on a published comment: reject it first."""

    code = "revision-published"


class RevisionIsRedacted(Refusal):
    """That text is gone and cannot be approved."""

    code = "revision-redacted"


class SiteExists(Refusal):
    """The site was opened before, and otherwise: `errors` says what differs."""

    code = "site-exists"

    def __init__(self, *differs: tuple[str, str]) -> None:
        """`differs` are pointers into the request, each with the value the site was opened with, unless secret."""
        super().__init__(errors=[{"pointer": pointer, "detail": detail} for pointer, detail in differs])


class NotParked(Refusal):
    """The thread is not parked at that event; `current` says at which, null at none."""

    code = "not-parked"


class BodyEmpty(Refusal):
    """The text is empty once normalised."""

    code = "body-empty"


class BodyTooLong(Refusal):
    """The text is longer than the policy allows (`limit`, in code points)."""

    code = "body-too-long"


class UnknownParent(Refusal):
    """There is no such comment to answer in this thread."""

    code = "unknown-parent"


class UrlNotAllowed(Refusal):
    """The address of the article lies in no web origin of this publication."""

    code = "url-not-allowed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": "/url", "detail": detail}])


class BadRule(Refusal):
    """A rule of the policy has a kind or settings that this version does not take; `errors` says which."""

    code = "bad-rule"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class IdempotencyKeyReused(Refusal):
    """The Idempotency-Key was used before for another request."""

    code = "idempotency-key-reused"


class BadField(Refusal):
    """A field of the request cannot be taken; `errors` lists `{"pointer", "detail"}`."""

    code = "bad-request"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class Unavailable(Refusal):
    """The service cannot take this now; try again with the same key."""

    code = "unavailable"


class CannotFold(Unavailable):
    """An event that the decision depends on cannot be applied: it waits for a newer version, or for a skip."""

    told: ClassVar[str] = "an event that this depends on cannot be applied"

    def __init__(self, why: str, position: Position, fault: str | None = None) -> None:
        # The caller is not told which event it is: that could reveal an event that readers cannot see.
        super().__init__(self.told if fault is None else f"{self.told}: {fault}")
        self.why = why
        """Position and fault of the event, for the operator's log."""
        self.args = (why,)
        self.position = position


class EventMissing(CannotFold):
    """An event that the decision depends on is missing from the log."""

    told: ClassVar[str] = "an event that this depends on is missing from the log"


class LogBroken(Unavailable):
    """The log of a partition is not whole: nothing is written to it until a person has looked."""

    def __init__(self, partition: int, position: Position, why: str) -> None:
        super().__init__(f"the log of partition {partition} is not whole at {position}: {why}; see `hansard doctor`")
        self.partition = partition
        self.position = position
        self.why = why


class UnreadablePartition(Unavailable):
    """A partition of the log cannot be read at all: one of its keys is of another type, so it is none of ours."""

    def __init__(self, partition: int, why: str) -> None:
        super().__init__(f"partition {partition} cannot be read: {why}")
        self.partition = partition
        self.why = why


class FormatTooOld(Unavailable):
    """The command needs an event that the deployment's format does not allow yet."""

    def __init__(self, type_: str, needed: int, format_: int | None) -> None:
        super().__init__(
            f"{type_} needs format {needed}, and the deployment has format {format_}: `hansard upgrade` allows it, "
            "once every process reads that format"
        )
