"""The paths that machines of operators ask: whether a process is ready, and its metrics."""

from typing import Final

READY: Final = "/readyz"
WRITES: Final = "/readyz/writes"
METRICS: Final = "/metrics"
APART: Final = frozenset({READY, WRITES, METRICS})
"""Not served at the public address where operations have an address of their own."""
QUIET: Final = frozenset({"/healthz", *APART})
"""Asked every few seconds by machines: not worth a line in the log."""
