"""The figures as one table for people, and as JSON for programs. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from tests.bench.figures import Figure, Target, spread

_HEADINGS: Final = ("figure", "measured", "limit in the same run", "ratio", "spread", "target", "")
_VERDICTS: Final = {True: "met", False: "MISSED", None: ""}
_SHARP: Final = 10.0
"""Below it, two digits after the point are worth showing."""


def table(figures: Sequence[Figure], *, judged: bool = True) -> str:
    """One line a figure. The spread is lowest to highest of the ratio, or of the measured where there is no ratio."""
    return aligned([_HEADINGS, *(_cells(figure, judged=judged) for figure in figures)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Cells in columns, the first line being the headings."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    told = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([told[0], "  ".join("-" * width for width in widths), *told[1:]])


def document(figure: Figure) -> dict[str, Any]:
    """A figure with what follows from it."""
    told: dict[str, Any] = {
        "name": figure.name,
        "unit": figure.unit,
        "measured": _summary(figure.measured),
        "limit": None if not figure.limit else {"name": figure.limit_name, **_summary(figure.limit)},
        "ratio": None if not figure.limit else _summary(figure.ratios),
        "target": None if figure.target is None else wanted(figure.target),
        "met": figure.met,
    }
    return told


def wanted(target: Target) -> str:
    """A target in words."""
    bounds = [f"≥ {number(target.at_least)}"] if target.at_least is not None else []
    bounds += [f"≤ {number(target.at_most)}"] if target.at_most is not None else []
    return f"{target.of} {' and '.join(bounds)}"


def _cells(figure: Figure, *, judged: bool) -> tuple[str, ...]:
    ratio, limit, values = "", "", figure.measured
    if figure.limit:
        values = figure.ratios
        ratio = number(spread(values).middle)
        limit = f"{number(spread(figure.limit).middle)} {figure.unit} {figure.limit_name or ''}".rstrip()
    low, _, high = spread(values)
    return (
        figure.name,
        f"{number(spread(figure.measured).middle)} {figure.unit}".rstrip(),
        limit,
        ratio,
        f"{number(low)} to {number(high)}" if len(values) > 1 else "",
        "" if figure.target is None else wanted(figure.target),
        _VERDICTS[figure.met if judged else None],
    )


def _summary(values: tuple[float, ...]) -> dict[str, Any]:
    low, middle, high = spread(values)
    return {"low": low, "median": middle, "high": high, "rounds": list(values)}


def number(value: float) -> str:
    """A number as it is worth telling."""
    if value == int(value) and abs(value) < _SHARP:
        return str(int(value))
    return f"{value:.2f}" if abs(value) < _SHARP else f"{value:,.0f}"
