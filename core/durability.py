"""Durability of a write."""

from typing import Final, Literal

Durability = Literal["memory", "replicated", "fsynced"]
"""Durability of a log entry: in the server's memory, in the memory of its replicas too, or on its disk."""

MEMORY: Final = "memory"
"""The lowest level, and the only one known for a write that was not confirmed in time."""
