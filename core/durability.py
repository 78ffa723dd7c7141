"""Durability: how safe it is what a write has done."""

from typing import Final, Literal

Durability = Literal["memory", "replicated", "fsynced"]
"""How safe something is that is in the log: in the server's memory, in that of its replicas too, on its disk."""

MEMORY: Final = "memory"
"""The least, and all that can be said of what was not confirmed in time."""
