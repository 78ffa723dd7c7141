"""Records of threads whose log has what cannot be applied, cannot be read, or was never meant for it."""

from core.events.comment_events import CommentPosted
from core.log.memory import MemoryLog
from core.log.port import NewEvent
from core.throttle import Pace
from projections.audit.public_events import PublicEvents, Shown, read_public_events
from projections.audit.record_page import RecordWalk
from projections.audit.record_search import Wanted, searched
from projections.audit.records import UnreadableRecord
from projections.audit.shown_records import staff_record
from projections.audit.thread_events import ThreadEvents, read_thread_events
from tests.support.discussions import SITE, THREADS, Move, played
from tests.support.poisoning import garble, poison, put, skip

THREAD = THREADS[0]
POSTED = [Move("post"), Move("vote", who=1)]


async def both(log: MemoryLog) -> tuple[ThreadEvents, PublicEvents]:
    whole = await read_thread_events(log, SITE, THREAD)
    assert whole is not None
    return whole, await read_public_events(log, SITE, THREAD, whole, Pace())


def positions(index: ThreadEvents | PublicEvents) -> list[str]:
    return [str(index.position(number)) for number in range(len(index))]


async def test_what_is_public_ends_before_an_event_that_cannot_be_applied() -> None:
    log = await played(POSTED)
    before = positions((await both(log))[0])
    for spoil in (poison, garble):
        position = await spoil(log)
        whole, public = await both(log)
        assert positions(whole)[-1] == str(position)
        assert positions(public) == before
        assert public.seen == position


async def test_what_is_public_goes_on_after_an_event_that_was_skipped() -> None:
    log = await played(POSTED)
    before = positions((await both(log))[1])
    await skip(log, await poison(log))
    last = await poison(log, event=CommentPosted(comment="later", body="Later words.", name="Ada"))
    whole, public = await both(log)
    assert positions(public) == [*before, str(last)]
    assert public.shown(len(public) - 1) is Shown.WHOLE
    assert len(whole) == len(before) + 3


async def test_an_entry_that_cannot_be_read_stands_in_its_place_for_staff_and_is_found_by_no_word() -> None:
    log = await played(POSTED)
    before, _ = await both(log)
    known = len(before)
    position = await put(log, THREAD, NewEvent(head="c:x", e=b'{"v":"no number"', c=b""))
    later = await poison(log, event=CommentPosted(comment="later", body="Later words.", name="Ada"))
    whole, public = await both(log)
    assert positions(whole)[known:] == [str(position), str(later)]
    assert len(public) == known

    def walk(wanted: Wanted) -> RecordWalk:
        return RecordWalk(
            log, 0, whole, lambda found, _: staff_record(found, 0, {}, (0, 0), voters=True), wanted, budget=100
        )

    page = await walk(Wanted()).after(known, 10)
    assert page.found[0] == (known, UnreadableRecord(position=str(position)))
    decisions = await walk(searched({"decisions"})).after(known, 10)
    assert decisions.found == page.found[:1]
    assert [number for number, _ in (await walk(searched(q="later")).after(known, 10)).found] == [known + 1]


async def test_a_thread_without_events_has_no_record() -> None:
    assert await read_thread_events(await played([]), SITE, "unheard-of") is None


async def test_an_index_of_a_branch_that_the_log_has_left_is_read_again() -> None:
    known, _ = await both(await played([*POSTED, Move("post", later=5), Move("post", later=5)]))
    other = await played([*POSTED, Move("post", later=7), Move("vote", later=7), Move("post", later=9)])
    for log in (other, await played(POSTED)):
        found = await read_thread_events(log, SITE, THREAD, known)
        fresh = await read_thread_events(log, SITE, THREAD)
        assert found is not None
        assert fresh is not None
        assert positions(found) == positions(fresh)
