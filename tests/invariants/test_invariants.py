"""The table of invariants names tests that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"`([\w/]+/test_\w+\.py)(?:::(test_\w+))?`")


def test_every_test_that_the_table_names_is_there() -> None:
    named = NAMED.findall((TESTS / "README.md").read_text())
    assert len(named) > 20
    for path, name in named:
        source = (TESTS / path).read_text()
        assert f"def {name}(" in source or not name, (path, name)
