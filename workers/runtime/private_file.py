"""Files of the operator with what people wrote: readable by their owner alone, and there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from workers.runtime.process import Failed


@contextmanager
def written(path: Path, what: str) -> Iterator[BinaryIO]:
    """Yield a file that only its owner can read. It appears at `path` complete, or not at all.

    `what` names it, such as `a backup`. Raises Failed if `path` exists, or the file cannot be written.
    """
    if path.exists():
        raise Failed(f"{path} exists: {what} never replaces another")
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")  # 0600 from the beginning
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
        _settle(path.absolute().parent)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if name is not None:
            with suppress(FileNotFoundError):  # the file has been renamed
                Path(name).unlink()


def _settle(directory: Path) -> None:
    """Sync a directory, so that the name of a file in it survives a power failure."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
