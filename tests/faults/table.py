"""What a run found, as the tables of docs/faults.md: written by the run itself, between markers."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from msgspec import Struct

from tests.faults.rounds import Outcome

HEADS: Final = (
    "fault",
    "deployment",
    "server",
    "rounds",
    "events acknowledged",
    "lost",
    "duplicated",
    "views wrong",
    "other findings",
    "writes accepted again, s: median (worst)",
    "projection caught up, s: median (worst)",
)
_LEFT: Final = 3
"""Columns of words; the others are numbers."""
_VIEWS: Final = frozenset({"view", "cursor", "feed"})


class Row(Struct, frozen=True, kw_only=True):
    """The rounds of one fault on one kind of deployment and one server."""

    fault: str
    deployment: str
    server: str
    outcomes: tuple[Outcome, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the table."""
        counted = self.counted()
        others = sum(many for what, many in counted.items() if what not in {"lost", "duplicated", *_VIEWS})
        return (
            self.fault,
            self.deployment,
            self.server,
            str(len(self.outcomes)),
            f"{sum(one.acknowledged for one in self.outcomes):,}",
            str(counted.get("lost", 0)),
            str(counted.get("duplicated", 0)),
            str(sum(counted.get(what, 0) for what in _VIEWS)),
            str(others),
            _times([one.back for one in self.outcomes]),
            _times([one.level for one in self.outcomes]),
        )

    def counted(self) -> dict[str, int]:
        """How many findings there are, by kind."""
        found: dict[str, int] = {}
        for outcome in self.outcomes:
            for one in outcome.findings:
                found[one.what] = found.get(one.what, 0) + 1
        return found


def rows(outcomes: Iterable[tuple[str, str, Outcome]]) -> list[Row]:
    """Outcomes with their deployment and server, gathered by fault, in the order in which they came."""
    found: dict[tuple[str, str, str], list[Outcome]] = {}
    for deployment, server, outcome in outcomes:
        found.setdefault((outcome.fault, deployment, server), []).append(outcome)
    return [
        Row(fault=fault, deployment=deployment, server=server, outcomes=tuple(some))
        for (fault, deployment, server), some in found.items()
    ]


def by_server(outcomes: Iterable[tuple[str, str, Outcome]]) -> list[Row]:
    """Outcomes gathered by the server that they were played on."""
    found: dict[str, list[Outcome]] = {}
    for _, server, outcome in outcomes:
        found.setdefault(server, []).append(outcome)
    return [Row(fault="all", deployment="all", server=server, outcomes=tuple(some)) for server, some in found.items()]


def table(lines: Sequence[Row], *, everything: bool = True) -> str:
    """The rows as Markdown, with a sum below unless that is what they are."""
    body = [row.cells for row in lines]
    every = Row(fault="all", deployment="", server="", outcomes=tuple(one for row in lines for one in row.outcomes))
    rules = ["---" if number < _LEFT else "---:" for number in range(len(HEADS))]
    lines_of_it = (HEADS, rules, *body, *([every.cells] if everything else []))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines_of_it)


def write(path: Path, name: str, text: str) -> None:
    """Put a text between the markers of this name. Raises ValueError where there are none."""
    begin, end = f"<!-- {name}: written by the run -->", f"<!-- {name}: end -->"
    before, found, rest = path.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no place for {name}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def _times(some: Iterable[float | None]) -> str:
    known = [one for one in some if one is not None]
    return f"{median(known):.2f} ({max(known):.2f})" if known else ""
