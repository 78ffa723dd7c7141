"""The screening of one comment: its texts are asked about, and the answers recorded; decisions of staff are told.

Everything is read from the log when it is done, so that what happened meanwhile counts: an edit, a withdrawal, a
decision of staff. A crash at any point repeats the request under the same id, and records one answer.
"""

import time
from base64 import b32encode
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

import structlog
from redis.exceptions import RedisError

from core import heads
from core.application.aggregates import AggregateQuery, load_all_aggregates
from core.application.current_state import site_then
from core.application.member_notes import notes_of
from core.application.transact import transact
from core.domain.comment import Comment
from core.domain.screening import SCREENER, RecordScreening
from core.domain.site import Site
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Recorded, read
from core.ids import command_key
from core.log.notes import MemberNotes
from core.log.port import Log
from core.partitions import partition_of
from core.policy import Screening
from core.position import Position
from core.times import DAY_MS
from workers.runtime import metrics
from workers.screener.asking import Answered, Asker, NoAnswer
from workers.screener.due_store import DueItem
from workers.screening_shapes.shape import Overruling, ScreenedText, ScreenerAnswer

TOLD_FOR_MS: Final = 3 * DAY_MS
"""Milliseconds after a decision for which it is tried to tell the screener of it."""

_log = structlog.get_logger(__name__)


class _Current(NamedTuple):
    """A comment and its site as they are now."""

    comment: Comment
    site: Site
    url: str
    title: str


