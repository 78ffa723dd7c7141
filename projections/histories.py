"""The edit history of one comment, as far as a viewer may see it."""

from collections.abc import Awaitable, Callable, Iterator
from sys import getsizeof
from typing import Any, Final, Literal

import msgspec

from core.gathering import both
from core.redis.script import Script
from core.text import diff
from core.text.markup import rendered
from core.times import rfc3339
from projections import cursors, rows
from projections.lookups import answer, decided
from projections.memo import Memo
from projections.queries import Answer, RevisionsQuery
from projections.served import Served
from projections.state import Comment, Text
from projections.viewer import Viewer

History = Literal["public", "author", "staff"]
"""Whose the earlier texts are to read."""

_REVISIONS: Final = Script("projections", "revisions")
_TEXT: Final = msgspec.json.Decoder(Text)
DIFFERENCES: Final = Memo[tuple[str, str]](16 * 1024 * 1024)
"""By the two texts themselves, which have to be read first: a text that is gone finds nothing here."""


async def revisions(
    served: Served,
    site: str,
    thread: str,
    comment: str,
    viewer: Viewer,
    history: History | Callable[[], Awaitable[History]],
    query: RevisionsQuery,
) -> Answer | None:
    """The texts of a comment, oldest first; None where the viewer may not see the comment. Raises BadCursor."""
    if callable(history):
        policy, found = await both(history, lambda: _read(served, site, thread, comment))
    else:
        policy, found = history, await _read(served, site, thread, comment)
    mark = cursors.mark("revisions", site, thread, comment, query.diff, query.limit)
    after = 0 if query.cursor is None else int(*cursors.read(query.cursor, mark, cursors.NUMBER))
    if found is None or rows.shown_revision(found, viewer) is None:
        return None
    shown = list(visible(found, viewer, policy))
    page = [number for number in shown if number > after]
    following = cursors.write(mark, page[query.limit - 1]) if len(page) > query.limit else None
    listed = []
    for number in page[: query.limit]:
        difference = _difference(found, shown, number) if query.diff else {}
        listed.append(_revision(found, number, viewer) | difference)
    return answer({"comment": comment, "revisions": listed, "next": following})


def visible(comment: Comment, viewer: Viewer, history: str) -> Iterator[int]:
    """The revisions that the viewer may know of, where the comment itself may be seen.

    Staff: all. Its author: all, unless `history` is `staff`: then those that stand, are the latest, wait or were
    rejected. Everyone else: the standing one, and where `history` is `public` those that readers once saw and that
    nobody held or rejected since.
    """
    own = viewer.member is not None and viewer.member == comment.author.id
    for number, text in comment.texts.items():
        current = number == comment.standing or (own and number == comment.latest)
        if viewer.staff or current:
            yield number
        elif own:
            if history != "staff" or text.status in ("pending", "rejected"):
                yield number
        elif history == "public" and text.seen and stands(text):
            yield number


def stands(text: Text) -> bool:
    """Whether nobody held or rejected a text since readers saw it; redaction alone does not count as either."""
    if text.decision is not None:
        return text.decision.verdict == "approve"
    return text.rule is None


async def _read(served: Served, site: str, thread: str, comment: str) -> Comment | None:
    reply = await served.thread(
        _REVISIONS, site, thread, lambda views: (views.rows, views.revisions, views.votes), (comment,)
    )
    if not reply.parts:
        return None
    stored, tally, *texts = reply.parts
    row = rows.split(stored)
    found = rows.decode(row.public, row.source)
    found.up, found.down = map(int, tally.split())
    found.texts = {
        number: found.texts[number] if text is None else _TEXT.decode(text) for number, text in enumerate(texts, 1)
    }
    return found


def _revision(comment: Comment, number: int, viewer: Viewer) -> dict[str, Any]:
    text = comment.texts[number]
    votes = comment.votes_then(number)
    revision: dict[str, Any] = {
        "revision": number,
        "at": rfc3339(text.at),
        "by": {"name": text.name if text.name is not None else comment.author.name},
        "status": text.status,
    }
    if text.reason is not None:
        revision["reason"] = text.reason
    revision |= {
        "body": text.body,
        "html": None if text.body is None else rendered(text.body),
        "votes_then": None if votes is None else {"up": votes[0], "down": votes[1]},
    }
    if (viewer.staff or viewer.member == comment.author.id) and text.decision and not stands(text):
        revision["decision"] = decided(text.decision)
    if viewer.staff:
        revision["moderation"] = rows.moderation(text)
    return revision


def _difference(comment: Comment, shown: list[int], number: int) -> dict[str, Any]:
    """Against the nearest text before it that the viewer may read: an unseen one would show in what is crossed out."""
    body = comment.texts[number].body
    before = [comment.texts[other].body for other in shown if other < number]
    texts = [text for text in before if text is not None]
    return {} if body is None or not texts else {"diff": msgspec.Raw(_words(texts[-1], body))}


def _words(before: str, after: str) -> bytes:
    """The JSON of what changed between two texts."""
    made = DIFFERENCES.get((before, after))
    if made is None:
        made = msgspec.json.encode(diff.words(before, after))
        DIFFERENCES.put((before, after), made, made_from=getsizeof(before) + getsizeof(after))
    return made
