"""Laws of the page: what is served is what the log folds to, and paging gives every row once."""

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.log.memory import MemoryLog
from core.policy import Policy
from core.position import Position
from core.refusals import NotFound
from projections.read import comments, past
from projections.read import queries as queries_of
from projections.read.pages import page, page_mark, replies
from projections.read.past import OnwardThen, Past
from projections.read.queries import PageQuery, PermalinkThen, RepliesQuery, RepliesThen
from projections.read.tree import After, Size, Tree, TreeWalk, place_in_top
from projections.read.walk import Onward
from projections.thread.fold import fold
from projections.thread.state import CommentState, ThreadState
from projections.views.viewer import PUBLIC, Viewer
from tests.support.discussions import BEGIN, SITE, THREADS, Move, Play, events, moves, played, stream
from tests.support.viewing import Stage, page_at, stage

THREAD = THREADS[0]
STAFF = Viewer("mod", staff=True)
MANY = 1000
"""More rows, and so more pages, than any discussion here has."""
FEW = settings(max_examples=40)

long = st.builds(
    stream,
    seed=st.integers(0, 10_000),
    length=st.sampled_from((10, 100, 200)),
    comments=st.sampled_from((3, 30, 1000)),
)
discussions = st.one_of(moves(most=60), long, long)
queries = st.builds(
    PageQuery,
    sort=st.sampled_from(("newest", "oldest", "top")),
    limit=st.sampled_from((1, 2, 3, 50)),
    depth=st.sampled_from((1, 2, 3, 10)),
    replies=st.sampled_from((0, 1, 2, 20)),
    anchor=st.sampled_from((None, None, None, "a1", "unheard-of")),
    featured=st.sampled_from((False, False, True)),
)


class Live(Past):
    """Makes the cursors of the live page."""

    def __init__(self, query: PageQuery) -> None:
        self.page = page_mark(SITE, THREAD, query)
        self.onward = OnwardThen(SITE, THREAD, 0)
        self.onward.mark = Onward(SITE, THREAD).mark


def folded_page(state: ThreadState, query: PageQuery) -> bytes:
    cursor = Live(query)
    _, after = cursor.place(query)
    return past.page(state, query, past.walked(state, query, None, after), PUBLIC, None, cursor)


async def folded(log: MemoryLog, upto: Position | None = None) -> ThreadState:
    some = [one for one in await events(log) if upto is None or one.position <= upto]
    return fold(ThreadState(site=SITE, id=THREAD), some)


