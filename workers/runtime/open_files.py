"""The limit of open files of this process: raised at the start as far as the system allows."""

import resource
from typing import Final

import structlog

WANTED: Final = 1_048_576
"""Open files beyond which no limit is raised: some systems name none, and refuse more."""

_log = structlog.get_logger(__name__)


def open_file_limit() -> int:
    """Files that this process may have open at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED if soft == resource.RLIM_INFINITY else soft


def raise_open_file_limit() -> None:
    """Raise the soft limit to the hard one. A process that cannot goes on with what it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        _log.warning("open_file_limit_not_raised", soft=soft, hard=hard, error=str(error))
