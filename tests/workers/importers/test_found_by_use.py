"""Faults of imports that were found by using them."""

from pathlib import Path

from msgspec.structs import replace

from core.domain.import_fact import ImportedPerson
from core.log.memory import MemoryLog
from tests.support.facts_of_import import ADA, IMPORTED, SITE, opened, post, site_in, write
from workers.importers.applying import Applier
from workers.importers.brought import imports_of
from workers.importers.remapping import remap

GUEST = ImportedPerson(id="wp-guest:x7", kind="guest", name="Gil")


async def test_a_remap_whose_first_discussions_have_no_members_is_recorded_and_again_changes_nothing(
    tmp_path: Path,
) -> None:
    facts = [
        opened(thread="first"),
        replace(post(1, by=GUEST), thread="first"),
        opened(thread="then"),
        replace(post(2, by=ADA), thread="then"),
    ]
    log = MemoryLog(3)
    await site_in(log)
    path = write(tmp_path / "facts.jsonl", *facts)
    await Applier(log, path).run()
    remapped = await remap(log, path, IMPORTED, "u-{id}")
    assert (remapped.changed, remapped.left) == (1, [])
    (_, line) = await imports_of(log, SITE)
    assert line.imported == remapped.batch
    assert line.ended is not None
    assert line.ended.brought == 1
    again = await remap(log, path, IMPORTED, "u-{id}")
    assert (again.changed, again.known) == (0, 1)
