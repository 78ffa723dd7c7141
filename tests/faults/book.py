"""The whole log of a deployment, read afresh, and what must be true of it whoever wrote it.

Sequences are dense, times never go back, back pointers name what came before, revisions of a comment are dense and
nothing names one that did not exist, the heads are what the events make of them, and the record of every command key
names what that key did.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from core import heads
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded, decode
from core.heads import LAST
from core.keys import window
from core.log import wire
from core.log.port import Head
from core.log.redis import RedisLog
from core.position import START, Position
from core.redis.deployment import Deployment
from tests.faults.findings import Finding

READ: Final = 1000

Place = tuple[str, str]
"""A site and a thread."""


class Book:
    """The events of every partition, in order, and where each key and each position is found."""

    def __init__(self, partitions: list[list[Recorded]]) -> None:
        self.partitions = partitions
        self.by_key: defaultdict[str, list[Recorded]] = defaultdict(list)
        self.at: list[dict[Position, Recorded]] = []
        for events in partitions:
            self.at.append({one.position: one for one in events})
            for one in events:
                if one.envelope.key is not None:
                    self.by_key[one.envelope.key].append(one)

    @property
    def length(self) -> int:
        """How many events there are."""
        return sum(map(len, self.partitions))

    def threads(self, partition: int) -> dict[Place, list[Recorded]]:
        """The events of one partition, by the thread (or the site) that they belong to."""
        found: defaultdict[Place, list[Recorded]] = defaultdict(list)
        for one in self.partitions[partition]:
            found[one.envelope.site, one.envelope.thread].append(one)
        return found


async def read(log: RedisLog) -> Book:
    """Read everything. Raises `core.refusals.Unavailable`."""
    partitions = []
    for partition in range(log.partitions):
        events: list[Recorded] = []
        at = START
        while entries := await log.read(partition, at, limit=READ):
            events += [decode(*entry) for entry in entries]
            at = entries[-1].position
        partitions.append(events)
    return Book(partitions)


def faults_of_order(book: Book) -> Iterator[Finding]:
    """Holes, repeats, times that go back, back pointers and revisions that are wrong, within the log itself."""
    for partition, events in enumerate(book.partitions):
        before = START
        for one in events:
            if one.position.n != before.n + 1 or one.position.ms < before.ms:
                yield _log(partition, f"{one.position} follows {before}")
            before = one.position
        for place, told in book.threads(partition).items():
            yield from _pointers(partition, place, told)
            yield from _revisions(partition, told)


async def faults_of_heads(book: Book, deployment: Deployment) -> list[Finding]:
    """Heads and key records that are not what the events make of them."""
    found: list[Finding] = []
    for partition in range(len(book.partitions)):
        for place, told in book.threads(partition).items():
            flat = await deployment.reads.call("HGETALL", deployment.keys[partition].heads(*place))
            there = {flat[at].decode(): wire.head(flat[at + 1]) for at in range(0, len(flat), 2)}
            wanted = heads_of(told)
            found += [
                _log(partition, f"head {field} is {there.get(field)}, not {wanted.get(field)}")
                for field in sorted(wanted.keys() | there.keys())
                if _bare(wanted.get(field)) != _bare(there.get(field))
            ]
        found += await _keys(book, deployment, partition)
    return found


def heads_of(events: list[Recorded]) -> dict[str, Head]:
    """The heads that these events of one thread leave."""
    found: dict[str, Head] = {}
    for one in events:
        field = heads.of(one.event, one.envelope.actor)
        version = found[field].version if field in found else 0
        found[field] = Head(version + 1, one.position)
        found[LAST] = Head(0, one.position)
    return found


async def _keys(book: Book, deployment: Deployment, partition: int) -> list[Finding]:
    """Every key record names events of the log; every event with a key is named by its record."""
    found: list[Finding] = []
    names = {window(one.position.ms) for one in book.partitions[partition]}
    recorded: dict[str, tuple[Position, ...]] = {}
    for number in sorted(names):
        flat = await deployment.reads.call("HGETALL", deployment.keys[partition].commands(number))
        told = {flat[at].decode(): wire.answer(number, flat[at + 1]) for at in range(0, len(flat), 2)}
        recorded |= {key: answer.positions for key, answer in told.items()}
    for key, positions in recorded.items():
        gone = [position for position in positions if position not in book.at[partition]]
        if gone:
            found.append(_log(partition, f"the record of key {key} names {gone[0]}, which is missing"))
    return found + [
        _log(partition, f"the key of {one.position} is not stored")
        for one in book.partitions[partition]
        if one.envelope.key is not None and one.position not in recorded.get(one.envelope.key, ())
    ]


def _pointers(partition: int, place: Place, events: list[Recorded]) -> Iterator[Finding]:
    of_thread, of_aggregate = "", dict[str, str]()
    for one in events:
        field = heads.of(one.event, one.envelope.actor)
        if (one.envelope.tp, one.envelope.ap) != (of_thread, of_aggregate.get(field, "")):
            yield _log(partition, f"{one.position} of {'/'.join(place)} does not point to the previous event")
        of_thread = of_aggregate[field] = str(one.position)


def _revisions(partition: int, events: list[Recorded]) -> Iterator[Finding]:
    latest: dict[str, int] = {}
    for one in events:
        comment, revision = one.envelope.comment, one.revision
        if comment is None:
            continue
        match one.event:
            case CommentPosted():
                wanted = comment not in latest and revision in (None, 1)
                latest[comment] = 1
            case CommentEdited():
                wanted = revision == latest.get(comment, 0) + 1
                latest[comment] = latest.get(comment, 0) + 1
            case _:
                wanted = comment in latest and (revision is None or 1 <= revision <= latest[comment])
        if not wanted:
            yield _log(partition, f"{one.envelope.type} at {one.position} names revision {revision} of {comment}")


def _bare(head: Head | None) -> tuple[int, Position | None]:
    return (0, None) if head is None else (head.version, head.position)


def _log(partition: int, detail: str) -> Finding:
    return Finding(what="log", detail=f"partition {partition}: {detail}")
