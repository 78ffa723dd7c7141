"""Undo of a remap: its comments and votes go back to those whose they were before."""

from collections.abc import Callable, Iterator

from msgspec import Struct, field

from core.domain.import_comment_facts import ReassignedFact, RetractedFact, VotedFact
from core.domain.import_fact import Fact, ImportedPerson
from core.events.comment_events import CommentPosted
from core.events.envelope import Recorded
from core.events.import_events import IMPORT, AuthorReassigned
from core.events.vote_events import VoteCast, VoteRetracted
from core.log.port import Log
from workers.importers import changing
from workers.importers.brought import ImportLine, recorded_in
from workers.importers.remapping import Remapped


class _Owned(Struct, kw_only=True):
    """A comment of an import: its origin, its author, and the one whom the remap took it from."""

    origin: str
    author: str
    before: str | None = None


class _RemapFound(Struct, kw_only=True):
    """The comments and votes of a remap in one partition, by thread."""

    comments: dict[str, dict[str, _Owned]] = field(default_factory=dict)
    cast: dict[tuple[str, str, str], VoteCast] = field(default_factory=dict)
    """By thread, comment and voter, the votes that imports cast."""
    moved: dict[str, list[tuple[str, VoteCast]]] = field(default_factory=dict)
    """Votes that the remap took back, with their voters."""
    given: dict[str, list[tuple[str, VoteCast]]] = field(default_factory=dict)
    """Votes that the remap cast, with their voters."""


async def undo_remap(
    log: Log, line: ImportLine, *, progress: Callable[[int, int], object] = lambda _done, _of: None
) -> Remapped:
    """Give comments and votes of a remap back. Comments on which their new authors acted stay. Raises Unavailable."""
    change = await changing.begin(log, line.site, f"undo-{line.imported}"[:64])
    undone = Remapped(imported=line.imported, batch=change.batch)
    for partition in range(log.partitions):
        found = _RemapFound()
        async for recorded in recorded_in(log, line.site, partition):
            if recorded.envelope.cause == IMPORT:
                _take(found, recorded, line.imported)
        for thread in found.comments:
            for changed in await changing.make_all(log, change, thread, [*_back(found, thread, change.at)]):
                undone.changed += changed.brought
                undone.known += len(changed.facts) - changed.brought - len(changed.left)
                undone.left += [f"{thread}/{getattr(fact, 'comment', '')}" for fact in changed.left]
        progress(partition + 1, log.partitions)
    return undone


def _take(found: _RemapFound, recorded: Recorded, batch: str) -> None:
    envelope, event, is_its = recorded.envelope, recorded.event, recorded.envelope.batch == batch
    thread, voter = envelope.thread, envelope.actor.id
    match event:
        case CommentPosted(origin=str() as origin):
            owned = _Owned(origin=origin, author=envelope.actor.id)
            found.comments.setdefault(thread, {})[event.comment] = owned
        case AuthorReassigned():
            owned = found.comments[thread][event.comment]
            owned.before, owned.author = (owned.author if is_its else owned.before), event.author
        case VoteCast():
            found.cast[thread, event.comment, voter] = event
            if is_its:
                found.given.setdefault(thread, []).append((voter, event))
        case VoteRetracted() if is_its:
            found.moved.setdefault(thread, []).append((voter, found.cast[thread, event.comment, voter]))
        case _:
            pass


def _back(found: _RemapFound, thread: str, at: str) -> Iterator[Fact]:
    """Yield the facts that give a thread's comments and votes back."""
    for name, owned in found.comments[thread].items():
        if owned.before is not None:
            yield ReassignedFact(
                thread=thread, at=at, comment=name, origin=owned.origin, before=owned.author, author=owned.before
            )
    for voter, vote in found.given.get(thread, ()):
        person = ImportedPerson(id=voter)
        yield RetractedFact(thread=thread, at=at, by=person, comment=vote.comment, revision=vote.revision)
    for voter, vote in found.moved.get(thread, ()):
        yield VotedFact(
            thread=thread,
            at=at,
            by=ImportedPerson(id=voter),
            comment=vote.comment,
            revision=vote.revision,
            value=vote.value,
        )
