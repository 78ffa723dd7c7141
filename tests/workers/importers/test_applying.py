"""Plans applied to a log: many threads, hand-made files, servers that are full, and runs that are cut off."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from core.domain.import_fact import Fact
from core.domain.import_member_facts import SuspendedFact
from core.log.memory import MemoryLog
from core.log.port import Append, Log, Outcome
from core.log.redis import RedisLog
from core.redis.deployment import open_deployment
from core.refusals import NotFound, Unavailable
from tests.support.facts_of_import import at, opened, post, site_in, write
from tests.support.full import no_memory
from workers.importers.applying import Applier
from workers.importers.source_records import UnfitFile


def thread(name: str, *numbers: int) -> list[Fact]:
    """A discussion."""
    return [
        replace(fact, thread=name)
        for fact in (opened(), *(replace(post(one), comment=f"{name}-{one}") for one in numbers))
    ]


@pytest.fixture
async def log() -> Log:
    made = MemoryLog(4)
    await site_in(made)
    return made


@pytest.fixture
async def kept(fresh: str) -> AsyncIterator[RedisLog]:
    async with open_deployment(fresh) as deployment:
        made = RedisLog(deployment)
        await site_in(made)
        yield made


async def test_many_threads_come_at_once_and_members_after_them(log: Log, tmp_path: Path) -> None:
    facts: list[Fact] = [SuspendedFact(at=at(1), member="wp:33")]
    for number in range(30):
        facts += thread(f"t{number}", *range(1, 6))
    told: list[tuple[int, int]] = []
    made = await Applier(
        log, write(tmp_path / "f.jsonl", *facts), chunk=2, at_once=4, progress=lambda *done: told.append(done)
    ).run()
    assert (made.threads, made.facts, made.brought) == (30, len(facts), len(facts))
    assert made.published == {f"t{number}": 5 for number in range(30)}
    assert told[-1] == (len(facts), len(facts))


async def test_a_thread_that_comes_back_later_in_the_file_goes_on(log: Log, tmp_path: Path) -> None:
    more = [replace(post(2), thread="a", comment="a-2")]
    facts = [*thread("a", 1), *thread("b", 1), *more]
    made = await Applier(log, write(tmp_path / "f.jsonl", *facts)).run()
    assert (made.brought, made.left_out) == (5, {})


async def test_lines_that_are_no_facts_are_counted_and_all_else_comes(log: Log, tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", *thread("a", 1))
    with path.open("ab") as file:
        file.write(b'{"do": "post"}\nnot json\n' + b"[" * 2000 + b'\n{"do": "invent", "at": "2020-01-01T00:00:00Z"}\n')
    made = await Applier(log, path).run()
    assert (made.facts, made.brought, made.left_out) == (6, 2, {"unreadable": 4})


@pytest.mark.parametrize("content", ["", "{}", '{"hansard":"facts/2"}', "\x00", "[1]"])
def test_a_file_without_its_header_is_unfit(tmp_path: Path, content: str) -> None:
    (tmp_path / "f.jsonl").write_text(content)
    with pytest.raises(UnfitFile):
        Applier(MemoryLog(1), tmp_path / "f.jsonl")


async def test_a_thread_whose_id_is_out_of_its_grammar_is_left_out(log: Log, tmp_path: Path) -> None:
    made = await Applier(log, write(tmp_path / "f.jsonl", *thread("has spaces", 1), *thread("a", 1))).run()
    assert (made.brought, made.left_out) == (2, {"bad-id": 2})


async def test_a_plan_of_another_site_brings_nothing(log: Log, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await Applier(log, write(tmp_path / "f.jsonl", *thread("a", 1), site="elsewhere")).run()
    assert await log.thread_last("elsewhere", "a") is None


async def test_an_apply_waits_while_the_server_has_no_memory(kept: RedisLog, fresh: str, tmp_path: Path) -> None:
    applier = Applier(kept, write(tmp_path / "f.jsonl", *thread("a", *range(1, 9))), chunk=1, patience=0.001)
    begun: list[int] = []
    waiting = anyio.Event()
    full = no_memory(fresh)

    class Filled:
        """The log, whose server has no memory left at the fourth append, until the apply has noticed."""

        def __getattr__(self, name: str) -> Any:
            return getattr(kept, name)

        async def append(self, append: Append) -> Outcome:
            begun.append(1)
            if len(begun) == 4:
                full.__enter__()
            return await kept.append(append)

        async def refusal(self) -> str | None:
            said = await kept.refusal()
            if said is not None and not waiting.is_set():
                waiting.set()
                full.__exit__(None, None, None)
            return said

    applier.log = Filled()
    made = await applier.run()
    assert waiting.is_set()
    assert (made.brought, made.facts) == (9, 9)


class CutLog(MemoryLog):
    """A log whose connection is cut once, at an append, after that took effect."""

    left = 0

    async def append(self, append: Append) -> Outcome:
        outcome = await super().append(append)
        self.left -= 1
        if self.left == 0:
            raise Unavailable("cut")
        return outcome


async def test_facts_that_were_appended_before_a_cut_are_counted_once(tmp_path: Path) -> None:
    cut = CutLog(4)
    await site_in(cut)
    cut.left = 4
    facts = thread("a", *range(1, 9))
    made = await Applier(cut, write(tmp_path / "f.jsonl", *facts), chunk=1).run()
    # The append whose answer was cut off is found in the log: nobody knows that this apply made it.
    assert (made.facts, made.brought, made.known) == (9, 8, 1)
