"""Gateways, projectors and screeners as processes of their own, which can be killed, frozen, and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Literal

import anyio

from tests.support.servers import free_port
from workers.embedded import die_with_parent

ADMIN_SECRET: Final = "the operator's secret of what is to fail"
LISTENS_WITHIN: Final = 60.0
"""Seconds in which a process has to be up; it needs less than one, unless the machine is busy."""
POLL: Final = 0.02
"""Seconds between two looks at a process that is starting: it does not tell."""

_ROOT: Final = Path(__file__).parents[2]

Role = Literal["gateway", "projector", "screener"]


class Hansard:
    """One `hansard gateway`, `hansard projector` or `hansard screener`, always at the same address: `url`."""

    def __init__(self, role: Role, home: Path, settings: dict[str, str], *, older: bool = False) -> None:
        self.role = role
        self.older = older
        """Whether it is of the version before, from its next start on."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.frozen = False
        self._said = home / f"{role}-{self.port}.log"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """What it logged, over all its lives."""
        return self._said.read_text(errors="replace") if self._said.exists() else ""

    @property
    def alive(self) -> bool:
        """Whether it runs, frozen or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id. It stays the same until the next start."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Begin to run. `listening` tells when it does."""
        assert not self.alive, "it runs already"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")}
        own = {"PORT": str(self.port), "ADMIN_SECRET": ADMIN_SECRET, "LOG_FORMAT": "json", "LOG_LEVEL": "warning"}
        environment |= {f"HANSARD_{name}": value for name, value in {**own, **self._settings}.items()}
        command = [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid())]
        command += [sys.executable, "-m", "tests.faults.older" if self.older else "workers", self.role]
        with self._said.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    async def listening(self) -> None:
        """Wait until it listens. Raises AssertionError where it ended, or took too long."""
        bound = time.monotonic() + LISTENS_WITHIN
        while self.alive and time.monotonic() < bound:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                await anyio.sleep(POLL)
            else:
                return
        raise AssertionError(f"the {self.role} does not listen: {self.said[-2000:]}")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self.frozen = False

    def freeze(self) -> None:
        """Let it do nothing, with everything that it holds."""
        self._signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """Let it go on as if no time had passed."""
        self._signal(signal.SIGCONT)
        self.frozen = False

    async def restart(self) -> None:
        """Start it again, and wait until it listens."""
        self.start()
        await self.listening()

    def end(self) -> None:
        """End it whatever state it is in."""
        if self.alive:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
