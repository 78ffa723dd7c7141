"""`make bench-compare BASE=rev`: another revision and this one measured by turns, and the ratio of what came.

Both are measured by the benchmark of this one: two that measure in different ways would have a ratio that says nothing.
A section that needs what the other revision does not have is left out, and said. Both run in this environment, with the
packages that are installed.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.bench.figures import spread
from tests.bench.saying import note
from tests.bench.sections import SECTIONS, chosen
from tests.bench.table import aligned, number

HERE: Final = Path(__file__).parents[2]
USUAL: Final = ["hot", "posting", "appending", "backlog", "folding"]
JSON: Final = Path("build/compare.json")
_HEADINGS: Final = ("figure", "base", "here", "here / base", "spread", "beside the limits")

Found = dict[str, list[dict[str, Any]]]
"""Figures by name, one a turn."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure by turns and print the ratios; the exit status is 1 where nothing could be compared."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description="Compare two revisions.")
    parser.add_argument("base", help="the revision to compare with, as git knows it")
    parser.add_argument(
        "--only", type=chosen, default=USUAL, help=f"some of {','.join(SECTIONS)} (default: {','.join(USUAL)})"
    )
    parser.add_argument("--turns", type=int, default=5, help="how often each revision has its turn (default: 5)")
    parser.add_argument("--quick", action="store_true", help="so little that it shows only that it works")
    parser.add_argument("--json", type=Path, default=JSON, help=f"where the ratios go as JSON (default: {JSON})")
    given = parser.parse_args(arguments)
    base, here = defaultdict[str, list[dict[str, Any]]](list), defaultdict[str, list[dict[str, Any]]](list)
    with _worktree(given.base) as other:
        for section in given.only:
            for turn in range(given.turns):
                pair = [(other, base), (HERE, here)]
                # Whoever goes second finds the machine warmer: each does in every other turn.
                for tree, found in pair if turn % 2 == 0 else reversed(pair):
                    for figure in _measured(tree, section, quick=given.quick):
                        found[figure["name"]].append(figure)
                note(f"{section}: turn {turn + 1} of {given.turns}")
    compared = [one for name in here if (one := compare(name, base.get(name, []), here[name])) is not None]
    print(aligned([_HEADINGS, *map(_cells, compared)]))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({"base": given.base, "figures": compared}, indent=2) + "\n")
    return 0 if compared else 1


def compare(name: str, base: list[dict[str, Any]], here: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What became of a figure, turn by turn; None where one of the two has it not, or has nothing but zero."""
    both = [
        (one["measured"]["median"], other["measured"]["median"], _beside(one), _beside(other))
        for one, other in zip(base, here, strict=False)
    ]
    ratios = [other / one for one, other, *_ in both if one]
    if not ratios:
        return None
    beside = [other / one for *_, one, other in both if one and other]
    return {
        "name": name,
        "unit": here[0]["unit"],
        "base": spread(tuple(one for one, *_ in both)).middle,
        "here": spread(tuple(other for _, other, *_ in both)).middle,
        "ratios": ratios,
        "beside_limits": beside,
    }


def _beside(figure: dict[str, Any]) -> float | None:
    """The ratio to the limit of the same turn, which the machine's mood has no part in."""
    return None if figure["ratio"] is None else figure["ratio"]["median"]


@contextmanager
def _worktree(revision: str) -> Iterator[Path]:
    """The tree of a revision, with the tests of this one."""
    with tempfile.TemporaryDirectory(prefix="hansard-base-") as home:
        tree = Path(home, "tree")
        _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            shutil.rmtree(tree / "tests")
            shutil.copytree(HERE / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(HERE), *arguments], check=True)  # noqa: S607 - whoever compares revisions has git


def _measured(tree: Path, section: str, *, quick: bool) -> list[dict[str, Any]]:
    """One turn of a section of the revision in `tree`; nothing where it cannot be measured."""
    with tempfile.TemporaryDirectory(prefix="hansard-base-") as home:
        told = Path(home, "figures.json")
        command = [sys.executable, "-m", "tests.bench", "--only", section, "--rounds", "1", "--json", str(told)]
        # The directory where a program runs comes first where it looks for modules.
        ran = subprocess.run(
            [*command, *(["--quick"] if quick else [])], cwd=tree, capture_output=True, text=True, check=False
        )
        if not told.exists():
            why = ran.stderr.strip().rpartition("\n")[2]
            note(f"{section} cannot be measured in {tree}: {why}")
            return []
        figures: list[dict[str, Any]] = json.loads(told.read_text())["figures"]
        return figures


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    low, middle, high = spread(tuple(one["ratios"]))
    beside = spread(tuple(one["beside_limits"])) if one["beside_limits"] else None
    return (
        one["name"],
        f"{number(one['base'])} {one['unit']}".rstrip(),
        f"{number(one['here'])} {one['unit']}".rstrip(),
        number(middle),
        f"{number(low)} to {number(high)}",
        "" if beside is None else f"{number(beside.middle)} ({number(beside.low)} to {number(beside.high)})",
    )


if __name__ == "__main__":
    raise SystemExit(main())
