"""How long a test waits for what has to come before it calls it missing: long, because it measures nothing."""

from typing import Final

BOUND: Final = 120.0
"""Seconds. A machine that does other work, too, takes many times what an idle one does."""
