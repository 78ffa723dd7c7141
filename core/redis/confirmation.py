"""What an acknowledgement means, and how a server is asked whether it has come to that."""

from typing import Final, NamedTuple

from core.durability import Durability
from core.redis.in_flight import ConfirmationCommand
from core.redis.server import Server

REPLICATED_WITHIN: Final = 1.0
"""Seconds in which the replicas must have it, or the write is acknowledged as not confirmed."""

FSYNCED_WITHIN: Final = 2.0
"""Seconds in which the disk must have it: a server that writes once a second takes one, and a little."""


class Confirmation(NamedTuple):
    """What a deployment promises with each acknowledgement, and in how many replicas."""

    level: Durability = "memory"
    replicas: int = 1

    @property
    def within(self) -> float:
        """Seconds that the proof may take."""
        return {"memory": 0.0, "replicated": REPLICATED_WITHIN, "fsynced": FSYNCED_WITHIN}[self.level]

    def proof(self, server: Server | None) -> ConfirmationCommand | None:
        """What to ask a server behind each append; None where its reply to the append is proof enough.

        A server that nobody has looked at yet (None) is asked.
        """
        milliseconds = int(self.within * 1000)
        match self.level:
            case "memory":
                return None
            case "replicated":
                return ConfirmationCommand(
                    ("WAIT", self.replicas, milliseconds), lambda reply: int(reply) >= self.replicas
                )
            case "fsynced":
                if server is not None and server.fsync == "always":
                    return None
                return ConfirmationCommand(("WAITAOF", 1, 0, milliseconds), lambda reply: int(reply[0]) >= 1)
