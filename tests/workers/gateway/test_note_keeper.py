"""The keeper of notes: no request waits for it, and what it cannot write it drops and counts."""

from collections.abc import Iterable
from typing import Final

import anyio
import redis.exceptions

from core.log.notes import Note
from core.member_record import RecordNote
from tests.support.bounds import BOUND
from tests.support.house import ADA, House
from workers.gateway.note_keeper import NoteKeeper
from workers.runtime.metrics import REGISTRY

NOTES: Final = [RecordNote(site="kew", member=f"m{number}") for number in range(10)]


class Slow:
    """Stands for a server that writes when it is let go, or fails."""

    def __init__(self) -> None:
        self.written: list[list[Note]] = []
        self.go = anyio.Event()
        self.error: Exception | None = None

    async def write(self, notes: Iterable[Note]) -> None:
        self.written.append(list(notes))
        await self.go.wait()
        if self.error is not None:
            raise self.error


def dropped() -> float:
    return REGISTRY.get_sample_value("hansard_notes_dropped_total") or 0.0


async def test_what_comes_while_notes_are_written_is_written_together_next() -> None:
    slow = Slow()
    keeper = NoteKeeper(slow)  # type: ignore[arg-type] # writes as it is told
    async with keeper.running():
        with anyio.fail_after(BOUND):
            keeper.put(NOTES[:1])
            while not slow.written:
                await anyio.lowlevel.checkpoint()
            for note in NOTES[1:]:
                keeper.put([note])
            slow.go.set()
            await keeper.written()
    assert slow.written == [NOTES[:1], NOTES[1:]]


async def test_beyond_the_bound_the_oldest_notes_are_dropped_and_counted() -> None:
    slow, before = Slow(), dropped()
    slow.go.set()
    keeper = NoteKeeper(slow, most=4)  # type: ignore[arg-type] # as above
    keeper.put(NOTES)
    assert dropped() == before + 6
    async with keeper.running():
        await keeper.written()
    assert slow.written == [NOTES[6:]]


async def test_notes_that_the_server_does_not_take_are_dropped_and_later_ones_written() -> None:
    slow, before = Slow(), dropped()
    slow.go.set()
    slow.error = redis.exceptions.ConnectionError("gone")
    keeper = NoteKeeper(slow)  # type: ignore[arg-type] # as above
    async with keeper.running():
        keeper.put(NOTES[:2])
        await keeper.written()
        assert dropped() == before + 2
        slow.error = None
        keeper.put(NOTES[2:])
        await keeper.written()
    assert slow.written == [NOTES[:2], NOTES[2:]]


async def test_the_last_notes_are_written_before_the_process_ends() -> None:
    slow = Slow()
    slow.go.set()
    keeper = NoteKeeper(slow)  # type: ignore[arg-type] # as above
    async with keeper.running():
        keeper.put(NOTES)
    assert slow.written == [NOTES]


async def test_a_post_is_answered_while_nothing_is_noted(house: House) -> None:
    slow = Slow()
    house.services.notes._notes = slow  # type: ignore[assignment] # as above
    await house.post(ADA)
    with anyio.fail_after(BOUND):
        while not slow.written:
            await anyio.lowlevel.checkpoint()
    slow.go.set()
