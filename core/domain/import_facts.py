"""Facts of an import: the statements of another system about a discussion, one struct per kind.

They are the lines of the native format after its first one (docs/native-format.md), and what `core.domain.importing`
decides on. `do` names the kind. Facts of a thread are in order of time, but for a comment that is older than the one it
answers, which comes after that. A fact without `by` was made by the other system.
"""

from typing import Any, Final, Literal, get_args

from msgspec import Struct

from core.domain.import_comment_facts import (
    AppealDecidedFact,
    AppealedFact,
    DecidedFact,
    EditedFact,
    FeaturedFact,
    NoticedFact,
    PinnedFact,
    PostedFact,
    RedactedFact,
    RemovalAskedFact,
    RemovalEndedFact,
    ReportedFact,
    RestoredFact,
    RetractedFact,
    ReversedFact,
    ScreenedFact,
    SubscribedFact,
    TalliedFact,
    ToldFact,
    UnfeaturedFact,
    UnpinnedFact,
    UnvoidedFact,
    VoidedFact,
    VotedFact,
    WithdrawnFact,
)
from core.domain.import_fact import (
    Fact,
)
from core.domain.import_member_facts import (
    AcknowledgedFact,
    MemberNotedFact,
    MutedFact,
    ReinstatedFact,
    StandingFact,
    SuspendedFact,
    SuspensionAppealDecidedFact,
    SuspensionAppealedFact,
    SuspensionReversedFact,
    SuspensionToldFact,
    WarnedFact,
)
from core.domain.import_thread_facts import (
    AnchoredFact,
    ClosedFact,
    LabelledFact,
    OpenedFact,
    OverriddenFact,
    ReopenedFact,
    RetitledFact,
)

SiteFact = (
    SuspendedFact
    | ReinstatedFact
    | SuspensionReversedFact
    | SuspensionToldFact
    | SuspensionAppealedFact
    | SuspensionAppealDecidedFact
    | StandingFact
    | WarnedFact
    | AcknowledgedFact
    | MemberNotedFact
    | MutedFact
)
"""A fact that belongs to no discussion."""

AnyFact = (
    OpenedFact
    | RetitledFact
    | LabelledFact
    | ClosedFact
    | ReopenedFact
    | OverriddenFact
    | AnchoredFact
    | PostedFact
    | EditedFact
    | WithdrawnFact
    | RestoredFact
    | DecidedFact
    | ReversedFact
    | ScreenedFact
    | RedactedFact
    | RemovalAskedFact
    | RemovalEndedFact
    | ToldFact
    | AppealedFact
    | AppealDecidedFact
    | NoticedFact
    | FeaturedFact
    | UnfeaturedFact
    | PinnedFact
    | UnpinnedFact
    | VotedFact
    | RetractedFact
    | VoidedFact
    | UnvoidedFact
    | TalliedFact
    | ReportedFact
    | SubscribedFact
    | SiteFact
)

SITE_FACTS: Final[tuple[type[Fact], ...]] = get_args(SiteFact)
"""Kinds of facts that belong to no discussion."""


class ImportHeader(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """First line of the native format: which import this is, of what, into which site."""

    hansard: Literal["facts/1"]
    id: str
    site: str
    system: str
    source: str
    files: tuple["ImportedFile", ...] = ()
    made: str
    ordered: bool = False
    """True if the facts of each thread are in the order in which they came about there, which a plan then keeps."""
    counts: dict[str, int] = {}
    options: dict[str, Any] = {}


class ImportedFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that was read, by its name and the SHA-256 of its bytes."""

    name: str
    sha256: str
