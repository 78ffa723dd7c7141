"""`make bench`: what the README promises, measured; exit status 1 where a target is missed.

Every figure is measured in several rounds, by turns with the limit that it is held against, on servers that it
starts itself. `--quick` shows in seconds that all of it works; its figures mean nothing and are not judged.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio

from core.policy import Policy
from tests.bench import appending, disk, folding, paging, posting, pressure, projecting, rebuilding
from tests.bench.copying import PARTITIONS, entries_of, write
from tests.bench.cores import Cores, split
from tests.bench.figures import Figure
from tests.bench.mix import Discussion
from tests.bench.processes import server
from tests.bench.sizes import FULL, QUICK, Sizes
from tests.bench.table import document, table
from workers import embedded

JSON = Path("build/bench.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what the README promises.")
    parser.add_argument("--json", type=Path, default=JSON, help=f"where the figures go as JSON (default: {JSON})")
    parser.add_argument("--quick", action="store_true", help="a run of seconds that judges nothing")
    given = parser.parse_args(arguments)
    cores = split()
    begun = time.perf_counter()
    fast = {"use_uvloop": find_spec("uvloop") is not None}
    figures = anyio.run(measured, QUICK if given.quick else FULL, cores, backend_options=fast)
    about = {**_machine(cores), "quick": given.quick, "seconds": round(time.perf_counter() - begun, 1)}
    print(
        "\n".join(f"{name}: {value}" for name, value in about.items()),
        table(figures, judged=not given.quick),
        sep="\n\n",
    )
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({**about, "figures": [document(figure) for figure in figures]}, indent=2) + "\n")
    missed = [figure for figure in figures if figure.met is False]
    return 1 if missed and not given.quick else 0


async def measured(sizes: Sizes, cores: Cores) -> list[Figure]:
    """Every figure, those with a target first."""
    note("a log of the mix is made")
    discussion = Discussion(sizes.threads, partitions=PARTITIONS)
    await discussion.open(Policy(max_depth=8))
    await discussion.go_on(sizes.mix)
    entries, threads = await entries_of(discussion.log), discussion.threads
    del discussion
    with server(cores.rest) as url:
        note("folding")
        write(url, entries)
        folded = await folding.measure(url, rounds=sizes.rounds, cores=cores)
        note("projecting")
        projected = await projecting.measure(url, entries, rounds=sizes.rounds, cores=cores)
        note("rebuilding")
        rebuilt = await rebuilding.measure(url, entries, threads, sizes, cores)
    del entries
    note("pages")
    pages = await paging.measure(sizes, cores)
    note("posting")
    posts = await posting.measure(rounds=sizes.rounds, seconds=sizes.load, cores=cores)
    note("pressure")
    pressed = await pressure.measure(rounds=sizes.rounds, seconds=sizes.load, cores=cores)
    note("appending")
    appended = await appending.measure(rounds=sizes.rounds, appends=sizes.appends, cores=cores)
    figures = [folded, *pages, *posts, *pressed, *rebuilt, projected, appended]
    return sorted(figures, key=lambda figure: figure.target is None)


def note(what: str) -> None:
    """Say on standard error what is going on."""
    print(f"… {what}", file=sys.stderr, flush=True)


def _machine(cores: Cores) -> dict[str, Any]:
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "cores": cores.told,
        "server": f"{embedded.binary().name}, appendfsync always, {disk.fsync():.0f} µs an fsync",
    }


if __name__ == "__main__":
    raise SystemExit(main())
