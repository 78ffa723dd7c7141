"""The paths requested by operators' machines: readiness and metrics of a process."""

from typing import Final

READY: Final = "/readyz"
WRITES: Final = "/readyz/writes"
METRICS: Final = "/metrics"
APART: Final = frozenset({READY, WRITES, METRICS})
"""Not served at the public address if these paths have an address of their own."""
QUIET: Final = frozenset({"/healthz", *APART})
"""Requested every few seconds by machines: not worth a log line."""
