"""Undo of an import: one rejection per comment that it brought. The threads stay, and destroying words is erasure's."""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct, field

from core import heads
from core.application.aggregates import load_aggregates
from core.domain.comment import Comment
from core.domain.import_comment_facts import DecidedFact
from core.log.port import Log
from core.refusals import NotFound
from workers.importers import changing
from workers.importers.brought import BroughtComments, ImportLine, all_imports, brought_by
from workers.importers.changing import ImportChange


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


async def found(log: Log, imported: str) -> ImportLine:
    """Return the import of this id. Raises NotFound, Unavailable."""
    line = next((one for one in await all_imports(log) if one.imported == imported), None)
    if line is None:
        raise NotFound("there is no such import")
    return line


async def undo(
    log: Log,
    line: ImportLine,
    *,
    with_answers: bool,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Undone:
    """Reject what an import brought. With `with_answers`, also what people here answered, edited or decided on.

    Running it again continues where it was cut off. Raises Unavailable.
    """
    change = await changing.begin(log, line.site, f"undo-{line.imported}"[:64])
    undone = Undone(imported=line.imported, batch=change.batch)
    for partition in range(log.partitions):
        brought = await brought_by(log, line.site, line.imported, partition)
        for thread, comments in brought.threads.items():
            chosen = _chosen(brought, thread, comments, undone, with_answers=with_answers)
            for names in changing.parts(chosen):
                made = await changing.make(log, change, thread, partial(_facts, log, change, thread, names))
                undone.rejected += len(made.facts)
                undone.already += len(names) - len(made.facts)
        progress(partition + 1, log.partitions)
    return undone


def _chosen(
    brought: BroughtComments, thread: str, comments: dict[str, None], undone: Undone, *, with_answers: bool
) -> list[str]:
    if with_answers:
        return list(comments)
    chosen = []
    for name in comments:
        key = thread, name
        if key in brought.acted:
            undone.acted.append("/".join(key))
        elif key in brought.answered:
            undone.answered.append("/".join(key))
        else:
            chosen.append(name)
    return chosen


async def _facts(log: Log, change: ImportChange, thread: str, names: Sequence[str]) -> Sequence[DecidedFact]:
    """The rejections of the comments that are not rejected."""
    loaded = await load_aggregates(log, change.site, thread, folded=tuple(map(heads.comment, names)))
    comments: list[Comment] = [loaded.states[heads.comment(name)] for name in names]
    return [
        DecidedFact(
            thread=thread,
            at=change.at,
            comment=one.id,
            revision=one.standing or one.latest,
            verdict="reject",
            batch=change.batch,
        )
        for one in comments
        if one.verdict_status != "rejected"
    ]
