"""The folder of a plan: readable by its owner alone, written whole or not at all."""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FACTS: Final = "facts.jsonl"
REPORT: Final = "report.json"
REPORT_TEXT: Final = "report.txt"
ARTICLES: Final = "articles.csv"
REDIRECTS: Final = "redirects.csv"
LEFT_OUT: Final = "left-out.csv"
DIGESTS: Final = "digests.csv"
GUEST_KEY: Final = "guest.key"
WRITTEN: Final = (FACTS, ARTICLES, REDIRECTS, LEFT_OUT, DIGESTS, REPORT_TEXT, REPORT)
"""The files of a plan, the one that says that it is whole last."""
_SPOOL: Final = ".spool"
_KEY_BYTES: Final = 32


class FolderError(Exception):
    """The folder cannot be used. The message is one line."""


@contextmanager
def made_in(folder: Path) -> Iterator[Path]:
    """A new folder inside, whose files replace those of an earlier plan when the block ends without an error.

    Raises FolderError.
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        spool = folder / _SPOOL
        strangers = [path.name for path in folder.iterdir() if path.name not in (*WRITTEN, GUEST_KEY, _SPOOL)]
        if strangers:
            raise FolderError(f"{folder} has other files, such as {min(strangers)}: name an empty or a new folder")
        folder.chmod(0o700)
        shutil.rmtree(spool, ignore_errors=True)
        spool.mkdir(mode=0o700)
    except OSError as error:
        raise FolderError(f"{folder} cannot be used: {error.strerror}") from error
    mask = os.umask(0o077)
    try:
        yield spool
        for name in WRITTEN:
            (spool / name).replace(folder / name)
    except BaseException:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.umask(mask)
        shutil.rmtree(spool, ignore_errors=True)


def facts_of(folder: Path) -> Path:
    """Return the file of facts of a plan. Raises FolderError."""
    path = folder / FACTS
    if not path.is_file():
        raise FolderError(f"{folder} has no plan: there is no {FACTS}")
    return path


def guest_key(given: Path | None, folder: Path, earlier: Path | None) -> tuple[bytes, Path]:
    """The key that guests' ids are made with, and its file. Raises FolderError.

    It is the given one, that of the earlier plan, or that of the folder, which is made at random if there is none.
    """
    path = given or (None if earlier is None else earlier / GUEST_KEY) or folder / GUEST_KEY
    try:
        if given is None and earlier is None and not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{secrets.token_urlsafe(_KEY_BYTES)}\n")
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise FolderError(f"{path} is readable by other users: chmod 600 it")
        key = path.read_bytes().strip()
    except OSError as error:
        raise FolderError(f"{path}, the key of guests' ids, cannot be read: {error.strerror}") from error
    if not _KEY_BYTES <= len(key) <= 64:  # noqa: PLR2004 - BLAKE2b takes no more
        raise FolderError(f"{path} is no key of guests' ids: it must have {_KEY_BYTES} to 64 bytes")
    return key, path
