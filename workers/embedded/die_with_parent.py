"""Run a program that ends with its parent process, even if the parent is killed.

Run as a file, before any package can be imported: `python -I -S die_with_parent.py PARENT PROGRAM ARGUMENT…`. PARENT is
the id of the parent process. The program replaces this process by exec, so its id and open files stay. Only Linux has
this mechanism; elsewhere the program is merely started.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that this process gets when its parent ends. It survives an exec."""


def main(parent: int, program: list[str]) -> None:
    """Bind this process to `parent` and exec `program`, whose files are readable by their owner alone."""
    os.umask(0o077)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl could not tie the server to its parent process")
        if os.getppid() != parent:
            sys.exit("the parent process has already ended")
    os.execv(program[0], program)  # noqa: S606 - the caller names the program; no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
