"""Views that several versions of Hansard wrote into: who they were is kept, and only what all write alike is compared.

Another version is a value here, with a renderer of its own; what another layout or fold would have written is put into
the views by hand.
"""

import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from core.keys import ThreadViews
from core.redis.command import RedisCommand
from core.text.render import rendered
from core.throttle import Pace
from projections.rebuild import comparison
from projections.rebuild.refold import refold
from projections.thread import snapshots
from projections.thread.thread_replay import ThreadReplay
from projections.verify.difference import Difference, Superseded
from projections.verify.single_thread import SingleThreadCheck
from projections.verify.verifier import Finished, verify
from projections.views import stored_row
from projections.views.damage import Damage
from projections.views.generations import scope_of
from projections.views.listings.registry import LISTINGS
from projections.views.store import Store
from projections.views.versions import LAYOUT, OWN, UNSIGNED, Scope, Versions, decode, encode, scope
from tests.support.discussions import ALL, NEVER_FILLED, SITE, THREADS, entries, played, stream
from tests.support.poisoning import poison
from tests.support.projecting import Bench, bench, projecting
from tests.workers.drift.test_sampler import lines, looking, sampler, until, walked
from workers.rebuild.partition_rebuild import Flipped
from workers.rebuild.rebuilder import Rebuilder
from workers.rebuild.status import standings
from workers.runtime import metrics

THREAD = THREADS[0]

RENDERER = replace(OWN, renderer=OWN.renderer + 1)
FOLD = replace(OWN, fold=OWN.fold + 1)


def html(body: str) -> str:
    """The renderer of RENDERER."""
    return f"<p>{len(body)}</p>"


def layout(*views: str, gone: str = "") -> Versions:
    """A version with another layout of these views, some of which may be new to us, and without one that is `gone`."""
    other = {**LAYOUT, **{view: LAYOUT.get(view, 0) + 1 for view in views}}
    return replace(OWN, layout={view: number for view, number in other.items() if view != gone})


@pytest.fixture
async def here(fresh: str) -> AsyncIterator[Bench]:
    async with bench(fresh) as here:
        yield here


