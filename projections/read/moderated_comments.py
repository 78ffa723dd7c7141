"""Comments of a site by status, by the rule that held them and by their words, newest first."""

from typing import Final

from msgspec import Raw

from core.text.word_search import begin, searched_words
from core.throttle import Pace
from core.times import DAY_MS
from projections.read import cursors, listing, viewer_rows
from projections.read.comments import answer
from projections.read.members import LETTER, lines_of, name
from projections.read.queries import MOST_TEXT, ModeratedQuery, PageAnswer, size
from projections.read.searching import ListingSearch, search
from projections.read.served_generation import Served
from projections.read.walk import Onward
from projections.views.listings.authors import AUTHORS, LETTERS
from projections.views.listings.listing import CommentListing
from projections.views.listings.posted import POSTED, rule_of
from projections.views.viewer import Viewer

TEXTS: Final = 500
"""Maximum comments that one call reads to look for words."""
SEARCHED_MS: Final = 30 * DAY_MS
"""Age of the oldest comments that are searched for words."""

_THREAD, _RULE = 3, 6
"""Numbers of the words in the members of POSTED, and but for the rule of AUTHORS."""
_STAFF = Viewer(staff=True)


async def moderated_comments(
    served: Served, site: str, query: ModeratedQuery, now: int, begin_at: int | None = None, *, texts: int = TEXTS
) -> PageAnswer:
    """A page of comments as staff sees them at `now`, and from the time on that the query names.

    Both times are in milliseconds since 1970.

    A call does bounded work, and reads at most `texts` comments for the words of `q`: a page may have fewer than
    `limit`, or none, and still have `next`. Raises BadCursor, and Unavailable if older views have no such list.
    """
    words = () if query.q is None else searched_words(query.q)
    filters = query.status, query.thread, query.member, query.rule, query.limit
    later = {"label": query.label, "q": query.q, "from": query.from_}
    more = [part for name, value in later.items() if value is not None for part in (name, value)]
    mark = cursors.mark("moderated", site, *filters, *more)
    of = POSTED if query.member is None else AUTHORS
    first = max((at for at in (begin_at, now - SEARCHED_MS if words else None) if at is not None), default=None)
    wanted = _wanted(served, site, query, of, first)
    after = listing.place(of, query.cursor, mark)
    rows: list[Raw] = []
    left, budget = texts, MOST_TEXT
    pace = Pace()
    while True:
        found = await search(served, site, wanted, after, min(query.limit, left))
        lines = await lines_of(served, site, [name(of, one) for one in found.listed])
        after = found.following
        for one in found.listed:
            if pace.due:
                await pace.rest()
            thread, id_ = name(of, one)
            line = lines.get((thread, id_))
            if line is None:
                continue
            comment = viewer_rows.comment(line)
            # The rows are of a later moment than the list, and AUTHORS names no rule.
            is_wanted = query.status in (None, comment.status) and query.rule in (None, rule_of(comment))
            if is_wanted and words:
                bodies = [text.body for text in comment.texts.values() if text.body is not None]
                budget -= sum(map(size, bodies))
                is_wanted = begin(words, bodies)
            row = viewer_rows.row(line, thread, _STAFF, Onward(site, thread)) if is_wanted else None
            if row is not None:
                rows.append(Raw(row))
            if len(rows) == query.limit:
                after = one.place if one is not found.listed[-1] else after
                break
        left -= len(found.listed)
        if not words or after is None or len(rows) == query.limit or left <= 0 or budget <= 0 or not found.listed:
            break
    following = None if after is None else cursors.write(mark, *after)
    return answer({"comments": rows, "next": following, "more": following is not None})


def _wanted(served: Served, site: str, query: ModeratedQuery, of: CommentListing, first: int | None) -> ListingSearch:
    words = {}
    if query.thread is not None:
        words[_THREAD] = query.thread
    if query.status is not None:
        words[LETTER] = LETTERS[query.status]
    if query.rule is not None and of is POSTED:
        words[_RULE] = query.rule
    return ListingSearch(
        of,
        words,
        group=query.member or "",
        begin=first,
        partition=None if query.thread is None else served.keys.of(site, query.thread),
        label=query.label,
    )
