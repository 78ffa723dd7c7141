"""How far `hansard verify` has come, kept in a file: what was broken off can be gone on with.

A JSON document a line, only ever added to: what is verified; then of each partition its differences and, behind them,
that it is through. What stands behind the last of those is of a partition that was under way, which begins again; so
it does not matter where the file was cut. It holds texts only where they were asked for, and is its owner's alone.
"""

import os
from pathlib import Path
from typing import IO, Any, Self

import msgspec
from msgspec import Struct

from core.log.port import Log
from core.position import START, Position
from projections.verify.verifier import Finished


class VerifyBegun(Struct, frozen=True, tag="begun"):
    """What is verified: a deployment of so many partitions; and whether values are kept with differences."""

    partitions: int
    values: bool


class Differed(Struct, frozen=True, tag="differed"):
    """A difference, as it is shown."""

    document: dict[str, Any]


class Through(Struct, frozen=True, tag="through"):
    """A partition was verified up to a position, in one generation of views."""

    partition: int
    generation: int
    position: str
    threads: int
    left: dict[str, int] = {}
    """Counts of what was not compared, by part."""
    versions: tuple[str, ...] = ()
    """The versions that had written into these views."""

    @classmethod
    def of(cls, finished: Finished) -> Self:
        """A partition that is through."""
        return cls(
            partition=finished.partition,
            generation=finished.generation,
            position=str(finished.position),
            threads=finished.threads,
            left=dict(finished.left),
            versions=tuple(sorted(map(str, finished.versions))),
        )

    @property
    def at(self) -> Position:
        """The position."""
        return Position.parse(self.position)


class FinishedPartitions(Struct):
    """What a file tells."""

    begun: VerifyBegun
    differences: list[Differed]
    """Those of partitions that are through."""
    through: dict[int, Through]


class ProgressFile:
    """The file. Calls raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def read(self) -> FinishedPartitions | None:
        """What is known of a run that was broken off; None where there is nothing to go on with."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return None
        known: FinishedPartitions | None = None
        pending: list[Differed] = []
        for line in lines:
            try:
                found = _LINE.decode(line)
            except msgspec.DecodeError:
                break
            if isinstance(found, VerifyBegun):
                known = FinishedPartitions(found, [], {})
            elif isinstance(found, Differed):
                pending.append(found)
            elif known is not None:
                known.through[found.partition] = found
                known.differences += pending
                pending = []
        return known

    def begin(self, known: FinishedPartitions) -> None:
        """Forget what the file has, and go on from what is known."""
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._add(known.begun, *known.differences, *known.through.values())
        self._file.flush()

    def differed(self, document: dict[str, Any]) -> None:
        """Add a difference of the partition that is under way."""
        self._add(Differed(document))

    def finished(self, through: Through) -> None:
        """Add that a partition is through."""
        self._add(through)
        if self._file is not None:
            self._file.flush()

    def close(self, *, through: bool) -> None:
        """Keep the file for later, or where everything is through remove it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if through:
                self.path.unlink(missing_ok=True)

    def _add(self, *lines: VerifyBegun | Differed | Through) -> None:
        if self._file is not None:
            self._file.write(_JSON.encode_lines(lines))


async def changed(known: FinishedPartitions, log: Log, generations: dict[int, int]) -> str | None:
    """What is another since then, so that nothing of it counts; None where everything is as it was."""
    for one in known.through.values():
        if one.generation != generations[one.partition]:
            return f"other views are served in partition {one.partition} now"
        if one.at != START and await log.entry(one.partition, one.at) is None:
            return f"the log of partition {one.partition} is another"
    return None


_LINE = msgspec.json.Decoder(VerifyBegun | Differed | Through)
_JSON = msgspec.json.Encoder()
