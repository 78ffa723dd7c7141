"""How long it is from the start of a process until it is ready, on data that is there; and until `--help` is said.

The tie that ends a process with this one is in the first two, some milliseconds of Python.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

from core.redis.deployment import open_deployment
from tests.bench import http
from tests.bench.conversations import conversations
from tests.bench.copying import PARTITIONS, entries_of, restore
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.processes import hansard
from tests.bench.projecting import project
from tests.bench.stage import Stage
from workers.embedded import server as embedded

THREADS: Final = 100
VOTES: Final = 15
"""Of each conversation."""
CONVERSATION: Final = 20
"""Events of a conversation with its votes."""
LOOK: Final = 0.002
HELPS: Final = 5
"""Times that the help is asked for in a round."""
OK: Final = 200


async def measure(stage: Stage) -> list[Figure]:
    """The gateway, everything, and the help beside Python itself."""
    helps, nothings = [], []
    rounds = range(stage.sizes.rounds)
    with tempfile.TemporaryDirectory(prefix="hansard-bench-") as home:
        data = Path(home)
        async with embedded.running(data) as server:
            events = await _written(server.url, stage.sizes.present)
            gateways = [await _ready("gateway", server.url, data, stage) for _ in rounds]
        ups = [await _ready("up", None, data, stage) for _ in rounds]
    for _ in rounds:
        nothings.append(_took(["-c", "pass"], stage))
        helps.append(_took(["-m", "workers", "--help"], stage))
    there = f"on {events:,} events"
    return [
        Figure(
            name=f"hansard gateway {there}, start to ready",
            unit="s",
            measured=tuple(gateways),
            target=Target(of="measured", at_most=1),
        ),
        Figure(
            name=f"hansard up {there}, start to ready",
            unit="s",
            measured=tuple(ups),
            target=Target(of="measured", at_most=2),
        ),
        Figure(
            name="hansard --help",
            unit="ms",
            measured=tuple(helps),
            limit_name="Python alone",
            limit=tuple(nothings),
            target=Target(of="measured", at_most=150),
        ),
    ]


async def _written(url: str, events: int) -> int:
    """Write so many events, with heads and views; how many there are."""
    length = max(5, events // THREADS // CONVERSATION * 5)
    discussion = await conversations((length,) * THREADS, partitions=PARTITIONS, votes=VOTES)
    async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
        written = await restore(deployment, await entries_of(discussion.log))
        await project(deployment)
    return written


async def _ready(role: str, url: str | None, data: Path, stage: Stage) -> float:
    """Seconds until it says that it is ready."""
    begun = time.perf_counter()
    with hansard(role, url, stage.cores.own, data=data) as program:
        line = await http.connected(program.url)
        while (await line.ask(http.request("GET", "/readyz"))).status != OK:
            time.sleep(LOOK)  # noqa: ASYNC251 - nothing else runs here
        took = time.perf_counter() - begun
        line.close()
    return took


def _took(arguments: list[str], stage: Stage) -> float:
    """Milliseconds that Python takes for this, by the median."""
    took = []
    with on(stage.cores.own):
        for _ in range(HELPS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            took.append(time.perf_counter() - begun)
    return median(took) * 1000
