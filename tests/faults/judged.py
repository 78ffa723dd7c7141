"""A screener that judges by the text's id, and what the oracle makes of what it was asked and what is in the log.

Every text that waited is judged in the end, once, as the screener said, and whatever failed meanwhile: each request
about it had the same id.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from zlib import crc32

import anyio
from msgspec import Struct

from core import heads
from core.domain import comment as comments
from core.events.comment_events import CommentEdited, CommentHeld, CommentPosted, CommentRejected, CommentScreened
from core.events.envelope import Recorded
from core.events.screening import ScreeningVerdict
from core.log.redis import RedisLog
from core.redis.deployment import Deployment
from tests.faults.book import Book
from tests.faults.findings import Finding
from tests.support.key_host import http
from tests.support.screener_host import Received
from workers.doctor import screening as doctor

JUDGED_WITHIN: Final = 60.0
"""Seconds in which every text has to be judged, once the load is over and everything runs."""
_VERDICTS: Final[tuple[ScreeningVerdict, ...]] = ("approve", "approve", "approve", "approve", "hold", "reject")


class Text(NamedTuple):
    """One text of a comment."""

    thread: str
    comment: str
    revision: int


class Judged(Struct, frozen=True, kw_only=True):
    """What a screener did in a round."""

    texts: int
    asked_again: int
    """So many of them it was asked about more than once."""
    longest: float
    """Seconds that a text waited at most, by the clock of the log."""


def verdict_of(comment: str, revision: int) -> ScreeningVerdict:
    """What the screener says of a text, whenever it is asked."""
    return _VERDICTS[crc32(f"{comment} {revision}".encode()) % len(_VERDICTS)]


def judging(received: Received) -> bytes:
    """Answer a request. What staff decided is taken in without a word."""
    about = received.json["comment"]
    said = {"comment": about["id"], "revision": about["revision"]}
    return http(json.dumps({**said, "verdict": verdict_of(about["id"], about["revision"])}).encode())


async def until_judged(deployment: Deployment, log: RedisLog) -> bool:
    """Wait until nothing is due at a screener; False if that took too long. Raises Unavailable."""
    with anyio.move_on_after(JUDGED_WITHIN):
        while True:
            found = await doctor.waiting(deployment, log)
            if not found.texts and not found.events:
                return True
            await anyio.sleep(0.05)
    return False


def faults_of_screening(book: Book, requests: Sequence[Received]) -> Iterator[Finding]:
    """Texts that were not judged, or more than once, or not as the screener said; and ids that changed."""
    ids = _asked(requests)
    yield from _faults_of_ids(ids)
    screened, decided = Counter[Text](), Counter[tuple[Text, str]]()
    for text, recorded in _about_texts(book):
        event = recorded.event
        if isinstance(event, CommentScreened):
            screened[text] += 1
            decided[text, "comment.rejected"] += 0
            if event.failed is not None or event.verdict != verdict_of(text.comment, text.revision):
                yield _finding(text, f"was recorded as {event.verdict} ({event.failed})")
            if text not in ids:
                yield _finding(text, "was judged, and nobody asked")
        elif isinstance(event, CommentRejected | CommentHeld) and recorded.envelope.actor.kind == "system":
            decided[text, recorded.envelope.type] += 1
    yield from (_finding(text, f"was judged {times} times") for text, times in screened.items() if times > 1)
    for (text, what), times in decided.items():
        if times > 1 or (what == "comment.rejected" and times != _rejections(text)):
            yield _finding(text, f"has {times} times {what}")
    yield from (_finding(text, "was never judged") for text in _never_judged(book))


def _rejections(text: Text) -> int:
    """How many rejections by the screener a text has that was judged."""
    return int(verdict_of(text.comment, text.revision) == "reject")


def _faults_of_ids(ids: Mapping[Text, Sequence[str]]) -> Iterator[Finding]:
    """Texts that were asked about under several ids, and ids of several texts."""
    of_id = defaultdict[str, set[Text]](set)
    for text, several in ids.items():
        if len(set(several)) > 1:
            yield _finding(text, f"was asked about under {len(set(several))} ids")
        for one in several:
            of_id[one].add(text)
    yield from (_finding(min(some), "shares an id with another text") for some in of_id.values() if len(some) > 1)


def figures(book: Book, requests: Sequence[Received], threads: Collection[str]) -> Judged:
    """What the screener did in the threads of a round."""
    written: dict[Text, int] = {}
    waits: list[int] = []
    for text, recorded in _about_texts(book):
        if text.thread in threads:
            if isinstance(recorded.event, CommentPosted | CommentEdited):
                written[text] = recorded.position.ms
            elif isinstance(recorded.event, CommentScreened):
                waits.append(recorded.position.ms - written[text])
    again = sum(len(several) > 1 for text, several in _asked(requests).items() if text.thread in threads)
    return Judged(texts=len(waits), asked_again=again, longest=max(waits, default=0) / 1000)


def _asked(requests: Sequence[Received]) -> dict[Text, list[str]]:
    """The ids under which a screener was asked about each text."""
    found = defaultdict[Text, list[str]](list)
    for one in requests:
        if one.json["type"] == "text.written":
            about = one.json["comment"]
            found[Text(one.json["thread"]["id"], about["id"], about["revision"])].append(one.headers["webhook-id"])
    return found


def _about_texts(book: Book) -> Iterator[tuple[Text, Recorded]]:
    """The events about one text of a comment, each with it."""
    for events in book.partitions:
        for one in events:
            if one.envelope.comment is not None:
                revision = 1 if isinstance(one.event, CommentPosted) else one.revision
                if revision is not None:
                    yield Text(one.envelope.thread, one.envelope.comment, revision), one


def _never_judged(book: Book) -> Iterator[Text]:
    """Texts that a screener is still to be asked about, at the end of the log."""
    for partition in range(len(book.partitions)):
        for (_, thread), events in book.threads(partition).items():
            folded: dict[str, comments.Comment] = {}
            for one in events:
                field = heads.of(one.event, one.envelope.actor)
                if heads.kind(field) == heads.COMMENT:
                    folded[field] = comments.evolve(folded.get(field, comments.UNPOSTED), one)
            for comment in folded.values():
                yield from (Text(thread, comment.id, revision) for revision in comment.unscreened)


def _finding(text: Text, detail: str) -> Finding:
    return Finding(what="screening", detail=f"revision {text.revision} of {text.thread}/{text.comment} {detail}")
