"""Undo of an import: one rejection per comment that it brought. The threads stay, and destroying words is erasure's."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct, field

from core import heads
from core.application.aggregates import load_aggregates
from core.application.current_state import site_of
from core.application.fact_import import CHUNK, ConcurrentWrite, FactImport
from core.domain.comment import Comment
from core.domain.import_facts import DecidedFact
from core.log.port import Load, Log
from core.policy import Policy
from core.refusals import NotFound, Unavailable
from core.times import rfc3339
from workers.importers.brought import BroughtComments, all_imports, brought_by

ATTEMPTS: Final = 20
"""Maximum number of attempts to decide on the comments of a chunk, where other writers get ahead."""


class Undone(Struct, kw_only=True):
    """The result of an undo. Comments that people here answered, edited or decided on are listed."""

    imported: str
    batch: str
    """The batch of the rejections."""
    rejected: int = 0
    already: int = 0
    """Comments that readers did not see before."""
    answered: list[str] = field(default_factory=list)
    """Comments that people here answered, as `<thread>/<comment>`; they stay."""
    acted: list[str] = field(default_factory=list)
    """Comments that people here edited or decided on, as `<thread>/<comment>`; they stay."""


async def undo(
    log: Log,
    imported: str,
    *,
    with_answers: bool,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Undone:
    """Reject what an import brought. With `with_answers`, also what people here answered, edited or decided on.

    Running it again continues where it was cut off. Raises NotFound, Unavailable.
    """
    site = next((one.site for one in await all_imports(log) if one.imported == imported), None)
    if site is None:
        raise NotFound("there is no such import")
    policy = (await site_of(log, site)).policy
    now = (await log.load(Load(site=site, thread="", heads=()))).now
    undone = Undone(imported=imported, batch=f"undo-{now:x}")
    for partition in range(log.partitions):
        found = await brought_by(log, site, imported, partition)
        for thread, comments in found.threads.items():
            chosen = _chosen(found, thread, comments, undone, with_answers=with_answers)
            for start in range(0, len(chosen), CHUNK):
                await _reject(log, site, thread, chosen[start : start + CHUNK], policy, now, undone)
        progress(partition + 1, log.partitions)
    return undone


def _chosen(
    found: BroughtComments, thread: str, comments: dict[str, None], undone: Undone, *, with_answers: bool
) -> list[str]:
    if with_answers:
        return list(comments)
    chosen = []
    for name in comments:
        key = thread, name
        if key in found.acted:
            undone.acted.append("/".join(key))
        elif key in found.answered:
            undone.answered.append("/".join(key))
        else:
            chosen.append(name)
    return chosen


async def _reject(
    log: Log, site: str, thread: str, names: Sequence[str], policy: Policy, now: int, undone: Undone
) -> None:
    for _ in range(ATTEMPTS):
        loaded = await load_aggregates(log, site, thread, folded=tuple(map(heads.comment, names)))
        comments: list[Comment] = [loaded.states[heads.comment(name)] for name in names]
        facts = [
            DecidedFact(
                thread=thread,
                at=rfc3339(now),
                comment=one.id,
                revision=one.standing or one.latest,
                verdict="reject",
                batch=undone.batch,
            )
            for one in comments
            if one.verdict_status != "rejected"
        ]
        try:
            await FactImport(log, site=site, thread=thread, imported=undone.batch, policy=policy, whole=False).bring(
                facts
            )
        except ConcurrentWrite:
            continue
        undone.rejected += len(facts)
        undone.already += len(names) - len(facts)
        return
    raise Unavailable(f"other writers kept getting ahead in the thread {thread}")
