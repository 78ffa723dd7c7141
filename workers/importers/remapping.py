"""Remap of an import: its comments and votes go to the members whom another template names.

The plan has the other system's fields of each person. A comment on which its author acted here stays with that author.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from core.application.current_state import site_of
from core.application.fact_import import CHUNK, ConcurrentWrite, FactImport
from core.domain.import_comment_facts import ReassignedFact
from core.domain.import_facts import (
    Fact,
    ImportedPerson,
    PostedFact,
    RetractedFact,
    VotedFact,
)
from core.log.port import Load, Log
from core.policy import Policy
from core.refusals import NotFound, Unavailable
from core.times import rfc3339
from workers.importers import fact_file
from workers.importers.brought import imports_of
from workers.importers.fact_file import ThreadFacts
from workers.importers.planning.author_ids import AuthorIds

ATTEMPTS: Final = 20
"""Maximum number of attempts to decide on facts of a thread, where other writers get ahead."""


class Remapped(Struct, kw_only=True):
    """The result of a remap."""

    imported: str
    batch: str
    """The batch of what was changed."""
    changed: int = 0
    known: int = 0
    """Those that have the new owner already."""
    unnamed: int = 0
    """Those of people whose fields the template does not have, or of whom it makes no valid id."""
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
    known = {one.imported for one in await imports_of(log, header.site)}
    if header.id != imported or imported not in known:
        raise NotFound("the site has no such import, or the plan is of another one")
    policy = (await site_of(log, header.site)).policy
    now = (await log.load(Load(site=header.site, thread="", heads=()))).now
    remapped, done = Remapped(imported=imported, batch=f"remap-{now:x}"), 0
    for group in fact_file.threads(facts):
        made = [*_remapped(group, template, rfc3339(now), remapped)]
        for start in range(0, len(made), CHUNK):
            await _bring(log, header.site, group.thread, made[start : start + CHUNK], policy, remapped)
        done += len(group.facts)
        progress(done, max(done, header.counts.get("facts", 0)))
    return remapped


def _remapped(group: ThreadFacts, template: str, at: str, remapped: Remapped) -> Iterator[Fact]:
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
        elif new != person.id:
            owner = ImportedPerson(id=new)
            yield RetractedFact(thread=fact.thread, at=at, by=person, comment=fact.comment, revision=fact.revision)
            yield VotedFact(
                thread=fact.thread,
                at=at,
                by=owner,
                comment=fact.comment,
                revision=fact.revision,
                value=fact.value,
            )


def _id(template: str, person: ImportedPerson) -> str | None:
    return AuthorIds(source="", template=template, key=b"").made(person.source)


async def _bring(log: Log, site: str, thread: str, facts: list[Fact], policy: Policy, remapped: Remapped) -> None:
    for _ in range(ATTEMPTS):
        bringing = FactImport(log, site=site, thread=thread, imported=remapped.batch, policy=policy, whole=False)
        try:
            await bringing.bring(facts)
        except ConcurrentWrite:
            continue
        remapped.changed += bringing.brought
        remapped.known += len(facts) - bringing.brought - len(bringing.left_out)
        remapped.left += [f"{thread}/{getattr(one.fact, 'comment', '')}" for one in bringing.left_out]
        return
    raise Unavailable(f"other writers kept getting ahead in the thread {thread}")
