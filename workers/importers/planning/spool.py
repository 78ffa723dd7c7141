"""Records of an export on disk, by article: they come in any order, and memory is bounded.

A spool is a SQLite database in the folder of the plan that exists while the plan is made. It has no e-mail addresses
but those of subscriptions that were asked for.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workers.importers.source_records import (
    Record,
    SourceAnchor,
    SourceArticle,
    SourceComment,
    SourceDecision,
    SourceFact,
    SourceMute,
    SourcePerson,
    SourceProfile,
    SourceReport,
    SourceSubscription,
    SourceSuspension,
    SourceVote,
)

BATCH: Final = 2_000
"""Rows per statement that writes."""

Beside = SourceAnchor | SourceVote | SourceReport | SourceDecision | SourceSubscription | SourceFact
"""Records that belong to an article or to a comment of it."""
Standing = SourceSuspension | SourceMute | SourceFact
"""Records that belong to no article."""

_TABLES: Final = """
CREATE TABLE article (
  key TEXT PRIMARY KEY, record BLOB, host TEXT, address TEXT, thread TEXT, outcome TEXT
) WITHOUT ROWID;
CREATE TABLE comment (
  n INTEGER PRIMARY KEY, article TEXT, id TEXT, at INTEGER, local INTEGER, offset INTEGER, excluded INTEGER, record BLOB
);
CREATE TABLE beside (n INTEGER PRIMARY KEY, article TEXT, comment TEXT, record BLOB);
CREATE TABLE standing (n INTEGER PRIMARY KEY, record BLOB);
CREATE TABLE profile (id TEXT PRIMARY KEY, record BLOB) WITHOUT ROWID;
CREATE TABLE thread (
  id TEXT PRIMARY KEY, main TEXT, url TEXT, title TEXT, comments INTEGER, last INTEGER, outcome TEXT,
  brought INTEGER DEFAULT 0, known INTEGER DEFAULT 0, left_out INTEGER DEFAULT 0, digest TEXT
) WITHOUT ROWID;
CREATE TABLE seen (
  article TEXT PRIMARY KEY, comments INTEGER, coming INTEGER, first INTEGER, last INTEGER
) WITHOUT ROWID;
CREATE TABLE slug (slug TEXT, address TEXT, PRIMARY KEY (slug, address)) WITHOUT ROWID;
CREATE TABLE again (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE person (
  id TEXT PRIMARY KEY, name TEXT, member INTEGER, made INTEGER, source TEXT, comments INTEGER
) WITHOUT ROWID;
CREATE TABLE joined (id TEXT PRIMARY KEY, thread TEXT) WITHOUT ROWID;
CREATE TABLE earlier (thread TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID;
"""
_INDEXES: Final = """
CREATE INDEX comment_article ON comment (article, n);
CREATE INDEX comment_id ON comment (id);
CREATE INDEX comment_offset ON comment (local) WHERE offset IS NOT NULL;
CREATE INDEX beside_article ON beside (article) WHERE article IS NOT NULL;
CREATE INDEX beside_comment ON beside (comment) WHERE comment IS NOT NULL;
"""

_decode: Final = msgspec.msgpack.Decoder(Record).decode
_decode_person: Final = msgspec.msgpack.Decoder(SourcePerson).decode
_encode: Final = msgspec.msgpack.Encoder().encode


class SpooledComment(NamedTuple):
    """A comment as it is stored; `at` may be inferred."""

    at: int | None
    record: bytes


class Spool:
    """The database. One process writes it; then several may read it."""

    def __init__(self, path: Path, *, writes: bool = False) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; PRAGMA mmap_size = 0;"
        )
        if writes:
            self.db.executescript(_TABLES)
            self.db.execute("BEGIN")
        self._comments: list[tuple[object, ...]] = []
        self._beside: list[tuple[object, ...]] = []
        self.comments = 0
        """Comments written so far."""

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def add_article(self, record: SourceArticle) -> None:
        """Write an article. If it was written before, what this record does not know stays."""
        found = self.db.execute("SELECT record FROM article WHERE key = ?", (record.key,)).fetchone()
        if found is not None:
            before = _decode(found[0])
            assert isinstance(before, SourceArticle)
            record = _merged(before, record)
        self.db.execute("INSERT OR REPLACE INTO article (key, record) VALUES (?, ?)", (record.key, _encode(record)))

    def add_comment(self, record: SourceComment) -> None:
        """Write a comment."""
        excluded = record.state == "excluded"
        row = (record.article, record.id, record.at, record.local, record.offset, excluded, _encode(record))
        self._comments.append(row)
        self.comments += 1
        if len(self._comments) >= BATCH:
            self._write_comments()

    def add_beside(self, record: Beside) -> None:
        """Write what belongs to an article or to a comment."""
        article = None if isinstance(record, SourceVote | SourceReport | SourceDecision) else record.article
        comment = record.comment if isinstance(record, SourceVote | SourceReport | SourceDecision) else None
        self._beside.append((article, comment, _encode(record)))
        if len(self._beside) >= BATCH:
            self._write_beside()

    def add_standing(self, record: Standing) -> None:
        """Write what belongs to no article."""
        self.db.execute("INSERT INTO standing (record) VALUES (?)", (_encode(record),))

    def add_profile(self, record: SourceProfile) -> None:
        """Write who is meant by an id."""
        self.db.execute("INSERT OR REPLACE INTO profile VALUES (?, ?)", (record.id, _encode(record.person)))

    def finish(self) -> None:
        """Write what is left, and make it readable in order."""
        self._write_comments()
        self._write_beside()
        self.db.execute("COMMIT")
        self.db.executescript(_INDEXES)

    def infer_times(self) -> None:
        """Give the comments of which only the local time is known a time, by the offset of those nearest to them."""
        missing = self.db.execute("SELECT n, local FROM comment WHERE at IS NULL AND local IS NOT NULL")
        self.write_many(
            "UPDATE comment SET at = ? WHERE n = ?",
            ((local - self.offset_near(local), number) for number, local in missing),
        )

    def offset_near(self, local: int) -> int:
        """Offset of local time near a moment, in milliseconds; 0 if the export tells none."""
        rows = [
            row
            for order, sign in (("DESC", "<="), ("ASC", ">"))
            for row in self.db.execute(
                f"SELECT abs(local - ?), offset FROM comment WHERE offset IS NOT NULL AND local {sign} ? "  # noqa: S608 - constants
                f"ORDER BY local {order} LIMIT 1",
                (local, local),
            )
        ]
        return int(min(rows)[1]) if rows else 0

    def articles(self) -> Iterator[SourceArticle]:
        """Every article, by key."""
        for (record,) in self.db.execute("SELECT record FROM article ORDER BY key"):
            found = _decode(record)
            assert isinstance(found, SourceArticle)
            yield found

    def article(self, key: str) -> SourceArticle | None:
        """The article with this key, if the export has it."""
        found = self.db.execute("SELECT record FROM article WHERE key = ?", (key,)).fetchone()
        record = None if found is None else _decode(found[0])
        return record if isinstance(record, SourceArticle) else None

    def articles_of(self, thread: str) -> list[SourceArticle]:
        """The articles that become one thread, by key."""
        rows = self.db.execute(
            "SELECT record FROM article WHERE thread = ? AND outcome IS NULL ORDER BY key", (thread,)
        )
        found = [_decode(record) for (record,) in rows]
        return [one for one in found if isinstance(one, SourceArticle)]

    def comments_of(self, thread: str) -> Iterator[SpooledComment]:
        """The comments of a thread, in the order of the export."""
        rows = self.db.execute(
            "SELECT c.at, c.record FROM article a JOIN comment c ON c.article = a.key "
            "WHERE a.thread = ? AND a.outcome IS NULL ORDER BY c.n",
            (thread,),
        )
        yield from map(SpooledComment._make, rows)

    def beside_of(self, thread: str) -> Iterator[bytes]:
        """The records beside the comments of a thread, in the order of the export."""
        rows = self.db.execute(
            "SELECT b.n, b.record FROM article a JOIN beside b ON b.article = a.key "
            "WHERE a.thread = ?1 AND a.outcome IS NULL "
            "UNION SELECT b.n, b.record FROM article a JOIN comment c ON c.article = a.key "
            "JOIN beside b ON b.comment = c.id WHERE a.thread = ?1 AND a.outcome IS NULL ORDER BY 1",
            (thread,),
        )
        yield from (record for _, record in rows)

    def standings(self) -> Iterator[Standing]:
        """The records that belong to no article, in the order of the export."""
        for (record,) in self.db.execute("SELECT record FROM standing ORDER BY n"):
            found = _decode(record)
            assert isinstance(found, SourceSuspension | SourceMute | SourceFact)
            yield found

    def profile(self, person: str) -> SourcePerson | None:
        """The person with this id in the source; None if no record describes them."""
        found = self.db.execute("SELECT record FROM profile WHERE id = ?", (person,)).fetchone()
        return None if found is None else _decode_person(found[0])

    def is_joined(self, comment: str) -> bool:
        """True if an earlier plan brings this comment."""
        return self.db.execute("SELECT 1 FROM joined WHERE id = ?", (comment,)).fetchone() is not None

    def exists(self, comment: str) -> bool:
        """True if the export has a comment with this id."""
        return self.db.execute("SELECT 1 FROM comment WHERE id = ?", (comment,)).fetchone() is not None

    def write_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Execute a statement for many rows, in one transaction."""
        self.db.execute("BEGIN")
        self.db.executemany(statement, rows)
        self.db.execute("COMMIT")

    def _write_comments(self) -> None:
        self.db.executemany(
            "INSERT INTO comment (article, id, at, local, offset, excluded, record) VALUES (?, ?, ?, ?, ?, ?, ?)",
            self._comments,
        )
        self._comments.clear()

    def _write_beside(self) -> None:
        self.db.executemany("INSERT INTO beside (article, comment, record) VALUES (?, ?, ?)", self._beside)
        self._beside.clear()


def decoded(record: bytes) -> Record:
    """A record as it was written."""
    found: Record = _decode(record)
    return found


def _merged(before: SourceArticle, record: SourceArticle) -> SourceArticle:
    """An article of which two files tell: the later one counts, where it says anything."""
    return SourceArticle(
        key=record.key,
        url=record.url or before.url,
        title=record.title or before.title,
        fields=before.fields | record.fields,
        at=record.at if before.at is None else before.at,
        closed=before.closed or record.closed,
        closed_at=record.closed_at or before.closed_at,
        excluded=record.excluded,
    )
