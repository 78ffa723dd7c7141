"""Articles and the threads that they become: which come in, which are one, and what each thread is called.

The map is written as `articles.csv`, one row per article of the export. Two of its columns may be edited, and the next
plan into the same folder does what they say: `thread`, where it is not what was `planned` (two rows with the same
thread become one), and `take` (`no` leaves an article out, `yes` brings one that is of another origin, or too old).
"""

import csv
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec import Struct

from core.domain.origins import normalised, origin_of
from core.domain.thread import LONGEST_TITLE
from core.ids import is_thread
from core.text.spreadsheet import safe_cell
from core.text.unicode import one_line
from core.times import rfc3339
from workers.importers.planning.article_keys import host_key, key_of, moved, slug_of
from workers.importers.planning.author_ids import unescaped_line
from workers.importers.planning.plan_options import PlanOptions
from workers.importers.planning.spool import Spool
from workers.importers.source_records import SourceArticle

COLUMNS: Final = (
    *("address", "thread", "planned", "take", "title", "comments", "brought", "known", "left_out", "first", "last"),
    *("state", "note", "article"),
)
THREAD_FIELDS: Final = ("slug", "post_id", "id")
"""Fields that a thread template may name."""
OVERRIDDEN: Final = frozenset(("other-origin", "before-since", "not-named"))
"""Reasons that `take: yes` overrides. The others protect what was not public."""


class MapError(Exception):
    """The files that say which articles come in cannot be followed. The message is one line."""


class MapRow(NamedTuple):
    """The edits of a row of a map."""

    thread: str | None = None
    take: str = ""


class Hosts(Struct, frozen=True, kw_only=True):
    """Hosts of the articles with comments, and those whose articles come in."""

    comments: dict[str, int]
    origins: tuple[str, ...]


