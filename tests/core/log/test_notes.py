"""What lies beside the log: member records and names, noted by a script and read in the packet of a load."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from core import member_record
from core.keys import Keys
from core.log.notes import MemberNotes, NameNote
from core.log.port import Beside, HeadWanted, Load
from core.log.redis import RedisLog
from core.member_record import KEPT_MS, MOST_TEXTS, MemberRecord, RecordNote, entry
from core.redis.deployment import Deployment, open_deployment
from core.text.shingles import sketch

SITE: Final = "kew"
THREAD: Final = "palm-house"
NOW: Final = 1_700_000_000_000
LOOK: Final = "0a"


@pytest.fixture
async def deployment(fresh: str) -> AsyncIterator[Deployment]:
    async with open_deployment(fresh, partitions=3) as deployment:
        yield deployment


async def noted(deployment: Deployment, *notes: RecordNote | NameNote) -> None:
    await MemberNotes(deployment.calls, deployment.keys).write(notes)


async def record(deployment: Deployment, member: str = "ada") -> MemberRecord:
    """The record of a member, as a decision reads it."""
    beside = Beside(site=SITE, thread=THREAD, member=member, record=True)
    load = Load(site=SITE, thread="", heads=(HeadWanted("site"),), heads_first=True, beside=beside)
    found = (await RedisLog(deployment).load(load)).beside.record
    assert found is not None
    return found


async def owners(deployment: Deployment, look: str = LOOK) -> tuple[str | None, str | None]:
    """Who of staff and of the members of the thread was seen under a name of this look."""
    beside = Beside(site=SITE, thread=THREAD, member="ada", look=look)
    load = Load(site=SITE, thread="", heads=(HeadWanted("site"),), heads_first=True, beside=beside)
    found = (await RedisLog(deployment).load(load)).beside
    assert found.record is None
    return found.staff, found.member


def note(**fields: object) -> RecordNote:
    return RecordNote(**{"site": SITE, "member": "ada", **fields})  # type: ignore[arg-type] # as they are named


def name(owner: str, at: int, *, thread: str = THREAD) -> NameNote:
    return NameNote(site=SITE, thread=thread, look=LOOK, owner=owner, at=at)


async def test_a_record_counts_and_keeps_the_latest_times(deployment: Deployment) -> None:
    assert await record(deployment) == member_record.NO_RECORD
    await noted(deployment, note(counts=("p",), last_at=NOW), note(counts=("p", "a"), last_at=NOW - 5))
    await noted(deployment, note(counts=("x",), rejected_at=NOW + 7), note(member="ben", counts=("p",)))
    assert await record(deployment) == MemberRecord(published=2, last_at=NOW, rejected_at=NOW + 7)
    assert (await record(deployment, "ben")).published == 1


async def test_a_rejection_that_is_taken_back_is_forgotten_and_no_other(deployment: Deployment) -> None:
    await noted(deployment, note(rejected_at=NOW), note(forgiven_at=NOW - 1))
    assert (await record(deployment)).rejected_at == NOW
    await noted(deployment, note(forgiven_at=NOW))
    assert (await record(deployment)).rejected_at == 0


async def test_the_last_texts_are_kept_one_for_each_comment(deployment: Deployment) -> None:
    texts = [entry(f"c{number}", sketch(f"Text number {number} of many.")) for number in range(MOST_TEXTS + 5)]
    await noted(deployment, *(note(text=text) for text in texts))
    assert (await record(deployment)).texts == "".join(texts[5:])
    edited = entry("c10", sketch("Other words than before."))
    await noted(deployment, note(text=edited))
    kept = [text for number, text in enumerate(texts) if number >= 5 and number != 10]
    assert (await record(deployment)).texts == "".join([*kept, edited])


async def test_a_record_expires(deployment: Deployment) -> None:
    await noted(deployment, note(counts=("p",)), name("ada", NOW), name("mod", NOW, thread=""))
    own = Keys(3).of(SITE)
    keys = own.member_record(SITE, "ada"), own.staff_names(SITE), Keys(3).of(SITE, THREAD).thread_names(SITE, THREAD)
    for key in keys:
        assert KEPT_MS - 60_000 < await deployment.calls.call("PTTL", key) <= KEPT_MS


async def test_the_first_owner_of_a_name_keeps_it_while_they_are_seen(deployment: Deployment) -> None:
    now = int((await RedisLog(deployment).load(Load(site=SITE, thread="", heads=(HeadWanted("site"),)))).now)
    assert await owners(deployment) == (None, None)
    await noted(deployment, name("ada", now), name("eve", now + 1), name("mod", now, thread=""))
    assert await owners(deployment) == ("mod", "ada")
    assert await owners(deployment, "0b") == (None, None)


async def test_a_name_that_nobody_had_for_long_is_free(deployment: Deployment) -> None:
    await noted(deployment, name("ada", NOW), name("eve", NOW + KEPT_MS))
    stored = await deployment.calls.call("HGET", Keys(3).of(SITE, THREAD).thread_names(SITE, THREAD), LOOK)
    assert stored == f"eve {NOW + KEPT_MS}".encode()
    await noted(deployment, name("mod", NOW, thread=""))
    assert (await owners(deployment))[0] is None, "that was years ago"


async def test_the_names_of_a_thread_are_bounded(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.log.notes.MOST_NAMES", 2)
    for look in ("0a", "0b", "0c", "0a"):
        await noted(deployment, NameNote(site=SITE, thread=THREAD, look=look, owner="ada", at=NOW))
    names = await deployment.calls.call("HKEYS", Keys(3).of(SITE, THREAD).thread_names(SITE, THREAD))
    assert sorted(names) == [b"0a", b"0b"]
