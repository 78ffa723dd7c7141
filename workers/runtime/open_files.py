"""The limit of open files of this process, raised at the start as far as the system allows."""

import resource
from typing import Final

import structlog

WANTED: Final = 1_048_576
"""Highest limit of open files that is set: some systems have no limit by name, and still refuse more."""

_log = structlog.get_logger(__name__)


def open_file_limit() -> int:
    """Number of files that this process may have open at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED if soft == resource.RLIM_INFINITY else soft


def raise_open_file_limit() -> None:
    """Raise the soft limit to the hard one. On failure the process goes on with its present limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        _log.warning("open_file_limit_not_raised", soft=soft, hard=hard, error=str(error))
