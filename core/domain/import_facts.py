"""Facts of an import: the statements of another system about a discussion, one struct per kind.

They are the lines of the native format after its first one (docs/native-format.md), and what `core.domain.importing`
decides on. `do` names the kind. Facts of a thread are in order of time, but for a comment that is older than the one it
answers, which comes after that. A fact without `by` was made by the other system.
"""

from typing import Any, Final, Literal

from msgspec import Struct

from core.events.event import FIRST
from core.policy import Ground
from core.times import parse_rfc3339


class ImportedPerson(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A person who acted. `id` is the one in Hansard; `source` has the other system's own fields, never an address.

    `source` exists for `hansard import remap`, whose template names its fields.
    """

    id: str
    kind: Literal["member", "guest", "staff"] = "member"
    name: str | None = None
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    source: dict[str, str] = {}


class Fact(Struct, frozen=True, kw_only=True, tag_field="do", omit_defaults=True, forbid_unknown_fields=True):
    """A fact: its thread, its time (RFC 3339), and the person who acted. Site facts have no thread."""

    thread: str = ""
    at: str
    by: ImportedPerson | None = None

    @property
    def occurred_at(self) -> int:
        """Time of the fact, in milliseconds since 1970. Raises ValueError."""
        return parse_rfc3339(self.at)


class OpenedFact(Fact, frozen=True, kw_only=True, tag="open"):
    """The discussion of an article began."""

    url: str
    title: str
    labels: tuple[str, ...] = ()


class ClosedFact(Fact, frozen=True, kw_only=True, tag="close"):
    """The discussion takes no more comments; an archived one nothing but withdrawals and moderation."""

    status: Literal["closed", "archived"] = "closed"
    reason: str | None = None


class AnchoredFact(Fact, frozen=True, kw_only=True, tag="anchor"):
    """A question was asked about a passage of the article."""

    anchor: str
    exact: str = ""
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None
    closed: bool = False


class PostedFact(Fact, frozen=True, kw_only=True, tag="post"):
    """A comment was posted. `origin` is its id in the other system. A `body` of None is an unknown text.

    `original` is the text as the other system had it, where Markdown does not have its formatting. With `waits` the
    comment waits for a moderator.
    """

    comment: str
    origin: str
    parent: str | None = None
    anchor: str | None = None
    body: str | None = None
    original: str | None = None
    waits: bool = False


class EditedFact(Fact, frozen=True, kw_only=True, tag="edit"):
    """A text was replaced. The fields are as of `PostedFact`."""

    comment: str
    revision: int
    body: str | None = None
    original: str | None = None
    reason: str | None = None
    waits: bool = False


class WithdrawnFact(Fact, frozen=True, kw_only=True, tag="withdraw"):
    """The author withdrew the comment."""

    comment: str


class DecidedFact(Fact, frozen=True, kw_only=True, tag="decide"):
    """A revision was approved, held or rejected. `reason` is for the author, `note` for staff."""

    comment: str
    revision: int = FIRST
    verdict: Literal["approve", "hold", "reject"]
    code: str | None = None
    ground: Ground | None = None
    spam: bool = False
    reason: str | None = None
    note: str | None = None


class RedactedFact(Fact, frozen=True, kw_only=True, tag="redact"):
    """The text of a revision was destroyed."""

    comment: str
    revision: int = FIRST
    reason: str | None = None


class FeaturedFact(Fact, frozen=True, kw_only=True, tag="feature"):
    """The comment became an editors' pick."""

    comment: str


class PinnedFact(Fact, frozen=True, kw_only=True, tag="pin"):
    """The comment became the one that comes first on the page."""

    comment: str


class VotedFact(Fact, frozen=True, kw_only=True, tag="vote"):
    """The last vote of a person on the comment; `revision` is the text that the voter saw."""

    comment: str
    revision: int = FIRST
    value: Literal[1, -1]


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


class SuspendedFact(Fact, frozen=True, kw_only=True, tag="suspend"):
    """A member was suspended, without `until` for good."""

    member: str
    until: str | None = None
    reason: str | None = None


class MutedFact(Fact, frozen=True, kw_only=True, tag="mute"):
    """The person of `by` wants to read nothing of `member`."""

    member: str


class SubscribedFact(Fact, frozen=True, kw_only=True, tag="subscribe"):
    """A reader follows the discussion, or the answers to the comment. The import seals `address`."""

    address: str
    what: Literal["comments", "replies"]
    comment: str | None = None


AnyFact = (
    OpenedFact
    | ClosedFact
    | AnchoredFact
    | PostedFact
    | EditedFact
    | WithdrawnFact
    | DecidedFact
    | RedactedFact
    | FeaturedFact
    | PinnedFact
    | VotedFact
    | TalliedFact
    | ReportedFact
    | SuspendedFact
    | MutedFact
    | SubscribedFact
)

SITE_FACTS: Final[tuple[type[Fact], ...]] = (SuspendedFact, MutedFact)
"""Facts that belong to no discussion."""


class ImportHeader(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """First line of the native format: which import this is, of what, into which site."""

    hansard: Literal["facts/1"]
    id: str
    site: str
    system: str
    source: str
    files: tuple["ImportedFile", ...] = ()
    made: str
    counts: dict[str, int] = {}
    options: dict[str, Any] = {}


class ImportedFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that was read, by its name and the SHA-256 of its bytes."""

    name: str
    sha256: str
