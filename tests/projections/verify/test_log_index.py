"""One pass over the log of a partition finds its threads, and what is wrong with how its entries hang together."""

import pytest

from core.events.envelope import UnreadableEntry
from core.log.memory import MemoryLog
from core.log.port import BrokenChain, Entry
from core.position import START, Position
from projections.thread.fold import Hole
from projections.verify import log_index
from projections.verify.log_index import LogIndex, ViewsAhead
from tests.support.discussions import SITE, THREADS, Play, entries, events, played, stream
from tests.support.discussions import Move as Deed


class Given(MemoryLog):
    """A log of just these entries."""

    def __init__(self, some: list[Entry]) -> None:
        super().__init__(1)
        self.some = some

    async def read(
        self,
        partition: int,  # noqa: ARG002 - there is one
        after: Position,
        *,
        limit: int,
        upto: Position | None = None,
    ) -> list[Entry]:
        """The entries after a position."""
        return [one for one in self.some if one.position > after and (upto is None or one.position <= upto)][:limit]


@pytest.fixture
async def log() -> MemoryLog:
    return await played(stream(72, 240, threads=2), threads=2)


@pytest.fixture(autouse=True)
def small_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_index, "READ", 7)


async def test_threads_are_found_with_their_last_events(log: MemoryLog) -> None:
    index = LogIndex(log, 0)
    assert index.at == START
    await index.go_to(await log.last(0))
    of_threads = {(SITE, thread): await events(log, thread) for thread in THREADS[:2]}
    assert {name: (one.last, one.events) for name, one in index.threads.items()} == {
        name: (some[-1].position, len(some)) for name, some in of_threads.items()
    }
    assert index.sites == {SITE}
    assert await index.last((SITE, "nowhere"))(index.at) is None


async def test_it_reads_on_for_who_asks_further_and_begins_again_for_who_goes_back(log: MemoryLog) -> None:
    some = await events(log)
    index = LogIndex(log, 0)
    last = index.last((SITE, THREADS[0]))
    for at in (10, 30, 5):
        assert await last(some[at].position) == some[at].position
        assert index.at == some[at].position
    play = Play(log)
    await play.make(Deed("post"))
    assert await last(await log.last(0)) == (await events(log))[-1].position


async def test_a_missing_number_is_a_hole(log: MemoryLog) -> None:
    some = await entries(log)
    with pytest.raises(Hole) as hole:
        await LogIndex(Given(some[:20] + some[21:]), 0).go_to(some[-1].position)
    assert hole.value.position == some[21].position


@pytest.mark.parametrize("named", ["1-1", ""])
async def test_an_event_that_names_another_than_the_one_before_it_is_a_broken_chain(log: MemoryLog, named: str) -> None:
    some = await entries(log)
    first, *_, bad = [number for number, entry in enumerate(some) if THREADS[0].encode() in entry.e]
    assert first < bad
    e = some[bad].e
    start = e.index(b'"tp":"') + 6
    some[bad] = some[bad]._replace(e=e[:start] + named.encode() + e[e.index(b'"', start) :])
    with pytest.raises(BrokenChain, match=f"{some[bad].position} names {named or 'none'} as") as broken:
        await LogIndex(Given(some), 0).go_to(some[-1].position)
    assert broken.value.position == some[bad].position


async def test_an_entry_that_is_no_event_is_unreadable(log: MemoryLog) -> None:
    some = await entries(log)
    some[9] = some[9]._replace(e=b"rot")
    with pytest.raises(UnreadableEntry):
        await LogIndex(Given(some), 0).go_to(some[-1].position)


async def test_views_beyond_the_log_are_ahead(log: MemoryLog) -> None:
    last = await log.last(0)
    index = LogIndex(log, 0)
    with pytest.raises(ViewsAhead):
        await index.go_to(Position(last.ms, last.n + 1))
    assert index.at == last
