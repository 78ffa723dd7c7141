"""Meaning of and advice on each problem type: the pages at `/problems/<slug>`.

Status, title and meaning come from the table of problems (`problems.KINDS`) and from the refusals in it. Only the
advice is written here. A test checks that none is missing.
"""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Final

from workers.gateway.http.problems import ALL, INTERNAL, KINDS, STATUSES, Kind
from workers.gateway.shapes.common import ProblemType

ADVICE: Final[Mapping[str, str]] = {
    "bad-request": "Correct what `errors` points to. The same request again is refused again.",
    "bad-cursor": "Begin the list anew without `cursor`: one is good for the call and the parameters that gave it.",
    "unknown-position": "Use a position that this deployment gave for this thread, and read the page again without it.",
    "unauthenticated": "Send a valid token of the site as `Authorization: Bearer …`. `detail` says what is wrong.",
    "not-allowed": "Use a token that may do this. `detail` says which role, or whose comment, it takes.",
    "not-entitled": "Offer the reader what the entitlement in `needs` stands for, and sign a token that carries it.",
    "suspended": "Wait until `until`, or ask a moderator. Reading, withdrawing and taking votes back go on.",
    "edit-window-over": "Withdraw the comment, or answer it: its text can be edited no more.",
    "votes-off": "Show no buttons for votes in this thread: its policy takes none. A vote can still be taken back.",
    "own-vote": "Show no buttons for votes on the reader's own comments.",
    "history-not-public": "Read the past with a moderator's or auditor's token, or do without: the policy keeps it.",
    "not-found": "Check address and token. What a caller may not see is told in the same words as what never was.",
    "not-yet-opened": "Ask for a later time: the thread was opened after the one in `at`.",
    "method-not-allowed": "Use one of the methods in `Allow`.",
    "request-timeout": "Send the request again, whole and at once.",
    "thread-not-opened": "Send `url` and `title` of the article with the first comment, as `errors` says, or let staff "
    "open the thread.",
    "stale-revision": "Read the comment again, show its `current` revision, and ask again in view of that.",
    "stale-status": "Read the comment again, show its `current` status, and ask again in view of that.",
    "thread-closed": "Show no form. Votes, reports and withdrawals go on.",
    "thread-archived": "Show the thread as it is. Comments and votes can still be taken back.",
    "anchor-closed": "Show no form for this question, or post without `anchor`.",
    "parent-not-published": "Read the page again: what was to be answered is not on it any more.",
    "comment-not-published": "Read the page again: the comment is not on it any more.",
    "comment-withdrawn": "Restore the comment first.",
    "revision-published": "Reject that revision first, then redact it.",
    "revision-redacted": "Approve another revision: this text is gone for good.",
    "site-exists": "Nothing, if the site is as it should be. Change its policy or replace its keys by their own calls; "
    "`errors` says what differs.",
    "request-too-large": "Send less: the body has more bytes than this gateway takes.",
    "target-too-long": "Ask for less at a time: path and query are too long.",
    "unsupported-media-type": "Send JSON in UTF-8, not compressed, with `Content-Type: application/json`.",
    "body-empty": "Ask for words: nothing that can be seen was left of the text.",
    "body-too-long": "Shorten the text to the characters in `limit`.",
    "unknown-parent": "Read the page again: the comment to be answered is not there for this caller.",
    "url-not-allowed": "Send the address of the article in an origin that the policy names, or have an admin add its "
    "origin to the policy.",
    "bad-rule": "Correct the rule that `errors` points to. After an update of every gateway a newer rule can be set.",
    "idempotency-key-reused": "Use a new key for a new request, and the same one only to repeat a request unchanged.",
    "revision-required": 'Name the revision that is edited: `If-Match: "<latest revision>"`.',
    "too-many-requests": "Wait as long as `Retry-After` says, then ask again with fewer requests at a time.",
    "headers-too-large": "Send fewer or shorter headers.",
    "internal": "Report it with the id in `request`. A write may be tried again with the same key.",
    "unavailable": "Wait as long as `Retry-After` says and try again, a write with the same key: it counts once.",
}
"""Advice by slug. Code is between backticks."""

_INTERNAL: Final = "Something broke that is not the caller's fault. It is logged under an id, and nothing else is told."


def pages() -> dict[str, ProblemType]:
    """Return the page of every problem type by slug."""
    return {slug: _page(slug) for slug in STATUSES}


def _page(slug: str) -> ProblemType:
    kinds = [kind for kind in ALL if kind.slug == slug]
    meanings = [_meaning(kind) for kind in kinds]
    if len(kinds) > 1:
        meanings = [f"{kind.status}: {meaning}" for kind, meaning in zip(kinds, meanings, strict=True)]
    return ProblemType(
        type=f"/problems/{slug}",
        title=kinds[0].title,
        statuses=list(STATUSES[slug]),
        meaning=" ".join(meanings),
        advice=ADVICE[slug],
    )


def _meaning(kind: Kind) -> str:
    if kind is INTERNAL:
        return _INTERNAL
    # If several refusals share a problem type, the first in the table is the general one.
    refusal = next(refusal for refusal, of in KINDS.items() if of == kind)
    return " ".join(cleandoc(refusal.__doc__ or "").partition("\n\n")[0].split())