class CommentScreening:
    """Does what is due about a comment. Its methods raise `core.refusals.Unavailable` and its kinds."""

    def __init__(self, log: Log, asker: Asker, notes: MemberNotes, *, clock: Callable[[], float] = time.time) -> None:
        self._log = log
        self._asker = asker
        self._notes = notes
        self._clock = clock

    async def ask(self, item: DueItem, *, is_excess: bool) -> None:
        """Have every text of a comment screened that is to be. With `is_excess` the screener is not asked."""
        done: set[tuple[int, Position]] = set()
        while (current := await self._current(item)) is not None and current.comment.unscreened:
            comment = current.comment
            revision = comment.unscreened[-1]
            if (revision, comment.position) in done:
                raise RuntimeError("an answer was recorded, and the text is still to be screened")
            done.add((revision, comment.position))
            await self._screen(item, current, revision, is_excess=is_excess)

    async def tell(self, item: DueItem, at: Position) -> bool:
        """Tell the screener of the last decision of staff, if it was against its verdict. False if it was not told."""
        current = await self._current(item)
        if current is None or self._clock() * 1000 - at.ms > TOLD_FOR_MS:
            return True
        found = _overruled(current.comment)
        if found is None:
            return True
        revision, decided, overruling = found
        text = await self._text(item, current, revision)
        if text is None:
            return True
        try:
            told = await self._asker.tell(text, overruling, _id("told", item, revision, str(decided)))
        except NoAnswer as error:
            metrics.SCREENING_FEEDBACK.labels(error.cause).inc()
            return error.cause in ("unconfigured", "sealed")
        if told:
            metrics.SCREENING_FEEDBACK.labels("ok").inc()
        return True

    async def _screen(self, item: DueItem, current: _Current, revision: int, *, is_excess: bool) -> None:
        text = await self._text(item, current, revision)
        if text is None:
            raise RuntimeError("a text that is to be screened is not in the log")
        screening, is_on = await self._policy(item, current, revision)
        shape, failed = None, None
        try:
            shape, answer = await self._answer(item, text, screening, "off" if not is_on else is_excess and "backlog")
        except NoAnswer as error:
            shape, failed = error.shape, error.cause
            answer = ScreenerAnswer(verdict="approve" if screening.on_failure == "publish" else "hold")
        command = RecordScreening(
            comment=item.comment,
            revision=revision,
            verdict=answer.verdict,
            shape=shape,
            failed=failed,
            reason=answer.reason,
            note=answer.note,
            code=answer.code,
            spam=answer.spam,
        )
        place = f"{item.thread}/{item.comment}"
        key = command_key(item.site, SCREENER.id, "SCREEN", place, f"{revision} {current.comment.position}")
        result = await transact(self._log, command, site=item.site, thread=item.thread, caller=SCREENER, key=key)
        if failed is None:
            metrics.SCREENING_ANSWERS.labels(answer.verdict).inc()
        else:
            metrics.SCREENING_FAILURES.labels(failed).inc()
        try:
            await self._notes.write(list(notes_of(result, SCREENER, item.site, item.thread)))
        except RedisError:
            metrics.NOTES_DROPPED.inc()  # a hint for rules

    async def _answer(
        self, item: DueItem, text: ScreenedText, screening: Screening, instead: str | Literal[False]
    ) -> Answered:
        """The screener's answer. It is not asked if there is a cause `instead`. Raises NoAnswer."""
        if instead:
            raise NoAnswer(instead)
        return await self._asker.ask(text, _id("text", item, text.revision), screening.deadline)

    async def _policy(self, item: DueItem, current: _Current, revision: int) -> tuple[Screening, bool]:
        """The policy for a text, and whether it is in force: if the site screens no more, it is that of the text."""
        now = current.site.policy.screening
        if now is not None:
            return now, True
        recorded = await self._written(item, current.comment, revision)
        by = None if recorded is None else recorded.envelope.by_policy
        site = None if by is None else await site_then(self._log, item.site, Position.parse(by))
        then = None if site is None else site.policy.screening
        return then or Screening(when="before", deadline=1, on_failure="hold"), False

    async def _current(self, item: DueItem) -> _Current | None:
        """The comment and its site; None if there is no such comment."""
        field = heads.comment(item.comment)
        of_thread = AggregateQuery(site=item.site, thread=item.thread, folded=(heads.THREAD, field))
        of_site = AggregateQuery(site=item.site, thread="", folded=(heads.SITE,))
        found, beside = await load_all_aggregates(self._log, of_thread, of_site)
        comment, site = found.comment(item.comment), beside.site
        if not comment.exists or not site.exists:
            return None
        return _Current(comment, site, found.thread.url or "", found.thread.title or "")

    async def _written(self, item: DueItem, comment: Comment, revision: int) -> Recorded | None:
        partition = partition_of(item.site, item.thread, self._log.partitions)
        entry = await self._log.entry(partition, comment.texts[revision].position)
        return None if entry is None else read(*entry)

    async def _text(self, item: DueItem, current: _Current, revision: int) -> ScreenedText | None:
        """A text of a comment; None if its words are gone."""
        comment = current.comment
        recorded = await self._written(item, comment, revision)
        event = None if recorded is None else recorded.event
        if recorded is None or not isinstance(event, CommentPosted | CommentEdited) or event.body is None:
            return None
        return ScreenedText(
            site=item.site,
            thread=item.thread,
            url=current.url,
            title=current.title,
            comment=item.comment,
            revision=revision,
            body=event.body,
            parent=comment.answered,
            author=comment.author.id,
            name=event.name or comment.author.name or "",
            kind=comment.author.kind,
            badges=comment.author.badges,
            posted_at=comment.posted_at,
            written_at=recorded.occurred_at,
            language=current.site.policy.language,
        )


def _overruled(comment: Comment) -> tuple[int, Position, Overruling] | None:
    """The text of the last decision of staff and that decision, if it is against what the screener said."""
    decided = [
        (text.decision.position, number, text.decision, text.screener_said)
        for number, text in comment.texts.items()
        if text.decision is not None and not text.decision.automated
    ]
    if not decided:
        return None
    at, number, decision, said = max(decided, key=lambda one: one[0])
    if decision.verdict == "approve" and said in ("hold", "reject"):
        return number, at, Overruling(verdict="approve", screener=said)
    if decision.verdict == "reject" and decision.spam and said == "approve":
        return number, at, Overruling(verdict="reject", screener=said)
    return None


def _id(what: str, item: DueItem, revision: int, more: str = "") -> str:
    """The id of a request, the same in each attempt."""
    named = "\n".join((what, item.site, item.thread, item.comment, str(revision), more))
    return f"scr_{b32encode(blake2b(named.encode(), digest_size=15).digest()).decode().lower()}"
