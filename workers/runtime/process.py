"""Life of a process: its parts start in order, run concurrently, and drain at a signal.

    async def work(process):                                # the parts of one process
        async with opened(…) as log, process.parts() as parts:
            await parts.watch(follow, log)
            await parts.start(serve, drain=stop)            # returns once the part reports its start

The block of `parts` starts them; after its last line the process is ready and lives until the first SIGTERM or SIGINT.
Then the parts are drained, last started first, within one bound. Parts still running are cancelled before anything that
they use is closed. The second signal ends the process at once. The failure of a part cancels all others.
"""

import gc
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import structlog
from anyio import CancelScope
from anyio.abc import TaskGroup, TaskStatus

from core.text.render import warm
from workers.runtime import logs
from workers.runtime.open_files import raise_open_file_limit

Part = Callable[..., Awaitable[object]]
Drain = Callable[[], Awaitable[object]]

GARBAGE: Final = 20_000
"""Objects created, less those freed, before the garbage collector looks for cycles among them."""

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger(__name__)


class Failed(Exception):
    """The process cannot continue. The message is one line for the operator."""


class Parts:
    """Concurrent parts of a process."""

    def __init__(self, process: "Process", tasks: TaskGroup) -> None:
        self._process = process
        self._tasks = tasks
        self._drains: list[Drain] = []

    async def start(self, part: Part, *args: object, drain: Drain | None = None) -> Any:
        """Run `part(*args, task_status=…)` and return the value of its start.

        It runs until `drain` is called or it is cancelled; an earlier end is a failure.
        """
        started = await self._tasks.start(self._run, part, args)
        if drain is not None:
            self._drains.append(drain)
        return started

    async def watch(self, part: Part, *args: object) -> None:
        """Run `part(*args)`, which reports no start."""

        async def run(*, task_status: TaskStatus[None]) -> None:
            task_status.started()
            await part(*args)

        await self.start(run)

    async def drain(self, bound: float) -> bool:
        """Ask the parts to end, last started first. False if `bound` seconds were not enough."""
        with anyio.move_on_after(bound) as patience:
            for drain in reversed(self._drains):
                await drain()
        return not patience.cancelled_caught

    async def _run(self, part: Part, args: tuple[object, ...], *, task_status: TaskStatus[Any]) -> None:
        await part(*args, task_status=task_status)
        if not self._process.stopping.is_set():
            raise Failed(f"{getattr(part, '__qualname__', part)} ended by itself")


class Process:
    """A process. `stopping` is set once it must end; `ready` is true while all its parts run and it is not stopping."""

    def __init__(self, bound: float) -> None:
        self.stopping = anyio.Event()
        self.ready = False
        self.status = 0
        self.described: dict[str, object] = {}
        """Fields of the log line that reports the start."""
        self._bound = bound
        self._starting = CancelScope()
        self._last: list[Callable[[], object]] = []

    def at_once(self, act: Callable[[], object]) -> None:
        """Call `act` when a second signal ends the process at once, for cleanup that must not be skipped."""
        self._last.append(act)

    @asynccontextmanager
    async def parts(self) -> AsyncIterator[Parts]:
        """Start parts in the block. Its exit waits for a signal and the end of all parts.

        Raises:
            BaseExceptionGroup: a part failed, or the block did; the other parts were cancelled.
        """
        async with anyio.create_task_group() as tasks:
            parts = Parts(self, tasks)
            yield parts
            self.ready = True
            _log.info("process_started", **self.described)
            await self.stopping.wait()
            self.ready = False
            _log.info("process_drain_began")
            if not await parts.drain(self._bound):
                _log.warning("drain_bound_exceeded", seconds=self._bound)
                self.status = 1
            tasks.cancel_scope.cancel()

    async def live(self, work: Callable[["Process"], Awaitable[object]]) -> int:
        """Run `work`. Returns the exit status: 0, 1 if draining took too long, 128 + signal before it was ready."""
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._obey)
                with self._starting:
                    await work(self)
                tasks.cancel_scope.cancel()
        finally:
            logs.flush()
        _log.info("process_stopped")
        return self.status

    async def _obey(self, *, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(*SIGNALS) as signals:
            task_status.started()
            async for number in signals:
                if self.stopping.is_set():
                    for act in self._last:
                        act()
                    os._exit(128 + number)
                self.stopping.set()
                if not self.ready:
                    self.status = 128 + number
                    self._starting.cancel()


def worker_name() -> str:
    """A unique name for this process: leases tell workers apart by it."""
    # Readable, so that an operator finds the machine and the process.
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"


def run(work: Callable[[Process], Awaitable[object]], *, drain: float) -> int:
    """Run a process in its own event loop, and return its exit status. `drain` bounds its end, in seconds.

    Raises:
        BaseException: the cause of its failure, or a group with the cause.
    """

    async def main() -> int:
        return await Process(drain).live(work)

    warm()
    leave_alone()
    raise_open_file_limit()
    with logs.taken_over():
        return anyio.run(main, backend_options={"use_uvloop": _uvloop()})


def leave_alone() -> None:
    """Exclude all present objects from garbage collection, and collect less often.

    Imported objects stay for good, and most objects of a request die with it: the collector need not scan the former at
    all, nor the latter after every few hundred objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _uvloop() -> bool:
    try:
        import uvloop  # noqa: F401, PLC0415 - only checked for: PyPy has none
    except ImportError:
        return False
    return True
