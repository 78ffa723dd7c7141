"""Bring discussions in from elsewhere, with their original times, through the same deciders as everybody's.

A source is one JSON document: who took part, and what they did, in order, as commands (`core.domain.commands`). Nothing
is made up: an item that names an unknown person, goes back in time or lies in the future is refused before anything is
written, and one that the deciders refuse stops the import with a report. Running it again goes on where it ended, and
adds nothing where it was through, because every item's command key is made from the source and stays with the events
that it became.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from core.application.transact import transact
from core.caller import Caller, Role
from core.domain.commands import AnyCommand, CommentCommand, Report, ThreadCommand, Vote
from core.domain.origins import normalised
from core.events.envelope import decode
from core.ids import command_key, is_comment, is_member, is_site, is_thread
from core.log.port import Log
from core.policy import Policy
from core.position import Position
from core.refusals import Refusal
from core.times import parse_rfc3339

CAUSE = "import"
"""What events that came in this way say as their cause."""

PAGE = 256
"""Events that are looked through in one call for what was imported before."""

Importable = ThreadCommand | CommentCommand | Vote | Report


class SiteGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The site that a discussion belongs to, as it is opened where it does not exist."""

    id: str
    name: str
    policy: Policy = Policy()


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who took part, as their token would describe them."""

    name: str
    kind: Literal["member", "guest"] = "member"
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    entitlements: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that somebody did: `id` is the source's own, `at` RFC 3339, `do` a command."""

    id: str
    at: str
    thread: str
    by: str
    do: Importable

    @property
    def occurred_at(self) -> int:
        """When it happened, in milliseconds since 1970."""
        return parse_rfc3339(self.at)


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A discussion to import. `source` names where it is from: with an item's id it makes the item's key."""

    source: str
    site: SiteGiven
    people: dict[str, Person]
    items: tuple[Item, ...]

    def caller(self, item: Item) -> Caller:
        """Who did it."""
        person = self.people[item.by]
        return Caller(
            id=item.by,
            name=person.name,
            kind=person.kind,
            avatar=None if person.avatar is None else normalised(person.avatar),
            badges=person.badges,
            entitlements=person.entitlements,
            roles=person.roles,
        )

    def key(self, item: Item) -> str:
        """The command key of an item: the same whenever it is imported."""
        return command_key(self.site.id, item.by, "IMPORT", self.source, item.id)


class Imported(Struct, frozen=True, kw_only=True):
    """How an import ended."""

    appended: int
    """Items that were carried out now."""
    known: int
    """Items that had been before."""
    last: dict[str, Position]
    """By thread, position of the last event that is from this source."""


class UnfitSource(Exception):
    """The source cannot be imported as it is, and nothing of it was; one line for each thing that is wrong."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("; ".join(lines))


class ImportStopped(Exception):
    """The deciders refused an item. What came before it in its source is imported, nothing after it."""

    def __init__(self, item: Item, refusal: Refusal) -> None:
        self.item = item
        self.refusal = refusal
        did = f"{_name(item.do)} by {item.by} in {item.thread} at {item.at}"
        super().__init__(f"item {item.id} ({did}) was refused: {refusal.detail} ({refusal.code})")


def read(document: bytes) -> Source:
    """The source that a JSON document describes, found to be fit for importing. Raises UnfitSource."""
    try:
        source = msgspec.json.decode(document, type=Source)
        raw = msgspec.json.decode(document)
    except msgspec.DecodeError as error:
        raise UnfitSource([str(error)]) from error
    now = time.time_ns() // 1_000_000
    wrong = [*_strays(source, raw), *_unfounded(source, now)]
    if wrong:
        raise UnfitSource(wrong)
    return source


async def bring_in(log: Log, source: Source, *, progress: Callable[[int], object] = lambda _: None) -> Imported:
    """Carry every item out that was not before. The site must exist. `progress` gets the number of items done.

    Raises ImportStopped at the first item that is refused, `core.refusals.Unavailable` where the log is away.
    """
    before = {thread: await _known(log, source, thread) for thread in {item.thread for item in source.items}}
    last: dict[str, Position] = {thread: there[1] for thread, there in before.items() if there[1] is not None}
    appended = known = 0
    for item in source.items:
        if item.id in before[item.thread][0]:
            known += 1
        else:
            last[item.thread] = await _carry_out(log, source, item)
            appended += 1
        progress(appended + known)
    return Imported(appended=appended, known=known, last=last)


async def _carry_out(log: Log, source: Source, item: Item) -> Position:
    try:
        result = await transact(
            log,
            item.do,
            site=source.site.id,
            thread=item.thread,
            caller=source.caller(item),
            key=source.key(item),
            cause=CAUSE,
            occurred_at=item.occurred_at,
        )
    except Refusal as refusal:
        if refusal.code == "unavailable":
            raise
        raise ImportStopped(item, refusal) from refusal
    return result.position


async def _known(log: Log, source: Source, thread: str) -> tuple[set[str], Position | None]:
    """Ids of the items of a thread up to the last one that the log has, and the position of that one.

    An item before it that is not in the log changed nothing when its turn came; by now it might.
    """
    keys = {source.key(item): place for place, item in enumerate(source.items) if item.thread == thread}
    at = await log.thread_last(source.site.id, thread)
    while at is not None:
        entries = await log.chain(source.site.id, thread, at, limit=PAGE)
        for entry in entries:
            envelope = decode(*entry).envelope
            place = keys.get(envelope.key or "")
            if place is not None:
                there = source.items[: place + 1]
                return {item.id for item in there if item.thread == thread}, entry.position
        oldest = decode(*entries[-1]).envelope.tp
        at = Position.parse(oldest) if oldest else None
    return set(), None


def _strays(source: Source, raw: Any) -> Iterator[str]:
    """Members of commands that no command has: misspelt, they would change what an item means."""
    for item, given in zip(source.items, raw["items"], strict=True):
        for name in given["do"].keys() - set(item.do.__struct_fields__) - {"command"}:
            yield f"item {item.id}: a {_name(item.do)} has no {name}"


def _unfounded(source: Source, now: int) -> Iterator[str]:
    """What the source tells that cannot have been so."""
    if not is_site(source.site.id):
        yield f"{source.site.id!r} cannot name a site"
    for member, person in source.people.items():
        if not is_member(member):
            yield f"{member!r} cannot name a member"
        if person.avatar is not None and normalised(person.avatar) is None:
            yield f"{member}: the avatar is not an http or https address"
    ids: set[str] = set()
    latest: dict[str, int] = {}
    for item in source.items:
        where = f"item {item.id}"
        if item.id in ids:
            yield f"{where}: there are two of that id"
        ids.add(item.id)
        if item.by not in source.people:
            yield f"{where}: nobody is called {item.by}"
        yield from (f"{where}: {wrong}" for wrong in _misnamed(item))
        try:
            at = item.occurred_at
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        if at > now:
            yield f"{where}: {item.at} has not come yet"
        before = latest.get(item.thread, at)
        if at < before:
            yield f"{where}: {item.at} is before the item that precedes it in the thread"
        latest[item.thread] = max(at, before)


def _misnamed(item: Item) -> Iterator[str]:
    if not is_thread(item.thread):
        yield f"{item.thread!r} cannot name a thread"
    for field, fits in (("comment", is_comment), ("parent", is_comment), ("anchor", is_thread)):
        name = getattr(item.do, field, None)
        if name is not None and not fits(name):
            yield f"{name!r} cannot name a {field}"


def _name(command: AnyCommand) -> str:
    return str(command.__struct_config__.tag)
