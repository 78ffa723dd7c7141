"""Progress file of `hansard verify`, from which an interrupted run can be resumed.

Append-only, one JSON document per line: the header; then per partition its differences, followed by its end. Lines
after the last end belong to the partition in progress, which is verified again, so a truncated file is still valid.
It holds texts only if they were asked for. Only its owner can read it.
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
    """Header of the file: the deployment's number of partitions. `values` is set if differences have values."""

    partitions: int
    values: bool


class Differed(Struct, frozen=True, tag="differed"):
    """A difference, as it is printed."""

    document: dict[str, Any]


class Through(Struct, frozen=True, tag="through"):
    """A partition was verified up to a position, in one generation of views."""

    partition: int
    generation: int
    position: str
    threads: int
    left: dict[str, int] = {}
    """Counts of the parts that were not compared, by part."""
    versions: tuple[str, ...] = ()
    """The versions of Hansard that wrote into these views."""

    @classmethod
    def of(cls, finished: Finished) -> Self:
        """Build the entry of a verified partition."""
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
        """The position, parsed."""
        return Position.parse(self.position)


class FinishedPartitions(Struct):
    """The content of a progress file."""

    begun: VerifyBegun
    differences: list[Differed]
    """Differences of the verified partitions."""
    through: dict[int, Through]


class ProgressFile:
    """The progress file. Its methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def read(self) -> FinishedPartitions | None:
        """Read the progress of an interrupted run. None if there is nothing to resume."""
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
        """Overwrite the file with what is known, and append from there."""
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._add(known.begun, *known.differences, *known.through.values())
        self._file.flush()

    def differed(self, document: dict[str, Any]) -> None:
        """Append a difference of the partition in progress."""
        self._add(Differed(document))

    def finished(self, through: Through) -> None:
        """Append the end of a partition."""
        self._add(through)
        if self._file is not None:
            self._file.flush()

    def close(self, *, through: bool) -> None:
        """Close the file. Removes it if the whole run is `through`."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if through:
                self.path.unlink(missing_ok=True)

    def _add(self, *lines: VerifyBegun | Differed | Through) -> None:
        if self._file is not None:
            self._file.write(_JSON.encode_lines(lines))


async def changed(known: FinishedPartitions, log: Log, generations: dict[int, int]) -> str | None:
    """The change since the interrupted run that makes its progress invalid. None if there is none."""
    for one in known.through.values():
        if one.generation != generations[one.partition]:
            return f"partition {one.partition} serves other views now"
        if one.at != START and await log.entry(one.partition, one.at) is None:
            return f"the log of partition {one.partition} is a different one"
    return None


_LINE = msgspec.json.Decoder(VerifyBegun | Differed | Through)
_JSON = msgspec.json.Encoder()
