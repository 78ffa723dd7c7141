"""A plot as SVG: lines over two logarithmic axes, because cost is to be seen growing over many sizes. Pure."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final

from msgspec import Struct

WIDTH: Final = 720
HEIGHT: Final = 440
LEFT, RIGHT, TOP, BOTTOM = 70, 45, 60, 55
"""What is left free around the axes, in pixels."""
COLOURS: Final = ("#1b6ca8", "#c8553d", "#4f772d", "#7b5ea7")
SMALL: Final = 0.01
FEW: Final = 2
"""Powers of ten along an axis."""
_STYLE: Final = (
    "text{font:13px sans-serif;fill:#333}.title{font-size:16px}.grid{stroke:#ddd}.frame{stroke:#888;fill:none}"
)


class Line(Struct, frozen=True, kw_only=True):
    """One line: what it shows, and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


class Plot(Struct, frozen=True, kw_only=True):
    """Some lines over the same axes. All values are greater than zero."""

    title: str
    across: str
    up: str
    lines: tuple[Line, ...]


class _Axis:
    """Where values lie between two ends, which are powers of ten."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low = floor(log10(min(values)))
        self.high = max(ceil(log10(max(values))), self.low + 1)
        self._begin = begin
        self._end = end

    def __call__(self, value: float) -> float:
        return self._begin + (self._end - self._begin) * (log10(value) - self.low) / (self.high - self.low)

    @property
    def marks(self) -> list[float]:
        """Every power of ten; where there are few, also what lies between them."""
        between = (1.0, 2.0, 5.0) if self.high - self.low <= FEW else (1.0,)
        marks = [10.0**power * times for power in range(self.low, self.high) for times in between]
        return [*marks, 10.0**self.high]


def drawn(plot: Plot) -> str:
    """The document."""
    points = [point for line in plot.lines for point in line.points]
    across = _Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(plot.title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="22">{escape(plot.title)}</text>',
        *_grid(across, up),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(plot.across)}</text>',
        f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(plot.up)}</text>',
    ]
    for number, line in enumerate(plot.lines):
        parts += _line(line, COLOURS[number % len(COLOURS)], number, len(plot.lines), across, up)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _grid(across: _Axis, up: _Axis) -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for mark in across.marks:
        x = across(mark)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_told(mark)}</text>'
    for mark in up.marks:
        y = up(mark)
        yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_told(mark)}</text>'
    yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}"/>'


def _line(line: Line, colour: str, number: int, lines: int, across: _Axis, up: _Axis) -> Iterator[str]:
    places = [(across(x), up(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for (x, y), (value_across, value_up) in zip(places, line.points, strict=True):
        told = escape(f"{line.name}: {_told(value_up)} at {_told(value_across)}")
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"><title>{told}</title></circle>'
    at = LEFT + number * (WIDTH - LEFT - RIGHT) / lines
    yield f'<rect x="{at:.1f}" y="36" width="12" height="12" fill="{colour}"/>'
    yield f'<text x="{at + 18:.1f}" y="47">{escape(line.name)}</text>'


def _told(value: float) -> str:
    """A number with three digits that count."""
    if value < SMALL:
        return f"{value:.0e}"
    digits = max(0, 2 - floor(log10(value)))
    told = f"{value:,.{digits}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told
