"""Confirmation of a write by replicas (WAIT) or the disk (WAITAOF), as its acknowledgement promises."""

from typing import Final, NamedTuple

from core.durability import Durability
from core.redis.in_flight import ConfirmationCommand
from core.redis.server_facts import Server

REPLICATED_WITHIN: Final = 1.0
"""Seconds for the replicas to confirm. After that the write is acknowledged as not confirmed."""

FSYNCED_WITHIN: Final = 2.0
"""Seconds for the disk to confirm. A server that fsyncs once a second takes one second and a little."""


class Confirmation(NamedTuple):
    """Durability that a deployment promises with each acknowledgement, and its number of replicas."""

    level: Durability = "memory"
    replicas: int = 1

    @property
    def within(self) -> float:
        """Seconds that the confirmation may take."""
        return {"memory": 0.0, "replicated": REPLICATED_WITHIN, "fsynced": FSYNCED_WITHIN}[self.level]

    def proof(self, server: Server | None) -> ConfirmationCommand | None:
        """Command that confirms an append; None if the reply to the append is enough.

        A server that was not inspected yet (None) is asked.
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