async def written(here: Bench, *writers: tuple[Versions, Callable[[str], str]]) -> None:
    """Two threads with something in every view, which these wrote one after the other."""
    some = await entries(await played(stream(73, 250, threads=2, deeds=ALL), threads=2))
    for turn, (versions, made) in enumerate(writers):
        share = -(-len(some) // len(writers))
        await here.pour(some[turn * share : (turn + 1) * share])
        async with projecting(here.projector(versions=versions, html=made)):
            await here.level()


async def writers(here: Bench, generation: int = 1) -> frozenset[Versions]:
    return decode(await here.call("SMEMBERS", here.deployment.keys[0].versions(generation)))


async def verified(here: Bench, versions: Versions = OWN, **more: Any) -> tuple[list[Difference], Finished]:
    told: list[Finished] = []
    reads, keys = here.deployment.reads, here.deployment.keys
    found = [one async for one in verify(here.log, reads, keys, versions=versions, finished=told.append, **more)]
    (finished,) = told
    return found, finished


def views_of(some: list[Difference]) -> set[str]:
    return {one.key.rpartition(":")[2] for one in some}


async def changed(here: Bench, view: str) -> None:
    """Change a field or a score in a view as no event did."""
    keys = here.deployment.keys[0]
    of_thread = keys.thread_views(1, SITE, THREAD)
    key = getattr(of_thread, view) if view in ThreadViews._fields else keys.listing(1, SITE, view)
    if await here.call("TYPE", key) == b"hash":
        field = min(await here.call("HKEYS", key)).decode()
        await here.call("HSET", key, field, "another layout")
    else:
        field = (await here.call("ZRANGE", key, 0, 0))[0].decode()
        await here.call("ZADD", key, 77, field)


async def respelt(here: Bench) -> None:
    """Change the body of a published row of the thread, and not its html."""
    views = here.deployment.keys[0].thread_views(1, SITE, THREAD)
    comment = next(row.id for row in here.folded(THREAD).rows.values() if row.published)
    row = await here.call("HGET", views.rows, comment)
    await here.call("HSET", views.rows, comment, row.replace(b',"body":"', b',"body":"other words: ', 1))


def published(here: Bench, *threads: str) -> int:
    return sum(row.published for thread in threads for row in here.folded(thread).rows.values())


# The set


async def test_versions_that_take_turns_on_a_partition_are_all_in_its_set(here: Bench) -> None:
    await written(here, (OWN, rendered), (RENDERER, html), (OWN, rendered), (FOLD, rendered))
    assert await writers(here) == {OWN, RENDERER, FOLD}
    own = await scope_of(here.deployment.reads, here.deployment.keys[0], 1)
    assert own.versions == {OWN, RENDERER, FOLD}
    assert (own.entries, own.whole) == (3, False)


async def test_views_that_have_come_somewhere_without_a_set_are_of_the_versions_that_kept_none(here: Bench) -> None:
    reads, keys = here.deployment.reads, here.deployment.keys[0]
    assert (await scope_of(reads, keys, 1, RENDERER)).whole, "nobody wrote anything"
    await written(here, (OWN, rendered))
    await here.call("DEL", keys.versions(1))
    found = await scope_of(reads, keys, 1, RENDERER)
    assert found.versions == {UNSIGNED}
    assert found.parts == ["html", *(view for view in sorted(LAYOUT) if LAYOUT[view] != UNSIGNED.layout.get(view))]
    assert (await verified(here))[0] == []
    more = await entries(await played(stream(73, 280, threads=2, deeds=ALL), threads=2))
    await here.pour(more[len(here.entries[0]) :])
    async with projecting(here.projector(versions=RENDERER, html=html)):
        await here.level()
    assert await writers(here) == {UNSIGNED, RENDERER}


async def test_a_thread_that_is_exchanged_is_written_by_who_exchanges_it(here: Bench) -> None:
    await written(here, (OWN, rendered))
    other = Store(here.deployment.calls, here.deployment.reads, here.deployment.keys, versions=RENDERER)
    await refold(here.log, other, SITE, THREAD, html=html)
    assert await writers(here) == {OWN, RENDERER}


async def test_a_rebuild_ends_with_a_set_of_one_and_everything_is_compared_again(here: Bench) -> None:
    await written(here, (OWN, rendered), (RENDERER, html))
    flipped: list[Flipped] = []
    await Rebuilder(here.deployment, here.log, worker="one", flipped=flipped.append).rebuild()
    assert [one.differing for one in flipped] == [()]
    assert await writers(here, 2) == {OWN}
    found, finished = await verified(here)
    assert (found, finished.left, finished.threads) == ([], {}, 2)
    (standing,) = await standings(here.deployment)
    assert standing.served.versions == (str(OWN),)
    assert [one.versions for one in standing.kept] == [tuple(sorted((str(OWN), str(RENDERER))))]


async def test_views_that_are_gone_back_to_are_written_by_who_goes_back(here: Bench) -> None:
    await written(here, (OWN, rendered))
    await Rebuilder(here.deployment, here.log, worker="one").rebuild()
    await Rebuilder(here.deployment, here.log, worker="two", versions=RENDERER, html=html).back()
    assert await writers(here, 1) == {OWN, RENDERER}


async def test_a_rebuild_of_another_version_is_not_gone_on_with(here: Bench) -> None:
    await written(here, (OWN, rendered))
    one = Rebuilder(here.deployment, here.log, worker="one")
    for other in (layout("rows"), RENDERER, FOLD):
        begun = await one._begun()
        assert begun.versions == OWN
        assert await one._begun() == begun
        assert (await Rebuilder(here.deployment, here.log, worker="two", versions=other)._begun()).versions == other


# What is compared


@pytest.mark.parametrize("reader", [OWN, RENDERER])
async def test_another_renderer_is_no_difference_in_html_which_is_counted(
    here: Bench, way: None, reader: Versions
) -> None:
    await written(here, (OWN, rendered), (RENDERER, html))
    found, finished = await verified(here, reader, html=html if reader == RENDERER else rendered)
    assert found == []
    assert finished.left == {"html": published(here, *THREADS[:2])}
    assert finished.versions == {OWN, RENDERER}
    assert finished.threads == 2


async def test_what_differs_beside_the_html_is_found_under_another_renderer(here: Bench, way: None) -> None:
    await written(here, (RENDERER, html))
    await respelt(here)
    for view in ("votes", "top", "pending", "meta"):
        await changed(here, view)
    found, _ = await verified(here)
    assert views_of(found) == {"rows", "votes", "top", "pending", "meta"}


VIEWS = (*ThreadViews._fields, *(listing.name for listing in LISTINGS if listing.name not in NEVER_FILLED))


@pytest.mark.parametrize("apart", VIEWS)
async def test_a_view_of_another_layout_is_not_compared_but_counted_and_all_others_are(here: Bench, apart: str) -> None:
    await written(here, (OWN, rendered), (layout(apart), rendered))
    await changed(here, apart)
    found, finished = await verified(here)
    assert found == []
    assert finished.left.keys() == {apart}
    assert finished.left[apart] > 0
    for view in VIEWS:
        if view != apart:
            await changed(here, view)
    found, _ = await verified(here)
    assert views_of(found) == {*VIEWS} - {apart}


async def test_a_long_thread_is_compared_in_the_same_parts(here: Bench, way: None) -> None:
    await written(here, (layout("rows", "top", "authors"), html))
    for view in ("rows", "top", "authors"):
        await changed(here, view)
    found, finished = await verified(here)
    assert found == []
    assert set(finished.left) == {"rows", "top", "authors"}
    folded = [here.folded(thread) for thread in THREADS[:2]]
    assert finished.left["rows"] == finished.left["authors"] == sum(len(one.rows) for one in folded)
    await changed(here, "votes")
    assert views_of((await verified(here))[0]) == {"votes"}


async def test_views_that_only_another_layout_has_or_lacks_are_not_compared(here: Bench) -> None:
    await written(here, (layout("pinned", gone="answers"), rendered))
    keys = here.deployment.keys[0]
    views = keys.thread_views(1, SITE, THREAD)
    pinned = {f"{views.rows.removesuffix('rows')}pinned", keys.listing(1, SITE, "pinned")}
    for key in pinned:
        await here.call("HSET", key, "f", "v")
    await here.call("DEL", views.answers)
    found, finished = await verified(here)
    assert found == []
    assert set(finished.left) == {"pinned", "answers"}
    assert finished.left["pinned"] == 2
    stray = keys.listing(1, SITE, "elsewhere")
    await here.call("HSET", stray, "f", "v")
    assert [one.key for one in (await verified(here))[0]] == [stray]


async def test_under_another_fold_nothing_is_compared_and_threads_are_counted(here: Bench, way: None) -> None:
    await written(here, (OWN, rendered), (FOLD, html))
    for view in VIEWS:
        await changed(here, view)
    await here.call("HSET", here.deployment.keys[0].thread_views(1, SITE, "nowhere").rows, "f", "v")
    found, finished = await verified(here)
    assert (found, finished.left, finished.threads) == ([], {"all": 2}, 0)
    assert finished.position == await here.log.last(0)


async def test_under_another_fold_a_hole_in_the_log_and_parked_threads_are_told_all_the_same(here: Bench) -> None:
    await written(here, (FOLD, rendered))
    await poison(here.log, THREAD)
    async with projecting(here.projector(versions=FOLD)):
        await here.level()
    (parked,), _ = await verified(here)
    assert parked.parked is not None
    assert parked.thread == f"{SITE}/{THREAD}"
    await here.call("XDEL", here.deployment.keys[0].log, str(here.entries[0][20].position))
    found = [one async for one in verify(here.log, here.deployment.reads, here.deployment.keys)]
    assert [one.damage for one in found] == [
        Damage(
            partition=0,
            position=here.entries[0][21].position,
            why=f"the event after {here.entries[0][19].position} is missing",
        )
    ]


async def test_a_version_that_comes_to_write_while_views_are_compared_is_no_difference(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(here, (OWN, rendered))
    more = await entries(await played(stream(73, 280, threads=2, deeds=ALL), threads=2))
    reads, views = here.deployment.reads, here.deployment.keys[0].thread_views(1, SITE, THREAD)
    ask, waited = reads.all, 0

    async def slow(calls: list[RedisCommand]) -> list[Any]:
        """Before the first rows are read: another version writes them all, and goes on."""
        nonlocal waited
        if not waited and any(views.rows in call.command for call in calls):
            waited += 1
            other = Store(here.deployment.calls, here.deployment.calls, here.deployment.keys, versions=RENDERER)
            await refold(here.log, other, SITE, THREAD, html=html)
            await here.pour(more[len(here.entries[0]) :])
            async with projecting(here.projector(versions=RENDERER, html=html)):
                await here.level()
        return await ask(calls)

    monkeypatch.setattr(reads, "all", slow)
    found, finished = await verified(here)
    assert (waited, found, set(finished.left)) == (1, [], {"html"})


async def test_a_version_that_comes_to_write_while_generations_are_compared_was_not_served_wrong(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(here, (OWN, rendered))
    contrast, times = comparison.GenerationDiff.run, 0

    async def late(own: comparison.GenerationDiff, *arguments: Any) -> Any:
        nonlocal times
        times += 1
        if times == 1:
            other = Store(here.deployment.calls, here.deployment.reads, here.deployment.keys, versions=RENDERER)
            await refold(here.log, other, SITE, THREAD, html=html)
        return await contrast(own, *arguments)

    monkeypatch.setattr(comparison.GenerationDiff, "run", late)
    flipped: list[Flipped] = []
    await Rebuilder(here.deployment, here.log, worker="one", flipped=flipped.append).rebuild()
    assert [one.differing for one in flipped] == [()]
    assert times == 2


@pytest.mark.parametrize("apart", ["meta", "rows", "top", "pending"])
async def test_generations_are_compared_without_the_views_of_another_layout(here: Bench, apart: str) -> None:
    await written(here, (layout(apart), rendered))
    await changed(here, apart)
    await changed(here, "votes")
    if apart == "meta":  # another layout may say otherwise where a thread is
        await here.call("HSET", here.deployment.keys[0].thread_views(1, SITE, THREAD).meta, "source", '{"at":"1-1"}')
    flipped: list[Flipped] = []
    await Rebuilder(here.deployment, here.log, worker="one", flipped=flipped.append).rebuild()
    ((one,),) = [one.differing for one in flipped]
    assert (one.thread, one.views) == (THREAD, ("votes",))
    assert (await verified(here))[0] == []


# Drift


def uncompared(part: str) -> float:
    return float(metrics.DRIFT_UNCOMPARED.labels(part)._value.get())


@pytest.mark.parametrize("other", [RENDERER, layout("rows"), FOLD])
async def test_drift_neither_tells_nor_exchanges_what_another_version_wrote(
    here: Bench, way: None, other: Versions
) -> None:
    await written(here, (OWN, rendered), (other, html))
    pointer, views = await here.call("GET", here.deployment.keys[0].generation), await here.views()
    part = {RENDERER: "html", FOLD: "all"}.get(other, "rows")
    before, checked = uncompared(part), metrics.DRIFT_CHECKED._value.get()
    with capture_logs() as said:
        async with projecting(one := here.projector()), looking(sampler(here, one)):
            await walked(3)
    (line,) = [line for line in said if line["event"] == "views_not_compared"]
    assert (line["log_level"], line["partition"], line["generation"]) == ("info", 0, 1)
    assert (line["parts"], line["versions"]) == ([part], sorted((str(OWN), str(other))))
    assert [line["event"] for line in said if line["event"].startswith("drift")] == []
    assert uncompared(part) > before
    assert (metrics.DRIFT_CHECKED._value.get() > checked) is (other != FOLD)
    assert await here.views() == views
    assert await here.call("GET", here.deployment.keys[0].generation) == pointer


async def test_drift_finds_and_mends_what_differs_in_the_parts_that_are_compared(here: Bench, way: None) -> None:
    await written(here, (OWN, rendered), (RENDERER, html))
    await respelt(here)
    with capture_logs() as said:
        async with projecting(one := here.projector()), looking(sampler(here, one)):
            await until(lambda: lines(said, "drift_mended"))
            await walked()
    (line,) = lines(said, "drift_found")
    assert (line["log_level"], line["thread"], line["view"]) == ("error", THREAD, "rows")
    assert (await verified(here))[0] == []


async def test_drift_says_again_what_it_does_not_compare_when_that_is_another(here: Bench) -> None:
    await written(here, (OWN, rendered), (RENDERER, html))
    keys = here.deployment.keys[0]
    with capture_logs() as said:
        async with projecting(one := here.projector()), looking(sampler(here, one)):
            await until(lambda: lines(said, "views_not_compared"))
            await here.call("SADD", keys.versions(1), encode(layout("top")))
            await until(lambda: len(lines(said, "views_not_compared")) == 2)
            await Rebuilder(here.deployment, here.log, worker="one").rebuild()
            await walked(3)
    assert [line["parts"] for line in lines(said, "views_not_compared")] == [["html"], ["html", "top"]]
    assert [line for line in said if line["event"].startswith("drift")] == []


async def test_a_version_that_comes_to_write_while_a_thread_is_looked_at_is_no_drift(here: Bench) -> None:
    await written(here, (OWN, rendered))
    keys = here.deployment.keys[0]
    found = await scope_of(here.deployment.reads, keys, 1)
    other = Store(here.deployment.calls, here.deployment.reads, here.deployment.keys, versions=RENDERER)
    await refold(here.log, other, SITE, THREAD, html=html)
    spot = SingleThreadCheck(here.deployment.reads, keys, 1, rendered, scope=found, pace=Pace(1), call="drift")
    with pytest.raises(Superseded):
        [one async for one in spot.differences(ThreadReplay(here.log, SITE, THREAD))]


# Snapshots


async def test_no_snapshot_is_taken_of_what_another_fold_wrote_until_a_rebuild(here: Bench) -> None:
    some = await entries(await played(stream(57, 900)))
    half = 300
    store = Store(here.deployment.calls, here.deployment.reads, here.deployment.keys, versions=FOLD)
    await here.pour(some[:half])
    async with projecting(here.projector()):
        await here.level()
    assert await here.store.marks(SITE, THREAD) != []
    redacted = len(here.folded(THREAD).redacted)
    await here.pour(some[half:])
    async with projecting(here.projector(versions=FOLD)):
        await here.level()
    assert await store.marks(SITE, THREAD) == []
    assert len(here.folded(THREAD).redacted) > redacted
    assert await here.store.marks(SITE, THREAD) == [], "a redaction throws those of the other fold away all the same"
    await Rebuilder(here.deployment, here.log, worker="one", versions=FOLD).rebuild()
    assert await store.marks(SITE, THREAD) != []
    assert (await verified(here, FOLD))[0] == []


async def test_snapshots_go_on_under_another_renderer_and_layout(here: Bench) -> None:
    some = await entries(await played(stream(57, 900)))
    half = len(some) // 2
    await here.pour(some[:half])
    async with projecting(here.projector()):
        await here.level()
    before = await here.store.marks(SITE, THREAD)
    await here.pour(some[half:])
    async with projecting(here.projector(versions=replace(layout("rows"), renderer=2), html=html)):
        await here.level()
    assert set(before) < set(await here.store.marks(SITE, THREAD))
    assert (await verified(here))[0] == []


async def test_a_snapshot_that_says_more_than_this_version_knows_is_no_difference(here: Bench) -> None:
    await here.pour(await entries(await played(stream(57, 900))))
    async with projecting(here.projector()):
        await here.level()
    (mark, *_) = await here.store.marks(SITE, THREAD)
    key = here.deployment.keys[0].snapshots(SITE, THREAD)
    there = msgspec.msgpack.decode(zlib.decompress(await here.call("HGET", key, snapshots.name(mark))))
    for more, found in (({"sentiment": {"warmth": 3}}, 0), ({"title": "another"}, 1)):
        other = zlib.compress(msgspec.msgpack.encode(there | more))
        await here.call("HSET", key, snapshots.name(mark), other)
        assert len((await verified(here))[0]) == found


# Pure


def test_equal_versions_are_the_same_bytes_and_others_are_not() -> None:
    turned = replace(OWN, layout=dict(list(LAYOUT.items())[::-1]))
    assert encode(turned) == encode(OWN)
    assert (hash(turned), str(turned)) == (hash(OWN), str(OWN))
    others = [OWN, RENDERER, FOLD, layout("rows"), layout("top"), layout("pinned"), layout(gone="top")]
    assert len({encode(one) for one in others}) == len({str(one) for one in others}) == len(others)
    assert decode(map(encode, others)) == set(others)


def test_a_version_that_cannot_be_read_leaves_nothing_to_compare() -> None:
    assert scope(OWN, decode([b"of another time"])).parts == ["all"]
    assert scope(OWN, decode([encode(OWN), b'{"fold":4}'])).parts == ["all"]


def test_more_is_said_of_a_version_than_we_know_and_it_can_be_read() -> None:
    more = msgspec.json.decode(encode(OWN)) | {"codec": 7}
    assert decode([msgspec.json.encode(more)]) == {OWN}


@given(st.lists(st.sampled_from([OWN, RENDERER, FOLD, layout("rows"), layout("pinned", gone="top")])))
def test_who_else_wrote_only_narrows_what_is_compared(some: list[Versions]) -> None:
    found = scope(OWN, some)
    assert found.whole is (set(some) <= {OWN})
    for other in some:
        alone = scope(OWN, [other])
        assert set(alone.apart) <= set(found.apart)
        assert found.fold <= alone.fold
        assert found.html <= alone.html
    assert scope(OWN, some[::-1]) == found


def test_the_layout_names_every_view() -> None:
    assert tuple(LAYOUT) == (*ThreadViews._fields, *(listing.name for listing in LISTINGS))
    before = (
        *(view for view in ThreadViews._fields if view != "filed"),
        "pending",
        "reported",
        "authors",
        "threads",
        "urls",
    )
    assert tuple(UNSIGNED.layout) == before, "those of before"
    assert Scope().parts == []


def test_html_is_taken_out_of_a_row_and_nothing_else() -> None:
    row = b'p \n{"id":"x","body":",\\"html\\":","html":"<p>a \\",\\"posted_at\\":</p>","posted_at":"t"\n{}'
    assert stored_row.without_html(row) == row.replace(b'<p>a \\",\\"posted_at\\":</p>', b"")
    assert stored_row.without_html(stored_row.without_html(row)) == stored_row.without_html(row)
    for same in (
        b"- \n\n{}",
        b'p \n{"body":null,"html":null,"posted_at":"t"\n{}',
        b'"body":null,"html":null,"posted_at":1',
        b',"html":"',
        b"",
    ):
        assert stored_row.without_html(same) == same
