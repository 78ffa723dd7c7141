"""Run a program that ends with the process that started it, even where that one is killed outright.

Run as a file, before any package can be imported: `python -I -S tether.py PARENT PROGRAM ARGUMENT…`, PARENT
being the process id to be tied to. The program takes over this process, so its id and open files stay.
Only Linux has such a tie; elsewhere the program is merely started.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that this process gets when its parent ends. It outlives an exec."""


def main(parent: int, program: list[str]) -> None:
    """Tie this process to `parent` and become `program`, whose files are for their owner alone."""
    os.umask(0o077)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl refused the tie to the parent process")
        if os.getppid() != parent:
            sys.exit("the parent process had ended already")
    os.execv(program[0], program)  # noqa: S606 - the caller names the program; no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
