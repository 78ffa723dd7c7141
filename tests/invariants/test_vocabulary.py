"""What the code logs, read from the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workers.runtime.logs import TEXTUAL
from workers.runtime.repeated_lines import COUNTED

TOP = Path(__file__).parents[2]
PAGE = TOP / "docs" / "logs.md"

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
ALIASES = {"say"}
"""Names that stand for a method of a logger chosen before."""

IRREGULAR = {"lost", "found", "began", "given", "left", "read", "fenced"}


class Line(NamedTuple):
    """A call of a logger."""

    where: str
    level: str
    event: str | None
    fields: frozenset[str]


def lines() -> list[Line]:
    return [line for folder in ("core", "projections", "workers") for line in _in(TOP / folder)]


def _in(folder: Path) -> Iterator[Line]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (level := _level(node.func)):
                said = node.args[-1] if node.args else None
                event = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else None
                fields = frozenset(word.arg or "**" for word in node.keywords)
                yield Line(f"{path.relative_to(TOP)}:{node.lineno}", level, event, fields)


def _level(called: ast.expr) -> str | None:
    match called:
        case ast.Name(id=name) if name in ALIASES:
            return "info"
        case ast.Attribute(value=owner, attr=name) if name in LEVELS and "log" in ast.unparse(owner):
            # `self._log` is an event log, `_log` one for lines.
            return None if ast.unparse(owner) in ("self._log", "services.log", "log") else name
        case _:
            return None


def listed() -> dict[str, str]:
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", PAGE.read_text(), re.MULTILINE)
    return dict(rows)


def test_every_line_has_a_name_that_can_be_searched_for() -> None:
    for line in lines():
        assert line.event is not None, f"{line.where}: the event is no plain string"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", line.event), line


def test_events_are_told_in_the_past_tense() -> None:
    for line in lines():
        words = (line.event or "").split("_")
        assert any(word.endswith("ed") or word in IRREGULAR for word in words), line


def test_the_page_lists_what_is_logged_and_nothing_else() -> None:
    said = {line.event: "as it came" if line.level == "log" else line.level for line in lines()}
    assert said == listed()


def test_nothing_is_logged_that_would_be_withheld() -> None:
    for line in lines():
        for name in line.fields:
            assert TEXTUAL.isdisjoint(name.split("_")), line


NAMED = {"skipped_event_passed"}
"""Lines of a partition that name one event, which no other line is about."""


def test_what_partitions_say_is_counted_unless_it_needs_a_person() -> None:
    of_partitions = {
        line.event
        for line in lines()
        if "partition" in line.fields
        and not line.fields & {"site", "thread"}
        and line.level not in ("error", "critical")
    }
    assert of_partitions - NAMED <= COUNTED


def test_every_line_of_a_fault_of_the_server_is_counted() -> None:
    of_faults = {
        line.event for line in lines() if line.where.startswith(("core/redis/errors", "core/redis/subscriber"))
    }
    assert len(of_faults) > 1
    assert of_faults <= COUNTED


def test_what_is_counted_is_logged_and_the_page_marks_it() -> None:
    assert {line.event for line in lines()} >= COUNTED
    marked = set(re.findall(r"^\| `(\w+)` \| [\w ]+ \| \+ ", PAGE.read_text(), re.MULTILINE))
    assert marked == COUNTED
