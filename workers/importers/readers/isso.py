"""Isso: its database (SQLite), and the JSON of its generic importer.

The database is opened as it lies there: nothing is written, and no lock is taken. Addresses of articles have no host.
Texts are Markdown with HTML in it. Of voters there is only a filter of hashed network addresses, which is not read.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote_plus

import msgspec
from msgspec import Struct

from workers.importers.readers.input_file import begins, opened
from workers.importers.readers.json_lines import elements
from workers.importers.readers.written_times import of_seconds, utc
from workers.importers.source_records import (
    LeftOut,
    Record,
    SourceArticle,
    SourceComment,
    SourcePerson,
    SourceText,
    State,
    UnfitFile,
)

_MAGIC: Final = b"SQLite format 3\x00"
_STATES: Final[dict[int, State]] = {1: "published", 2: "pending", 4: "deleted"}
_COLUMNS: Final = ("tid", "id", "parent", "created", "modified", "mode", "text", "author", "email", "likes", "dislikes")
_LONGEST: Final = 16 * 1024 * 1024
"""Most bytes of a value in the database."""


class GenericComment(Struct):
    """A comment of the generic format. Its network address is not read."""

    id: int | str = 0
    text: str = ""
    author: str | None = None
    email: str | None = None
    created: str | float | None = None
    parent: int | str | None = None


class GenericThread(Struct):
    """A thread of the generic format; `id` is the address of the article."""

    id: str
    title: str | None = None
    comments: list[GenericComment] = []


def read(files: Sequence[Path]) -> Iterator[Record]:
    """Yield the records of databases and of generic files. Raises UnfitFile."""
    for path in files:
        yield from _database(path) if begins(path).startswith(_MAGIC) else _generic(path)


def _database(path: Path) -> Iterator[Record]:
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size:
        raise UnfitFile(path.name, f"the newest comments are in {wal.name} beside it: copy it with sqlite3's .backup")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)) as db:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA cell_size_check = ON")
            db.text_factory = lambda data: data.decode(errors="replace")
            _require_isso(path.name, db)
            for number, uri, title in db.execute("SELECT id, uri, title FROM threads ORDER BY id"):
                yield SourceArticle(key=str(number), url=_text(uri), title=_text(title), fields={"id": str(number)})
            columns = ", ".join(_COLUMNS)
            for row in db.execute(f"SELECT {columns} FROM comments ORDER BY id"):  # noqa: S608 - constants
                yield _comment(dict(zip(_COLUMNS, row, strict=True)))
    except sqlite3.Error as error:
        raise UnfitFile(path.name, f"it is damaged: {error}") from error


def _require_isso(name: str, db: sqlite3.Connection) -> None:
    """Require plain tables with the columns of Isso: a view could compute for ever."""
    for table, wanted in (("threads", {"id", "uri", "title"}), ("comments", {*_COLUMNS})):
        found = db.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        is_plain = found is not None and found[0] == "table" and "VIRTUAL" not in str(found[1]).upper()
        columns = {str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")} if is_plain else set()
        if not wanted <= columns:
            raise UnfitFile(name, f"it is no database of Isso: it has no table {table} with the columns of one")


def _comment(row: dict[str, Any]) -> SourceComment:
    mode = row["mode"]
    state = _STATES.get(mode, "excluded") if isinstance(mode, int) else "excluded"
    at, edited = of_seconds(row["created"]), of_seconds(row["modified"])
    body = _text(row["text"])
    if body is None and state != "deleted":
        body = ""
    texts: tuple[SourceText, ...] = (SourceText(body, at),)
    if at is not None and edited is not None and edited > at:
        texts = (SourceText(None, at), SourceText(body, edited))
    return SourceComment(
        id=str(row["id"]),
        article=str(row["tid"]),
        at=at,
        parents=() if row["parent"] is None else (str(row["parent"]),),
        person=SourcePerson(name=_text(row["author"]), email=_text(row["email"]) or None),
        markup="markdown",
        texts=() if state == "deleted" else texts,
        state=state,
        why="unknown-state" if state == "excluded" else None,
        up=_votes(row["likes"]),
        down=_votes(row["dislikes"]),
    )


def _generic(path: Path) -> Iterator[Record]:
    with opened(path) as file:
        for number, (_, element) in enumerate(elements(file), 1):
            try:
                thread = msgspec.convert(element, GenericThread)
            except msgspec.ValidationError as error:
                yield LeftOut(what="threads", why="unreadable", where=f"{path.name}, thread {number}: {error}"[:200])
                continue
            title = unquote_plus(thread.title) if thread.title else None
            yield SourceArticle(key=thread.id, url=thread.id, title=title)
            for place, comment in enumerate(thread.comments):
                created = comment.created
                at = utc(created) if isinstance(created, str) else of_seconds(created)
                # Ids count within the thread there, and are often 0 throughout.
                yield SourceComment(
                    id=f"{number}-{place}",
                    article=thread.id,
                    at=at,
                    parents=(),
                    person=SourcePerson(name=comment.author, email=comment.email or None),
                    markup="markdown",
                    texts=(SourceText(comment.text, at),),
                )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _votes(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
