"""`make bench`: what the README promises, measured; exit status 1 where a target is missed.

Every figure is measured in several rounds, by turns with the limit that it is held against, on servers that it
starts itself. `--quick` shows in seconds that all of it works; its figures mean nothing and are not judged.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
from msgspec.structs import replace

from tests.bench import disk
from tests.bench.cores import Cores, on, split
from tests.bench.figures import Figure
from tests.bench.loading import loading
from tests.bench.saying import note, quietly
from tests.bench.sections import SECTIONS, chosen, section
from tests.bench.sizes import FULL, QUICK, Sizes
from tests.bench.stage import Stage
from tests.bench.table import document, table
from workers.embedded import server as embedded

JSON = Path("build/bench.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure the figures, and check them against their targets."
    )
    parser.add_argument("--json", type=Path, default=JSON, help=f"file for the figures as JSON (default: {JSON})")
    parser.add_argument("--quick", action="store_true", help="a run of seconds, without verdicts")
    parser.add_argument(
        "--only", type=chosen, default=list(SECTIONS), help=f"only these sections: some of {','.join(SECTIONS)}"
    )
    parser.add_argument("--rounds", type=int, help="rounds, in each of which a figure and its limit alternate")
    given = parser.parse_args(arguments)
    sizes = QUICK if given.quick else FULL
    if given.rounds:
        sizes = replace(sizes, rounds=given.rounds)
    cores = split()
    quietly()
    before = _machine(cores)
    begun = time.perf_counter()
    fast = {"use_uvloop": find_spec("uvloop") is not None}
    figures = anyio.run(measured, given.only, sizes, cores, backend_options=fast)
    about = {**before, "quick": given.quick, "seconds": round(time.perf_counter() - begun, 1)}
    print(
        "\n".join(f"{name}: {value}" for name, value in about.items()),
        table(figures, judged=not given.quick),
        sep="\n\n",
    )
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps({**about, "figures": [document(figure) for figure in figures]}, indent=2) + "\n")
    missed = [figure for figure in figures if figure.met is False]
    return 1 if missed and not given.quick else 0


async def measured(names: Sequence[str], sizes: Sizes, cores: Cores) -> list[Figure]:
    """The figures of these sections, those with a target first."""
    figures = []
    # Who measures has no business on the core of what is measured.
    with on(cores.rest):
        async with loading(cores.rest) as load:
            stage = Stage(sizes=sizes, cores=cores, load=load)
            for name in names:
                begun = time.perf_counter()
                figures += await section(name)(stage)
                note(f"{name}: {time.perf_counter() - begun:.1f} s")
    return sorted(figures, key=lambda figure: figure.target is None)


def _machine(cores: Cores) -> dict[str, Any]:
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "cores": cores.told,
        "busy before": f"{os.getloadavg()[0]:.1f} processes on average",
        "server": f"{embedded.binary().name}, appendfsync always, {disk.fsync():.0f} µs per fsync",
    }


if __name__ == "__main__":
    raise SystemExit(main())
