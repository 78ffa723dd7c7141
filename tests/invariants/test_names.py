"""One word, one thing: names of classes, modules and packages of the product."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from core import refusals
from core.events.types import EVENTS
from core.refusals import Refusal

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "projections", "workers")
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if path.stem != "__init__"]

TWO_SIDES = {
    # What the log or the domain has, and its document over HTTP.
    *("Actor", "Anchor", "Member", "Position", "Suspension"),
    # A command, and the body of the request for it.
    *("CastVote", "EditComment", "FileReport", "OpenSite", "OpenThread", "PostComment", "PutAnchor"),
}
"""The class names that stand twice: each is the same thing seen from two sides."""

IN_SEVERAL_ROOMS = {
    # A thing that is read, listed, called for, and has a document: one module in each of these rooms.
    *("check", "comments", "feed", "listing", "members", "moderation", "pages", "record", "rows", "sites", "threads"),
    *("votes", "voids", "word_lists"),
    *(
        "appeals",
        "batches",
        "decisions",
        "figures",
        "guests",
        "notices",
        "queue",
        "rehearsal",
        "screening",
        "sightings",
    ),
    # A thing, and the command of the program about it.
    *("parked", "thread", "up"),
    # What each layer or room declares of the same kind.
    *("metrics", "places", "refusals", "registry"),
    # Another system: how it screens, and what it exports.
    "coral",
    # A format that is read and written.
    *("disqus", "native", "wxr"),
    # A thing in the log or the views, and what is done with it or said of it elsewhere.
    *("damage", "deployment", "restore", "snapshots", "thread_events"),
}
"""The module names that stand in several rooms: each is that room's part of the same thing."""


def test_a_class_name_stands_twice_only_for_two_sides_of_the_same_thing() -> None:
    places = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path.relative_to(ROOT))
    assert {name for name, found in places.items() if len(found) > 1} == TWO_SIDES
    assert all(len(places[name]) == 2 for name in TWO_SIDES)
    assert len(TWO_SIDES) <= 12


def test_a_module_name_stands_in_several_rooms_only_for_parts_of_the_same_thing() -> None:
    places = defaultdict(list)
    for path in MODULES:
        places[path.stem].append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1 and name not in IN_SEVERAL_ROOMS} == {}
    assert {name for name in IN_SEVERAL_ROOMS if len(places[name]) < 2} == set()


def test_no_refusal_has_the_name_of_an_event() -> None:
    refused = {name for name, found in vars(refusals).items() if isinstance(found, type) and issubclass(found, Refusal)}
    assert len(refused) > 20
    assert refused & {event.__name__ for event in EVENTS} == set()


def test_the_table_of_rooms_has_every_package_and_no_other() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    named = set()
    for row in re.findall(r"^\| (`[^|]+/`[^|]*) \|", page, re.MULTILINE):
        for name in re.findall(r"`([a-z_/]+)/`", row):
            named.add(name if name.startswith(ROOMS) else f"workers/{name}")
    packages = {path.parent.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    of_the_gateway = {one for one in packages if one.startswith("workers/gateway/")}  # they stand in its row
    assert named == packages - of_the_gateway - {"projections", "workers", "workers/importers/sample"}


def test_nothing_of_ours_is_imported_for_type_checkers_alone() -> None:
    """Such an import hides a circle."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.ImportFrom | ast.Import):
                        assert not ast.unparse(inner).split()[1].startswith(ROOMS), path


def test_tests_of_a_room_stand_at_its_path() -> None:
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for room in ROOMS for path in (tests / room).rglob("test_*.py")}
    assert len(folders) > 20
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []
