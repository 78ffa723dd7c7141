"""Places of the views in which words or profiles lie (`core.places`)."""

from collections.abc import Mapping
from typing import Final

from core.keys import ANY, EVERY
from core.places import (
    ANY_NUMBER,
    AUTHOR,
    BOTH,
    EVERYBODY,
    PROFILE,
    PUBLISHER,
    RESTART,
    WORDS,
    Holding,
    Owner,
    Place,
)

_VIEWS: Final = EVERY.thread_views(ANY_NUMBER, ANY, ANY)
_COMMITTED: Final = "until the next commit about it replaces it, or its generation is swept"
_REFOLDED: Final = "overwritten by the projector's commit, once the fold leaves it out"

_OF_A_THREAD: Final[Mapping[str, tuple[frozenset[Holding], frozenset[Owner]]]] = {
    "meta": (WORDS, PUBLISHER),
    "rows": (BOTH, frozenset({"author", "staff"})),
    "names": (PROFILE, AUTHOR),
    "revisions": (BOTH, frozenset({"author", "staff"})),
    "reports": (WORDS, AUTHOR),
}
"""The views of a thread that hold words or profiles."""

PLACES: Final = (
    *(
        Place(
            name=name,
            kind="hash",
            where=getattr(_VIEWS, name),
            holds=holds,
            whose=whose,
            ages=_COMMITTED,
            removal=_REFOLDED,
        )
        for name, (holds, whose) in _OF_A_THREAD.items()
    ),
    Place(
        name="urls",
        kind="sorted set",
        where=EVERY.listing(ANY_NUMBER, ANY, "urls"),
        holds=WORDS,
        whose=PUBLISHER,
        ages=_COMMITTED,
        removal=_REFOLDED,
    ),
    Place(
        name="aliases",
        kind="sorted set",
        where=EVERY.listing(ANY_NUMBER, ANY, "aliases"),
        holds=PROFILE,
        whose=AUTHOR,
        ages=_COMMITTED,
        removal=_REFOLDED,
    ),
    Place(
        name="staged views",
        kind="hash",
        where=EVERY.staged(ANY, ANY, ANY).meta.removesuffix("meta") + ANY,
        holds=BOTH,
        whose=EVERYBODY,
        ages="until the thread's views are exchanged, at most an hour",
        removal="deleted with their keys",
    ),
    Place(
        name="snapshots",
        kind="hash",
        where=EVERY.snapshots(ANY, ANY),
        holds=BOTH,
        whose=EVERYBODY,
        ages="for ever, unless a text of the thread is redacted",
        removal="deleted with its key, at any time: a snapshot only saves work",
    ),
    Place(
        name="html of texts",
        kind="process memory",
        where="projections.read.html_cache:HTML",
        holds=WORDS,
        whose=AUTHOR,
        ages="until evicted, the least recently used first (16 MiB)",
        removal=RESTART,
    ),
    Place(
        name="differences",
        kind="process memory",
        where="projections.read.revisions:DIFFERENCES",
        holds=WORDS,
        whose=AUTHOR,
        ages="until evicted, the least recently used first",
        removal=RESTART,
    ),
    Place(
        name="voted rows",
        kind="process memory",
        where="projections.read.row_cache:RowMemory._rows",
        holds=BOTH,
        whose=AUTHOR,
        ages="60 s, then not used; until evicted, the least recently used first (4 MiB)",
        removal=RESTART,
    ),
    Place(
        name="folded threads",
        kind="process memory",
        where="projections.views.projection:Projection._threads",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until evicted, the least recently used first (`HANSARD_THREAD_BYTES`), or the lease is lost",
        removal=RESTART,
    ),
)
"""Places of the views and of their readers."""

WORDLESS: Final[Mapping[str, str]] = {
    EVERY.lease: "a lease",
    EVERY.building: "a lease",
    EVERY.generation: "number of the served generation",
    EVERY.generations: "versions of the generations",
    EVERY.cursor(ANY_NUMBER): "a position",
    EVERY.parked(ANY_NUMBER): "positions, and causes without a value of the event",
    EVERY.versions(ANY_NUMBER): "versions of Hansard",
    EVERY.feed: "positions, and ids of the comments that changed",
    EVERY.feed_trimmed: "a position",
    _VIEWS.votes: "tallies",
    _VIEWS.roots: "ids of comments",
    _VIEWS.top: "ids of comments",
    _VIEWS.anchored: "ids of comments",
    _VIEWS.replies: "ids of comments",
    _VIEWS.answers: "ids of comments",
    _VIEWS.ballots: "ids of members and comments, and votes",
    _VIEWS.waiting: "ids of members and comments",
    _VIEWS.filed: "ids of members and comments, codes and outcomes of reports",
    EVERY.listing(ANY_NUMBER, ANY, "pending"): "ids of threads, comments, members and imports",
    EVERY.listing(ANY_NUMBER, ANY, "reported"): "ids of threads, comments, members and imports",
    EVERY.listing(ANY_NUMBER, ANY, "removals"): "ids of threads, comments and members, and revisions",
    EVERY.listing(ANY_NUMBER, ANY, "appeals"): "ids of threads, comments, members and staff, and revisions",
    EVERY.listing(ANY_NUMBER, ANY, "untold"): "ids of members, threads and comments, and revisions",
    EVERY.listing(ANY_NUMBER, ANY, "notices"): "ids of threads, comments and members, and references of notices",
    EVERY.listing(ANY_NUMBER, ANY, "references"): "references of notices, ids of threads and comments, and outcomes",
    EVERY.listing(ANY_NUMBER, ANY, "authors"): "ids of members, threads and comments",
    EVERY.listing(ANY_NUMBER, ANY, "batches"): "ids of batches, threads and comments",
    EVERY.listing(ANY_NUMBER, ANY, "voids"): "ids of batches, threads, comments and members",
    EVERY.listing(ANY_NUMBER, ANY, "queue"): "ids of threads, comments, members, staff and imports",
    EVERY.listing(ANY_NUMBER, ANY, "posted"): "ids of threads and comments, and names of rules",
    EVERY.listing(ANY_NUMBER, ANY, "decisions"): "ids of threads, comments, members and staff, and verdicts",
    EVERY.listing(ANY_NUMBER, ANY, "judged"): "ids of members, threads and comments, and verdicts",
    EVERY.listing(ANY_NUMBER, ANY, "figures"): (
        "ids of threads, comments and staff, types of events, verdicts, codes, rules, and references of notices"
    ),
    EVERY.listing(ANY_NUMBER, ANY, "threads"): "ids of threads",
    EVERY.listing(ANY_NUMBER, ANY, "opened"): "ids of threads",
    EVERY.listing(ANY_NUMBER, ANY, "labelled"): "labels, which are slugs, and ids of threads",
}
"""Keys without words of the views, by pattern: their content."""