def flat(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield row
        yield from flat(row["replies"]["comments"])


async def pages(there: Stage, query: PageQuery) -> list[dict[str, Any]]:
    """Every page from this one on."""
    found = []
    cursor: str | None = query.cursor
    while True:
        answer = await page(there.served, SITE, THREAD, replace(query, cursor=cursor))
        assert answer is not None
        found.append(msgspec.json.decode(answer.body))
        cursor = found[-1]["next"]
        if cursor is None:
            return found
        assert len(found) < MANY, "the pages do not end"


async def all_below(there: Stage, row: dict[str, Any], size: RepliesQuery) -> Iterator[dict[str, Any]]:
    """The row and all that hangs below it, in display order, whatever cursors have to be followed."""
    found = [row]
    for answer in row["replies"]["comments"]:
        found += await all_below(there, answer, size)
    cursor = row["replies"]["next"]
    while cursor is not None:
        more = await replies(there.served, SITE, THREAD, row["id"], replace(size, cursor=cursor))
        assert more is not None
        decoded = msgspec.json.decode(more.body)
        for answer in decoded["comments"]:
            found += await all_below(there, answer, size)
        assert len(found) < MANY, "the replies do not end"
        cursor = decoded["next"]
    return iter(found)


def display_order(state: ThreadState, query: PageQuery) -> list[str]:
    """The ids of everything on the page, told once more and as simply as can be."""
    answers: dict[str | None, list[CommentState]] = {}
    for comment in state.rows.values():
        if comment.on_page:
            answers.setdefault(comment.parent, []).append(comment)

    def below(comment: CommentState) -> list[str]:
        return [comment.id, *(name for answer in answers.get(comment.id, ()) for name in below(answer))]

    firsts = answers.get(None, [])
    if query.featured:
        firsts = [one for one in state.rows.values() if one.featured and one.published]
    firsts = [one for one in firsts if query.anchor in (None, one.anchor)]
    if query.sort == "newest":
        firsts.reverse()
    if query.sort == "top":
        firsts.sort(key=place_in_top)
    firsts.sort(key=lambda one: not (one.pinned and one.published))
    return [name for first in firsts for name in ([first.id] if query.featured else below(first))]


@FEW
@given(some=discussions, query=queries)
async def test_the_page_served_is_the_page_folded_for_every_order_size_and_cursor(
    server: str, some: list[Move], query: PageQuery
) -> None:
    log = await played(some)
    state = await folded(log)
    async with stage(server, log) as there:
        for _ in range(MANY):
            answer = await page(there.served, SITE, THREAD, query)
            assert answer is not None
            assert answer.body == folded_page(state, query)
            following = msgspec.json.decode(answer.body)["next"]
            if following is None:
                return
            query = replace(query, cursor=following)
    raise AssertionError("the pages do not end")


@FEW
@given(
    some=discussions,
    query=queries,
    size=st.builds(RepliesQuery, limit=st.sampled_from((1, 2, 50)), depth=st.sampled_from((1, 3))),
)
async def test_following_every_cursor_gives_every_row_once_and_in_order(
    server: str, some: list[Move], query: PageQuery, size: RepliesQuery
) -> None:
    log = await played(some)
    state = await folded(log)
    async with stage(server, log) as there:
        found: list[str] = []
        for page in await pages(there, query):
            for row in page["comments"]:
                below = [row] if query.featured else await all_below(there, row, size)
                found += [one["id"] for one in below]
    assert found == display_order(state, query)


@FEW
@given(some=st.lists(moves(most=30), min_size=3, max_size=5), query=queries)
async def test_nothing_that_stays_put_is_skipped_or_repeated_while_others_go_on(
    server: str, some: list[list[Move]], query: PageQuery
) -> None:
    now = BEGIN
    log = MemoryLog(1, clock=lambda: now)
    play = Play(log)
    await play.open(policy=Policy(max_depth=4))

    async def go_on(part: list[Move]) -> None:
        nonlocal now
        for move in part:
            now += move.later
            await play.make(move, now)

    await go_on(some[0])
    states = [await folded(log)]
    found: list[str] = []
    query = replace(query, limit=1, depth=1)
    async with stage(server, log) as there:
        following: str | None = None
        for part in (*some[1:], *[[]] * 1000):
            answer = await page(there.served, SITE, THREAD, replace(query, cursor=following))
            assert answer is not None
            shown = msgspec.json.decode(answer.body)
            found += [row["id"] for row in shown["comments"]]
            following = shown["next"]
            if following is None:
                break
            await go_on(part)
            await there.catch_up()
            states.append(await folded(log))

    # What was on the page all the time, in its place, is there once; nothing is there twice unless it moved.
    def placed(state: ThreadState) -> dict[str, Any]:
        listed = [row for row in state.rows.values() if row.on_page and row.parent is None]
        rows = [state.rows[name] for name in state.picks] if query.featured else listed
        return {
            row.id: (row.published and row.pinned, place_in_top(row) if query.sort == "top" else row.posted)
            for row in rows
            if query.anchor in (None, row.anchor)
        }

    places = [placed(state) for state in states]
    for name, place in places[0].items():
        if all(later.get(name) == place for later in places):
            assert found.count(name) == 1
    still = {name for name in found if len({later[name] for later in places if name in later}) == 1}
    assert all(found.count(name) == 1 for name in still)


@FEW
@given(some=discussions, query=queries, when=st.floats(0, 0.999))
async def test_the_page_at_a_moment_is_the_fold_up_to_it_and_shows_nothing_that_is_not_public_now(
    server: str, some: list[Move], query: PageQuery, when: float
) -> None:
    log = await played(some)
    recorded = await events(log)
    at = recorded[int(when * len(recorded))].position
    then, now = await folded(log, at), await folded(log)
    query = replace(query, limit=50, depth=50, replies=200)
    async with stage(server, log) as there:
        public = msgspec.json.decode((await page_at(there.served, there.log, SITE, THREAD, at, query, PUBLIC)).body)
        staff = msgspec.json.decode((await page_at(there.served, there.log, SITE, THREAD, at, query, STAFF)).body)
        again = await page_at(there.served, there.log, SITE, THREAD, at, query, Viewer("ada"))
    assert msgspec.json.decode(again.body) == public
    # Of events that readers could not notice only staff is told that they happened.
    assert staff["thread"]["position"] == str(at)
    assert public["thread"] == {**staff["thread"], "position": str(then.position)}
    assert public["thread"]["comments"] == then.comments
    rows, whole = list(flat(public["comments"])), list(flat(staff["comments"]))
    assert [row["id"] for row in rows] == [row["id"] for row in whole] == display_order(then, query)
    for row, seen in zip(rows, whole, strict=True):
        comment, today = then.rows[row["id"]], now.rows[row["id"]]
        assert row["replies"]["count"] == seen["replies"]["count"] == len(comment.answers)
        revision = comment.standing
        if not comment.published:
            assert {**row, "replies": None} == {**seen, "replies": None}
            assert row["status"] == comment.status
            assert row["author"] is None
            assert row["gone"] == (today.gone or comment.gone)
            continue
        assert revision is not None
        text = today.texts[revision]
        assert seen["votes"] == {"up": comment.up, "down": comment.down, "score": comment.up - comment.down}
        assert seen["body"] == (None if text.redacted else comment.texts[revision].body)
        assert "moderation" in seen
        assert "moderation" not in row
        if not today.published:
            assert row["status"] == today.status
            assert row["author"] is row["body"] is row["html"] is row["votes"] is row["in_reply_to"] is None
            assert row["gone"] == today.gone
            continue
        assert row["votes"] == seen["votes"]
        turned_down = text.decision is not None and text.decision.verdict != "approve"
        # Of texts that were replaced, readers see none that was edited within grace or whose removal is asked for.
        unlisted = revision != today.standing and (text.graced or text.removal is not None)
        assert row["body"] == (None if turned_down or unlisted else seen["body"])
        if row["in_reply_to"] is not None:
            answered = row["in_reply_to"]["comment"]
            known = then.rows[answered].published and now.rows[answered].published
            assert (row["in_reply_to"]["name"] is not None) == known
    texts = {text.body for row in now.rows.values() for text in row.texts.values() if text.body}
    assert {row["body"] for row in rows} - {None} <= texts


@FEW
@given(some=discussions, query=queries)
async def test_the_page_of_the_last_moment_is_the_page_of_now(server: str, some: list[Move], query: PageQuery) -> None:
    log = await played(some)
    last = (await events(log))[-1].position
    async with stage(server, log) as there:
        now = await page(there.served, SITE, THREAD, query)
        then = await page_at(there.served, there.log, SITE, THREAD, last, query, PUBLIC)
        assert now is not None
        assert await page_at(there.served, there.log, SITE, THREAD, last, query, PUBLIC) == then
    assert without_cursors(msgspec.json.decode(now.body)) == without_cursors(msgspec.json.decode(then.body))


@FEW
@given(some=discussions, query=queries)
async def test_replies_and_permalinks_of_the_last_moment_are_those_of_now(
    server: str, some: list[Move], query: PageQuery
) -> None:
    log = await played(some)
    last = (await events(log))[-1].position
    state = await folded(log)
    more = RepliesQuery(limit=query.limit, depth=query.depth)
    async with stage(server, log) as there:
        served = there.served
        for name in (*state.rows, "none"):
            for then_asked, live in (
                (RepliesThen(comment=name, query=more), await replies(served, SITE, THREAD, name, more)),
                (PermalinkThen(comment=name), await comments.permalink(served, SITE, THREAD, name, PUBLIC)),
            ):
                try:
                    then = await page_at(served, log, SITE, THREAD, last, then_asked, PUBLIC)
                except NotFound:
                    assert live is None, then_asked
                else:
                    assert live is not None, then_asked
                    told = msgspec.json.decode(then.body), msgspec.json.decode(live.body)
                    assert without_cursors(told[0]) == without_cursors(told[1])


def without_cursors(told: Any) -> Any:
    """What is told, with cursors made whether there are any."""
    if isinstance(told, list):
        return [without_cursors(one) for one in told]
    if isinstance(told, dict):
        return {name: one is not None if name == "next" else without_cursors(one) for name, one in told.items()}
    return told


@FEW
@given(some=discussions, query=queries)
async def test_following_every_cursor_of_a_past_page_gives_every_row_once_and_in_order(
    server: str, some: list[Move], query: PageQuery
) -> None:
    log = await played(some)
    recorded = await events(log)
    at = recorded[len(recorded) // 2].position
    state = await folded(log, at)
    async with stage(server, log) as there:

        async def below(page: dict[str, Any]) -> list[str]:
            found = []
            for row in page["comments"]:
                found += [row["id"], *([] if query.featured else await below(row["replies"]))]
            if page["next"] is not None:
                asked = replace(query, cursor=page["next"])
                more = await page_at(there.served, there.log, SITE, THREAD, at, asked, PUBLIC)
                found += await below(msgspec.json.decode(more.body))
            return found

        first = await page_at(there.served, there.log, SITE, THREAD, at, query, PUBLIC)
        assert await below(msgspec.json.decode(first.body)) == display_order(state, query)


@FEW
@given(discussions, queries, st.sampled_from((1, 20, 100)))
async def test_pages_that_end_where_they_have_enough_text_give_every_row_once(
    moved: list[Move], query: PageQuery, most: int
) -> None:
    state = await folded(await played(moved))
    tree, size = Tree(state), Size(MANY, 50, MANY, most)
    whole = [place.comment.id for place in tree.page(query, None, Size(MANY, 50, MANY)).places]
    found: list[str] = []

    def replies(parent: str, after: After | None) -> None:
        walk = tree.replies(parent, after, size)
        taken(walk)
        if walk.last is not None:
            replies(parent, walk.last)

    def taken(walk: TreeWalk) -> None:
        text = 0
        for place in walk.places:
            assert text < most
            then = place.comment
            text += queries_of.size(then.texts[then.standing or then.latest].body) if then.published else 0
            found.append(then.id)
        for place in walk.places:
            if place.cut is not None and not query.featured:
                replies(place.comment.id, After(place.cut))

    after: After | None = None
    while True:
        walk = tree.page(query, after, size)
        taken(walk)
        if walk.last is None:
            break
        after = walk.last
    assert sorted(found) == sorted(whole)
