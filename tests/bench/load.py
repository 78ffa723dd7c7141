"""The process that asks: it drives servers and follows feeds as it is told, a line of JSON each, and says what came.

It is one of its own so that what is measured, and who measures, are not in its way; `loading` starts it.
"""

import asyncio
import sys
import time
from importlib.util import find_spec
from typing import Final

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct, field

from tests.bench.asks import Asks
from tests.bench.crowd import Crowd
from tests.bench.driving import Load, Part, drive
from tests.bench.histogram import Histogram
from tests.bench.http import connected


class Drive(Struct, frozen=True, kw_only=True, tag=True):
    """Drive a server with all these parts at once, for so long."""

    url: str
    parts: tuple[Part, ...]
    seconds: float


class Follow(Struct, frozen=True, kw_only=True, tag=True):
    """Open so many feeds at each path, of which some are never read."""

    url: str
    feeds: dict[str, int]
    stalled: int = 0


class Tell(Struct, frozen=True, kw_only=True, tag=True):
    """Post so many comments, each when everybody who reads was told of the one before."""

    url: str
    asks: Asks
    times: int


class Leave(Struct, frozen=True, kw_only=True, tag=True):
    """Close every feed."""


Task = Drive | Follow | Tell | Leave


class Done(Struct, frozen=True, kw_only=True):
    """What came of a task."""

    seconds: float
    busy: float
    """Seconds of processor time that this process needed."""
    loads: list[Load] = field(default_factory=list)
    """By part."""
    deliveries: int = 0
    """How often a reader was told of a comment."""
    heard: Histogram = field(default_factory=Histogram)
    """How long after its acknowledgement."""


async def work() -> None:
    """Do what standard input says until it ends."""
    crowd = Crowd()
    while line := await anyio.to_thread.run_sync(sys.stdin.buffer.readline):
        done = await _done(_TASK.decode(line), crowd)
        sys.stdout.buffer.write(msgspec.json.encode(done) + b"\n")
        sys.stdout.buffer.flush()


async def _done(task: Task, crowd: Crowd) -> Done:
    crowd.from_here()
    begun, busy = time.perf_counter(), time.process_time()
    loads: list[Load] = []
    match task:
        case Drive():
            loads = await _drive(task, crowd)
        case Follow():
            await crowd.follow(task.url, task.feeds, stalled=task.stalled)
        case Tell():
            await _tell(task, crowd)
        case Leave():
            crowd.leave()
    return Done(
        seconds=time.perf_counter() - begun,
        busy=time.process_time() - busy,
        loads=loads,
        deliveries=crowd.deliveries,
        heard=crowd.times,
    )


async def _drive(task: Drive, crowd: Crowd) -> list[Load]:
    answered = crowd.acknowledged if crowd.reading else None
    async with asyncio.TaskGroup() as tasks:
        driven = [tasks.create_task(drive(task.url, part, task.seconds, answered)) for part in task.parts]
    await crowd.all_told()
    return [one.result() for one in driven]


async def _tell(task: Tell, crowd: Crowd) -> None:
    line = await connected(task.url)
    requests = task.asks.of_client(0, 1)
    for number in range(task.times):
        answer = await line.ask(next(requests))
        assert answer.status == CREATED, answer
        await crowd.told(number + 1)
    line.close()


CREATED: Final = 201
_TASK: Final = msgspec.json.Decoder(Task)


if __name__ == "__main__":
    anyio.run(work, backend_options={"use_uvloop": find_spec("uvloop") is not None})
