"""How fast the disk is under all that has to be on it before it is answered."""

import os
import tempfile
import time
from statistics import median

WRITES = 200
SIZE = 1000


def fsync() -> float:
    """Microseconds that a write of 1 KB takes to be on the disk where the servers keep their files, by the median."""
    took = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(WRITES):
            file.write(b"x" * SIZE)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begun)
    return median(took) * 1e6
