"""What a process takes of the machine, as Linux tells it (None where there is no `/proc`), and may take."""

import resource
from pathlib import Path
from typing import Final

KB: Final = 1024


def busy(pid: int) -> float | None:
    """Seconds of processor time that a process has needed so far, all its threads together."""
    told = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(one.split()[0]) for one in told) / 1e9 if told else None


def resident(pid: int) -> int | None:
    """Bytes of memory that a process has."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * KB


def room() -> int:
    """How many files a process may have open, and those that it starts, after making that as many as it may be."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
