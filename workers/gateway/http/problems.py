"""All problem types in one table: from refusal to status, title and body (RFC 9457)."""

import random
from typing import Any, Final, NamedTuple

from core import refusals as core
from core.refusals import Refusal
from projections.read.queries import BadCursor
from workers.gateway.http import refusals as ours
from workers.gateway.http.response import Header, Response, encode

MEDIA: Final = b"application/problem+json"

UNAVAILABLE: Final = 503
TOO_MANY_REQUESTS: Final = 429
RETRIED: Final = frozenset({TOO_MANY_REQUESTS, UNAVAILABLE})
"""Statuses sent with `Retry-After`."""
RETRY_AFTER: Final = (1, 4)
"""Bounds in seconds of the random `Retry-After`: views lag for less, a server that restarts needs about as long, and
clients that were refused at the same moment do not all return at the same moment."""


class Kind(NamedTuple):
    """One problem type. Clients choose their message by its slug."""

    slug: str
    status: int
    title: str


INTERNAL: Final = Kind("internal", 500, "Internal error")

KINDS: Final[dict[type[Exception], Kind]] = {
    ours.BadRequest: Kind("bad-request", 400, "The request is malformed"),
    core.BadField: Kind("bad-request", 400, "The request is malformed"),
    BadCursor: Kind("bad-cursor", 400, "The cursor does not belong to this request"),
    ours.UnknownPosition: Kind("unknown-position", 400, "Unknown position"),
    ours.Unauthenticated: Kind("unauthenticated", 401, "A valid token is required"),
    ours.InvalidToken: Kind("unauthenticated", 401, "A valid token is required"),
    ours.UnknownKey: Kind("unauthenticated", 401, "A valid token is required"),
    core.NotAllowed: Kind("not-allowed", 403, "Not allowed"),
    core.NotEntitled: Kind("not-entitled", 403, "An entitlement is required"),
    core.Suspended: Kind("suspended", 403, "Suspended"),
    core.WarningOpen: Kind("warning-open", 403, "A warning waits"),
    core.EditWindowOver: Kind("edit-window-over", 403, "Too late to edit"),
    core.VotesOff: Kind("votes-off", 403, "Voting is disabled"),
    core.OwnVoteForbidden: Kind("own-vote", 403, "Votes on own comments are not allowed"),
    core.VoteIsVoid: Kind("vote-voided", 403, "The vote is void"),
    core.HistoryNotPublic: Kind("history-not-public", 403, "The history is not public"),
    core.AppealWindowOver: Kind("appeal-window-over", 403, "Too late to appeal"),
    core.AppealOfOwnDecision: Kind("own-decision", 403, "Another moderator has to decide"),
    core.NotFound: Kind("not-found", 404, "Not found"),
    core.NotYetOpened: Kind("not-yet-opened", 404, "The thread was not open yet"),
    ours.MethodNotAllowed: Kind("method-not-allowed", 405, "Method not allowed"),
    ours.RequestTimeout: Kind("request-timeout", 408, "The request did not arrive in time"),
    core.StaleRevision: Kind("stale-revision", 409, "The revision is not current"),
    core.StaleStatus: Kind("stale-status", 409, "The status has changed"),
    core.ThreadNotOpened: Kind("thread-not-opened", 409, "The thread is not open yet"),
    core.ThreadIsClosed: Kind("thread-closed", 409, "The thread is closed"),
    core.ThreadIsArchived: Kind("thread-archived", 409, "The thread is archived"),
    core.AnchorIsClosed: Kind("anchor-closed", 409, "The inline question is closed"),
    core.ParentNotPublished: Kind("parent-not-published", 409, "The parent comment is not published"),
    core.CommentNotPublished: Kind("comment-not-published", 409, "The comment is not published"),
    core.CommentIsWithdrawn: Kind("comment-withdrawn", 409, "The comment is withdrawn"),
    core.NotTopLevel: Kind("not-top-level", 409, "The comment is a reply"),
    core.RevisionIsPublished: Kind("revision-published", 409, "The revision is published"),
    core.RevisionIsRedacted: Kind("revision-redacted", 409, "The revision is redacted"),
    core.SiteExists: Kind("site-exists", 409, "The site already exists"),
    core.AppealExists: Kind("appeal-exists", 409, "There was an appeal already"),
    ours.OtherRelease: Kind("other-release", 410, "The file belongs to another release"),
    core.StaleEdit: Kind("stale-revision", 412, "The revision is not the latest"),
    ours.RequestTooLarge: Kind("request-too-large", 413, "The request is too large"),
    ours.TargetTooLong: Kind("target-too-long", 414, "Path and query are too long"),
    ours.UnsupportedMediaType: Kind("unsupported-media-type", 415, "The body is not JSON"),
    core.BodyEmpty: Kind("body-empty", 422, "The text is empty"),
    core.BodyTooLong: Kind("body-too-long", 422, "The text is too long"),
    core.UnknownParent: Kind("unknown-parent", 422, "Unknown parent comment"),
    core.UrlNotAllowed: Kind("url-not-allowed", 422, "The address is outside the origins of this publication"),
    core.NameNotAllowed: Kind("name-not-allowed", 422, "The name is not allowed"),
    core.UnknownCode: Kind("unknown-code", 422, "Unknown code"),
    core.UnknownBatch: Kind("unknown-batch", 422, "Unknown batch"),
    core.UnknownVoter: Kind("unknown-voter", 422, "Unknown voter"),
    core.BadRule: Kind("bad-rule", 422, "A rule of the policy is not supported"),
    core.IdempotencyKeyReused: Kind("idempotency-key-reused", 422, "The key was already used for another request"),
    ours.RevisionRequired: Kind("revision-required", 428, "If-Match is required"),
    ours.TooManyRequests: Kind("too-many-requests", 429, "Too many requests"),
    ours.RateExceeded: Kind("too-many-requests", 429, "Too many requests"),
    core.TooManyNotices: Kind("too-many-requests", 429, "Too many requests"),
    ours.HeadersTooLarge: Kind("headers-too-large", 431, "The headers are too large"),
    core.Unavailable: Kind("unavailable", 503, "Service unavailable"),
    ours.KeysNotFetched: Kind("unavailable", 503, "Service unavailable"),
    core.CannotFold: Kind("unavailable", 503, "Service unavailable"),
    core.EventMissing: Kind("unavailable", 503, "Service unavailable"),
    core.LogBroken: Kind("unavailable", 503, "Service unavailable"),
    core.FormatTooOld: Kind("unavailable", 503, "Service unavailable"),
    core.UnreadablePartition: Kind("unavailable", 503, "Service unavailable"),
}
"""Problem type by exception class. An exception of any other class is a defect, and gives 500."""

