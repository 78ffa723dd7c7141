"""An import as people meet it: the page it makes, who may edit, what is taken back, and whose it is afterwards."""

from pathlib import Path

from core.domain.import_fact import ImportedPerson
from core.events.envelope import decode
from projections.thread.fold import fold
from projections.thread.state import ThreadState
from tests.support.facts_of_import import (
    BEN,
    IMPORTED,
    STORY,
    THREAD,
    at,
    opened,
    post,
    voted,
    write,
)
from tests.support.house import MOD, SITE, House, Who
from tests.support.house import at as place
from workers.importers.applying import Applied, Applier
from workers.importers.brought import all_imports
from workers.importers.reconciling import differences
from workers.importers.remapping import remap
from workers.importers.undoing import found, undo
from workers.importers.undoing_remap import undo_remap

OWNER = Who("wp:20")
"""The reader whose comments the import brings as those of Ada."""


async def applied(house: House, path: Path) -> Applied:
    """Apply a plan, and wait until the views have it."""
    made = await Applier(house.log, path).run()
    assert await differences(house.served, made) == []
    return made


async def bodies(house: House) -> dict[str, str | None]:
    """The rows of the page by id, replies included, with their bodies."""
    rows = await house.rows(None, THREAD, "?sort=oldest")
    found: dict[str, str | None] = {}
    while rows:
        row = rows.pop(0)
        found[row["id"]] = row.get("body")
        rows += row["replies"]["comments"]
    return found


async def test_the_page_is_as_the_discussion_was(house: House, tmp_path: Path) -> None:
    made = await applied(house, write(tmp_path / "facts.jsonl", *STORY))
    assert (made.facts, made.brought, made.left_out) == (len(STORY), len(STORY), {})
    first, gone = await house.rows(None, THREAD, "?sort=oldest")
    assert (first["id"], first["body"], first["author"]["name"]) == ("c1", "The palm house *leaks*.", "Ada")
    assert first["posted_at"] == at(1)
    assert first["edited"]["at"] == at(60)
    assert first["votes"] == {"up": 15, "down": 2, "score": 13}
    assert [row["id"] for row in first["replies"]["comments"]] == ["c2"]
    assert (gone["status"], gone["gone"]) == ("rejected", "unknown")
    assert [row["id"] for row in gone["replies"]["comments"]] == ["c4"]
    revisions = (await house.get(place("c1", thread=THREAD) + "/revisions")).json()["revisions"]
    assert [(one["status"], one["body"]) for one in revisions] == [
        ("unknown", None),
        ("published", "The palm house *leaks*."),
    ]
    queue = (await house.get("moderation/queue", MOD)).json()
    assert {(item["comment"]["id"], item["import"]) for item in queue["items"]} == {("c5", IMPORTED), ("c4", IMPORTED)}


async def test_the_same_again_changes_nothing_and_the_import_is_listed(house: House, tmp_path: Path) -> None:
    path = write(tmp_path / "facts.jsonl", *STORY)
    await applied(house, path)
    before = await house.length()
    again = await applied(house, path)
    assert (again.brought, again.known, again.events) == (0, len(STORY), 0)
    assert await house.length() == before
    (line,) = await all_imports(house.log)
    assert (line.site, line.imported, line.system) == (SITE, IMPORTED, "wordpress")
    assert line.ended is not None
    assert (line.ended.brought, line.ended.known) == (len(STORY), 0)


async def test_what_people_did_since_stays_when_an_import_is_undone_and_the_rest_comes_back(
    house: House, tmp_path: Path
) -> None:
    path = write(tmp_path / "facts.jsonl", opened(), *(post(number, f"Text {number}.") for number in range(1, 5)))
    await applied(house, path)
    answer = await house.post(Who("eve"), "An answer.", thread=THREAD, parent="c2")
    edited = await house.ask("PATCH", place("c3", thread=THREAD), OWNER, {"body": "Better."}, if_match='"1"')
    await house.settled(edited.json()["position"], THREAD)
    undone = await undo(house.log, await found(house.log, IMPORTED), with_answers=False)
    assert (undone.rejected, undone.answered, undone.acted) == (2, [f"{THREAD}/c2"], [f"{THREAD}/c3"])
    await caught_up(house)
    assert await bodies(house) == {"c2": "Text 2.", answer: "An answer.", "c3": "Better."}
    again = await undo(house.log, await found(house.log, IMPORTED), with_answers=False)
    assert (again.rejected, again.already) == (0, 2)
    back = await applied(house, path)
    assert back.brought == 2
    assert set(await bodies(house)) == {"c1", "c2", "c3", "c4", answer}


