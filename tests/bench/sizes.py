"""How much is measured: enough to tell, or as little as shows that the benchmark itself works."""

from typing import Final

from msgspec import Struct

from workers.cli.rebuild import PACE


class Sizes(Struct, frozen=True, kw_only=True):
    """The amounts of one run."""

    rounds: int
    mix: int
    """Events of the mix."""
    threads: int
    """Threads that the mix is spread over."""
    zipf: int
    """Threads that are read by Zipf's law."""
    cold: int
    """Threads of which each is read once."""
    short: int
    long: int
    """Comments of the two threads whose pages are compared."""
    pages: int
    """Pages that are read of a thread in a round."""
    load: float
    """Seconds for which clients drive a gateway in a round."""
    warm_up: float
    """Seconds for which they do before anything is measured."""
    appends: int
    """Comments that are appended without HTTP in a round."""
    followers: int
    """Feeds that are open while comments come at a rate."""
    feeds: int
    """Feeds that are open in one process."""
    tellings: int
    """Comments that everybody who follows is told in a round."""
    filling: int
    """Long comments that those are not told who stopped reading."""
    kept: int
    """Comments whose memory is measured."""
    present: int
    """Events that are there when a process starts."""
    pace: float
    """Share of the time that a rebuild takes while readers are watched."""
    branches: int
    """Top-level comments of a section in a browser, each with nine replies; at most 20."""
    posts: int
    """Comments whose frames a browser is told in a round."""


FULL: Final = Sizes(
    rounds=5,
    mix=50_000,
    threads=300,
    zipf=200,
    cold=100_000,
    short=100,
    long=100_000,
    pages=100,
    load=1.2,
    warm_up=0.3,
    appends=6_000,
    followers=1_000,
    feeds=10_000,
    tellings=5,
    filling=400,
    kept=10_000,
    present=100_000,
    pace=PACE,
    branches=20,
    posts=20,
)
QUICK: Final = Sizes(
    rounds=2,
    mix=400,
    threads=10,
    zipf=10,
    cold=100,
    short=100,
    long=200,
    pages=4,
    load=0.1,
    warm_up=0.05,
    appends=32,
    followers=100,
    feeds=100,
    tellings=2,
    filling=4,
    kept=100,
    present=400,
    pace=1.0,
    branches=2,
    posts=2,
)
