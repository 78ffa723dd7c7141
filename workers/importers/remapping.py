"""Remap of an import: its comments and votes go to the members whom another template names.

The plan has the other system's fields of each person. A comment on which its author acted here stays with that author.
A remap is recorded as an import of the system `remap`, so that it is listed, undone, and known to a later one.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from core.application.transact import transact
from core.caller import OPERATOR
from core.domain.import_comment_facts import PostedFact, ReassignedFact, RetractedFact, VotedFact
from core.domain.import_fact import Fact, ImportedPerson
from core.domain.import_record import BeginImport, EndImport
from core.ids import short_digest
from core.log.port import Log
from core.refusals import NotFound
from workers.importers import changing, fact_file
from workers.importers.brought import imports_of
from workers.importers.fact_file import ThreadFacts
from workers.importers.planning.author_ids import AuthorIds

SYSTEM: Final = "remap"
"""The system that the record of a remap names."""


class Remapped(Struct, kw_only=True):
    """The result of a remap."""

    imported: str
    batch: str
    """The batch of what was changed; `hansard import undo` reverses it."""
    changed: int = 0
    known: int = 0
    """Comments and votes that have the new owner already."""
    unnamed: int = 0
    """Comments and votes of people whose fields the template does not have, or of whom it makes no valid id."""
    left: list[str] = field(default_factory=list)
    """Comments on which their authors acted here, as `<thread>/<comment>`; they stay."""


async def remap(
    log: Log,
    facts: Path,
    imported: str,
    template: str,
    *,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Remapped:
    """Give what an import brought to the members whom the template names. Again changes nothing.

    Raises NotFound if the site has no such import, or the plan is of another one; UnfitFile, Unavailable.
    """
    header = fact_file.header(facts)
    known = await imports_of(log, header.site)
    if header.id != imported or all(one.imported != imported for one in known):
        raise NotFound("the site has no such import, or the plan is of another one")
    earlier = [one.options["member"] for one in known if (one.system, one.source) == (SYSTEM, imported)]
    remapped, done = Remapped(imported=imported, batch=f"{SYSTEM}-{short_digest(imported, template)}"), 0
    is_begun = False
    change = await changing.begin(log, header.site, remapped.batch)
    for group in fact_file.threads(facts):
        made = [*_remapped(group, template, earlier, change.at, remapped)]
        if made and not is_begun:
            begun = BeginImport(imported=remapped.batch, system=SYSTEM, source=imported, options={"member": template})
            await transact(log, begun, site=header.site, caller=OPERATOR)
            is_begun = True
        for changed in await changing.make_all(log, change, group.thread, made):
            remapped.changed += changed.brought
            remapped.known += len(changed.facts) - changed.brought - len(changed.left)
            remapped.left += [f"{group.thread}/{getattr(fact, 'comment', '')}" for fact in changed.left]
        done += len(group.facts)
        progress(done, max(done, header.counts.get("facts", 0)))
    ended = EndImport(
        imported=remapped.batch,
        brought=remapped.changed,
        known=remapped.known,
        left_out={"author-acted": len(remapped.left)} if remapped.left else {},
    )
    if is_begun:
        await transact(log, ended, site=header.site, caller=OPERATOR)
    return remapped


def _remapped(group: ThreadFacts, template: str, earlier: list[str], at: str, remapped: Remapped) -> Iterator[Fact]:
    """Yield the facts that give the facts of a thread to their new owners."""
    for fact in group.facts:
        person = fact.by
        if person is None or person.kind != "member" or not isinstance(fact, PostedFact | VotedFact):
            continue
        new = _id(template, person)
        if new is None:
            remapped.unnamed += 1
        elif isinstance(fact, PostedFact):
            yield ReassignedFact(
                thread=fact.thread, at=at, comment=fact.comment, origin=fact.origin, before=person.id, author=new
            )
        else:
            yield from _moved(fact, new, {person.id, *(_id(one, person) for one in earlier)}, at)


def _moved(fact: VotedFact, new: str, before: set[str | None], at: str) -> Iterator[Fact]:
    """Yield the facts that take a vote back from those who had it, and cast it as the new owner's."""
    for old in sorted(one for one in before if one is not None and one != new):
        yield RetractedFact(
            thread=fact.thread, at=at, by=ImportedPerson(id=old), comment=fact.comment, revision=fact.revision
        )
    yield VotedFact(
        thread=fact.thread,
        at=at,
        by=ImportedPerson(id=new),
        comment=fact.comment,
        revision=fact.revision,
        value=fact.value,
    )


def _id(template: str, person: ImportedPerson) -> str | None:
    return AuthorIds(source="", template=template, key=b"").made(person.source)
