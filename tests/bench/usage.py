"""What a process takes of the machine, as Linux tells it; None where there is no `/proc`."""

import os
from pathlib import Path

KB = 1024


def busy(pid: int) -> float | None:
    """Seconds of processor time that a process has needed so far."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None
    # The name of the program, in brackets, may have spaces.
    fields = told[told.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int | None:
    """Bytes of memory that a process has."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * KB
