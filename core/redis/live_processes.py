"""Registry of a deployment's live processes, and the format upgrade once all of them read the new format.

Each process writes a document that describes it into one sorted set, scored by the time until which it counts as alive.
The documents are the members, so that one script sees all of them and changes the record atomically.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from core.formats import Formats
from core.keys import DEPLOYMENT, PROCESSES
from core.redis.router import Router
from core.redis.script import Script

_LIVE: Final = Script("core.redis", "list_processes")
_UPGRADE: Final = Script("core.redis", "raise_format")


class LiveProcess(Struct, frozen=True, kw_only=True):
    """Registry entry of a live process, as that process writes it."""

    name: str
    """Unique: host, process id and some random digits."""
    role: str
    """`gateway`, `projector`, `screener`, `up` or `rebuild`."""
    version: str
    reads: tuple[int, ...]
    """Formats that the process reads."""
    writes: int
    """Newest format that the process writes."""

    def __str__(self) -> str:
        return f"{self.role} {self.name} ({self.version})"

    def document(self) -> str:
        """Member of the sorted set. A process always writes the same document."""
        return msgspec.json.encode(self).decode()


class Upgraded(Struct, frozen=True, kw_only=True):
    """The format was raised."""

    before: int


class Unchanged(Struct, frozen=True, kw_only=True):
    """The deployment already has that format, or a newer one."""

    format: int


class Held(Struct, frozen=True, kw_only=True):
    """The processes in `by` are live and do not read the new format. Nothing was changed."""

    format: int
    by: tuple[LiveProcess, ...]


class Gone(Struct, frozen=True):
    """The record is gone or belongs to another deployment. Nothing was changed."""


Outcome = Upgraded | Unchanged | Held | Gone


async def live_processes(calls: Router) -> list[LiveProcess]:
    """Live processes, by role and name. Raises `redis.exceptions.RedisError`."""
    found = [_process(document) for document in await calls.run(_LIVE, [PROCESSES], [])]
    return sorted(found, key=lambda one: (one.role, one.name))


async def upgrade(calls: Router, deployment: str, formats: Formats) -> Outcome:
    """Raise the format of the deployment with this id to the newest of `formats`. Idempotent.

    Raises `redis.exceptions.RedisError`.
    """
    reply: list[Any] = await calls.run(_UPGRADE, [DEPLOYMENT, PROCESSES], [deployment, formats.writes])
    match reply:
        case [b"OK", before]:
            return Upgraded(before=int(before))
        case [b"SAME", recorded]:
            return Unchanged(format=int(recorded))
        case [b"REFUSED", recorded, *documents]:
            return Held(format=int(recorded), by=tuple(_process(document) for document in documents))
        case [b"GONE"]:
            return Gone()
        case _:
            raise ValueError(f"raise_format.lua answered {reply[:1]!r}")


def _process(document: bytes) -> LiveProcess:
    try:
        return _DECODER.decode(document)
    except msgspec.DecodeError:
        return LiveProcess(name=document.decode(errors="replace")[:64], role="unknown", version="?", reads=(), writes=0)


_DECODER: Final = msgspec.json.Decoder(LiveProcess)
