"""Words and profiles lie in declared places alone, whatever they were written through."""

import gc
import inspect
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from msgspec import Struct

from core import keys
from core.events.types import EVENTS
from core.places import Place
from core.text.render import rendered
from projections.views.listings.registry import LISTINGS
from projections.views.store import Store
from tests.support import lying
from tests.support.exporting import exported
from tests.support.following import station
from tests.support.house import ADMIN_SECRET, CONTACTS_KEY, SITE, House, built
from tests.support.lying import Lying, Memory
from tests.support.memories import forget
from tests.support.planting import Marks, found_in, unclassified
from tests.support.projecting import Bench, projecting
from tests.support.servers import client
from tests.support.written import DIRECT, WHOLE, Writer, taking, texts_of
from workers.backup.take import take
from workers.embedded import server as embedded
from workers.gateway.http.http_server import HttpServer
from workers.places import PLACES, WORDLESS
from workers.projector.projector import Projector
from workers.roles.roles import services
from workers.runtime import logs
from workers.runtime.settings import Settings

KEYS: Final = ("stream", "hash", "sorted set")
"""Kinds of places that are keys."""
PAGE: Final = Path(__file__).parents[2] / "docs" / "places.md"


class Found(Struct, frozen=True):
    """What was planted, and where it was found."""

    marks: Marks
    written: Writer
    kept: list[Lying]
    """In keys, files and the server's memory."""
    remembered: list[Lying]
    """In the memory of this process."""
    lines: str
    """What was logged."""


class Interrupted(Store):
    """Stops before it exchanges the views that it has staged."""

    async def _listing_changes(self, *_: Any) -> Any:
        raise InterruptedError


@contextmanager
def logged() -> Iterator[io.BytesIO]:
    """What a process logs at its most talkative."""
    handlers, level = logging.root.handlers, logging.root.level
    forget()  # a logger that an earlier test has bound would say nothing here
    said = io.BytesIO()
    with redirect_stderr(io.TextIOWrapper(said, write_through=True)):
        logs.configure("json", "debug")
        yield said
        logs.flush()
    structlog.reset_defaults()
    logging.root.handlers, logging.root.level = handlers, level


@pytest.fixture(scope="module")
async def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Words written in every way, and where they lie then."""
    return await everything(tmp_path_factory.mktemp("data"))


async def everything(data: Path) -> Found:
    """Write words in every way, to a deployment in a directory, and look where they lie."""
    marks = Marks()
    with logged() as said:
        async with embedded.running(data) as server, built(server.url, follows=False) as house:
            with client(server.url) as connection:
                connection.config_set("slowlog-log-slower-than", "0")
                connection.config_set("slowlog-max-len", "100000")
            projector = Projector(house.deployment, house.log, worker="one")
            house.services = services(
                house.deployment, Settings(contacts_key=CONTACTS_KEY), ADMIN_SECRET, projector=projector
            )
            house.serve(house.services)
            async with projecting(projector):
                return await _found(house, projector, marks, data, server.url, said)


async def _found(house: House, projector: Projector, marks: Marks, data: Path, url: str, said: io.BytesIO) -> Found:
    writer = Writer(house, marks)
    await house.open_site(origins=["https://kew.example"], rules=[{"kind": "name"}])
    await house.open_thread()
    async with station(house) as radio, radio.follow() as follower:
        house.client = radio.client
        await writer.every_event()
        await writer.broken()
        await writer.every_request()
        await writer.every_refusal()
        await writer.keyed()
        await Bench(house.deployment).all_level()
        await writer.votes()
        await writer.reads()
        await follower.until("thread.changed")
        await _stage(house)
        backup = data.parent / f"{data.name}.backup"
        await take(house.deployment, backup)
        exports = [(await exported(house.log, site=site)).content for site in (DIRECT, SITE)]
        with client(url) as connection:
            kept = [
                *lying.in_keys(connection, PLACES, WORDLESS),
                *lying.in_server_memory(connection),
                *lying.in_files(data, PLACES),
                lying.in_backup(backup),
                *map(lying.in_export, exports),
                lying.in_plan(data.parent / f"{data.name}-plan", exports[0]),
            ]
        servers = [one for one in gc.get_objects() if isinstance(one, HttpServer)]
        memory = Memory(PLACES, house.services, house.app, house.deployment, radio.hub, projector, *servers)
        return Found(marks, writer, kept, [*memory.lying()], said.getvalue().decode())


async def _stage(house: House) -> None:
    """Stop an exchange of a thread's views half-way."""
    deployment = house.deployment
    store = Interrupted(deployment.calls, deployment.reads, deployment.keys)
    with pytest.raises(InterruptedError):
        await store.exchange(await store.thread(DIRECT, WHOLE), rendered)


