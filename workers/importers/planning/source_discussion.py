"""The records of one discussion, and the settings that its plan decides by."""

from msgspec import Struct

from workers.importers.planning.drafts import Draft
from workers.importers.source_records import (
    SourceAnchor,
    SourceArticle,
    SourceDecision,
    SourceReport,
    SourceSubscription,
    SourceVote,
)


class SourceDiscussion(Struct, kw_only=True):
    """The records of one thread, before it is decided what comes in."""

    thread: str
    url: str
    title: str
    articles: list[SourceArticle]
    drafts: dict[str, Draft]
    """By the id in the source."""
    anchors: list[SourceAnchor]
    votes: list[SourceVote]
    reports: list[SourceReport]
    decisions: list[SourceDecision]
    subscriptions: list[SourceSubscription]


class Rules(Struct, frozen=True, kw_only=True):
    """The settings that a plan decides by. Times are in milliseconds since 1970."""

    source: str
    now: int
    waiting_since: int | None = None
    """Texts and reports that wait since before then are left out; None: none are."""
    tallies: bool = False
    """True if all ballots become tallies."""
    ordered: bool = False
    """True if facts that are ones already keep their order."""