NOT_OVER_HTTP: Final[frozenset[type[Refusal]]] = frozenset({core.NotParked})
"""Refusals of commands that no operation executes: an event is skipped only on the command line."""

ALL: Final[tuple[Kind, ...]] = tuple(sorted({*KINDS.values(), INTERNAL}, key=lambda kind: (kind.status, kind.slug)))
"""Every problem type, for the API documents."""

STATUSES: Final[dict[str, tuple[int, ...]]] = {
    kind.slug: tuple(other.status for other in ALL if other.slug == kind.slug) for kind in ALL
}
"""Statuses by slug: only `stale-revision` has two."""


def problem(raised: Refusal | BadCursor) -> dict[str, Any]:
    """Return the problem body. `Refusal.extra` (`current`, `needs`, `until`, `errors`) is part of it."""
    kind = KINDS[type(raised)]
    if isinstance(raised, Refusal):
        return body(kind, raised.detail) | raised.extra
    return body(kind, "the cursor does not belong to this operation with these parameters")


def body(kind: Kind, detail: str) -> dict[str, Any]:
    """Return the members that every problem has."""
    return {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }


def reply(raised: Refusal | BadCursor) -> Response:
    """Return the response to a refused request."""
    kind = KINDS[type(raised)]
    return Response(kind.status, encode(problem(raised)), _headers(raised, kind), MEDIA)


def internal(request: str) -> Response:
    """Return the response to a request that met a defect: only the id under which it is logged."""
    document = body(INTERNAL, "The error is logged under the id in `request`.") | {"request": request}
    return Response(INTERNAL.status, encode(document), media=MEDIA)


def _headers(raised: Exception, kind: Kind) -> tuple[Header, ...]:
    match raised:
        case ours.Unauthenticated():
            return ((b"www-authenticate", _challenge(raised)),)
        case ours.MethodNotAllowed():
            return ((b"allow", raised.allowed.encode()),)
        case ours.RateExceeded():
            return ((b"retry-after", b"%d" % raised.seconds),)
        case _ if kind.status in RETRIED:
            return ((b"retry-after", b"%d" % random.randint(*RETRY_AFTER)),)  # noqa: S311 - it spreads load
        case _:
            return ()


def _challenge(raised: ours.Unauthenticated) -> bytes:
    if raised.error is None:
        return b"Bearer"
    # RFC 6750 leaves quotes and backslashes out of a description; ours are plain ASCII sentences.
    return f'Bearer error="{raised.error}", error_description="{raised.detail}"'.encode("ascii")