def test_every_key_is_a_place_or_declared_to_have_no_words() -> None:
    declared = [*(place.where for place in PLACES if place.kind in KEYS), *WORDLESS]
    matched = [[pattern for pattern in declared if fnmatchcase(key, pattern)] for key in every_key()]
    assert [key for key, found in zip(every_key(), matched, strict=True) if len(found) != 1] == []
    assert {pattern for found in matched for pattern in found} == {*declared}


def every_key() -> Iterator[str]:
    """Every key that `core.keys` makes, as a pattern."""
    yield from (value for name, value in vars(keys).items() if name.isupper() and "hansard:" in str(value))
    for name, made in inspect.getmembers(keys.EVERY):
        if name.startswith("_") or name.endswith(("_channel", "_prefix")):
            continue
        if isinstance(made, str):
            yield made
        elif name == "listing":
            yield from (made(keys.ANY, keys.ANY, listing.name) for listing in LISTINGS)
        elif callable(made):
            found = made(*[keys.ANY] * len(inspect.signature(made).parameters))
            yield from [found] if isinstance(found, str) else found


def test_every_text_in_an_event_is_a_word_or_a_code() -> None:
    assert unclassified() == []


async def test_every_type_of_event_was_written(found: Found) -> None:
    assert found.written.kinds == set(EVENTS)


BESIDE: Final = {"putSighting": "sightings"}
"""Places of the words of requests that make no event."""


async def test_what_was_taken_of_a_request_is_in_the_log(found: Found) -> None:
    for operation in taking():
        there = _texts(found, BESIDE.get(operation.name, "log"))
        for pointer in texts_of(operation):
            planted = found.marks.of(f"{operation.name} {pointer}")
            assert planted, (operation.name, pointer)
            assert planted <= there, (operation.name, pointer)


async def test_words_lie_in_declared_places_alone(found: Found) -> None:
    assert [one for one in (*found.kept, *found.remembered) if one.place is None] == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_a_place_holds_what_it_says_of_those_it_says(found: Found, place: Place) -> None:
    taken = [found.marks.taken[text] for text in _texts(found, place.name) & found.marks.taken.keys()]
    assert {mark.holding for mark in taken} == place.holds
    assert {mark.owner for mark in taken} == place.whose


async def test_what_was_refused_is_kept_nowhere(found: Found) -> None:
    there = {text: one.address for one in found.kept if one.place != "slow commands" for text in one.texts}
    assert {found.marks.refused[text]: there[text] for text in there.keys() & found.marks.refused.keys()} == {}


async def test_a_redacted_text_is_in_no_key_but_the_log(found: Found) -> None:
    words = {text for text in found.written.redacted if found.marks.taken[text].holding == "words"}
    in_keys = {place.name for place in PLACES if place.kind in KEYS}
    assert words
    assert {one.place for one in found.kept if one.place in in_keys and one.texts & words} == {"log"}


async def test_no_line_that_is_logged_has_words(found: Found) -> None:
    said = [line for line in found.lines.splitlines() if '"library":"http' not in line]  # the client of this test
    assert any("thread_parked" in line for line in said)
    assert [line for line in said if found_in(line.encode())] == []


async def test_a_redacted_text_is_in_no_export(found: Found) -> None:
    words = {text for text in found.written.redacted if found.marks.taken[text].holding == "words"}
    assert words
    assert _texts(found, "exports") & words == set()


def _texts(found: Found, place: str) -> set[str]:
    return set().union(*(one.texts for one in (*found.kept, *found.remembered) if one.place == place))


def _row(place: Place) -> str:
    """The row of a place in docs/places.md."""
    where = place.where if place.where.startswith(("the file that ", "the folder that ")) else f"`{place.where}`"
    cells = (
        place.name,
        place.kind,
        f"{where}, field `{place.field}`" if place.field else where,
        ", ".join(sorted(place.holds)),
        ", ".join(sorted(place.whose)),
        place.ages,
        place.removal,
    )
    return f"| {' | '.join(cells)} |"


def test_the_page_about_places_has_every_place() -> None:
    page = PAGE.read_text().splitlines()
    rows = [*map(_row, PLACES), *(f"| `{pattern}` | {content} |" for pattern, content in WORDLESS.items())]
    assert [line for line in page if line.startswith("| ") and line not in _HEADS] == rows


_HEADS: Final = (
    "| place | kind | where | holds | whose | stays | is taken out by |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    "| key | content |",
    "| --- | --- |",
)
