"""What a run says while it goes on."""

import logging
import sys

import structlog


def quietly() -> None:
    """Let those parts of Hansard that run in this process say only what went wrong."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def note(what: str) -> None:
    """Say on standard error what was done."""
    print(f"… {what}", file=sys.stderr, flush=True)
