"""Views on a cluster, and behind sentinels: what is proven on one server holds there, too."""

from tests.projections.verify.test_verifier import (
    differences,
    every_way,
    here,
    small,
    test_a_key_of_another_kind_is_found,
    test_it_goes_on_while_others_write,
    test_keys_that_should_not_exist_are_found,
    test_views_that_agree_have_no_difference_and_progress_is_told,
    test_whatever_is_changed_in_any_view_is_found,
)
from tests.support.discussions import stream
from tests.support.projecting import SITE, THREADS, bench, projecting
from tests.support.shapes_of_deployment import fresh, server
from workers.rebuild.partition_rebuild import Flipped
from workers.rebuild.rebuilder import Rebuilder

__all__ = [
    "every_way",
    "fresh",
    "here",
    "server",
    "small",
    "test_a_key_of_another_kind_is_found",
    "test_it_goes_on_while_others_write",
    "test_keys_that_should_not_exist_are_found",
    "test_views_that_agree_have_no_difference_and_progress_is_told",
    "test_whatever_is_changed_in_any_view_is_found",
]


async def test_the_views_of_every_partition_are_the_fold_of_its_log(fresh: str) -> None:
    async with bench(fresh, partitions=6) as here:
        await here.play(stream(16, 400, threads=3), threads=3)
        async with projecting(here.projector("one"), here.projector("two")):
            await here.all_level()
        for partition in range(6):
            names = [name for name in THREADS if here.deployment.keys.of(SITE, name).number == partition]
            assert await here.views(partition) == here.wanted(*names)
        assert await differences(here) == []


async def test_views_are_built_anew_on_every_server_and_what_was_served_is_thrown_away(fresh: str) -> None:
    async with bench(fresh, partitions=6) as here:
        await here.play(stream(17, 400, threads=3), threads=3)
        flipped: list[Flipped] = []
        async with projecting(here.projector()):
            await here.all_level()
            one = Rebuilder(here.deployment, here.log, worker="one", flipped=flipped.append)
            await one.rebuild()
            assert await one.clean() > 0
        assert [each.generation for each in flipped] == [2] * 6
        assert {each.differing for each in flipped} == {()}
        keys = [key.decode() for one in here.deployment.reads.each() for key in await one.call("KEYS", "*:g*:*")]
        assert {each[1] for key in keys if (each := here.deployment.keys.viewed(key))} == {2}
        assert await differences(here) == []
