"""One word, one thing: public class names of the product."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]

TWO_SIDES = {
    # What the log or the domain has, and its document over HTTP.
    *("Actor", "Anchor", "Member", "Position", "Suspension"),
    # A command, and the body of the request for it.
    *("CastVote", "EditComment", "FileReport", "OpenSite", "OpenThread", "PostComment", "PutAnchor"),
}
"""The names that stand twice: each is the same thing seen from two sides."""


def test_a_class_name_stands_twice_only_for_two_sides_of_the_same_thing() -> None:
    places = defaultdict(list)
    for room in ("core", "projections", "workers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(path.relative_to(ROOT))
    assert {name for name, found in places.items() if len(found) > 1} == TWO_SIDES
    assert all(len(places[name]) == 2 for name in TWO_SIDES)
