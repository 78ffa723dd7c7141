"""Facts of an import about a comment: its texts, votes, decisions on it, and what was said about these."""

from typing import Literal

from core.domain.appeal import AppealVerdict
from core.domain.import_fact import Fact, ImportedRule
from core.events.comment_events import Basis
from core.events.event import FIRST
from core.events.report_events import NoticeFiler
from core.events.screening import ScreeningVerdict
from core.policy import Ground


class PostedFact(Fact, frozen=True, kw_only=True, tag="post"):
    """A comment was posted. `origin` is its id in the other system. A `body` of None is an unknown text.

    `original` is the text as the other system had it, where Markdown does not have its formatting. With `waits` the
    comment waits for a moderator, because of no rule of this system; with `rule` that rule held or rejected it.

    `parent` is the comment that this one answers, `parent_revision` the text of it that the author saw. `depth` is the
    level that the comment is placed on, if that was limited: 0 is the top.
    """

    comment: str
    origin: str
    parent: str | None = None
    parent_revision: int = FIRST
    depth: int | None = None
    anchor: str | None = None
    body: str | None = None
    original: str | None = None
    waits: bool = False
    rule: ImportedRule | None = None


class EditedFact(Fact, frozen=True, kw_only=True, tag="edit"):
    """A text was replaced. The fields are as of `PostedFact`.

    An edit within `grace` takes the text before out of public histories, unless another person had acted on that.
    """

    comment: str
    revision: int
    body: str | None = None
    original: str | None = None
    reason: str | None = None
    waits: bool = False
    grace: bool = False
    rule: ImportedRule | None = None


class WithdrawnFact(Fact, frozen=True, kw_only=True, tag="withdraw"):
    """The author withdrew the comment."""

    comment: str


class RestoredFact(Fact, frozen=True, kw_only=True, tag="restore"):
    """The author undid the withdrawal."""

    comment: str


class DecidedFact(Fact, frozen=True, kw_only=True, tag="decide"):
    """A revision was approved, held or rejected. `reason` is for the author, `note` for staff.

    `rule` is the rule that decided instead of a person, for what others did. `notice` is the reference of the notice
    that this closes. Decisions of one `batch` were taken together, and a `reverse` names it.
    """

    comment: str
    revision: int = FIRST
    verdict: Literal["approve", "hold", "reject"]
    code: str | None = None
    ground: Ground | None = None
    basis: Basis = "own"
    spam: bool = False
    rule: str | None = None
    notice: str | None = None
    batch: str | None = None
    reason: str | None = None
    note: str | None = None


class ReversedFact(Fact, frozen=True, kw_only=True, tag="reverse"):
    """The last decision on the comment was undone exactly: that of this batch, on this revision."""

    comment: str
    revision: int = FIRST
    batch: str


class ScreenedFact(Fact, frozen=True, kw_only=True, tag="screen"):
    """A screening service was asked about a revision, and gave this verdict; or it `failed`, and the policy gave it.

    An approval publishes a revision that only waits for the service. `note` is for staff.
    """

    comment: str
    revision: int = FIRST
    verdict: ScreeningVerdict
    shape: str | None = None
    failed: str | None = None
    note: str | None = None


class RedactedFact(Fact, frozen=True, kw_only=True, tag="redact"):
    """The text of a revision was destroyed."""

    comment: str
    revision: int = FIRST
    reason: str | None = None


class RemovalAskedFact(Fact, frozen=True, kw_only=True, tag="ask-removal"):
    """The author asked that a superseded text be removed: until that ends, only the author and staff find it."""

    comment: str
    revision: int = FIRST


class RemovalEndedFact(Fact, frozen=True, kw_only=True, tag="end-removal"):
    """The author took the request back, or a moderator refused it. A `redact` grants one."""

    comment: str
    revision: int = FIRST
    refused: bool = False


class ToldFact(Fact, frozen=True, kw_only=True, tag="tell"):
    """The author was told of the decision on a revision, or of that on the appeal against it."""

    comment: str
    revision: int = FIRST
    what: Literal["decision", "appeal"] = "decision"
    how: Literal["page", "mail"] = "page"


class AppealedFact(Fact, frozen=True, kw_only=True, tag="appeal"):
    """The author appealed against the decision on a revision."""

    comment: str
    revision: int = FIRST
    text: str | None = None


class AppealDecidedFact(Fact, frozen=True, kw_only=True, tag="decide-appeal"):
    """The appeal was decided. An approval of the revision stands beside a `reverse`.

    With `sole` it was who had decided first, for want of another moderator.
    """

    comment: str
    revision: int = FIRST
    verdict: AppealVerdict
    sole: bool = False
    reason: str | None = None


class NoticedFact(Fact, frozen=True, kw_only=True, tag="notice"):
    """A notice stated that the text is illegal. A decision that names `reference` closes the notice.

    `filer` is the kind of the caller. Name and address of who filed it are not part of the fact.
    """

    comment: str
    revision: int = FIRST
    reference: str
    filer: NoticeFiler = "anyone"
    flagger: bool = False
    explanation: str | None = None
    law: str | None = None


class FeaturedFact(Fact, frozen=True, kw_only=True, tag="feature"):
    """The comment became an editors' pick."""

    comment: str


class UnfeaturedFact(Fact, frozen=True, kw_only=True, tag="unfeature"):
    """The comment is no longer an editors' pick."""

    comment: str


class PinnedFact(Fact, frozen=True, kw_only=True, tag="pin"):
    """The comment became the one that comes first on the page."""

    comment: str


class UnpinnedFact(Fact, frozen=True, kw_only=True, tag="unpin"):
    """The comment no longer comes first on the page."""

    comment: str


class VotedFact(Fact, frozen=True, kw_only=True, tag="vote"):
    """A person's one vote on the comment is now this; `revision` is the text that the voter saw."""

    comment: str
    revision: int = FIRST
    value: Literal[1, -1]


class RetractedFact(Fact, frozen=True, kw_only=True, tag="retract"):
    """A person took their vote back, if it is not void, or even though it is."""

    comment: str
    revision: int = FIRST


class VoidedFact(Fact, frozen=True, kw_only=True, tag="void"):
    """A moderator voided the vote of `voter`: it counts nowhere until the voiding of this `batch` is reversed."""

    comment: str
    voter: str
    batch: str
    reason: str | None = None


class UnvoidedFact(Fact, frozen=True, kw_only=True, tag="unvoid"):
    """The voiding of a vote was reversed: the vote counts as before, unless it was taken back meanwhile."""

    comment: str
    voter: str
    batch: str


class TalliedFact(Fact, frozen=True, kw_only=True, tag="tally"):
    """Votes whose voters are unknown: how many there were, or only for how many more than against (`score`)."""

    comment: str
    up: int | None = None
    down: int | None = None
    score: int | None = None


class ReportedFact(Fact, frozen=True, kw_only=True, tag="report"):
    """A person reported a revision of the comment."""

    comment: str
    revision: int = FIRST
    reason: str
    note: str | None = None


class SubscribedFact(Fact, frozen=True, kw_only=True, tag="subscribe"):
    """A reader follows the discussion, or the answers to the comment. The import seals `address`."""

    address: str
    what: Literal["comments", "replies"]
    comment: str | None = None


class ReassignedFact(Fact, frozen=True, kw_only=True, tag="reassign"):
    """The comment is another author's than the import had said. A remap makes it; no file of facts has one."""

    comment: str
    origin: str
    before: str
    author: str
