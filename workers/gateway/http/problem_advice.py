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
    "bad-request": "Correct the fields that `errors` points to. An unchanged request will be refused again.",
    "bad-cursor": "Start the list again without `cursor`. A cursor is valid only for the operation and the parameters "
    "that returned it.",
    "unknown-position": "Use a position that this deployment returned for this thread, or read the page again without "
    "one.",
    "unauthenticated": "Send a valid token of the site as `Authorization: Bearer …`. `detail` says what is wrong.",
    "not-allowed": "Use a token that may do this. `detail` says which role, or which author, is required.",
    "not-entitled": "Offer the reader the entitlement in `needs`, and sign a token that carries it.",
    "suspended": "Wait until `until`, or ask a moderator. Reading, withdrawing comments and retracting votes are still "
    "possible.",
    "edit-window-over": "Withdraw the comment, or reply to it: its text can no longer be edited.",
    "warning-open": "Show the `reason`, and let the reader acknowledge the warning. Keep the text.",
    "votes-off": "Show no vote buttons in this thread: its policy disables voting. A vote can still be retracted.",
    "own-vote": "Show no vote buttons on the reader's own comments.",
    "vote-voided": "Tell the reader that staff voided the vote, and offer nothing but to take it back.",
    "history-not-public": "Read the history with a moderator's or an auditor's token: the policy hides it from others.",
    "appeal-window-over": "Offer no appeal against this decision: its window ended at `until`.",
    "own-decision": "Leave the appeal to another moderator, or to an admin who moderates. Where no other moderator has "
    "decided anything for 30 days, the first one may decide.",
    "not-found": "Check the address and the token. A resource that the caller may not see gets the same response as "
    "one that never existed.",
    "not-yet-opened": "Use a later time: the thread was opened after the moment in `at`.",
    "method-not-allowed": "Use one of the methods in the `Allow` header.",
    "request-timeout": "Send the complete request again, without pauses.",
    "thread-not-opened": "Send the `url` and `title` of the article with the first comment, as `errors` says, or let "
    "staff open the thread.",
    "stale-revision": "Read the comment again, show its `current` revision, and let the user repeat the action on that "
    "revision. For moderators, `decided` is the decision that came between, if one did.",
    "stale-status": "Read the comment again, show its `current` status, and let the user decide again. `decided` is "
    "the decision that came between, if one did.",
    "thread-closed": "Show no comment form. Votes, reports and withdrawals are still possible.",
    "thread-archived": "Show the thread read-only. Comments can still be withdrawn, and votes retracted.",
    "anchor-closed": "Show no comment form for this question, or post without `anchor`.",
    "parent-not-published": "Read the page again: the parent comment is no longer on it.",
    "comment-not-published": "Read the page again: the comment is no longer on it.",
    "comment-withdrawn": "Restore the comment first.",
    "not-top-level": "Pin the top-level comment above the reply, or make the reply an editors' pick.",
    "revision-published": "Reject that revision first, then redact it.",
    "revision-redacted": "Approve another revision: this text is permanently removed.",
    "site-exists": "Nothing, if the site is as intended. `errors` says what differs: change the policy or replace the "
    "keys with the operations for that.",
    "appeal-exists": "Show the appeal that there is, and its outcome: there is one for each decision.",
    "other-release": "Reload the page, which then names the files of the release that runs now. Keep what the reader "
    "typed.",
    "request-too-large": "Send a smaller body: it has more bytes than this gateway accepts.",
    "target-too-long": "Shorten the path or the query, for example by asking for fewer threads at a time.",
    "unsupported-media-type": "Send JSON in UTF-8, not compressed, with `Content-Type: application/json`.",
    "body-empty": "Ask the user for a text: no visible character is left after normalisation.",
    "body-too-long": "Shorten the text to at most `limit` characters.",
    "unknown-parent": "Read the page again: this caller cannot see the parent comment, or it does not exist.",
    "url-not-allowed": "Send an article address in one of the origins that the policy lists, or have an admin add its "
    "origin to the policy.",
    "name-not-allowed": "Let the guest choose another name: this one is reserved, or looks like that of staff or of a "
    "member of the thread.",
    "unknown-code": "Read the policy again, and offer the codes of its `reasons`.",
    "unknown-batch": "Leave `batch` out: the request then begins a batch of its own.",
    "unknown-voter": "Read the votes again. A pseudonym is valid for one site, for a month and the next one.",
    "bad-rule": "Correct the rule that `errors` points to. Update every gateway before you set a newer rule.",
    "idempotency-key-reused": "Use a new key for each new request, and the same key only to repeat an unchanged "
    "request.",
    "revision-required": 'Name the revision to edit: `If-Match: "<latest revision>"`.',
    "too-many-requests": "Wait as long as `Retry-After` says, then retry with the same key, and with fewer concurrent "
    "requests.",
    "headers-too-large": "Send fewer or shorter headers.",
    "internal": "Report the error with the id in `request`. A write may be retried with the same key.",
    "unavailable": "Wait as long as `Retry-After` says, then retry. A write that is retried with the same key counts "
    "once.",
}
"""Advice by slug. Code is between backticks."""

_INTERNAL: Final = (
    "The server failed; the request is not at fault. The error is logged under an id, and the response "
    "has no other details."
)


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
