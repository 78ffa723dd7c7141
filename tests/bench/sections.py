"""The sections of the benchmark, in the order in which they run."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.bench import (
    appending,
    backlog,
    cold,
    feeds,
    folding,
    history,
    hot,
    live,
    memory,
    paging,
    posting,
    pressure,
    rebuilding,
    rows,
    starting,
)
from tests.bench.figures import Figure
from tests.bench.stage import Stage

Section = Callable[[Stage], Awaitable[list[Figure]]]

SECTIONS: Final[Mapping[str, Section]] = {
    "hot": hot.measure,
    "cold": cold.measure,
    "rows": rows.measure,
    "paging": paging.measure,
    "posting": posting.measure,
    "pressure": pressure.measure,
    "appending": appending.measure,
    "backlog": backlog.measure,
    "folding": folding.measure,
    "rebuilding": rebuilding.measure,
    "history": history.measure,
    "live": live.measure,
    "feeds": feeds.measure,
    "memory": memory.measure,
    "starting": starting.measure,
}
