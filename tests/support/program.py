"""The program as its users run it: a process, its two outputs and its exit status."""

import gc
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, AnyStr, NamedTuple
from unittest import mock

import structlog

from tests.support.bounds import BOUND
from workers.__main__ import main

TOP = Path(__file__).parents[2]

SITE, THREAD = "sample", "night-train"


class Ended(NamedTuple):
    """A command that has come to its end."""

    status: int
    out: str
    err: str

    @property
    def documents(self) -> list[Any]:
        """The lines of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "workers", *arguments]


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process without settings of Hansard, but with these; always the same width.

    Buffers are those of a user, who gets lines through a pipe only when they are flushed; and what was compiled once
    is kept for the next command.
    """
    left_out = ("HANSARD_", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"COLUMNS": "100", "PYTHONPATH": str(TOP)} | settings


def hansard(*arguments: str, **settings: str) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
        cwd=TOP,
        env=environment(**settings),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def here(*arguments: str, encoding: str = "utf-8", **settings: str) -> Ended:
    """Run a command to its end in this process: the same, but for the time that imports take.

    Its outputs are of this encoding, with what Python does by itself where they cannot say a character.
    """
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors, write_through=True)
        for errors in ("strict", "backslashreplace")
    )
    handlers, level = logging.root.handlers, logging.root.level
    gc.collect()  # what earlier tests left is tidied up, and told of, before and not among what the command says
    structlog.reset_defaults()  # `capture_logs` of an earlier test leaves it configured, which a new process is not
    try:
        with (
            mock.patch.dict(os.environ, environment(**settings), clear=True),
            mock.patch.object(sys, "argv", ["hansard", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            status = main()
    finally:
        structlog.reset_defaults()
        logging.root.handlers, logging.root.level = handlers, level
    return Ended(status, *(each.buffer.getvalue().decode() for each in (out, err)))


class Running:
    """A command that goes on. Its errors go to a file, so that they never block it."""

    def __init__(self, process: "subprocess.Popen[str]", said: Path) -> None:
        self.process = process
        self._said = said

    def line(self) -> str:
        """Its next line on standard output. Fails where it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended: {self.err}"
        return line.rstrip("\n")

    @property
    def err(self) -> str:
        return self._said.read_text()

    @property
    def logged(self) -> list[str]:
        """The events that it logged."""
        return [json.loads(line)["event"] for line in self.err.splitlines() if line.startswith("{")]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(BOUND)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and wait for its exit status."""
        self.process.send_signal(number)
        return self.process.wait(BOUND)


@contextmanager
def killed_after(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """Kill a process when the block ends: a test that fails in the block would wait for the process for ever."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def running(*arguments: str, said: Path, **settings: str) -> Iterator[Running]:
    with said.open("w") as err:
        process = subprocess.Popen(
            command(*arguments),
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            cwd=TOP,
            env=environment(**settings),
        )
    try:
        yield Running(process, said)
    finally:
        process.kill()
        process.communicate(timeout=BOUND)


class Up(Running):
    """A running `hansard up`: `url` is where it listens, `data` its directory."""

    def __init__(self, run: Running, data: Path) -> None:
        super().__init__(run.process, run._said)
        self.data = data
        self.told: dict[str, Any] = json.loads(run.line())
        self.url: str = self.told["url"]

    def beside(self, *arguments: str) -> Ended:
        """Run a command beside it, as a process of its own."""
        return hansard(*arguments, "--data", str(self.data))

    def ask(self, *arguments: str, **settings: str) -> Ended:
        """Run a command beside it, in this process."""
        return here(*arguments, "--data", str(self.data), **settings)

    def token(self, *claims: str) -> str:
        """A token of the sample site, or with `--operator` the operator's."""
        given = claims if "--operator" in claims else ("--site", SITE, *claims)
        done = self.ask("token", *given)
        assert done.status == 0, done.err
        return done.out.strip()


@contextmanager
def up(data: Path, *arguments: str, sample: bool = True) -> Iterator[Up]:
    """Run `hansard up` on a port of its own until the block ends."""
    flags = ["--json", "--data", str(data), "--port", "0", *(["--sample"] if sample else []), *arguments]
    said = data.with_name(f"{data.name}.said")
    with running("up", *flags, said=said) as run:
        yield Up(run, data)
