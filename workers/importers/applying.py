"""Bringing of a plan into a site: its facts, many threads at once, and the record of the import."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import msgspec
import structlog
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from msgspec import Struct

from core.application.current_state import site_of
from core.application.fact_import import CHUNK, ConcurrentWrite, FactImport, FactLeftOut
from core.application.transact import transact
from core.caller import OPERATOR
from core.concurrency import gathered
from core.domain.handler import Command
from core.domain.import_fact import Fact
from core.domain.import_record import BeginImport, EndImport
from core.events.import_events import SourceFile
from core.ids import is_thread
from core.log.port import Log
from core.policy import Policy
from core.position import Position
from core.refusals import Unavailable
from workers.importers import fact_file
from workers.importers.fact_file import ThreadFacts

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 8
"""Threads that are brought at a time."""
SHOWN: Final = 5
"""Examples of facts that were left out, by reason."""
ATTEMPTS: Final = 20
"""Maximum number of attempts to bring a thread of which other writers get ahead."""
PATIENCE: Final = 2.0
"""Seconds between two looks at a server that refuses writes."""


class LeftOutExample(Struct, frozen=True, kw_only=True):
    """A fact that was left out: the place, never its words."""

    thread: str
    do: str
    comment: str | None
    why: str


class Applied(Struct, kw_only=True):
    """The sum of the facts of a plan. `facts` is the sum of `brought`, `known` and all that was `left_out`."""

    imported: str
    site: str
    threads: int = 0
    facts: int = 0
    brought: int = 0
    known: int = 0
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Facts by the reason why they were left out."""
    examples: dict[str, list[LeftOutExample]] = msgspec.field(default_factory=dict)
    differing: int = 0
    """Comments that people here changed, so that they stay as they are."""
    differing_examples: list[str] = msgspec.field(default_factory=list)
    events: int = 0
    published: dict[str, int] = msgspec.field(default_factory=dict)
    """By thread that something was brought to, the number of comments that readers see."""
    last: dict[str, Position] = msgspec.field(default_factory=dict)
    """By thread that something was brought to, the position of the last event."""


class Applier:
    """Applies the plan in a folder. What is in the log already is known: a run continues one that was cut off."""

    def __init__(
        self,
        log: Log,
        facts: Path,
        *,
        progress: Callable[[int, int], object] = lambda _done, _of: None,
        at_once: int = AT_ONCE,
        chunk: int = CHUNK,
        patience: float = PATIENCE,
    ) -> None:
        self.log = log
        self._path = facts
        self._progress = progress
        self._at_once = at_once
        self._chunk = chunk
        self._patience = patience
        self.header = fact_file.header(facts)
        self._applied = Applied(imported=self.header.id, site=self.header.site)

    async def run(self) -> Applied:
        """Bring the facts, and record how they added up. Raises Unavailable, FormatTooOld, UnfitFile, a Refusal."""
        header, applied = self.header, self._applied
        policy = (await site_of(self.log, header.site)).policy
        await self._record(
            BeginImport(
                imported=header.id,
                system=header.system,
                source=header.source,
                files=tuple(SourceFile(name=one.name, sha256=one.sha256) for one in header.files),
                options={name: str(value) for name, value in header.options.items()},
            )
        )
        send, receive = anyio.create_memory_object_stream[ThreadFacts](0)
        members: list[ThreadFacts] = []
        with receive:
            workers = [partial(self._work, receive.clone(), policy) for _ in range(self._at_once)]
        await gathered([partial(self._read, send, members), *workers])
        for group in members:
            await self._thread(group, policy)
        await self._record(
            EndImport(
                imported=header.id,
                brought=applied.brought,
                known=applied.known,
                left_out=applied.left_out,
                differs=applied.differing,
            )
        )
        return applied

    async def _read(self, send: MemoryObjectSendStream[ThreadFacts], members: list[ThreadFacts]) -> None:
        """Give the threads out. `members` gets the facts about members, for after all others."""
        async with send:
            for group in fact_file.threads(self._path):
                if group.thread:
                    await send.send(group)
                else:
                    members.append(group)

    async def _work(self, receive: MemoryObjectReceiveStream[ThreadFacts], policy: Policy) -> None:
        async with receive:
            async for group in receive:
                await self._thread(group, policy)

    async def _thread(self, group: ThreadFacts, policy: Policy) -> None:
        """Bring the facts of one thread."""
        applied = self._applied
        self._leave_out("unreadable", len(group.unreadable))
        if group.thread and not is_thread(group.thread):
            self._leave_out("bad-id", len(group.facts))
            return
        brought = 0
        for _ in range(ATTEMPTS):
            bringing = FactImport(
                self.log, site=applied.site, thread=group.thread, imported=applied.imported, policy=policy
            )
            try:
                for chunk in _chunks(group.facts, self._chunk):
                    await bringing.bring(chunk)
                await bringing.settle()
            except ConcurrentWrite:
                pass
            except Unavailable:
                await self._until_writable()
            else:
                self._add_up(group, bringing, brought + bringing.brought)
                return
            finally:
                brought += bringing.brought
                applied.events += bringing.events
        raise Unavailable(f"other writers kept getting ahead in the thread {group.thread}")

    def _add_up(self, group: ThreadFacts, bringing: FactImport, brought: int) -> None:
        applied = self._applied
        for left in bringing.left_out:
            self._leave_out(left.fault, 1, left)
        applied.facts += len(group.facts) - len(bringing.left_out)
        applied.brought += brought
        applied.known += len(group.facts) - len(bringing.left_out) - brought
        applied.threads += bool(group.thread)
        applied.differing += len(bringing.differing)
        names = sorted(f"{group.thread}/{name}" for name in bringing.differing)
        applied.differing_examples = [*applied.differing_examples, *names][:SHOWN]
        if bringing.last is not None and group.thread:
            applied.last[group.thread] = bringing.last
            applied.published[group.thread] = bringing.published
        self._progress(applied.facts, max(applied.facts, self.header.counts.get("facts", 0)))

    def _leave_out(self, reason: str, number: int, left: FactLeftOut | None = None) -> None:
        if not number:
            return
        applied = self._applied
        applied.facts += number
        applied.left_out[reason] = applied.left_out.get(reason, 0) + number
        examples = applied.examples.setdefault(reason, [])
        if left is not None and len(examples) < SHOWN:
            examples.append(
                LeftOutExample(
                    thread=left.fact.thread,
                    do=str(left.fact.__struct_config__.tag),
                    comment=getattr(left.fact, "comment", None),
                    why=left.why,
                )
            )

    async def _until_writable(self) -> None:
        """Wait while the server says why it refuses writes, such as a full memory."""
        reason = await self.log.refusal()
        if reason is not None:
            _log.warning("import_paused", cause=reason)
        while reason is not None:
            await anyio.sleep(self._patience)
            reason = await self.log.refusal()

    async def _record(self, command: Command) -> None:
        await transact(self.log, command, site=self.header.site, caller=OPERATOR)


def _chunks(facts: Sequence[Fact], size: int) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(facts), size):
        yield facts[start : start + size]
