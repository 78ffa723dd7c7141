"""Content that was altered or lost in the log is found, and nobody repairs views by what is left of it."""

from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from core.events.comment_events import CommentPosted, RevisionRedacted
from core.events.content import without_profile, without_words
from core.events.envelope import decode, read
from core.events.lost_content import WordsLost
from core.log.port import Entry
from projections.read.served_generation import Served
from projections.rebuild.refold import refold
from projections.rebuild.requeue import requeue
from projections.verify.difference import ContentFault
from projections.verify.verifier import Difference, verify
from tests.support.discussions import SITE, THREADS, stream
from tests.support.poisoning import garble, poison
from tests.support.projecting import Bench, bench, projecting
from workers.drift.sampler import Sampler
from workers.rebuild.rebuilder import Rebuilder
from workers.runtime import metrics
from workers.runtime.process import Failed

THREAD = THREADS[0]
Change = Callable[[bytes], bytes]


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    """Views level with a log of two threads, and nobody who writes."""
    async with bench(fresh) as here:
        await here.play(stream(39, 250, threads=2), threads=2)
        async with projecting(here.projector()):
            await here.level()
        yield here


def a_post(here: Bench) -> Entry:
    """A post of the thread, of which nothing was redacted."""
    events = [read(*entry) for entry in here.entries[0]]
    redacted = {one.event.comment for one in events if isinstance(one.event, RevisionRedacted)}
    for entry, one in zip(here.entries[0], events, strict=True):
        event = one.event
        if isinstance(event, CommentPosted) and one.envelope.thread == THREAD and event.comment not in redacted:
            return entry
    raise AssertionError


async def change(here: Bench, which: Entry, how: Change) -> None:
    await here.rewrite(lambda entry: how(entry.c) if entry.position == which.position else entry.c)


def flipped(c: bytes) -> bytes:
    """The content with one bit of its last letter altered."""
    return c[:-3] + bytes([c[-3] ^ 1]) + c[-2:]


async def differences(here: Bench) -> list[Difference]:
    return [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)]


async def faults(here: Bench) -> list[tuple[str | None, ContentFault]]:
    return [(one.thread, one.content) for one in await differences(here) if one.content is not None]


async def test_a_commitment_that_was_altered_by_one_bit_is_found(here: Bench) -> None:
    post = a_post(here)
    for altered in (
        flipped,
        lambda c: c[:7] + bytes([c[7] ^ 1]) + c[8:],
        lambda c: c[:36] + bytes([c[36] ^ 4]) + c[37:],
    ):
        await change(here, post, altered)
        ((thread, fault),) = await faults(here)
        assert thread == f"{SITE}/{THREAD}"
        assert (fault.kind, fault.position, fault.type) == ("altered", post.position, "comment.posted")
        assert fault.why == "its commitment does not match its content"
        await change(here, post, lambda _: post.c)
        assert await differences(here) == []


async def test_altered_content_of_the_site_itself_is_found(here: Bench) -> None:
    opening = here.entries[0][0]
    await change(here, opening, flipped)
    ((thread, fault),) = await faults(here)
    assert (thread, fault.kind, fault.type) == (None, "altered", "site.opened")


@pytest.mark.parametrize(
    ("how", "parts"),
    [(without_words, ["text"]), (lambda _: b"", ["text"]), (without_profile, ["profile"])],
    ids=["words taken out", "content gone", "profile taken out"],
)
async def test_content_that_is_missing_without_an_event_is_found(here: Bench, how: Change, parts: list[str]) -> None:
    post = a_post(here)
    await change(here, post, how)
    found = await faults(here)
    assert [(thread, one.kind, one.position) for thread, one in found] == [
        (f"{SITE}/{THREAD}", "words_lost", post.position)
    ]
    assert [one.why for _, one in found] == [f"its {part} is missing, and no event took it out" for part in parts]


async def test_words_that_a_redaction_took_out_are_no_fault(here: Bench) -> None:
    redacted = {
        (one.envelope.thread, one.event.comment, one.event.revision)
        for one in (decode(*entry) for entry in here.entries[0])
        if isinstance(one.event, RevisionRedacted)
    }
    assert redacted

    def taken(entry: Entry) -> bytes:
        one = decode(*entry)
        place = one.envelope.thread, one.envelope.comment, one.revision
        is_text = one.envelope.type in ("comment.posted", "comment.edited")
        return without_words(entry.c) if is_text and place in redacted else entry.c

    before = [entry.c for entry in here.entries[0]]
    await here.rewrite(taken)
    assert [entry.c for entry in here.entries[0]] != before
    assert await differences(here) == []


async def test_drift_is_an_alarm_and_leaves_the_words_in_the_views(here: Bench) -> None:
    post = a_post(here)
    await change(here, post, without_words)
    views, counted = await here.views(), metrics.WORDS_LOST._value.get()
    sampler = Sampler(here.deployment, here.log, held=lambda: {0}, budget=1, every=0, quiet_share=1)
    with capture_logs() as said:
        for _ in range(2):
            await sampler._check((SITE, THREAD), None)
            await sampler._check((SITE, THREADS[1]), None)
    (line,) = [one for one in said if one["log_level"] != "info"]
    assert (line["event"], line["log_level"], line["thread"]) == ("words_lost", "critical", THREAD)
    assert (line["position"], line["lost"]) == (str(post.position), 1)
    assert metrics.WORDS_LOST._value.get() == counted + 1
    assert await here.views() == views


async def test_no_fold_takes_the_place_of_views_that_may_have_the_only_copy(here: Bench) -> None:
    post = a_post(here)
    await change(here, post, without_words)
    views = await here.views()
    with pytest.raises(WordsLost, match=rf"the log of {SITE}/{THREAD} lost 1 text at {post.position}"):
        await refold(here.log, here.store, SITE, THREAD)
    rebuilder = Rebuilder(here.deployment, here.log, worker="one")
    with pytest.raises(Failed, match=r"lost 1 text.*Restore a backup, or redact what is lost"):
        await rebuilder.rebuild()
    assert await here.views() == views
    await rebuilder.clean()


async def test_a_parked_thread_that_lost_words_stays_parked(here: Bench) -> None:
    async with projecting(here.projector()):
        at = await garble(here.log, THREAD)
        await here.level()
        here.entries[0] = [*here.entries[0], *await here.log.read(0, here.entries[0][-1].position, limit=10)]
        await change(here, a_post(here), without_words)
        views = await here.views()
        (one,) = (await here.store.parked(0)).values()
        assert one.position == at
        with pytest.raises(WordsLost):
            await requeue(here.log, here.store, Served(here.deployment), one, now=1)
        assert await here.views() == views


async def test_once_the_lost_revision_is_redacted_views_may_be_made_anew(here: Bench) -> None:
    post = a_post(here)
    await change(here, post, without_words)
    comment = decode(*post).envelope.comment
    assert comment is not None
    at = await poison(here.log, THREAD, RevisionRedacted(comment=comment, revision=1, reason="It was lost."))
    async with projecting(here.projector()):
        await here.level()
        assert await refold(here.log, here.store, SITE, THREAD) == at
        assert await faults(here) == []