class ArticleMap:
    """Assignment of the articles of an export to threads, in its spool."""

    def __init__(self, spool: Spool, options: PlanOptions, rows: dict[str, MapRow], fixed: dict[str, str]) -> None:
        self._spool = spool
        self._options = options
        self._rows = rows
        self._fixed = fixed
        """Threads by the key of an address, as an earlier plan named them."""
        self._is_native = options.format == "native"
        self._origins: dict[str, str | None] = {}
        """Host keys of the publication, with the origin that its addresses have now."""

    def assign(self, hinted: Iterable[str]) -> Hosts:
        """Decide which articles come in and as which threads. Raises MapError.

        `hinted` are the origins that the export itself names as the publication's.
        """
        db = self._spool.db
        db.execute(
            "INSERT INTO seen SELECT article, count(*), sum(NOT excluded), min(at) FILTER (WHERE NOT excluded), "
            "max(at) FILTER (WHERE NOT excluded) FROM comment GROUP BY article"
        )
        if self._is_native:  # a thread is one of its facts, also without comments
            db.execute("INSERT OR IGNORE INTO seen SELECT key, 0, 0, NULL, NULL FROM article")
        self._spool.write_many("UPDATE article SET host = ?, address = ?, outcome = ? WHERE key = ?", self._addresses())
        hosts = self._hosts(hinted)
        self._leave_out_others(tuple(hosts.origins))
        self._spool.write_many("INSERT OR IGNORE INTO slug VALUES (?, ?)", self._slugs())
        for group in self._groups():
            self._name(group)
        self._select()
        return hosts

    def _addresses(self) -> Iterator[tuple[str | None, str | None, str | None, str]]:
        for article in self._spool.articles():
            url = self.url_of(article)
            key = None if url is None else key_of(url)
            row = self._rows.get(article.key, MapRow())
            outcome = article.excluded or ("taken-out" if row.take == "no" else None)
            if self._is_native:
                yield None if key is None else key.host, article.key, outcome, article.key
            elif key is None:
                yield None, None, outcome or "no-address", article.key
            else:
                yield key.host, str(key), outcome, article.key

    def url_of(self, article: SourceArticle) -> str | None:
        """Address of an article. Of one without a host, it lies under the first origin that was given."""
        url = article.url or ""
        if url.startswith("/") and self._options.origins:
            url = self._options.origins[0].rstrip("/") + url
        return normalised(url)

    def _hosts(self, hinted: Iterable[str]) -> Hosts:
        found: dict[str, int] = dict(
            self._spool.db.execute(
                "SELECT a.host, sum(s.comments) FROM article a JOIN seen s ON s.article = a.key "
                "WHERE a.host IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1000"
            ).fetchall()
        )
        if self._options.origins:
            self._origins = {_host_of(origin): origin for origin in self._options.origins}
        else:
            own = [host for hint in hinted if (host := _host_of(hint)) in found]
            if not own and len(found) > 1 and not self._is_native:
                told = ", ".join(f"{host} ({number})" for host, number in list(found.items())[:8])
                raise MapError(
                    f"the articles are on several hosts: {told} comments. Name the publication's own with "
                    "--origin https://…, which can be repeated"
                )
            self._origins = dict.fromkeys(own or found)
        if not found and self._spool.comments and not self._options.origins:
            raise MapError("the export does not name the host of its articles: give it with --origin https://…")
        return Hosts(comments=found, origins=tuple(self._origins))

    def _leave_out_others(self, hosts: tuple[str, ...]) -> None:
        wanted = [key for key, row in self._rows.items() if row.take == "yes"]
        marks = ", ".join("?" * len(hosts))
        self._spool.db.execute("CREATE TEMP TABLE wanted (key TEXT PRIMARY KEY)")
        self._spool.write_many("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in wanted))
        self._spool.db.execute(
            f"UPDATE article SET outcome = 'other-origin' WHERE outcome IS NULL AND host NOT IN ({marks}) "  # noqa: S608 - marks
            "AND key NOT IN (SELECT key FROM wanted)",
            hosts,
        )

    def _slugs(self) -> Iterator[tuple[str, str]]:
        for address, articles in self._groups():
            yield self._slug(articles[0]), address

    def _slug(self, article: SourceArticle) -> str:
        return article.fields.get("slug") or slug_of(self.url_of(article) or "")

    def _groups(self) -> Iterator[tuple[str, list[SourceArticle]]]:
        """The articles with comments of one address, the one with the newest comment first."""
        rows = self._spool.db.execute(
            "SELECT a.address, a.key FROM article a JOIN seen s ON s.article = a.key "
            "WHERE a.outcome IS NULL ORDER BY a.address, s.last DESC, a.key"
        )
        for address, group in groupby(rows, key=lambda row: row[0]):
            yield address, [article for _, key in group if (article := self._spool.article(key)) is not None]

    def _name(self, group: tuple[str, list[SourceArticle]]) -> None:
        """Name the thread of an address."""
        address, articles = group
        given = next((row.thread for one in articles if (row := self._rows.get(one.key)) and row.thread), None)
        given = given or self._fixed.get(address)
        main = articles[0]
        url, title = self._now(main), self._title(main)
        db = self._spool.db
        if given is not None:
            thread = given
            if db.execute("SELECT 1 FROM thread WHERE id = ?", (thread,)).fetchone() is None:
                db.execute(
                    "INSERT INTO thread (id, main, url, title) VALUES (?, ?, ?, ?)", (thread, main.key, url, title)
                )
        else:
            thread = next(one for one in self._candidates(address, main) if self._take(one, main.key, url, title))
        marks = ", ".join("?" * len(articles))
        db.execute(
            f"UPDATE article SET thread = ? WHERE key IN ({marks})",  # noqa: S608 - marks
            (thread, *(article.key for article in articles)),
        )

    def _take(self, thread: str, *row: object) -> bool:
        """Take an id for a thread, unless another has it."""
        if not is_thread(thread):
            return False
        taken = self._spool.db.execute(
            "INSERT OR IGNORE INTO thread (id, main, url, title) VALUES (?, ?, ?, ?)", (thread, *row)
        )
        return taken.rowcount > 0

    def _candidates(self, address: str, article: SourceArticle) -> Iterator[str]:
        """Ids of a thread, the best first: by the template, else the slug if no other article has it."""
        slug = self._slug(article)
        if self._is_native:
            yield article.key
        if self._options.thread is not None:
            yield self._options.thread.format_map(dict.fromkeys(THREAD_FIELDS, "") | {"slug": slug} | article.fields)
        else:
            alike = self._spool.db.execute("SELECT count(*) FROM slug WHERE slug = ?", (slug,)).fetchone()[0]
            if alike == 1:
                yield slug
        if post := article.fields.get("post_id"):
            yield f"p{post}"
        digest = urlsafe_b64encode(hashlib.blake2b(address.encode(), digest_size=16).digest()).decode()
        yield f"a{digest[:22]}"
        yield f"a{digest[:22]}-{len(address)}"

    def _now(self, article: SourceArticle) -> str:
        """The address of an article as it is now."""
        url = self.url_of(article) or ""
        key = key_of(url)
        return moved(url, self._origins.get(key.host)) if key is not None else url

    def _title(self, article: SourceArticle) -> str:
        words = article.title or ""
        title = one_line(words, LONGEST_TITLE) if self._is_native else unescaped_line(words, LONGEST_TITLE)
        return title or one_line(self._slug(article), LONGEST_TITLE) or article.key

    def _select(self) -> None:
        """Leave out the threads that --since and --articles do not want, unless a row takes one."""
        db = self._spool.db
        db.execute(
            "UPDATE thread SET (comments, last) = (SELECT sum(s.comments), max(s.last) FROM article a "
            "JOIN seen s ON s.article = a.key WHERE a.thread = thread.id AND a.outcome IS NULL)"
        )
        if self._options.since is not None:
            db.execute(
                "UPDATE thread SET outcome = 'before-since' WHERE last IS NULL OR last < ?", (self._options.since,)
            )
        if self._options.articles is not None:
            named = named_articles(self._options.articles)
            for thread, keys in self._members():
                if not named & keys:
                    db.execute("UPDATE thread SET outcome = coalesce(outcome, 'not-named') WHERE id = ?", (thread,))
        db.execute(
            "UPDATE thread SET outcome = NULL WHERE id IN "
            "(SELECT a.thread FROM article a JOIN wanted w ON w.key = a.key)"
        )
        db.execute(
            "UPDATE article SET outcome = (SELECT outcome FROM thread WHERE id = article.thread) WHERE outcome IS NULL"
        )

    def _members(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Each thread with what a list of articles may call it: its id, the ids and the address of its articles."""
        rows = self._spool.db.execute(
            "SELECT thread, key, address FROM article WHERE thread IS NOT NULL AND outcome IS NULL ORDER BY thread"
        )
        for thread, group in groupby(rows, key=lambda row: row[0]):
            yield thread, frozenset({thread, *(one for row in group for one in row[1:])})

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows of `articles.csv`: articles with comments, newest first."""
        suspects = dict(self.same_titles())
        found = self._spool.db.execute(
            "SELECT a.key, a.thread, a.outcome, s.comments, s.first, s.last, t.title, t.brought, t.known, t.left_out, "
            "t.main FROM seen s JOIN article a ON a.key = s.article LEFT JOIN thread t ON t.id = a.thread "
            "ORDER BY s.last DESC, a.key"
        )
        for key, thread, outcome, comments, first, last, title, brought, known, left_out, main in found:
            article = self._spool.article(key)
            assert article is not None
            row = self._rows.get(key, MapRow())
            is_main = main == key
            counted = (brought, known, left_out) if is_main and outcome is None else (0, 0, comments if outcome else 0)
            yield {
                "address": self.url_of(article) or article.url or "",
                "thread": thread or "",
                "planned": "" if row.thread else thread or "",
                "take": row.take,
                "title": title or unescaped_line(article.title or "", LONGEST_TITLE),
                "comments": comments,
                **dict(zip(("brought", "known", "left_out"), counted, strict=True)),
                "first": "" if first is None else rfc3339(first),
                "last": "" if last is None else rfc3339(last),
                "state": outcome or "comes",
                "note": "" if is_main or outcome is not None else f"one with {main}",
                "article": key,
            } | ({"note": f"same title as {suspects[thread]}"} if thread in suspects and is_main else {})

    def same_titles(self) -> Iterator[tuple[str, str]]:
        """Threads that have the same title as another: perhaps the same article under two addresses."""
        rows = self._spool.db.execute(
            "SELECT lower(title), id FROM thread WHERE outcome IS NULL AND title <> '' AND lower(title) IN "
            "(SELECT lower(title) FROM thread WHERE outcome IS NULL GROUP BY 1 HAVING count(*) > 1) "
            "ORDER BY 1, last DESC, id"
        )
        for _, group in groupby(rows, key=lambda row: row[0]):
            ids = [thread for _, thread in group]
            for thread in ids:
                yield thread, " ".join(other for other in ids if other != thread)[:200]

    def redirects(self) -> Iterator[tuple[str, str]]:
        """Addresses at which articles are no longer, each with that of its thread."""
        rows = self._spool.db.execute(
            "SELECT a.key, t.url, a.address FROM article a JOIN thread t ON t.id = a.thread "
            "JOIN seen s ON s.article = a.key WHERE a.outcome IS NULL ORDER BY t.id, a.key"
        )
        for key, url, address in rows:
            there = key_of(url)
            article = self._spool.article(key)
            if there is not None and str(there) != address and article is not None:
                yield self.url_of(article) or "", url


def read_map(path: Path) -> dict[str, MapRow]:
    """The edits of an `articles.csv`, by article. Raises MapError."""
    return {row["article"]: edit for row in _read(path) if (edit := _edited(path, row)) != MapRow()}


def read_threads(path: Path) -> dict[str, str]:
    """The threads of an `articles.csv`, by the key of an article's address. Raises MapError."""
    found: dict[str, str] = {}
    for row in _read(path):
        key = key_of(row["address"])
        if key is not None and row["thread"] and row["state"] == "comes":
            found[str(key)] = row["thread"]
    return found


def write_map(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write an `articles.csv`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: safe_cell(value) for name, value in row.items()} for row in rows)


def named_articles(path: Path) -> frozenset[str]:
    """The articles of a list: ids, or keys of addresses. Raises MapError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise MapError(f"{path} cannot be read: {error}") from error
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return frozenset(str(key) if (key := key_of(name)) is not None else name for name in names)


def _read(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [
                name
                for name in ("address", "thread", "planned", "take", "state", "article")
                if name not in (reader.fieldnames or ())
            ]
            if missing:
                raise MapError(f"{path} has no column {', '.join(missing)}")
            for row in reader:
                yield {
                    name: (value or "").removeprefix("'")
                    for name, value in row.items()
                    if isinstance(name, str) and not isinstance(value, list)
                }
    except (OSError, ValueError, csv.Error) as error:
        raise MapError(f"{path} cannot be read: {error}") from error


def _edited(path: Path, row: dict[str, str]) -> MapRow:
    thread, take = row["thread"].strip(), row["take"].strip().lower()
    if take not in ("", "no", "yes"):
        raise MapError(f"{path}: take is yes, no or nothing, not {take!r}, for {row['address']}")
    if thread == row["planned"] or not thread:
        return MapRow(take=take)
    if not is_thread(thread):
        raise MapError(f"{path}: {thread!r} is not a valid thread id, for {row['address']}")
    return MapRow(thread, take)


def _host_of(origin: str) -> str:
    """The host of an origin, as keys have it."""
    form = origin_of(origin)
    if form is None:
        raise MapError(f"{origin!r} is not an origin such as https://gazette.example")
    host, _, port = form.partition("://")[2].rpartition(":")
    return host_key(host) + ("" if port in ("80", "443") else f":{port}")
