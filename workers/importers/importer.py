"""Import of discussions from elsewhere, with their original times, through the same deciders as all other commands.

A source is one JSON document: the people who took part, and their actions in order, as commands
(`core.domain`). Nothing is invented. An item that names an unknown person, goes back in time or lies in the
future is refused before the first write. An item that the deciders refuse stops the import with a report. A second run
continues where the first ended, and adds nothing after a complete import, because every item's command key is derived
from the source and stored with the events of the item.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from core.application.transact import transact
from core.caller import Caller, Role
from core.domain.authoring import AuthorCommand
from core.domain.handler import Command
from core.domain.moderation import ModerationCommand
from core.domain.origins import normalised
from core.domain.report import FileReport
from core.domain.thread import ThreadCommand
from core.domain.vote import CastVote
from core.events.envelope import decode
from core.events.import_events import IMPORT
from core.ids import command_key, is_comment, is_member, is_site, is_thread
from core.log.port import Log
from core.policy import Policy
from core.position import Position
from core.refusals import Refusal
from core.times import parse_rfc3339

PAGE = 256
"""Events per read in the search for items imported earlier."""

Importable = ThreadCommand | AuthorCommand | ModerationCommand | CastVote | FileReport


class SiteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The site of a discussion, with the settings for opening it if it does not exist."""

    id: str
    name: str
    policy: Policy = Policy()


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who took part, with the claims that a token would hold."""

    name: str
    kind: Literal["member", "guest"] = "member"
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    entitlements: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One action of a person. `id` is the source's own id, `at` is in RFC 3339, `do` is a command."""

    id: str
    at: str
    thread: str
    by: str
    do: Importable

    @property
    def occurred_at(self) -> int:
        """Time of the action, in milliseconds since 1970."""
        return parse_rfc3339(self.at)


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A discussion to import. `source` names its origin, from which every item's command key is derived."""

    source: str
    site: SiteSettings
    people: dict[str, Person]
    items: tuple[Item, ...]

    def caller(self, item: Item) -> Caller:
        """The caller of an item's command."""
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
        """The command key of an item: the same in every import."""
        return command_key(self.site.id, item.by, "IMPORT", self.source, item.id)


class Imported(Struct, frozen=True, kw_only=True):
    """Result of an import."""

    appended: int
    """Number of items executed by this import."""
    known: int
    """Number of items that were imported earlier."""
    last: dict[str, Position]
    """Position of the last event from this source, by thread."""


class UnfitSource(Exception):
    """Raised if a source cannot be imported as it is. Nothing was imported. `lines` has one line per fault."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("; ".join(lines))


class ImportStopped(Exception):
    """Raised if the deciders refuse an item. The items before it in the source are imported, those after it are not."""

    def __init__(self, item: Item, refusal: Refusal) -> None:
        self.item = item
        self.refusal = refusal
        did = f"{_name(item.do)} by {item.by} in {item.thread} at {item.at}"
        super().__init__(f"item {item.id} ({did}) was refused: {refusal.detail} ({refusal.code})")


def read(document: bytes) -> Source:
    """Decode a source from JSON and check that it can be imported. Raises UnfitSource."""
    try:
        source = msgspec.json.decode(document, type=Source)
        raw = msgspec.json.decode(document)
    except msgspec.DecodeError as error:
        raise UnfitSource([str(error)]) from error
    now = time.time_ns() // 1_000_000
    wrong = [*_unknown_fields(source, raw), *_contradictions(source, now)]
    if wrong:
        raise UnfitSource(wrong)
    return source


async def import_source(log: Log, source: Source, *, progress: Callable[[int], object] = lambda _: None) -> Imported:
    """Execute every item not imported earlier. The site must exist. `progress` receives the number of items done.

    Raises ImportStopped at the first refused item, and `core.refusals.Unavailable` if the log is unavailable.
    """
    before = {thread: await _known(log, source, thread) for thread in {item.thread for item in source.items}}
    last: dict[str, Position] = {thread: found[1] for thread, found in before.items() if found[1] is not None}
    appended = known = 0
    for item in source.items:
        if item.id in before[item.thread][0]:
            known += 1
        else:
            last[item.thread] = await _execute(log, source, item)
            appended += 1
        progress(appended + known)
    return Imported(appended=appended, known=known, last=last)


async def _execute(log: Log, source: Source, item: Item) -> Position:
    try:
        result = await transact(
            log,
            item.do,
            site=source.site.id,
            thread=item.thread,
            caller=source.caller(item),
            key=source.key(item),
            cause=IMPORT,
            occurred_at=item.occurred_at,
        )
    except Refusal as refusal:
        if refusal.code == "unavailable":
            raise
        raise ImportStopped(item, refusal) from refusal
    return result.position


async def _known(log: Log, source: Source, thread: str) -> tuple[set[str], Position | None]:
    """Ids of a thread's items up to the last one in the log, and the position of that item's event.

    An earlier item that is not in the log changed nothing when it was executed. Executed now, it might.
    """
    keys = {source.key(item): place for place, item in enumerate(source.items) if item.thread == thread}
    at = await log.thread_last(source.site.id, thread)
    while at is not None:
        entries = await log.chain(source.site.id, thread, at, limit=PAGE)
        for entry in entries:
            envelope = decode(*entry).envelope
            place = keys.get(envelope.key or "")
            if place is not None:
                earlier = source.items[: place + 1]
                return {item.id for item in earlier if item.thread == thread}, entry.position
        at = decode(*entries[-1]).before
    return set(), None


def _unknown_fields(source: Source, raw: Any) -> Iterator[str]:
    """Yield members of commands that do not exist: a misspelt member would change the meaning of its item."""
    for item, raw_item in zip(source.items, raw["items"], strict=True):
        for name in raw_item["do"].keys() - set(item.do.__struct_fields__) - {"command"}:
            yield f"item {item.id}: a {_name(item.do)} has no {name}"


def _contradictions(source: Source, now: int) -> Iterator[str]:
    """Yield the statements of the source that cannot be true."""
    if not is_site(source.site.id):
        yield f"{source.site.id!r} is not a valid site id"
    for member, person in source.people.items():
        if not is_member(member):
            yield f"{member!r} is not a valid member id"
        if person.avatar is not None and normalised(person.avatar) is None:
            yield f"{member}: the avatar is not an http or https address"
    ids: set[str] = set()
    latest: dict[str, int] = {}
    for item in source.items:
        where = f"item {item.id}"
        if item.id in ids:
            yield f"{where}: another item has the same id"
        ids.add(item.id)
        if item.by not in source.people:
            yield f"{where}: {item.by} is not among the people"
        yield from (f"{where}: {wrong}" for wrong in _invalid_ids(item))
        try:
            at = item.occurred_at
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        if at > now:
            yield f"{where}: {item.at} is in the future"
        before = latest.get(item.thread, at)
        if at < before:
            yield f"{where}: {item.at} is before the previous item of the thread"
        latest[item.thread] = max(at, before)


def _invalid_ids(item: Item) -> Iterator[str]:
    if not is_thread(item.thread):
        yield f"{item.thread!r} is not a valid thread id"
    for field, fits in (("comment", is_comment), ("parent", is_comment), ("anchor", is_thread)):
        name = getattr(item.do, field, None)
        if name is not None and not fits(name):
            yield f"{name!r} is not a valid {field} id"


def _name(command: Command) -> str:
    return str(command.__struct_config__.tag)
