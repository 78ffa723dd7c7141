"""`make bench-compare BASE=rev`: measure another revision and this one by turns, and print the ratios with intervals.

Both are measured by the benchmark of this revision: two that measure in different ways would have a ratio that says
nothing. A section that needs what the other revision does not have is left out, and said. With `--own-benchmark` each
revision is measured by its own, where modules have moved between the two; the two benchmarks must then differ in
imports alone (`tests.bench.alike`). Both run in this environment, with the packages that are installed.

A ratio is the median over the turns, its interval the order statistics that hold the true median with 95 %
(`tests.bench.figures.interval`). An interval that holds 1 is within the noise: the turns show no difference.
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

from tests.bench.alike import differing
from tests.bench.figures import interval, spread
from tests.bench.saying import note
from tests.bench.sections import SECTIONS, chosen
from tests.bench.table import aligned, number

HERE: Final = Path(__file__).parents[2]
USUAL: Final = ["hot", "posting", "appending", "backlog", "folding"]
JSON: Final = Path("build/compare.json")
TURNS: Final = 15
"""Turns of each revision. Fewer than six have no interval."""
WORTH_NAMING: Final = 0.05
"""A difference whose interval lies wholly beyond this share of the base is named as one."""
_PERCENT: Final = 0.01
_HEADINGS: Final = ("figure", "base", "here", "here / base", "95 %", "against the limits", "")

Found = dict[str, list[dict[str, Any]]]
"""Figures by name, one a turn."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure by turns and print the ratios; the exit status is 1 where nothing could be compared."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description="Compare two revisions.")
    parser.add_argument("base", help="the git revision to compare with")
    parser.add_argument(
        "--only", type=chosen, default=USUAL, help=f"some of {','.join(SECTIONS)} (default: {','.join(USUAL)})"
    )
    parser.add_argument("--turns", type=int, default=TURNS, help=f"turns per revision (default: {TURNS})")
    parser.add_argument(
        "--own-benchmark",
        action="store_true",
        help="measure each revision by its own benchmark, which may differ from the other in imports only",
    )
    parser.add_argument("--quick", action="store_true", help="a minimal run, which shows only that it works")
    parser.add_argument("--json", type=Path, default=JSON, help=f"file for the ratios as JSON (default: {JSON})")
    given = parser.parse_args(arguments)
    base, here = defaultdict[str, list[dict[str, Any]]](list), defaultdict[str, list[dict[str, Any]]](list)
    with _worktree(given.base, own_benchmark=given.own_benchmark) as other:
        if given.own_benchmark and (files := differing(other, HERE)):
            print(f"the benchmarks differ in more than imports: {', '.join(files)}", file=sys.stderr)
            return 2
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
    if given.turns < TURNS:
        print(
            f"\n{given.turns} turns are few: with {TURNS} or more, what looks like a difference here may be within "
            "the noise"
        )
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
        "verdict": verdict(ratios),
        "beside_limits": beside,
    }


def verdict(ratios: Sequence[float]) -> str:
    """What the turns show of a figure, in words."""
    found = interval(ratios)
    if found is None:
        return "too few turns"
    if found.low <= 1 <= found.high:
        return "within the noise"
    share = abs(found.middle - 1)
    word = f"{_percent(share) if share >= _PERCENT else 'under 1 %'} {'more' if found.middle > 1 else 'less'}"
    if found.low > 1 + WORTH_NAMING or found.high < 1 - WORTH_NAMING:
        return f"{word}, wholly beyond {_percent(WORTH_NAMING)}"
    return word


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _beside(figure: dict[str, Any]) -> float | None:
    """The ratio to the limit of the same turn, which the machine's mood has no part in."""
    return None if figure["ratio"] is None else figure["ratio"]["median"]


@contextmanager
def _worktree(revision: str, *, own_benchmark: bool) -> Iterator[Path]:
    """The tree of a revision, with the tests of this one unless it keeps its own."""
    with tempfile.TemporaryDirectory(prefix="hansard-base-") as home:
        tree = Path(home, "tree")
        _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            if not own_benchmark:
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
    return (
        one["name"],
        f"{number(one['base'])} {one['unit']}".rstrip(),
        f"{number(one['here'])} {one['unit']}".rstrip(),
        number(spread(tuple(one["ratios"])).middle),
        _ends(one["ratios"]),
        f"{number(spread(tuple(beside)).middle)} ({_ends(beside)})" if (beside := one["beside_limits"]) else "",
        one["verdict"],
    )


def _ends(ratios: Sequence[float]) -> str:
    found = interval(ratios) or spread(tuple(ratios))
    return f"{number(found.low)} to {number(found.high)}"


if __name__ == "__main__":
    raise SystemExit(main())