async def test_an_undo_with_answers_takes_all_of_it(house: House, tmp_path: Path) -> None:
    await applied(house, write(tmp_path / "facts.jsonl", opened(), post(1), post(2)))
    await house.post(Who("eve"), "An answer.", thread=THREAD, parent="c1")
    undone = await undo(house.log, await found(house.log, IMPORTED), with_answers=True)
    assert undone.rejected == 2
    await caught_up(house)
    assert [row["status"] for row in await house.rows(None, THREAD)] == ["rejected"]


async def test_a_remap_gives_comments_and_votes_to_the_owners_and_the_same_again_nothing(
    house: House, tmp_path: Path
) -> None:
    path = write(tmp_path / "facts.jsonl", opened(), post(1), post(2, by=BEN), post(3, by=BEN), voted(1, 1, when=9))
    await applied(house, path)
    await house.settled(
        (await house.ask("DELETE", place("c3", thread=THREAD), Who("wp:21"))).json()["position"], THREAD
    )
    remapped = await remap(house.log, path, IMPORTED, "u-{id}")
    assert remapped.left == [f"{THREAD}/c3"]
    await caught_up(house)
    mine = Who("u-21")
    assert {row["author"]["id"] for row in await house.rows(MOD, THREAD)} == {"u-20", "u-21", "wp:21"} - {"wp:21"}
    listed = (await house.get("members/u-21/comments", mine)).json()["comments"]
    assert [row["id"] for row in listed] == ["c2"]
    (first,) = [row for row in await house.rows(mine, THREAD) if row["id"] == "c1"]
    assert first["votes"] == {"up": 1, "down": 0, "score": 1}
    withdrawn = await house.ask("DELETE", place("c2", thread=THREAD), mine)
    assert withdrawn.status_code == 200, withdrawn.text
    before = await house.length()
    again = await remap(house.log, path, IMPORTED, "u-{id}")
    assert (again.changed, await house.length()) == (0, before)


async def test_a_second_remap_moves_votes_on_and_undoing_it_moves_them_back(house: House, tmp_path: Path) -> None:
    path = write(tmp_path / "facts.jsonl", opened(), post(1), voted(1, 1, when=9))
    await applied(house, path)
    await remap(house.log, path, IMPORTED, "u-{id}")
    last = await remap(house.log, path, IMPORTED, "w-{id}")
    await caught_up(house)

    assert await owners(house) == ("w-20", {"w-21": (1, 1)})
    undone = await undo_remap(house.log, await found(house.log, last.batch))
    assert (undone.changed, undone.left) == (3, [])
    assert await owners(house) == ("u-20", {"u-21": (1, 1)})
    again = await undo_remap(house.log, await found(house.log, last.batch))
    assert again.changed == 0


async def owners(house: House) -> tuple[str, dict[str, tuple[int, int]]]:
    """Author and votes of the first comment."""
    last = await house.log.thread_last(SITE, THREAD)
    assert last is not None
    events = [decode(*entry) for entry in reversed(await house.log.chain(SITE, THREAD, last))]
    comment = fold(ThreadState(site=SITE, id=THREAD), events).rows["c1"]
    return comment.author.id, comment.ballots


async def test_a_second_source_takes_no_ids_of_the_first(house: House, tmp_path: Path) -> None:
    await applied(house, write(tmp_path / "facts.jsonl", opened(), post(1)))
    other = write(
        tmp_path / "other.jsonl", opened(), post(1, "Another.", by=ImportedPerson(id="x"), origin="77"), id="other"
    )
    made = await applied(house, other)
    assert made.left_out == {"id-taken": 1}
    (example,) = made.examples["id-taken"]
    assert (example.thread, example.do, example.comment) == (THREAD, "post", "c1")
    assert "Another" not in str(made)


async def caught_up(house: House) -> None:
    """Wait until the views have all of the thread."""
    last = await house.log.thread_last(SITE, THREAD)
    assert last is not None
    await house.passed(last, THREAD)
