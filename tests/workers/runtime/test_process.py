"""Whole processes, with parts made for the purpose: what they say on standard output is what happened, in order."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.bounds import BOUND

BEGINNING = """
import sys
from contextlib import asynccontextmanager
import anyio
from workers.runtime import logs, process

logs.configure("json", "warning")

def say(*words):
    print(*words, flush=True)

@asynccontextmanager
async def opened(name):
    say("opened", name)
    try:
        yield name
    finally:
        say("closed", name)

class Part:
    def __init__(self, name, politely=True):
        self.name = name
        self.end = anyio.Event()
        self.politely = politely

    async def run(self, *, task_status):
        say("started", self.name)
        task_status.started(self.name)
        try:
            await self.end.wait()
            say("ended", self.name)
        except BaseException as error:
            say("cut", self.name)
            raise

    async def drain(self):
        say("asked", self.name)
        if self.politely:
            self.end.set()
        else:
            await anyio.sleep_forever()
"""


@contextmanager
def running(code: str, *, drain: float = 10) -> Iterator["subprocess.Popen[str]"]:
    script = f"{BEGINNING}\n{code}\nsys.exit(process.run(work, drain={drain}))"
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate(timeout=BOUND)


def until(child: "subprocess.Popen[str]", line: str) -> list[str]:
    assert child.stdout is not None
    said = []
    for spoken in child.stdout:
        said.append(spoken.strip())
        if said[-1] == line:
            return said
    raise AssertionError(f"it never said {line!r}, but {said} and {child.stderr and child.stderr.read()}")


TWO_PARTS = """
async def work(own):
    async with opened("log") as log, own.parts() as parts:
        one, two = Part("one"), Part("two")
        assert await parts.start(one.run, drain=one.drain) == "one"
        await parts.start(two.run, drain=two.drain)
        say("up")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_parts_last_started_first_and_then_what_they_used(number: signal.Signals) -> None:
    with running(TWO_PARTS) as child:
        assert until(child, "up") == ["opened log", "started one", "started two", "up"]
        child.send_signal(number)
        out, err = child.communicate(timeout=BOUND)
        assert out.split("\n")[:2] == ["asked two", "asked one"]
        assert sorted(out.split("\n")[2:4]) == ["ended one", "ended two"]
        assert out.split("\n")[4:] == ["closed log", ""]
        assert err == ""
        assert child.returncode == 0


def test_what_does_not_end_within_the_bound_is_cut_and_the_status_tells() -> None:
    code = """
async def work(own):
    async with opened("log"), own.parts() as parts:
        stubborn = Part("stubborn", politely=False)
        await parts.start(stubborn.run, drain=stubborn.drain)
        say("up")
"""
    with running(code, drain=0.05) as child:
        until(child, "up")
        child.terminate()
        out, err = child.communicate(timeout=BOUND)
        assert out.split() == ["asked", "stubborn", "cut", "stubborn", "closed", "log"]
        assert '"event":"drain_bound_exceeded","seconds":0.05' in err
        assert child.returncode == 1


def test_a_second_signal_ends_it_at_once_and_takes_along_what_must_not_stay() -> None:
    code = """
async def work(own):
    async with opened("log"), own.parts() as parts:
        stubborn = Part("stubborn", politely=False)
        await parts.start(stubborn.run, drain=stubborn.drain)
        own.at_once(lambda: say("killed the server"))
        say("up")
"""
    with running(code) as child:
        until(child, "up")
        child.terminate()
        until(child, "asked stubborn")
        child.terminate()
        out, _ = child.communicate(timeout=BOUND)
        assert out == "killed the server\n", "nothing is closed, nothing is waited for"
        assert child.returncode == 128 + signal.SIGTERM


def test_a_signal_before_everything_is_up_stops_the_start() -> None:
    code = """
async def work(own):
    async with opened("log"), own.parts() as parts:
        one = Part("one")
        await parts.start(one.run, drain=one.drain)
        say("starting")
        await anyio.sleep_forever()
"""
    with running(code) as child:
        until(child, "starting")
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=BOUND)
        assert out.split() == ["cut", "one", "closed", "log"]
        assert child.returncode == 128 + signal.SIGINT


def test_a_part_that_fails_takes_the_others_with_it() -> None:
    code = """
async def fail():
    raise process.Failed("the disk is full")

async def work(own):
    async with opened("log"), own.parts() as parts:
        one = Part("one")
        await parts.start(one.run)
        await parts.watch(fail)

try:
    process.run(work, drain=1)
except BaseException as error:
    from workers.cli import exit_status
    sys.exit(exit_status.ended(error, []))
"""
    with running(code) as child:
        out, err = child.communicate(timeout=BOUND)
        assert out.splitlines() == ["opened log", "started one", "cut one", "closed log"]
        assert err == "hansard: the disk is full\n"
        assert child.returncode == 1


def test_a_part_that_ends_by_itself_is_a_failure() -> None:
    code = """
async def brief():
    say("done already")

async def work(own):
    async with own.parts() as parts:
        await parts.watch(brief)
"""
    with running(code) as child:
        out, err = child.communicate(timeout=BOUND)
        assert out == "done already\n"
        assert "Failed: " in err
        assert "ended by itself" in err
        assert child.returncode == 1


def test_readiness_begins_when_all_are_up_and_ends_with_the_signal() -> None:
    code = """
async def work(own):
    async def tell():
        say("ready" if own.ready else "not ready", "stopping" if own.stopping.is_set() else "")
    async def look(*, task_status):
        await tell()
        task_status.started()
        while not own.ready:
            await anyio.lowlevel.checkpoint()
        await tell()
        await anyio.sleep_forever()
    async with own.parts() as parts:
        await parts.start(look, drain=tell)
"""
    with running(code) as child:
        until(child, "ready")
        child.terminate()
        out, _ = child.communicate(timeout=BOUND)
        assert out == "not ready stopping\n"
        assert child.returncode == 0
