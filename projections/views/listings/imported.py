"""Members of a queue that an import brought: they come after all that wait for what happened here.

The time in the place of such a member is that of its position and BEHIND, and its last word is the id of the import.
"""

from typing import Final

from core.position import Position
from projections.thread.state import CommentState
from projections.views.listings.listing import last_word, position_text

BEHIND: Final = 500_000_000_000_000
"""Milliseconds added to the time in the place of what an import brought. No time of an event is as late, and the first
of the 15 digits is then 5 or more."""


def waiting_import(comment: CommentState) -> str | None:
    """The import that brought the text that waits; None if none did, or if no text waits."""
    number = comment.undecided
    return None if number is None else comment.texts[number].imported


def reported_import(comment: CommentState) -> str | None:
    """The import that brought the open reports; None if there are none, or if one was filed here."""
    if not comment.reports or any(report.imported is None for report in comment.reports):
        return None
    return comment.reports[0].imported


def queued_import(comment: CommentState) -> str | None:
    """The import that brought all that a comment is in the queue for; None if anything of it happened here."""
    causes = [] if comment.waiting is None else [waiting_import(comment)]
    causes += [reported_import(comment)] if comment.reports else []
    return None if None in causes else next(iter(causes), None)


def queue_member(since: Position, thread: str, comment: CommentState, imported: str | None, *words: object) -> str:
    """A member of a queue: `<ms> <n> <thread> <comment> <author>`, `words`, and the import that brought it, if any."""
    place = position_text(since.ms + (0 if imported is None else BEHIND), since.n)
    last = () if imported is None else (imported,)
    return " ".join(map(str, (place, thread, comment.id, comment.author.id, *words, *last)))


def waits_since(ms: int) -> int:
    """The time since which a member waits, by the time in its place, in milliseconds since 1970."""
    return ms - BEHIND if ms >= BEHIND else ms


def import_of_member(ms: int, member: str) -> str | None:
    """The import that brought a member, by the time in its place."""
    return last_word(member) if ms >= BEHIND else None
